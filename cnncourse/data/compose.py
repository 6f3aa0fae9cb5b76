"""How a scene is drawn: silhouettes, backgrounds, colours, places.

Only additions, multiplications and comparisons of single numbers make the pixels (no matrix product, no
sine), so every computer makes the same ones.
"""

from functools import lru_cache

import numpy as np

from .photos import photograph
from .sets import fashion_mnist

BACKGROUNDS = ("astronaut", "cat", "coffee", "rocket", "motorcycle", "brick", "grass", "gravel")
TRAIN_SHARE = 0.7  # training scenes see the left part of each photograph, test scenes the rest
FAINT = 8  # grey values up to this are background
SMALLEST = 10  # pixels; a smaller sandal would vanish
TRIES = 12
COLOURS = 3


@lru_cache(maxsize=2)
def garments(split: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return grey garments (N, 28, 28) uint8, their silhouettes (N, 28, 28) bool, their classes (N,) int64."""
    images, labels = fashion_mnist(split)
    return images, silhouettes(images), labels


def silhouettes(images: np.ndarray) -> np.ndarray:
    """Return where the garments are: bool (N, H, W) from grey uint8 (N, H, W) on black.

    A pixel above ``FAINT`` belongs to the garment unless it stands nearly alone. One below belongs to it
    when nearly all its neighbours do: dark buttons and prints are cloth, the gap between two legs is not.
    """
    seen = images > FAINT
    N, H, W = seen.shape
    padded = np.pad(seen, ((0, 0), (1, 1), (1, 1))).astype(np.uint8)
    around = sum(padded[:, i : i + H, j : j + W] for i in range(3) for j in range(3))
    return np.where(seen, around >= 4, around >= 7)


def background(rng: np.random.Generator, split: str, size: int) -> np.ndarray:
    """Return a patch of a photograph, mirrored or not, more or less lit: float32, (size, size, 3), 0 to 255."""
    scales = photograph_parts(split)[rng.integers(len(BACKGROUNDS))]
    fitting = [part for part in scales if min(part.shape[:2]) >= size]
    part = fitting[rng.integers(len(fitting))]
    y, x = rng.integers(part.shape[0] - size + 1), rng.integers(part.shape[1] - size + 1)
    patch = part[y : y + size, x : x + size]
    if rng.random() < 0.5:
        patch = patch[:, ::-1]
    return patch * np.float32(0.5 + 0.5 * rng.random())


@lru_cache(maxsize=2)
def photograph_parts(split: str) -> list[list[np.ndarray]]:
    """Return this split's part of each photograph at full, half and quarter scale: uint8, (H, W, 3)."""
    parts = []
    for name in BACKGROUNDS:
        pixels = photograph(name)
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[:, :, None], 3, axis=2)
        border = int(pixels.shape[1] * TRAIN_SHARE)
        part = pixels[:, :border] if split == "train" else pixels[:, border:]
        half = _halved(part)
        parts.append([part, half, _halved(half)])
    return parts


def _halved(pixels: np.ndarray) -> np.ndarray:
    """Average 2×2 blocks of uint8 (H, W, C), rounding to nearest."""
    H, W = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
    blocks = pixels[:H, :W].astype(np.uint16)
    total = blocks[0::2, 0::2] + blocks[1::2, 0::2] + blocks[0::2, 1::2] + blocks[1::2, 1::2]
    return ((total + 2) // 4).astype(np.uint8)


def paste(
    rng: np.random.Generator,
    canvas: np.ndarray,
    instances: np.ndarray,
    whole: list[int],
    garment: np.ndarray,
    silhouette: np.ndarray,
    count: int,
) -> None:
    """Draw one garment in front of those already in the scene, in place.

    Parameters
    ----------
    canvas : ndarray of float32, (H, H, 3)
        The colours so far; changed.
    instances : ndarray of uint8, (H, H)
        Which object is seen where so far; changed.
    whole : list of int
        The pixels that each earlier object would show if nothing hid it; this object's are appended.
    garment, silhouette : ndarray of uint8 and bool, (K, K)
    count : int
        How many objects the scene will hold: more of them are drawn smaller.
    """
    size = len(canvas)
    largest = {1: 1.0, 2: 0.75}.get(count, 0.6)
    side = max(SMALLEST, round(size * largest * (0.6 + 0.4 * rng.random())))
    layers = np.stack([garment, np.where(silhouette, np.uint8(255), np.uint8(0))], axis=-1)
    if rng.random() < 0.5:
        layers = layers[:, ::-1]
    while True:
        shade, alpha = resize(layers, side).transpose(2, 0, 1) / np.float32(255)
        mask = alpha >= 0.5
        place = _free_place(rng, instances, whole, mask)
        if place is not None:
            break
        side = max(SMALLEST, side * 4 // 5)
    here = np.s_[place[0] : place[0] + side, place[1] : place[1] + side]
    colour = contrasting_colour(rng, canvas[here].mean(axis=(0, 1), dtype=np.float64))
    # Dark cloth is still cloth: the garment's own grey shades the colour, it never blackens it.
    paint = (0.3 + 0.7 * shade)[:, :, None] * colour
    canvas[here] += alpha[:, :, None] * (paint - canvas[here])
    whole.append(int(np.count_nonzero(mask)))
    instances[here][mask] = len(whole)


def _free_place(rng, instances, whole, mask) -> tuple[int, int] | None:
    """Find a random corner (y, x) at which ``mask`` leaves half of each earlier object visible, or None."""
    room = len(instances) - len(mask) + 1
    bins = len(whole) + 1
    spare = np.bincount(instances.ravel(), minlength=bins)[1:] - np.array(whole) / 2
    for y, x in rng.integers(room, size=(TRIES if whole else 1, 2)):
        covered = np.bincount(instances[y : y + len(mask), x : x + len(mask)][mask], minlength=bins)
        if (covered[1:] <= spare).all():
            return int(y), int(x)
    return None


def resize(pixels: np.ndarray, side: int) -> np.ndarray:
    """Resize uint8 (K, K, C) bilinearly to float32 (side, side, C), 0 to 255.

    Pixels are squares, so the picture's border stays its border. At less than half the size, 2×2 blocks
    are averaged first: a thin strap is not stepped over.
    """
    if 2 * side < len(pixels):
        pixels = _halved(pixels)
    K = len(pixels)
    at = np.clip((np.arange(side) + 0.5) * (K / side) - 0.5, 0, K - 1)
    low = at.astype(np.intp)
    high = np.minimum(low + 1, K - 1)
    part = (at - low).astype(np.float32)
    pixels = pixels.astype(np.float32)
    rows = pixels[low] + part[:, None, None] * (pixels[high] - pixels[low])
    return rows[:, low] + part[:, None] * (rows[:, high] - rows[:, low])


def contrasting_colour(rng: np.random.Generator, surroundings: np.ndarray) -> np.ndarray:
    """Draw a few strong colours and return the one farthest from ``surroundings``: float32 RGB, 0 to 255."""
    hue = 6 * rng.random((COLOURS, 1))
    # Round the colour wheel, each channel rises and falls as a clipped triangle of the hue.
    wheel = np.clip(2 - np.abs((hue - np.array([0.0, 2.0, 4.0]) + 3) % 6 - 3), 0, 1)
    saturation = 0.4 + 0.6 * rng.random((COLOURS, 1))
    brightest = 160 + 95 * rng.random((COLOURS, 1))
    colours = brightest * (1 - saturation * (1 - wheel))
    distances = ((colours - surroundings) ** 2).sum(axis=1)
    return colours[distances.argmax()].astype(np.float32)
