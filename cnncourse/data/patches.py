"""Small real data from files that scikit-image's wheel carries: patches of photographs, and faces.

What they show, where they come from and under which licence: docs/data.md.
"""

from functools import lru_cache

import numpy as np

from .errors import CorruptDataError, MissingDataError
from .photos import CURE, FURTHER_PHOTOGRAPHS, PHOTOGRAPHS, photograph, wheel_file
from .sets import SPLITS, check_split

PATCH_CLASSES = (*PHOTOGRAPHS, *FURTHER_PHOTOGRAPHS)
FACE_CLASSES = ("no face", "face")
SIZES = (8, 128)
FLAT = 4  # a patch whose grey values spread less than this shows nothing: black sky, the rim of a lens
TRIES = 20
TRAINING_FACES = 70  # of the hundred of each class


def photograph_patches(
    per_class: int, split: str = "train", size: int = 48, seed: int = 0, grey: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return patches of sixteen photographs; the class is the photograph that a patch is from.

    Training patches are from the left half of each photograph and test patches from the right half, so that they
    share no pixel. Each patch depends on the seed, the split, its class and its number alone.

    Parameters
    ----------
    per_class : int
        How many of each photograph; at least 0.
    split : "train" or "test"
    size : int
        Pixels a side, 8 to 128.
    seed : int
        At least 0.
    grey : bool
        One channel instead of three: some photographs are grey, and colour alone would give many away. Brightness and
        contrast do, too, unless each patch is standardised.

    Returns
    -------
    images : ndarray of uint8, (16 · per_class, 1 or 3, size, size)
    labels : ndarray of int64, (16 · per_class,)
        Indices into ``PATCH_CLASSES``: 0 to 15 and then again, so that the first 16 · k are k of each.

    Raises
    ------
    ValueError
        An argument is out of its range.
    DataError
        scikit-image or a file in it is missing or broken.

    >>> images, labels = photograph_patches(2, size=32)
    >>> images.shape, labels[:4].tolist()
    ((32, 1, 32, 32), [0, 1, 2, 3])
    """
    check_split(split)
    ranges = {"per_class": (per_class, 0, 10**6), "size": (size, *SIZES), "seed": (seed, 0, 2**63)}
    for name, (value, least, most) in ranges.items():
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"{name}: expected an int from {least} to {most}, got {value!r}")
    halves = photograph_halves(split, grey)
    labels = np.tile(np.arange(len(halves)), per_class)
    images = np.empty((len(labels), 1 if grey else 3, size, size), np.uint8)
    for n, label in enumerate(labels):
        rng = np.random.default_rng([seed, SPLITS.index(split), label, n // len(halves)])
        images[n] = patch(rng, halves[label], size)
    return images, labels.astype(np.int64)


@lru_cache(maxsize=4)
def photograph_halves(split: str, grey: bool) -> list[np.ndarray]:
    """Return the left or the right half of each photograph: uint8, (1 or 3, H, W)."""
    halves = []
    for name in PATCH_CLASSES:
        pixels = np.atleast_3d(photograph(name))
        pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
        border = pixels.shape[1] // 2
        half = pixels[:, :border] if split == "train" else pixels[:, border:]
        if grey:  # ITU-R BT.601, in whole numbers, so that every computer rounds alike
            half = (half.astype(np.int64) @ np.array([[299], [587], [114]]) + 500) // 1000
        halves.append(half.transpose(2, 0, 1).astype(np.uint8))
    return halves


def patch(rng: np.random.Generator, half: np.ndarray, size: int) -> np.ndarray:
    """Return a patch that shows something: the first of a few that is not flat, otherwise the least flat of them."""
    found = []
    for _ in range(TRIES):
        y, x = rng.integers(half.shape[1] - size + 1), rng.integers(half.shape[2] - size + 1)
        found.append(half[:, y : y + size, x : x + size])
        if variance(found[-1]) >= FLAT**2 * found[-1].size ** 2:
            return found[-1]
    return max(found, key=variance)


def variance(pixels: np.ndarray) -> int:
    """Return n² times the variance of n pixels, in whole numbers, so that every computer chooses the same patch."""
    pixels = pixels.astype(np.int64)
    return int(pixels.size * (pixels**2).sum() - pixels.sum() ** 2)


def faces(split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Return grey crops of photographs of people: a face, or what was behind it.

    A hundred of each come with scikit-image; of each class the first 70 are for training and 30 for testing.

    Returns
    -------
    images : ndarray of uint8, (N, 25, 25)
        In the file they are numbers from 0 to 1; here they are rounded to whole grey values.
    labels : ndarray of int64, (N,)
        1 face, 0 none (``FACE_CLASSES``); the classes alternate.

    Raises
    ------
    ValueError
        ``split`` is unknown.
    DataError
        scikit-image or the file in it is missing or broken.

    References
    ----------
    Huang, Mattar, Lee & Learned-Miller: Learning to Align from Scratch (2012): Labeled Faces in the Wild.

    >>> images, labels = faces()
    >>> images.shape, labels[:4].tolist()
    ((140, 25, 25), [1, 0, 1, 0])
    """
    check_split(split)
    path = wheel_file("lfw_subset.npy")
    try:
        crops = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise MissingDataError(f"{path} is missing.", CURE) from None
    except (OSError, ValueError, EOFError) as error:
        raise CorruptDataError(f"{path} is not a sound array: {error}.", CURE) from None
    if crops.shape != (200, 25, 25):
        raise CorruptDataError(f"{path} holds {crops.shape}, not (200, 25, 25).", CURE)
    part = slice(TRAINING_FACES) if split == "train" else slice(TRAINING_FACES, None)
    pairs = np.stack([crops[:100][part], crops[100:][part]], axis=1)  # (n, 2, 25, 25): a face, and none
    images = np.rint(255 * pairs.reshape(-1, 25, 25)).astype(np.uint8)
    return images, np.tile(np.array([1, 0], np.int64), len(pairs))
