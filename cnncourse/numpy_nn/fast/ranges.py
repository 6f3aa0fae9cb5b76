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
GRID = 6  # so many rows and columns of pixels tell what is usual in an image
BLOCK = 2**17  # values that stay in a core's cache between the two times that they are read


def ordinary(*arrays):
    """Return whether all values are finite and far from overflow, so that zeros may be multiplied with them."""
    return all(_squares(array.reshape(-1)) < LARGEST**2 for array in arrays)


def _squares(values):
    """Return Σ v²: the fastest way to read all values, and NaN and infinity survive in it."""
    if values.size < 10_000:  # OpenBLAS takes a single thread of its own accord
        return np.dot(values, values)
    pieces = threads.blocks(values.size, values.size, threads.microseconds(moved=values.size))
    return sum(threads.parallel_map(lambda piece: np.dot(values[piece], values[piece]), pieces))


def even(images):
    """Return whether in each image (C, H, W) the largest value is near the usual ones of its pixels, and ordinary.

    A pixel's value is that of its largest channel, and the usual one is the median over a grid of pixels. False for
    NaN.
    """
    if images.size == 0:
        return True
    pieces = threads.blocks(len(images), BLOCK // images[0].size, threads.microseconds(moved=images.size))
    return all(threads.parallel_map(lambda piece: _even(images[piece]), pieces))


def _even(images):
    values = images.reshape(len(images), -1)
    largest = np.maximum(values.max(axis=1), -values.min(axis=1))
    rows, columns = (-(-size // GRID) for size in images.shape[2:])
    pixels = np.abs(images[:, :, ::rows, ::columns].transpose(0, 2, 3, 1)).max(axis=3).reshape(len(images), -1)
    middle = pixels.shape[1] // 2
    usual = np.partition(pixels, middle, axis=1)[:, middle]
    return bool(np.all((largest <= WIDE * usual) & (largest < LARGEST)))
