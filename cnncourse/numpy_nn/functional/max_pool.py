"""Max pooling in one, two and three dimensions, forward and backward.

Each window of each channel keeps its largest entry; padding counts as −∞, so it never wins. A tie goes to
the first maximum in row-major order. NaN counts as larger than any number, and of several NaN the last
one wins, as in PyTorch.
"""

import math

import numpy as np

from ..algorithms.windows import inside, offsets, pad_constant, shifted
from ._arguments import as_batch, check_grad_output
from ._pool_windows import check

BLOCK_BYTES = 1 << 18


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """Keep the largest entry of each window of sequences (N, C, L) or (C, L); see `max_pool2d`."""
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d_backward(
    grad_output, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Return ∂L/∂input of `max_pool1d`; see `max_pool2d_backward`."""
    return _max_pool_backward(1, grad_output, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """Keep the largest entry of each window, as `torch.nn.functional.max_pool2d`.

    Parameters
    ----------
    input : array (N, C, H, W) or (C, H, W), float32 or float64
    kernel_size, stride, padding, dilation : int or pair (height, width); stride None means kernel_size;
        padding is at most half of kernel_size
    ceil_mode : bool
        Round the output size up instead of down: a last window may reach over the edge.
    return_indices : bool
        Return also where each maximum lies, as the flat index into its channel's H·W entries (int64).

    Returns
    -------
    array (N, C, H_out, W_out), or the pair (output, indices)

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what was expected and what it got.
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d_backward(
    grad_output, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Return ∂L/∂input of `max_pool2d`: each window's gradient goes to its maximum; overlaps add up."""
    return _max_pool_backward(2, grad_output, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """Keep the largest entry of each window of volumes (N, C, T, H, W) or (C, T, H, W); see `max_pool2d`."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d_backward(
    grad_output, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Return ∂L/∂input of `max_pool3d`; see `max_pool2d_backward`."""
    return _max_pool_backward(3, grad_output, input, kernel_size, stride, padding, dilation, ceil_mode)


def _max_pool(axes, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    win = check(axes, input, kernel_size, stride, padding, dilation, ceil_mode)
    x, unbatched = as_batch(input, axes)
    padded = pad_constant(x, win.paddings, -np.inf)
    if return_indices:
        output, winner = _largest(padded, win)
        indices = _flat_index(winner, win, x.shape[2:])
        return (output[0], indices[0]) if unbatched else (output, indices)
    output = _maxima(padded, win)
    return output[0] if unbatched else output


def _max_pool_backward(axes, grad_output, input, kernel_size, stride, padding, dilation, ceil_mode):
    win = check(axes, input, kernel_size, stride, padding, dilation, ceil_mode)
    x, unbatched = as_batch(input, axes)
    shape = (*x.shape[:2], *win.positions)
    check_grad_output(grad_output, shape[1:] if unbatched else shape, input.dtype)
    padded = pad_constant(x, win.paddings, -np.inf)
    grad = np.zeros(padded.shape, padded.dtype)
    # Channels are independent, so they are taken a cacheful at a time.
    channels = shape[0] * shape[1]
    g, padded, total = (a.reshape(1, channels, *a.shape[-axes:]) for a in (grad_output, padded, grad))
    step = max(1, BLOCK_BYTES // (math.prod(padded.shape[2:]) * padded.itemsize))
    for start in range(0, channels, step):
        c = (slice(None), slice(start, start + step))
        _send_to_maxima(g[c], padded[c], total[c], win)
    grad = grad[inside(win.paddings, x.shape[2:])]
    return grad[0] if unbatched else grad


def _send_to_maxima(grad_output, padded, grad, win):
    """Add each window's gradient to `grad` where the window's maximum lies."""
    maxima = _maxima(padded, win)
    ordinary = np.isfinite(maxima).all() and np.isfinite(grad_output).all()
    winner = None if ordinary else _largest(padded, win)[1]
    left = grad_output.copy()
    for number, k in enumerate(offsets(win.K)):
        entries = (..., *shifted(k, win.positions, win.S, win.D))
        if ordinary:
            # The first maximum takes all: nothing is left for one that comes later.
            share = left * (padded[entries] == maxima)
            left -= share
        else:
            share = np.where(winner == number, grad_output, 0)
        # Windows may overlap, so gradients add up; within one k, all entries are different ones.
        grad[entries] += share


def _maxima(padded, win):
    """Return each window's maximum; NaN where the window holds one."""
    entries = (padded[(..., *shifted(k, win.positions, win.S, win.D))] for k in offsets(win.K))
    output = next(entries).copy()
    for entry in entries:
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
