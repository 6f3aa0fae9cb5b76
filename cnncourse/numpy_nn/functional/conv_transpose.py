"""Transposed convolution: the linear map of a convolution, transposed.

`conv2d` with weight w is a matrix W acting on the image; `conv_transpose2d` with the same w is Wᵀ. Its
forward pass is therefore `conv2d`'s gradient with respect to the input, and its backward pass is
`conv2d`. It is not an inverse. Source: V. Dumoulin, F. Visin, arXiv:1603.07285, chapter 4.
"""

import math

import numpy as np

from ._arguments import check_grad_output
from ._conv_transpose_arguments import check_conv_transpose
from ._switch import replaceable

__all__ = [f"conv_transpose{axes}d{suffix}" for axes in (1, 2, 3) for suffix in ("", "_backward")]


@replaceable
def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Spread each entry of sequences (N, C_in, L) over a window; the one-dimensional `conv_transpose2d`."""
    return _conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@replaceable
def conv_transpose1d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv_transpose1d`."""
    return _backward(1, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation)


@replaceable
def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Spread each pixel over a window, weighted by the filters, as `torch.nn.functional.conv_transpose2d`.

    Parameters
    ----------
    input : array (N, C_in, H, W) or (C_in, H, W), float32 or float64
    weight : array (C_in, C_out // groups, K_h, K_w): the weight of the convolution from the output
        back to the input
    bias : array (C_out,) or None
    stride, dilation : int or pair, at least 1
    padding : int or pair; this many rows and columns are cut off on either side
    output_padding : int or pair, smaller than stride or dilation; rows and columns that no window
        reaches, added at the end (several input sizes of a strided convolution share an output size)
    groups : int that divides C_in

    Returns
    -------
    array (N, C_out, H_out, W_out), H_out = (H − 1)·S − 2P + D(K_h − 1) + output_padding + 1

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what was expected and what it got.

    Examples
    --------
    >>> conv_transpose2d(np.array([[[[1.0, 2.0]]]]), np.array([[[[10.0, 20.0]]]]), stride=2)
    array([[[[10., 20., 20., 40.]]]])
    """
    return _conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@replaceable
def conv_transpose2d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv_transpose2d`; the last may be None."""
    return _backward(2, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation)


@replaceable
def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Spread each entry of volumes (N, C_in, T, H, W) over a window; see `conv_transpose2d`."""
    return _conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


@replaceable
def conv_transpose3d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv_transpose3d`."""
    return _backward(3, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _conv_transpose(axes, input, weight, bias, stride, padding, output_padding, groups, dilation):
    """Spread x over the entries of the kernel: to y at S·i + D·k − P goes w[…, k] · x[…, i]."""
    S, P, D, full, O = check_conv_transpose(
        axes, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
    L = math.prod(input.shape[-axes:])
    x = input.reshape(math.prod(input.shape[: -axes - 1]), groups, len(weight) // groups, L)
    w = weight.reshape(groups, -1, *weight.shape[1:]).swapaxes(1, 2)
    y = np.zeros((len(x), *w.shape[:2], *full), x.dtype)
    for k in np.ndindex(weight.shape[2:]):
        seen = _seen(k, S, D, input.shape[-axes:])
        y[seen] += (w[(..., *k)] @ x).reshape(y[seen].shape)
    y = y[(..., *(slice(p, size - p) for (p, _), size in zip(P, full, strict=True)))]
    y = y.reshape(*input.shape[: -axes - 1], weight.shape[1] * groups, *O)
    return y if bias is None else y + bias.reshape(-1, *[1] * axes)


def _backward(axes, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation):
    """The other way round, each entry of the kernel is a product too: the backward pass is a convolution."""
    S, P, D, full, O = check_conv_transpose(
        axes, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
    shape = (*input.shape[: -axes - 1], weight.shape[1] * groups, *O)
    check_grad_output(grad_output, shape, input.dtype)
    L = math.prod(input.shape[-axes:])
    x = input.reshape(math.prod(input.shape[: -axes - 1]), groups, len(weight) // groups, L)
    w = weight.reshape(groups, -1, *weight.shape[1:])
    g = np.pad(grad_output.reshape(len(x), groups, weight.shape[1], *shape[-axes:]), ((0, 0), (0, 0), (0, 0), *P))
    grad_x, grad_w = np.zeros_like(x), np.zeros_like(w)
    for k in np.ndindex(weight.shape[2:]):
        g_k = g[_seen(k, S, D, input.shape[-axes:])].reshape(*g.shape[:3], L)
        grad_x += w[(..., *k)] @ g_k
        grad_w[(..., *k)] = (x @ g_k.swapaxes(2, 3)).sum(axis=0)
    grad_bias = None if bias is None else grad_output.sum(axis=tuple({-axes - 1} ^ set(range(-grad_output.ndim, 0))))
    return grad_x.reshape(input.shape), grad_w.reshape(weight.shape), grad_bias


def _seen(k, S, D, O):
    """Return the slices that entry `k` of the kernel meets."""
    return (..., *(slice(d * u, d * u + s * o, s) for u, s, d, o in zip(k, S, D, O, strict=True)))
