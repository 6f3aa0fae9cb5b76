"""Normalising and augmenting batches of images: pure functions on arrays (N, C, H, W).

The input is never changed. Random functions take a ``numpy.random.Generator`` and draw anew for each
image of the batch. What moves pixels fills the places that nothing moved to with zeros.
"""

import numpy as np


def to_float(images: np.ndarray) -> np.ndarray:
    """Return uint8 images (N, H, W) or (N, C, H, W) as float32 (N, C, H, W) in [0, 1].

    Raises
    ------
    TypeError
        They are not uint8.
    ValueError
        They have another number of axes.
    """
    if images.dtype != np.uint8:
        raise TypeError(f"images: expected uint8, got {images.dtype}")
    if images.ndim not in (3, 4):
        raise ValueError(f"images: expected (N, H, W) or (N, C, H, W), got shape {images.shape}")
    if images.ndim == 3:
        images = images[:, None]
    return images.astype(np.float32) / 255


def channel_statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each channel over N, H and W: two arrays (C,) like ``images``.

    The divisor is N·H·W. The sums are taken in float64: those of many float32 values would drift.
    """
    _check(images)
    mean = images.mean(axis=(0, 2, 3), dtype=np.float64)
    std = images.std(axis=(0, 2, 3), dtype=np.float64)
    return mean.astype(images.dtype), std.astype(images.dtype)


def normalize(images: np.ndarray, mean, std) -> np.ndarray:
    """Return (images − mean) / std, with one mean and one std per channel (or one for all)."""
    _check(images)
    return (images - _per_channel(mean, images, "mean")) / _per_channel(std, images, "std")


def denormalize(images: np.ndarray, mean, std) -> np.ndarray:
    """Return images · std + mean: the inverse of ``normalize``."""
    _check(images)
    return images * _per_channel(std, images, "std") + _per_channel(mean, images, "mean")


def random_flip(images: np.ndarray, rng: np.random.Generator, probability: float = 0.5) -> np.ndarray:
    """Mirror each image left–right with the given probability."""
    _check(images)
    mirrored = rng.random(len(images)) < probability
    return np.where(mirrored[:, None, None, None], images[..., ::-1], images)


def random_crop(images: np.ndarray, padding: int, rng: np.random.Generator) -> np.ndarray:
    """Pad with ``padding`` zeros on each side and cut a random window of the old size from each image.

    The (2·padding + 1)² windows have equal chances.
    """
    _check(images)
    if padding < 0:
        raise ValueError(f"padding: expected at least 0, got {padding}")
    N, C, H, W = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    y, x = rng.integers(2 * padding + 1, size=(2, N, 1, 1))
    n = np.arange(N)[:, None, None]
    # Advanced indices around the slice put the channels last.
    windows = padded[n, :, y + np.arange(H)[:, None], x + np.arange(W)]
    return np.ascontiguousarray(windows.transpose(0, 3, 1, 2))


def shift(images: np.ndarray, dy, dx) -> np.ndarray:
    """Move images ``dy`` pixels down and ``dx`` right; fractions blend neighbours; numbers or arrays (N,)."""
    return affine(images, shift=(dy, dx))


def rotate(images: np.ndarray, degrees) -> np.ndarray:
    """Turn images counter-clockwise about their centre by ``degrees``, a number or an array (N,)."""
    return affine(images, degrees=degrees)


def scale(images: np.ndarray, factor) -> np.ndarray:
    """Magnify images about their centre by ``factor``, a number or an array (N,); the size stays."""
    return affine(images, factor=factor)


def random_shift(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Move each image by whole pixels, −most to most down and right, all with equal chances."""
    dy, dx = rng.integers(-most, most + 1, size=(2, len(images)))
    return shift(images, dy, dx)


