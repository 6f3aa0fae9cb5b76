"""Max pooling in one, two and three dimensions, forward and backward.

Each window of each channel keeps its largest entry; padding counts as −∞, so it never wins. A tie goes to the first
maximum in row-major order. NaN counts as larger than any number, and of several NaN the last one wins, as in PyTorch.
"""

import math

import numpy as np

from ._arguments import check_floats, per_axis
from ._switch import replaceable

__all__ = [f"max_pool{axes}d{suffix}" for axes in (1, 2, 3) for suffix in ("", "_backward")]


@replaceable
def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """Keep the largest entry of each window of sequences (N, C, L) or (C, L); see `max_pool2d`."""
    options = (kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(1, input, *options, return_indices=return_indices)


@replaceable
def max_pool1d_backward(
    grad_output, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Return ∂L/∂input of `max_pool1d`; see `max_pool2d_backward`."""
    options = (kernel_size, stride, padding, dilation, ceil_mode)
    _, place = _max_pool(1, input, *options, return_indices=True, grad_output=grad_output)
    grad = np.zeros((math.prod(input.shape[:-1]), math.prod(input.shape[-1:])), input.dtype)
    channel = np.arange(len(grad)).reshape(*input.shape[:-1], 1)
    np.add.at(grad, (channel, place), np.where(place < 0, 0, grad_output))
    return grad.reshape(input.shape)


@replaceable
def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """Keep the largest entry of each window, as `torch.nn.functional.max_pool2d`.

    A faster version with the same results may run in its place (`numpy_nn.use`).

    Parameters
    ----------
    input : array (N, C, H, W) or (C, H, W), float32 or float64
    kernel_size, stride, padding, dilation : int or pair (height, width); stride None means kernel_size;
        padding is at most half of kernel_size
    ceil_mode : bool
        Round the output size up instead of down: a last window may reach over the edge.
    return_indices : bool
        Return the pair (output, indices): where each maximum lies among its channel's H·W entries (int64).

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what was expected and what it got.

    Examples
    --------
    >>> max_pool2d(np.array([[[1.0, 2.0, 3.0, 4.0], [8.0, 7.0, 6.0, 5.0]]]), 2)
    array([[[8., 6.]]])
    """
    options = (kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(2, input, *options, return_indices=return_indices)


@replaceable
def max_pool2d_backward(
    grad_output, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Return ∂L/∂input of `max_pool2d`: each window's gradient goes to its maximum; overlaps add up.

    >>> max_pool2d_backward(np.array([[[10.0]]]), np.array([[[1.0, 4.0], [3.0, 4.0]]]), 2)
    array([[[ 0., 10.],
            [ 0.,  0.]]])
    """
    options = (kernel_size, stride, padding, dilation, ceil_mode)
    _, place = _max_pool(2, input, *options, return_indices=True, grad_output=grad_output)
    grad = np.zeros((math.prod(input.shape[:-2]), math.prod(input.shape[-2:])), input.dtype)
    channel = np.arange(len(grad)).reshape(*input.shape[:-2], 1, 1)
    np.add.at(grad, (channel, place), np.where(place < 0, 0, grad_output))
    return grad.reshape(input.shape)


@replaceable
def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """Keep the largest entry of each window of volumes (N, C, T, H, W) or (C, T, H, W); see `max_pool2d`."""
    options = (kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(3, input, *options, return_indices=return_indices)


@replaceable
def max_pool3d_backward(
    grad_output, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Return ∂L/∂input of `max_pool3d`; see `max_pool2d_backward`."""
    options = (kernel_size, stride, padding, dilation, ceil_mode)
    _, place = _max_pool(3, input, *options, return_indices=True, grad_output=grad_output)
    grad = np.zeros((math.prod(input.shape[:-3]), math.prod(input.shape[-3:])), input.dtype)
    channel = np.arange(len(grad)).reshape(*input.shape[:-3], 1, 1, 1)
    np.add.at(grad, (channel, place), np.where(place < 0, 0, grad_output))
    return grad.reshape(input.shape)


def _max_pool(axes, input, *options, return_indices=False, grad_output=None):
    """Go through the entries of a window, keep the largest so far, and beside it the place where it lies."""
    K, S, P, D, O = check_pool(axes, input, *options, grad_output=grad_output)
    sizes = input.shape[-axes:]
    ends = [
        max(p, (o - 1) * s + d * (k - 1) + 1 - i - p) for i, k, s, p, d, o in zip(sizes, K, S, P, D, O, strict=True)
    ]
    paddings = tuple(zip(P, ends, strict=True))
    x = np.pad(input, (*((0, 0),) * (input.ndim - axes), *paddings), constant_values=-np.inf)
    number = np.pad(np.arange(math.prod(sizes)).reshape(sizes), paddings, constant_values=-1)  # −1: padding
    best = np.full((*input.shape[:-axes], *O), -np.inf, input.dtype)
    place = np.full(best.shape, -1)
    for k in np.ndindex(K):
        seen = (..., *(slice(d * u, d * u + s * o, s) for u, s, d, o in zip(k, S, D, O, strict=True)))
        better = (number[seen] >= 0) & ((x[seen] > best) | np.isnan(x[seen]) | (place < 0))
        best = np.where(better, x[seen], best)
        place = np.where(better, number[seen], place)
    return (best, place) if return_indices else best


def check_pool(axes, input, kernel_size, stride, padding, dilation, ceil_mode, grad_output=None):
    """Refuse what PyTorch refuses; return kernel, stride, padding, dilation and output size per axis."""
    check_floats(input=input, grad_output=grad_output)
    if input.ndim not in (axes + 1, axes + 2) or 0 in input.shape[-axes - 1 :]:
        wanted = f"{axes + 2} dimensions (N, C, …) or {axes + 1} without N, none empty but N"
        raise ValueError(f"input: expected {wanted}, got shape {input.shape}")
    K = per_axis("kernel_size", kernel_size, axes, minimum=1)
    S = K if stride is None or stride in ((), []) else per_axis("stride", stride, axes, minimum=1)
    P = per_axis("padding", padding, axes, minimum=0)
    D = per_axis("dilation", dilation, axes, minimum=1)
    if any(p > k // 2 for p, k in zip(P, K, strict=True)):
        raise ValueError(f"padding: expected at most half of kernel_size {K}, got {P}")
    extent = tuple(d * (k - 1) + 1 for k, d in zip(K, D, strict=True))
    O = []
    for i, e, s, p in zip(input.shape[-axes:], extent, S, P, strict=True):
        end = min(i + p - e + s, i) if ceil_mode else i + p - e + 1  # with ceil_mode a window starts before i at least
        O.append(len(range(-p, end, s)))  # windows start at −P and at every S-th entry from there
    if min(O) < 1:
        wanted = f"windows of extent at most the padded input's, got extent {extent}"
        raise ValueError(f"kernel_size: expected {wanted} for input of shape {input.shape} with padding {P}")
    if grad_output is not None and grad_output.shape != (*input.shape[:-axes], *O):
        wanted = f"the output's shape {(*input.shape[:-axes], *O)}"
        raise ValueError(f"grad_output: expected {wanted}, got {grad_output.shape}")
    return K, S, P, D, tuple(O)
