"""Adaptive max pooling: the largest entry of each bin; the bins are those of `adaptive_pool`."""

import itertools
import math

import numpy as np

from ._arguments import check_grad_output
from .adaptive_pool import bins, check_adaptive

__all__ = ["adaptive_max_pool2d", "adaptive_max_pool2d_backward"]


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """Keep the largest entry of each bin, as `torch.nn.functional.adaptive_max_pool2d`.

    With `return_indices` the result is the pair (output, indices): int64 flat indices into H·W.
    """
    x, unbatched, sizes = check_adaptive(2, input, output_size)
    indices = _largest(x, sizes)
    channels = (*x.shape[:2], math.prod(x.shape[2:]))
    wanted = indices.reshape(*x.shape[:2], math.prod(sizes))
    output = np.take_along_axis(x.reshape(channels), wanted, 2).reshape(indices.shape)
    if unbatched:
        output, indices = output[0], indices[0]
    return (output, indices) if return_indices else output


def adaptive_max_pool2d_backward(grad_output, input, output_size, return_indices=False):
    """Return ∂L/∂input of `adaptive_max_pool2d`: each bin's gradient goes to its (first) maximum."""
    x, unbatched, sizes = check_adaptive(2, input, output_size)
    indices = _largest(x, sizes)
    check_grad_output(grad_output, indices.shape[1:] if unbatched else indices.shape, input.dtype)
    g, channels = grad_output.reshape(indices.shape), np.ix_(range(len(x)), range(x.shape[1]))
    grad = np.zeros((*x.shape[:2], math.prod(x.shape[2:])), x.dtype)
    for o in np.ndindex(*sizes):
        # Overlapping bins may share a maximum, so bins are added one after the other.
        grad[(*channels, indices[(..., *o)])] += g[(..., *o)]
    return grad.reshape(input.shape)


def _largest(x, sizes):
    """Return the flat index of each bin's maximum: the first one, or the last NaN if there is one."""
    N, C, H, W = x.shape
    indices = np.empty((N, C, *sizes), np.int64)
    rows, columns = bins(H, sizes[0]), bins(W, sizes[1])
    for (i, (top, bottom)), (j, (left, right)) in itertools.product(enumerate(rows), enumerate(columns)):
        entries = x[:, :, top:bottom, left:right].reshape(N, C, (bottom - top) * (right - left))
        nan = np.isnan(entries[..., ::-1])
        last_nan = entries.shape[2] - 1 - nan.argmax(-1)
        place = np.where(nan.any(-1), last_nan, entries.argmax(-1))
        indices[:, :, i, j] = (top + place // (right - left)) * W + left + place % (right - left)
    return indices