def random_rotate(images: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    """Turn each image by an angle drawn uniformly from −most to most degrees."""
    return rotate(images, rng.uniform(-most, most, size=len(images)))


def random_scale(images: np.ndarray, low: float, high: float, rng: np.random.Generator) -> np.ndarray:
    """Magnify each image by a factor drawn uniformly from ``low`` to ``high``."""
    return scale(images, rng.uniform(low, high, size=len(images)))


def brightness(images: np.ndarray, offset) -> np.ndarray:
    """Add ``offset``, a number or an array (N,); values may leave [0, 1]."""
    _check(images)
    return images + _per_image(offset, images, "offset")


def contrast(images: np.ndarray, factor) -> np.ndarray:
    """Multiply each image's distance from its own mean by ``factor``, a number or an array (N,).

    0 leaves plain grey, 1 changes nothing; values may leave [0, 1].
    """
    _check(images)
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    return mean + _per_image(factor, images, "factor") * (images - mean)


def random_brightness(images: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    """Add to each image an offset drawn uniformly from −most to most."""
    return brightness(images, rng.uniform(-most, most, size=len(images)))


def random_contrast(images: np.ndarray, low: float, high: float, rng: np.random.Generator) -> np.ndarray:
    """Change each image's contrast by a factor drawn uniformly from ``low`` to ``high``."""
    return contrast(images, rng.uniform(low, high, size=len(images)))


def affine(images: np.ndarray, degrees=0.0, factor=1.0, shift=(0.0, 0.0)) -> np.ndarray:
    """Rotate and magnify images about their centre, then move them; bilinear, zeros from outside.

    Parameters
    ----------
    images : ndarray of floats, (N, C, H, W)
    degrees : float or (N,)
        Counter-clockwise, as seen with row 0 on top.
    factor : float or (N,)
        Magnification; above 0.
    shift : (dy, dx), each a float or (N,)
        Down and right, in pixels.

    Returns
    -------
    ndarray like ``images``

    Raises
    ------
    TypeError
        ``images`` are not floats.
    ValueError
        A shape does not fit, or a factor is not above 0.
    """
    _check(images)
    N, C, H, W = images.shape
    # An array like images keeps its dtype, but places need float64 however coarse the pixels are.
    angle = np.deg2rad(_one_each(degrees, N, "degrees"))
    size = _one_each(factor, N, "factor")
    dy, dx = _one_each(shift[0], N, "shift[0]"), _one_each(shift[1], N, "shift[1]")
    if not (size > 0).all():
        raise ValueError(f"factor: expected more than 0, got {factor!r}")

    # Ask of each output pixel where it came from: undo the shift, then the rotation and magnification.
    v = np.arange(H)[:, None] - (H - 1) / 2 - dy
    u = np.arange(W) - (W - 1) / 2 - dx
    cosine, sine = np.cos(angle) / size, np.sin(angle) / size
    y = sine * u + cosine * v + (H - 1) / 2
    x = cosine * u - sine * v + (W - 1) / 2
    return _bilinear(images, y, x)


def _bilinear(images: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Read images (N, C, H, W) at fractional places y, x (N, H, W); outside is zero."""
    N, C, H, W = images.shape
    # Two rows and columns of zeros all round; what lies farther out is read there too.
    padded = np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2)))
    y, x = np.clip(y, -2, H) + 2, np.clip(x, -2, W) + 2
    top, left = np.floor(y).astype(np.intp), np.floor(x).astype(np.intp)
    down, right = (y - top).astype(images.dtype), (x - left).astype(images.dtype)
    n = np.arange(N)[:, None, None]
    result = np.zeros((N, H, W, C), images.dtype)
    for i, row_weight in ((0, 1 - down), (1, down)):
        for j, column_weight in ((0, 1 - right), (1, right)):
            result += (row_weight * column_weight)[..., None] * padded[n, :, top + i, left + j]
    return np.ascontiguousarray(result.transpose(0, 3, 1, 2))


def _check(images: np.ndarray) -> None:
    if not np.issubdtype(images.dtype, np.floating):
        raise TypeError(f"images: expected floats (see to_float), got {images.dtype}")
    if images.ndim != 4:
        raise ValueError(f"images: expected (N, C, H, W), got shape {images.shape}")


def _one_each(value, N: int, name: str) -> np.ndarray:
    """Return a number or an array (N,) as float64 (N, 1, 1)."""
    value = np.asarray(value, np.float64)
    if value.shape not in ((), (N,)):
        raise ValueError(f"{name}: expected a number or one for each of {N} images, got shape {value.shape}")
    return np.broadcast_to(value, (N,))[:, None, None]


def _per_image(value, images: np.ndarray, name: str) -> np.ndarray:
    return _one_each(value, len(images), name)[..., None].astype(images.dtype)


def _per_channel(value, images: np.ndarray, name: str) -> np.ndarray:
    value = np.asarray(value, images.dtype)
    C = images.shape[1]
    if value.shape not in ((), (C,)):
        raise ValueError(
            f"{name}: expected a number or one for each of {C} channels, got shape {value.shape}"
        )
    return value.reshape(-1, 1, 1)
