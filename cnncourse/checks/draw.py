"""Awkward inputs for cases: arrays whose memory is not laid out row after row."""

import numpy as np


def normal(rng, *shape, dtype=np.float64):
    """Standard normal values of a shape."""
    return rng.standard_normal(shape).astype(dtype)


def strided(array):
    """The same values as every second column of a wider array: not contiguous."""
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), dtype=array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def fortran(array):
    """The same values with the first axis running fastest in memory."""
    return np.asfortranarray(array)


def readonly(array):
    """A copy that refuses to be changed."""
    array = array.copy()
    array.flags.writeable = False
    return array


def tied(rng, *shape):
    """Few different values: most windows have several maxima."""
    return rng.integers(0, 3, shape).astype(float)


def after_relu(rng, *shape):
    """Many zeros, as after a ReLU: whole windows are tied at 0."""
    return np.maximum(rng.standard_normal(shape) - 1, 0)


def negative(rng, *shape):
    """Values below −1: zeros of a padding would be larger."""
    return -1 - np.abs(rng.standard_normal(shape))


def constant(rng, *shape):
    """The same value everywhere."""
    return np.full(shape, rng.uniform(1, 3))
