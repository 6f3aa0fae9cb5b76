"""Which values an algorithm may mix.

By the definition an output depends on the entries under its kernel alone. Winograd, the FFT and matrices with zeros
compute it from others too, whose shares cancel or are multiplied by zero. That is right up to rounding as long as
all values are numbers of one size. But 0 · NaN is NaN, 0 · ∞ is NaN, and what remains of 10⁸ − 10⁸ in float32 is an
error of several units. So `choice` looks at the values first. Reading them takes the time of reading
the picture: little beside a convolution.
"""

import numpy as np

from . import threads

# Beyond this, a product of two values could leave float32's range; a value this far above the picture's usual ones
# would leave more rounding behind than the usual ones' own.
LARGEST, WIDE = 1e15, 16


def ordinary(*arrays):
    """Return whether all values are finite and far from overflow, so that zeros may be multiplied with them."""
    return all(_squares(array.reshape(-1)) < LARGEST**2 for array in arrays)


def _squares(values):
    """Return Σ v²: the fastest way to read all values, and NaN and infinity survive in it."""
    if values.size < 10_000:  # OpenBLAS takes a single thread of its own accord
        return np.dot(values, values)
    with threads.single_threaded_blas():
        return np.dot(values, values)


def even(images):
    """Return whether in each image (C, H, W) the largest value is near the usual ones of its pixels, and ordinary.

    A pixel's value is that of its largest channel, and the usual one is the median over the image. False for NaN.
    """
    if images.size == 0:
        return True
    pixels = np.maximum(images.max(axis=1), -images.min(axis=1)).reshape(len(images), -1)
    largest, middle = pixels.max(axis=1), pixels.shape[1] // 2
    usual = np.partition(pixels, middle, axis=1)[:, middle]
    return bool(np.all((largest <= WIDE * usual) & (largest < LARGEST)))
