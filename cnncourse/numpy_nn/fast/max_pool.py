"""Max pooling, a cacheful of channels at a time; the definition is in `functional.max_pool`.

The maximum over a box is the maximum over its rows' maxima, so the axes are taken one after the other: K + K
comparisons an output instead of K·K. Memory traffic: channels are taken a cacheful at a time, so that each input is
read once and each output written once; backward reads x and the outputs' gradients and writes the inputs' ones.
"""

import math

import numpy as np

from ..functional._arguments import as_batch, check_grad_output
from ..functional._pool_windows import check
from ..functional._windows import inside, offsets, pad_constant, shifted
from .blocks import in_blocks, mask_values


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """As the plain `max_pool1d`."""
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d_backward(
    grad_output, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """As the plain `max_pool1d_backward`."""
    return _max_pool_backward(1, grad_output, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """As the plain `max_pool2d`."""
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d_backward(
    grad_output, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """As the plain `max_pool2d_backward`."""
    return _max_pool_backward(2, grad_output, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """As the plain `max_pool3d`."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d_backward(
    grad_output, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """As the plain `max_pool3d_backward`."""
    return _max_pool_backward(3, grad_output, input, kernel_size, stride, padding, dilation, ceil_mode)


def _max_pool(axes, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    win = check(axes, input, kernel_size, stride, padding, dilation, ceil_mode)
    x, unbatched = as_batch(input, axes)
    if return_indices:
        output, winner = _largest(pad_constant(x, win.paddings, -np.inf), win)
        indices = _flat_index(winner, win, x.shape[2:])
        return (output[0], indices[0]) if unbatched else (output, indices)
    output = np.empty((*x.shape[:2], *win.positions), x.dtype)

    def compute(channels):
        padded = pad_constant(_channels(x)[:, channels], win.paddings, -np.inf)
        for axis in range(axes - 1):
            padded = _maxima(_entries(padded, win, axis))
        _maxima(_entries(padded, win, axes - 1), out=_channels(output)[:, channels])

    _in_blocks(compute, x)
    return output[0] if unbatched else output


def _max_pool_backward(axes, grad_output, input, kernel_size, stride, padding, dilation, ceil_mode):
    win = check(axes, input, kernel_size, stride, padding, dilation, ceil_mode)
    x, unbatched = as_batch(input, axes)
    shape = (*x.shape[:2], *win.positions)
    check_grad_output(grad_output, shape[1:] if unbatched else shape, input.dtype)
    g, grad = grad_output.reshape(shape), np.empty(x.shape, x.dtype)

    def compute(channels):
        padded = pad_constant(_channels(x)[:, channels], win.paddings, -np.inf)
        grad_padded = _send_to_maxima(_channels(g)[:, channels], padded, win)
        _channels(grad)[:, channels] = grad_padded[inside(win.paddings, x.shape[2:])]

    _in_blocks(compute, x)
    return grad[0] if unbatched else grad


def _channels(x):
    """Return (N, C, *spatial) as (1, N·C, *spatial): each channel is pooled by itself."""
    return x.reshape(1, x.shape[0] * x.shape[1], *x.shape[2:])


def _in_blocks(function, x):
    """Call function(channels) for slices of channels that fit into the cache."""
    in_blocks(function, x.shape[0] * x.shape[1], math.prod(x.shape[2:]), large=True)


def _send_to_maxima(g, padded, win):
    """Return the gradient with respect to `padded`: each window's gradient where its maximum lies.

    The row that holds a window's first maximum is the first row whose own maximum equals the window's.
    """
    steps, x = [], padded
    for axis in reversed(range(len(win.K))):  # maxima along the last axis, then along the one before it, …
        entries = [np.ascontiguousarray(entry) for entry in _entries(x, win, axis)]  # they are looked at twice
        steps.append((axis, x.shape, entries, _maxima(entries)))
        x = steps[-1][-1]
    if not (np.isfinite(x).all() and np.isfinite(g).all()):
        return _send_to_winners(g, padded, win)
    for axis, shape, entries, maxima in reversed(steps):
        # Windows side by side are written; where they overlap or leave gaps, they are added to zeros.
        K, S, D = win.K[axis], win.S[axis], win.D[axis]
        side_by_side = S == K and D == 1 and g.shape[2 + axis] * S == shape[2 + axis]
        grad, put = (np.empty(shape, g.dtype), np.copyto) if side_by_side else (np.zeros(shape, g.dtype), _add_to)
        *places, last = _entries(grad, win, axis)
        for entry, place in zip(entries, places, strict=False):
            # The first maximum takes all: nothing is left for one that comes later.
            share = mask_values(g, entry == maxima)
            put(place, share)
            g = g - share
        put(last, g)
        g = grad
    return g


def _add_to(place, values):
    place += values


def _send_to_winners(g, padded, win):
    """Return the same where infinities or NaN need the slow way."""
    winner, grad = _largest(padded, win)[1], np.zeros(padded.shape, padded.dtype)
    for number, k in enumerate(offsets(win.K)):
        # Windows may overlap, so gradients add up; within one k, all entries are different ones.
        grad[(..., *shifted(k, win.positions, win.S, win.D))] += np.where(winner == number, g, 0)
    return grad


def _entries(x, win, axis):
    """Return, for each k along one spatial axis, the k-th entry of every window, as views."""
    before = (slice(None),) * (2 + axis)
    count, S, D = win.positions[axis], win.S[axis], win.D[axis]
    return [x[(*before, *shifted((k,), (count,), (S,), (D,)))] for k in range(win.K[axis])]


def _maxima(entries, out=None):
    """Return the largest of the entries; NaN where one is NaN."""
    output = np.maximum(entries[0], entries[-1], out=out)
    for entry in entries[1:-1]:
        np.maximum(output, entry, out=output)
    return output


def _largest(padded, win):
    """Return each window's maximum and its number inside the window, counted in row-major order."""
    output = np.full((*padded.shape[:2], *win.positions), -np.inf, padded.dtype)
    winner = np.empty(output.shape, np.intp)
    winner[:] = win.first_inside()
    for number, k in enumerate(offsets(win.K)):
        entry = padded[(..., *shifted(k, win.positions, win.S, win.D))]
        better = (entry > output) | np.isnan(entry)
        np.copyto(output, entry, where=better)
        np.copyto(winner, number, where=better)
    return output, winner


def _flat_index(winner, win, spatial):
    """Turn numbers inside the window into flat indices into the unpadded channel."""
    inner = np.unravel_index(winner, win.K)
    outer = np.indices(win.positions, sparse=True)
    place = [o * s + k * d - p for o, k, s, d, p in zip(outer, inner, win.S, win.D, win.P, strict=True)]
    # A dilated window may miss a tiny image altogether; its index then points to the nearest entry.
    return np.ravel_multi_index(place, spatial, mode="clip").astype(np.int64)
