"""Convolution in one, two and three dimensions, forward and backward.

What deep learning calls convolution is a cross-correlation: the kernel is not flipped,

    y[n, o, i] = b[o] + Σ_c Σ_k w[o, c, k] · x[n, c, S·i + D·k − P],

where i and k run over one, two or three spatial axes. With groups, output channel o sees only the input channels of
its own group. Derivation of the backward pass: V. Dumoulin, F. Visin, arXiv:1603.07285, and this course's lesson 06.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ._arguments import check_conv
from ._switch import replaceable

__all__ = ["conv1d", "conv1d_backward", "conv2d", "conv2d_backward", "conv3d", "conv3d_backward"]

ALL = (True, True, True)


@replaceable
def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto"):
    """Cross-correlate sequences (N, C_in, L) or (C_in, L) with filters (C_out, C_in // groups, K); see `conv2d`."""
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


@replaceable
def conv1d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto",
    output_mask=ALL,
):  # fmt: skip
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv1d`; see `conv2d_backward`."""
    return _conv_backward(1, grad_output, input, weight, bias, stride, padding, dilation, groups, output_mask)


@replaceable
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto"):
    """Cross-correlate images with filters, as `torch.nn.functional.conv2d`.

    A faster version with the same results may run in its place (`numpy_nn.use`).

    Parameters
    ----------
    input : array (N, C_in, H, W) or (C_in, H, W), float32 or float64
    weight : array (C_out, C_in // groups, K_h, K_w)
    bias : array (C_out,) or None
    stride, dilation : int or pair (height, width), at least 1
    padding : int or pair of zeros on either side, or "valid" (none), or "same" (stride 1 only: the output keeps the
        input's size; an odd total puts the extra zero at the end)
    groups : int that divides C_in and C_out
    algorithm : which algorithm the faster version takes, see `fast.choice`; not in PyTorch

    Returns
    -------
    array (N, C_out, H_out, W_out) or (C_out, H_out, W_out), H_out = ⌊(H + 2P − D(K_h − 1) − 1) / S⌋ + 1

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what it got and what was wanted.

    >>> image = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> difference = np.array([[[[-1.0, 1.0]]]])
    >>> conv2d(image, difference)[0, 0]
    array([[1., 1.],
           [1., 1.],
           [1., 1.]])
    """
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


@replaceable
def conv2d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto",
    output_mask=ALL,
):  # fmt: skip
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv2d`; the last is None without bias.

    A weight is shared by all positions, so its gradient is the *sum* over positions and images; an input entry is
    seen by several windows, so its gradient is the sum over those. `output_mask` tells which of the three are wanted.

    >>> image, kernel = np.arange(4.0).reshape(1, 1, 2, 2), np.array([[[[10.0, 20.0]]]])
    >>> grad_input, grad_weight, grad_bias = conv2d_backward(np.ones((1, 1, 2, 1)), image, kernel)
    >>> grad_input[0, 0]
    array([[10., 20.],
           [10., 20.]])
    >>> grad_weight[0, 0]
    array([[2., 4.]])
    """
    return _conv_backward(2, grad_output, input, weight, bias, stride, padding, dilation, groups, output_mask)


@replaceable
def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto"):
    """Cross-correlate volumes (N, C_in, T, H, W) with filters (C_out, C_in // groups, K_t, K_h, K_w); see `conv2d`."""
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


@replaceable
def conv3d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto",
    output_mask=ALL,
):  # fmt: skip
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv3d`; see `conv2d_backward`."""
    return _conv_backward(3, grad_output, input, weight, bias, stride, padding, dilation, groups, output_mask)


def _conv(axes, input, weight, bias, stride, padding, dilation, groups):
    """Return y = b + Σ_k w[…, k] · (what entry k of the kernel meets of x)."""
    S, P, D = check_conv(axes, input, weight, bias, stride, padding, dilation, groups)
    x = np.pad(input, (*[(0, 0)] * (input.ndim - axes), *P))
    x = x.reshape(math.prod(input.shape[: -axes - 1]), groups, len(weight[0]), *x.shape[-axes:])
    w = weight.reshape(groups, -1, *weight.shape[1:])
    extent = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], D, strict=True)]
    every, spatial = (..., *(slice(None, None, step) for step in (*S, *D))), tuple(range(-axes, 0))
    windows = sliding_window_view(x, extent, spatial)[every]  # (N, groups, C, *O, *K)
    O = windows.shape[3 : 3 + axes]
    y = np.zeros((len(x), *w.shape[:2], math.prod(O)), x.dtype)
    for k in np.ndindex(weight.shape[2:]):
        y += w[(..., *k)] @ windows[(..., *k)].reshape(*x.shape[:3], math.prod(O))
    y = y.reshape(*input.shape[: -axes - 1], len(weight), *O)
    return y if bias is None else y + bias.reshape(-1, *[1] * axes)


def _conv_backward(axes, grad_output, input, weight, bias, stride, padding, dilation, groups, wanted):
    """Each product w·x of the sum passes its output's gradient g to both factors: w·g to x, and x·g to w."""
    S, P, D = check_conv(axes, input, weight, bias, stride, padding, dilation, groups, grad_output=grad_output)
    x = np.pad(input, (*[(0, 0)] * (input.ndim - axes), *P))
    x = x.reshape(math.prod(input.shape[: -axes - 1]), groups, len(weight[0]), *x.shape[-axes:])
    w = weight.reshape(groups, -1, *weight.shape[1:])
    grad_x, grad_w = np.zeros_like(x), np.zeros_like(w)
    extent = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], D, strict=True)]
    every, spatial = (..., *(slice(None, None, step) for step in (*S, *D))), tuple(range(-axes, 0))
    windows = sliding_window_view(x, extent, spatial)[every]  # (N, groups, C, *O, *K)
    grad_windows = sliding_window_view(grad_x, extent, spatial, writeable=True)[every]
    O = windows.shape[3 : 3 + axes]
    shape = (*input.shape[: -axes - 1], len(weight), *O)
    if grad_output.shape != shape:
        raise ValueError(f"grad_output: expected the output's shape {shape}, got {grad_output.shape}")
    g = grad_output.reshape(len(x), *w.shape[:2], math.prod(O))
    for k in np.ndindex(weight.shape[2:]):
        grad_windows[(..., *k)] += (w[(..., *k)].swapaxes(1, 2) @ g).reshape(windows.shape[: 3 + axes])
        grad_w[(..., *k)] = (g @ windows[(..., *k)].reshape(*x.shape[:3], math.prod(O)).swapaxes(2, 3)).sum(axis=0)
    inside = (..., *(slice(before, size - after) for size, (before, after) in zip(x.shape[3:], P, strict=True)))
    grad_b = None if bias is None else g.sum(axis=(0, 3)).reshape(-1)
    grads = grad_x[inside].reshape(input.shape), grad_w.reshape(weight.shape), grad_b
    return tuple(grad if asked else None for grad, asked in zip(grads, wanted, strict=True))
