"""A kernel as large as the image: it has one place to stand, so the convolution is a fully connected layer.

All images together are one matrix product, y = x Wᵀ with images and kernels written as rows. LeNet-5's layer C5 is of
this kind: a convolution by name, since on a larger image it would move. Source: Y. LeCun, L. Bottou, Y. Bengio,
P. Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE 86(11), 1998.

Cost: 2·N·C_out·C_in·K² flops, nothing is copied. Rounding: that of a dot product of C_in·K² terms.
"""

import math

from .threads import matmul


def can(x_shape, weight_shape, padding, groups):
    """Return whether there is exactly one window, the whole image."""
    return groups == 1 and tuple(x_shape[1:]) == tuple(weight_shape[1:]) and not any(map(any, padding))


def forward(x, weight, stride, dilation, groups, padding, bias=None):
    """Return x Wᵀ + b as (N, C_out, 1, …) for `x` (N, C_in, *spatial) and `weight` (C_out, C_in, *spatial)."""
    _check(x.shape, weight.shape, padding, groups)
    y = matmul(x.reshape(len(x), math.prod(x.shape[1:])), weight.reshape(len(weight), -1).T)
    if bias is not None:
        y += bias
    return y.reshape(*y.shape, *[1] * (x.ndim - 2))


def grad_weight(grad_output, x, weight_shape, stride, dilation, groups, padding):
    """Return ∂L/∂weight = gᵀ x."""
    _check(x.shape, weight_shape, padding, groups)
    g = grad_output.reshape(grad_output.shape[:2])
    return matmul(g.T, x.reshape(len(x), math.prod(x.shape[1:]))).reshape(weight_shape)


def grad_input(grad_output, weight, x_shape, stride, dilation, groups, padding):
    """Return ∂L/∂x = g W."""
    _check(x_shape, weight.shape, padding, groups)
    g = grad_output.reshape(grad_output.shape[:2])
    return matmul(g, weight.reshape(len(weight), -1)).reshape(x_shape)


def _check(x_shape, weight_shape, padding, groups):
    if not can(x_shape, weight_shape, padding, groups):
        raise ValueError("algorithm: expected another than 'dense' unless one group of kernels covers the whole image")
