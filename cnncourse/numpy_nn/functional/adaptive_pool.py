"""Adaptive average pooling: the output size is given, the windows follow from it.

Along an axis of size I with O outputs, bin o reaches from ⌊o·I/O⌋ to ⌈(o + 1)·I/O⌉; bins overlap where O does
not divide I. With O = 1 this is global pooling.
"""

import math

import numpy as np

from ._arguments import as_batch, check_floats, check_grad_output, check_integer
from ._switch import replaceable

__all__ = [f"adaptive_avg_pool{axes}d{suffix}" for axes in (1, 2, 3) for suffix in ("", "_backward")]


def adaptive_avg_pool1d(input, output_size):
    """Average sequences (N, C, L) or (C, L) down (or up) to `output_size`; see `adaptive_avg_pool2d`."""
    return adaptive_avg_pool(1, input, output_size)


def adaptive_avg_pool1d_backward(grad_output, input, output_size):
    """Return ∂L/∂input of `adaptive_avg_pool1d`."""
    return adaptive_avg_pool_backward(1, grad_output, input, output_size)


def adaptive_avg_pool2d(input, output_size):
    """Average over bins that tile the image, as `torch.nn.functional.adaptive_avg_pool2d`.

    Parameters
    ----------
    input : array (N, C, H, W) or (C, H, W), float32 or float64
    output_size : int or pair (height, width); None as an entry keeps the input's size

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what was expected and what it got.

    Examples
    --------
    >>> adaptive_avg_pool2d(np.arange(8.0).reshape(1, 2, 4), (1, 2))
    array([[[2.5, 4.5]]])
    """
    return adaptive_avg_pool(2, input, output_size)


def adaptive_avg_pool2d_backward(grad_output, input, output_size):
    """Return ∂L/∂input of `adaptive_avg_pool2d`: each bin's gradient, shared equally among its entries."""
    return adaptive_avg_pool_backward(2, grad_output, input, output_size)


def adaptive_avg_pool3d(input, output_size):
    """Average volumes (N, C, T, H, W) or (C, T, H, W) over bins; see `adaptive_avg_pool2d`."""
    return adaptive_avg_pool(3, input, output_size)


def adaptive_avg_pool3d_backward(grad_output, input, output_size):
    """Return ∂L/∂input of `adaptive_avg_pool3d`."""
    return adaptive_avg_pool_backward(3, grad_output, input, output_size)


def adaptive_avg_pool(axes, input, output_size):
    x, unbatched, sizes = check_adaptive(axes, input, output_size)
    if set(sizes) == {1}:
        x = global_mean(x).reshape(*x.shape[:2], *sizes)
        return x[0] if unbatched else x
    # The mean over a box is the mean of means, one axis after the other.
    for axis, size in enumerate(sizes, start=2):
        if size != x.shape[axis]:
            along = np.moveaxis(x, axis, 0)
            means = [along[a:b].mean(axis=0) for a, b in bins(x.shape[axis], size)]
            x = np.stack(means, axis) if means else x.take([], axis)
    x = x.copy() if np.shares_memory(x, input) else x
    return x[0] if unbatched else x


def adaptive_avg_pool_backward(axes, grad_output, input, output_size):
    x, unbatched, sizes = check_adaptive(axes, input, output_size)
    shape = (*x.shape[:2], *sizes)
    check_grad_output(grad_output, shape[1:] if unbatched else shape, input.dtype)
    g = grad_output.reshape(shape)
    if set(sizes) == {1}:
        share = g / x.dtype.type(math.prod(x.shape[2:]))
        return np.broadcast_to(share, x.shape).copy().reshape(input.shape)
    for axis, size in enumerate(sizes, start=2):
        grad = np.zeros((x.shape[axis], *np.moveaxis(g, axis, 0).shape[1:]), x.dtype)
        for upstream, (a, b) in zip(np.moveaxis(g, axis, 0), bins(x.shape[axis], size), strict=True):
            grad[a:b] += upstream / (b - a)
        g = np.moveaxis(grad, 0, axis)
    return g.reshape(input.shape)


@replaceable
def global_mean(x):
    """Return the mean over all positions of `x` (N, C, *spatial) as (N, C)."""
    return x.mean(axis=tuple(range(2, x.ndim)))


def bins(size, count):
    """Return (start, end) of each of `count` bins over `size` entries."""
    return [(o * size // count, -(-(o + 1) * size // count)) for o in range(count)]


def check_adaptive(axes, input, output_size):
    """Refuse what PyTorch refuses; return the input with a batch axis and the output size per axis."""
    check_floats(input=input)
    x, unbatched = as_batch(input, axes)
    if 0 in x.shape[1:]:
        raise ValueError(f"input: expected sizes of at least 1 except the batch's, got shape {input.shape}")
    if not isinstance(output_size, (tuple, list)):
        output_size = (output_size,) * axes
    if len(output_size) != axes:
        raise ValueError(f"output_size: expected an int or {axes} entries, got {output_size}")
    sizes = tuple(
        i if o is None else check_integer("output_size", o, minimum=0)
        for o, i in zip(output_size, x.shape[2:], strict=True)
    )
    return x, unbatched, sizes
