"""Sliding windows in any number of spatial dimensions, and their adjoint.

Convolution, pooling and unfolding all look at the same windows. A window starts at o·S for output
position o and reads the entries o·S + k·D for k = 0 … K − 1, so along an axis of size I (padding
included) there are ⌊(I − D(K − 1) − 1) / S⌋ + 1 of them.
"""

import itertools
import math

import numpy as np
from numpy.lib import stride_tricks


def pair(value):
    """Return `value` as (height, width); an int stands for both."""
    return value if isinstance(value, tuple) else (value, value)


def padded_size(size, padding):
    """Return how large each axis is with its padding, (before, after) for each."""
    return tuple(i + before + after for i, (before, after) in zip(size, padding, strict=True))


def output_size(size, kernel_size, stride, dilation):
    """Return how many windows fit along each axis of a padded input; negative or zero means none."""
    return tuple((i - d * (k - 1) - 1) // s + 1 for i, k, s, d in zip(size, kernel_size, stride, dilation, strict=True))


def as_strided(x, shape, strides):
    """Return the entries of `x` seen with another shape and other strides: a view, nothing is checked.

    NumPy's own function takes a tenth as long as a small layer; where `x` is contiguous, its buffer will do.
    """
    if x.flags.c_contiguous and x.size:
        return np.ndarray(shape, x.dtype, x, 0, strides)
    return stride_tricks.as_strided(x, shape, strides)


def windows(x, kernel_size, stride, dilation):
    """Return all windows of `x` (N, C, *spatial) as a read-only view (N, C, *kernel, *output).

    Nothing is copied: entry [n, c, k, o] is x[n, c, o·S + k·D], reached by the strides alone.
    """
    axes = len(kernel_size)
    positions = output_size(x.shape[2:], kernel_size, stride, dilation)
    steps = x.strides[2:]
    taps, places = (tuple(steps[a] * by[a] for a in range(axes)) for by in (dilation, stride))
    view = as_strided(x, (*x.shape[:2], *kernel_size, *positions), (*x.strides[:2], *taps, *places))
    view.flags.writeable = False  # entries stand in several windows
    return view


def offsets(kernel_size):
    """Iterate over the positions (k_1, k_2, …) inside a window in row-major order."""
    return itertools.product(*(range(k) for k in kernel_size))


def shifted(k, positions, stride, dilation):
    """Return the slices that pick entry `k` of every window out of a padded input."""
    return tuple(
        slice(k_a * d, k_a * d + s * (o - 1) + 1, s)
        for k_a, o, s, d in zip(k, positions, stride, dilation, strict=True)
    )


def add_windows(values, x_shape, stride, dilation, out=None):
    """Add window entries (N, C, *kernel, *output) back to where they came from: the adjoint of `windows`.

    Entries that several windows share receive the sum; entries that no window reads are zero. Returns `out`, or a new
    array of `x_shape`.
    """
    axes = len(x_shape) - 2
    kernel_size, positions = values.shape[2 : 2 + axes], values.shape[2 + axes :]
    x = np.empty(x_shape, values.dtype) if out is None else out
    x[...] = 0
    if 0 in positions:
        return x
    if math.prod(kernel_size) == 1:  # nothing to add to
        x[(..., *shifted((0,) * axes, positions, stride, dilation))] = values.reshape(*x_shape[:2], *positions)
        return x
    for k in offsets(kernel_size):
        x[(..., *shifted(k, positions, stride, dilation))] += values[(slice(None), slice(None), *k)]
    return x


def pad_constant(x, padding, value=0.0):
    """Surround the spatial axes of `x` (N, C, *spatial); `padding` holds (before, after) per axis.

    `x` itself is returned when there is nothing to add.
    """
    if not any(before or after for before, after in padding):
        return x
    padded = np.empty((*x.shape[:2], *padded_size(x.shape[2:], padding)), x.dtype)
    for axis, (before, after) in enumerate(padding, start=2):  # the borders alone: what is inside is written once
        for border in (slice(0, before), slice(padded.shape[axis] - after, None)):
            padded[(*[slice(None)] * axis, border)] = value
    padded[inside(padding, x.shape[2:])] = x
    return padded


def pad_strip(x, rows, kernel_size, stride, dilation, padding):
    """Return what the output rows `rows` see of `x` (N, C, *spatial), with its part of the padding around it."""
    size, K, S, D, (before, _) = x.shape[2], kernel_size[0], stride[0], dilation[0], padding[0]
    start = rows.start * S - before
    stop = max(start, (rows.stop - 1) * S + D * (K - 1) + 1 - before)
    first, last = (min(max(0, edge), size) for edge in (start, stop))
    return pad_constant(x[:, :, first:last], [(first - start, stop - last), *padding[1:]])


def add_bias(output, bias, groups):
    """Add `bias` (C_out,), unless it is None, to `output` (N, groups, C_out/groups, positions) in place."""
    if bias is not None:
        output += bias.reshape(groups, -1, 1)


def inside(padding, spatial):
    """Return the index that finds the original entries again in a padded array."""
    return (..., *(slice(before, before + i) for (before, _), i in zip(padding, spatial, strict=True)))
