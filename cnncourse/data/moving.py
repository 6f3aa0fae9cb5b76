"""Moving scenes: clips of one garment that crosses a photograph, with direction and speed known.

The garment moves by whole pixels, and what leaves the picture on one side comes back on the other. So its place in any
single frame is uniform, whatever the direction: only the order of the frames tells where it goes.
"""

from dataclasses import dataclass

import numpy as np

from .compose import SMALLEST, background, contrasting_colour, garments, resize
from .garment_scenes import check_arguments
from .sets import SPLITS

DIRECTIONS = ("right", "up", "left", "down")  # anticlockwise, a quarter turn each
STEPS = np.array([(0, 1), (-1, 0), (0, -1), (1, 0)])
FRAMES = 32  # at most
KIND = 20  # a further number in the seed, so that scene 7 and moving scene 7 are not alike


@dataclass(frozen=True)
class MovingScenes:
    """N clips of T frames; H = W.

    Attributes
    ----------
    clips : ndarray of uint8, (N, 3, T, H, W)
        Red, green, blue; 0 to 255.
    labels : ndarray of int64, (N,)
        The garment's class, 0 to 9 (``FASHION_CLASSES``).
    directions : ndarray of int64, (N,)
        0 to 3 (``DIRECTIONS``): right, up, left, down.
    speeds : ndarray of int64, (N,)
        In pixels per frame.
    masks : ndarray of bool, (N, T, H, W)
        Where the garment is seen.
    """

    clips: np.ndarray
    labels: np.ndarray
    directions: np.ndarray
    speeds: np.ndarray
    masks: np.ndarray

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def velocities(self) -> np.ndarray:
        """Rows and columns per frame: int64, (N, 2); rows count downwards."""
        return self.speeds[:, None] * STEPS[self.directions]


def moving_scenes(
    count: int,
    seed: int = 0,
    split: str = "train",
    size: int = 32,
    frames: int = 8,
    speeds: tuple[int, int] = (1, 3),
    start: int = 0,
) -> MovingScenes:
    """Compose ``count`` clips, those with index ``start``, ``start + 1``, …

    Each depends on seed, split and index alone, whichever others are asked for.

    Parameters
    ----------
    count : int
        At least 0.
    seed, split, size, start
        As in ``scenes``.
    frames : int
        T, from 1 to 32.
    speeds : (int, int)
        The slowest and the fastest, in pixels per frame, from 0 to ``size // 4``.

    Raises
    ------
    ValueError
        An argument is out of its range.
    DataError
        A file of the package or of scikit-image is missing or broken.

    >>> batch = moving_scenes(2, frames=5)
    >>> batch.clips.shape, batch.masks.shape, batch.velocities.shape
    ((2, 3, 5, 32, 32), (2, 5, 32, 32), (2, 2))
    """
    if count < 0:
        raise ValueError(f"count: expected at least 0, got {count}")
    check_arguments(start, seed, split, size, 1)
    check_motion(size, frames, speeds)
    batch = MovingScenes(
        clips=np.empty((count, 3, frames, size, size), np.uint8),
        labels=np.empty(count, np.int64),
        directions=np.empty(count, np.int64),
        speeds=np.empty(count, np.int64),
        masks=np.empty((count, frames, size, size), bool),
    )
    for n in range(count):
        rng = np.random.default_rng([seed, SPLITS.index(split), start + n, KIND])
        canvas, paint, alpha, batch.labels[n] = _ground_and_garment(rng, split, size)
        batch.directions[n] = rng.integers(4)
        batch.speeds[n] = rng.integers(speeds[0], speeds[1] + 1)
        step, place = batch.speeds[n] * STEPS[batch.directions[n]], rng.integers(size, size=2)
        for t in range(frames):
            here, colour = (np.roll(array, place + t * step, (0, 1)) for array in (alpha, paint))
            frame = canvas + here[:, :, None] * (colour - canvas)
            batch.clips[n, :, t] = (frame + 0.5).astype(np.uint8).transpose(2, 0, 1)
            batch.masks[n, t] = here >= 0.5
    return batch


def _ground_and_garment(rng, split, size):
    """Return a background and, in the corner of a canvas of its size, a garment's colours and opacity; its class.

    The colour contrasts with the whole background: with that of one place it would tell of the first frame.
    """
    canvas = background(rng, split, size)
    images, outlines, labels = garments(split)
    chosen = rng.integers(len(images))
    layers = np.stack([images[chosen], np.where(outlines[chosen], np.uint8(255), np.uint8(0))], axis=-1)
    if rng.random() < 0.5:
        layers = layers[:, ::-1]
    side = max(SMALLEST, round(size * (0.4 + 0.2 * rng.random())))
    shade, opacity = resize(layers, side).transpose(2, 0, 1) / np.float32(255)
    colour = contrasting_colour(rng, canvas.mean(axis=(0, 1), dtype=np.float64))
    paint, alpha = np.zeros((size, size, 3), np.float32), np.zeros((size, size), np.float32)
    paint[:side, :side] = (0.3 + 0.7 * shade)[:, :, None] * colour
    alpha[:side, :side] = opacity
    return canvas, paint, alpha, labels[chosen]


def check_motion(size, frames, speeds):
    """Refuse clips without a frame or too long, and speeds that are no pair or so fast that a garment seems to jump."""
    if not isinstance(frames, int) or isinstance(frames, bool) or not 1 <= frames <= FRAMES:
        raise ValueError(f"frames: expected an int from 1 to {FRAMES}, got {frames!r}")
    pair = isinstance(speeds, tuple | list) and len(speeds) == 2 and all(type(speed) is int for speed in speeds)
    if not pair or not 0 <= speeds[0] <= speeds[1] <= size // 4:
        raise ValueError(f"speeds: expected a pair (slowest, fastest) from 0 to {size // 4}, got {speeds!r}")
