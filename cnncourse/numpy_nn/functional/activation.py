"""Elementwise nonlinearities, each with its gradient right below.

Every backward takes the same further arguments as its forward and returns the gradient of the loss with respect to
`input`: the upstream gradient times the derivative at `input`. PyTorch's argument `inplace` must be false,
since inputs are never modified; if nothing else needs `input`, use `relu(input, out=input)`.
"""

import numpy as np

from ._arguments import check_floats, check_like, check_not_inplace
from ._switch import replaceable

__all__ = [
    name + suffix
    for name in ("relu", "leaky_relu", "relu6", "sigmoid", "tanh", "hardsigmoid")
    for suffix in ("", "_backward")
]  # fmt: skip


@replaceable
def relu(input, inplace=False, *, out=None):
    """Return max(0, x), elementwise; any shape (Nair & Hinton 2010). `out` as in NumPy: an array to write to.

    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    check_floats(input=input)
    check_not_inplace(inplace)
    return np.maximum(input, 0, out=out)


@replaceable
def relu_backward(grad_output, input, inplace=False):
    """Let the gradient pass unless x <= 0; at x = 0 the derivative is taken as 0.

    >>> relu_backward(np.array([5.0, 5.0, 5.0]), np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 5.])
    """
    check_like(grad_output, input)
    return np.where(input <= 0, 0, grad_output)


@replaceable
def leaky_relu(input, negative_slope=0.01, inplace=False):
    """Return x where x > 0 and negative_slope · x elsewhere (Maas et al. 2013)."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return np.where(input > 0, input, input * input.dtype.type(negative_slope))


@replaceable
def leaky_relu_backward(grad_output, input, negative_slope=0.01, inplace=False):
    """Pass the gradient, times negative_slope where x <= 0."""
    check_like(grad_output, input)
    return np.where(input > 0, grad_output, grad_output * input.dtype.type(negative_slope))


@replaceable
def relu6(input, inplace=False, *, out=None):
    """Return min(max(0, x), 6), made for low-precision phones (Howard et al. 2017). `out` as in NumPy."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return np.clip(input, 0, 6, out=out)


@replaceable
def relu6_backward(grad_output, input, inplace=False):
    """Let the gradient pass where 0 < x < 6."""
    check_like(grad_output, input)
    return np.where((input > 0) & (input < 6), grad_output, 0)


@replaceable
def sigmoid(input):
    """Return σ(x) = 1 / (1 + exp(−x)).

    >>> sigmoid(np.array([0.0]))
    array([0.5])
    """
    check_floats(input=input)
    with np.errstate(over="ignore"):  # far out on the left exp(−x) = ∞ gives 0, as it should
        return 1 / (1 + np.exp(-input))


@replaceable
def sigmoid_backward(grad_output, input):
    """Use σ' = σ (1 − σ)."""
    check_like(grad_output, input)
    s = sigmoid(input)
    return grad_output * s * (1 - s)


def tanh(input):
    """Return (exp(x) − exp(−x)) / (exp(x) + exp(−x))."""
    check_floats(input=input)
    return np.tanh(input)


@replaceable
def tanh_backward(grad_output, input):
    """Use tanh' = 1 − tanh²."""
    check_like(grad_output, input)
    return grad_output * (1 - np.tanh(input) ** 2)


@replaceable
def hardsigmoid(input, inplace=False):
    """Return min(max(0, x + 3), 6) / 6, a sigmoid of straight pieces."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return np.clip(input + 3, 0, 6) / 6


@replaceable
def hardsigmoid_backward(grad_output, input, inplace=False):
    """Let a sixth of the gradient pass where −3 < x < 3."""
    check_like(grad_output, input)
    return np.where(np.abs(input) < 3, grad_output / 6, 0)
