"""Scenes: coloured garments over patches of photographs, with class, mask and box known exactly.

A scene depends on the seed, the split and its index alone, whichever others are asked for: each has a
random generator of its own. Training and test scenes share neither a garment nor a pixel of a photograph.
"""

from dataclasses import dataclass

import numpy as np

from .compose import background, garments, paste
from .sets import SPLITS, check_split

SIZES = (32, 128)


@dataclass(frozen=True)
class Scene:
    """One scene and all that is known about it; M is its number of objects, H = W its size.

    Attributes
    ----------
    image : ndarray of uint8, (3, H, W)
        Red, green, blue; 0 to 255.
    labels : ndarray of int64, (M,)
        The class of each object, 0 to 9 (``FASHION_CLASSES``), the rearmost first.
    boxes : ndarray of float32, (M, 4)
        (x0, y0, x1, y1) around each object's visible pixels, half open: columns x0 to x1 − 1, rows y0 to y1 − 1.
    instances : ndarray of uint8, (H, W)
        i + 1 where object i is seen, 0 where the background is.
    """

    image: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    instances: np.ndarray

    @property
    def mask(self) -> np.ndarray:
        """Where any object is seen: bool, (H, W)."""
        return self.instances > 0

    @property
    def masks(self) -> np.ndarray:
        """Where each object is seen: bool, (M, H, W)."""
        return self.instances == np.arange(1, len(self.labels) + 1)[:, None, None]

    @property
    def semantic(self) -> np.ndarray:
        """The class seen at each pixel: int64, (H, W); 0 is background, otherwise label + 1."""
        return np.concatenate(([0], self.labels + 1))[self.instances]


@dataclass(frozen=True)
class SceneBatch:
    """N scenes as arrays.

    With one object a scene, ``labels`` is (N,) and ``boxes`` (N, 4). Asked for several, M is the most that
    was asked for: ``labels`` is (N, M) and ``boxes`` (N, M, 4), −1 where a scene has fewer objects.

    Attributes
    ----------
    images : ndarray of uint8, (N, 3, H, W)
    labels : ndarray of int64, (N,) or (N, M)
    boxes : ndarray of float32, (N, 4) or (N, M, 4)
    instances : ndarray of uint8, (N, H, W)
    """

    images: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    instances: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    @property
    def masks(self) -> np.ndarray:
        """Where any object is seen: bool, (N, H, W)."""
        return self.instances > 0

    @property
    def semantic(self) -> np.ndarray:
        """The class seen at each pixel: int64, (N, H, W); 0 is background, otherwise label + 1."""
        N = len(self)
        classes = np.concatenate([np.zeros((N, 1), np.int64), self.labels.reshape(N, -1) + 1], axis=1)
        return classes[np.arange(N)[:, None, None], self.instances]


def scene(
    index: int, seed: int = 0, split: str = "train", size: int = 32, objects: int | tuple[int, int] = 1
) -> Scene:
    """Compose one scene.

    Parameters
    ----------
    index : int
        Which scene of the endless row that ``seed`` defines; at least 0.
    seed : int
        At least 0. The same seed gives the same scenes, byte for byte.
    split : "train" or "test"
        Which garments and which parts of the photographs to draw from.
    size : int
        Height and width in pixels, 32 to 128.
    objects : int or (int, int)
        How many garments: a number, or the fewest and the most of a random number; at most ``size // 8``.
        A nearer one may hide up to half of one behind it.

    Returns
    -------
    Scene

    Raises
    ------
    ValueError
        An argument is out of its range.
    DataError
        A file of the package or of scikit-image is missing or broken.
    """
    fewest, most = check_arguments(index, seed, split, size, objects)
    rng = np.random.default_rng([seed, SPLITS.index(split), index])
    canvas = background(rng, split, size)
    images, outlines, labels = garments(split)
    count = int(rng.integers(fewest, most + 1))
    chosen = rng.integers(len(images), size=count)
    instances = np.zeros((size, size), np.uint8)
    whole = []
    for garment in chosen:
        paste(rng, canvas, instances, whole, images[garment], outlines[garment], count)
    return Scene(
        image=np.ascontiguousarray((canvas + 0.5).astype(np.uint8).transpose(2, 0, 1)),
        labels=labels[chosen],
        boxes=np.array([mask_box(instances == i + 1) for i in range(count)], np.float32),
        instances=instances,
    )


def scenes(
    count: int,
    seed: int = 0,
    split: str = "train",
    size: int = 32,
    objects: int | tuple[int, int] = 1,
    start: int = 0,
) -> SceneBatch:
    """Compose ``count`` scenes, those with index ``start``, ``start + 1``, …

    The other parameters and the errors are those of ``scene``; 10,000 scenes of 32×32 take one or two seconds.

    Returns
    -------
    SceneBatch

    >>> batch = scenes(4, seed=1)
    >>> batch.images.shape, batch.labels.shape, batch.boxes.shape
    ((4, 3, 32, 32), (4,), (4, 4))
    """
    if count < 0:
        raise ValueError(f"count: expected at least 0, got {count}")
    _, most = check_arguments(start, seed, split, size, objects)
    batch = SceneBatch(
        images=np.empty((count, 3, size, size), np.uint8),
        labels=np.full((count, most), -1, np.int64),
        boxes=np.full((count, most, 4), -1, np.float32),
        instances=np.empty((count, size, size), np.uint8),
    )
    for n in range(count):
        one = scene(start + n, seed, split, size, objects)
        M = len(one.labels)
        batch.images[n], batch.instances[n] = one.image, one.instances
        batch.labels[n, :M], batch.boxes[n, :M] = one.labels, one.boxes
    if _is_int(objects) and objects == 1:
        return SceneBatch(batch.images, batch.labels[:, 0], batch.boxes[:, 0], batch.instances)
    return batch


def mask_box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return (x0, y0, x1, y1), the smallest box with every true pixel of a bool (H, W) mask.

    The box is half open: ``mask[y0:y1, x0:x1]`` holds them all. As in ``torchvision.ops``, x comes first.

    Raises
    ------
    ValueError
        No pixel is true.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        raise ValueError("mask: expected at least one true pixel, got none")
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _is_int(value) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def check_arguments(index, seed, split, size, objects) -> tuple[int, int]:
    """Refuse bad arguments of ``scene``; return ``objects`` as (fewest, most)."""
    check_split(split)
    for name, value in (("index", index), ("seed", seed)):
        if not _is_int(value) or value < 0:
            raise ValueError(f"{name}: expected an int of at least 0, got {value!r}")
    if not _is_int(size) or not SIZES[0] <= size <= SIZES[1]:
        raise ValueError(f"size: expected an int from {SIZES[0]} to {SIZES[1]}, got {size!r}")
    pair = (objects, objects) if _is_int(objects) else objects
    fits = isinstance(pair, tuple | list) and len(pair) == 2 and all(_is_int(n) for n in pair)
    if not fits or not 1 <= pair[0] <= pair[1] <= size // 8:
        raise ValueError(
            f"objects: expected a number or a pair (fewest, most) from 1 to {size // 8}, got {objects!r}"
        )
    return int(pair[0]), int(pair[1])
