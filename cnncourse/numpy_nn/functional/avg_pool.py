"""Average pooling in one, two and three dimensions, forward and backward.

Each window of each channel is replaced by its mean: a convolution with constant weights, channel by channel.
"""

from functools import reduce

import numpy as np

from ._arguments import as_batch, check_grad_output, check_integer
from ._pool_windows import check
from ._windows import add_windows, inside, offsets, pad_constant, padded_size, shifted

__all__ = [f"avg_pool{axes}d{suffix}" for axes in (1, 2, 3) for suffix in ("", "_backward")]


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """Average each window of sequences (N, C, L) or (C, L); see `avg_pool2d`."""
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool1d_backward(
    grad_output, input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    """Return ∂L/∂input of `avg_pool1d`; see `avg_pool2d_backward`."""
    return _avg_pool_backward(1, grad_output, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Average each window, as `torch.nn.functional.avg_pool2d`.

    Parameters are those of `max_pool2d`, and:

    count_include_pad : bool
        Whether the padding's zeros count in the mean. What ceil_mode adds beyond them never does.
    divisor_override : int other than 0, or None
        Divide each window's sum by this instead.

    Examples
    --------
    >>> avg_pool2d(np.array([[[1.0, 2.0, 3.0, 4.0], [8.0, 7.0, 6.0, 5.0]]]), 2)
    array([[[4.5, 4.5]]])
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool2d_backward(
    grad_output,
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Return ∂L/∂input of `avg_pool2d`: each window's gradient, divided as in forward, to all its entries."""
    return _avg_pool_backward(
        2, grad_output, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Average each window of volumes (N, C, T, H, W) or (C, T, H, W); see `avg_pool2d`."""
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d_backward(
    grad_output,
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Return ∂L/∂input of `avg_pool3d`; see `avg_pool2d_backward`."""
    return _avg_pool_backward(
        3, grad_output, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _avg_pool(axes, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    win = _check(axes, input, kernel_size, stride, padding, ceil_mode)
    x, unbatched = as_batch(input, axes)
    padded = pad_constant(x, win.paddings)
    output = np.zeros((*x.shape[:2], *win.positions), x.dtype)
    for k in offsets(win.K):
        output += padded[(..., *shifted(k, win.positions, win.S, win.D))]
    output /= _divisor(win, x.shape[2:], count_include_pad, divisor_override, x.dtype)
    return output[0] if unbatched else output


def _avg_pool_backward(
    axes, grad_output, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    win = _check(axes, input, kernel_size, stride, padding, ceil_mode)
    x, unbatched = as_batch(input, axes)
    shape = (*x.shape[:2], *win.positions)
    check_grad_output(grad_output, shape[1:] if unbatched else shape, input.dtype)
    share = grad_output.reshape(shape) / _divisor(win, x.shape[2:], count_include_pad, divisor_override, x.dtype)
    every_entry = share.reshape(*shape[:2], *[1] * axes, *win.positions)
    values = np.broadcast_to(every_entry, (*shape[:2], *win.K, *win.positions))
    padded = padded_size(x.shape[2:], win.paddings)
    grad = add_windows(values, (*shape[:2], *padded), win.S, win.D)[inside(win.paddings, x.shape[2:])]
    return grad[0] if unbatched else grad


def _check(axes, input, kernel_size, stride, padding, ceil_mode):
    win = check(axes, input, kernel_size, stride, padding, 1, ceil_mode)
    if axes == 3 and any(i < k for i, k in zip(input.shape[-3:], win.K, strict=True)):
        # PyTorch's three-dimensional average pooling alone insists on this, whatever the padding.
        raise ValueError(f"kernel_size: expected at most the input's size, got {win.K} for shape {input.shape}")
    return win


def _divisor(win, spatial, count_include_pad, divisor_override, dtype):
    """Return what each window's sum is divided by: one number, or an array over the output positions."""
    if divisor_override is not None:
        if check_integer("divisor_override", divisor_override) == 0:
            raise ValueError("divisor_override: expected a number other than 0, got 0")
        return np.asarray(divisor_override, dtype)
    counts = []
    for size, k, s, p, positions in zip(spatial, win.K, win.S, win.P, win.positions, strict=True):
        start = np.arange(positions) * s - p
        low, high = (-p, size + p) if count_include_pad else (0, size)
        counts.append(np.minimum(start + k, high) - np.maximum(start, low))
    return reduce(np.multiply.outer, counts).astype(dtype)
