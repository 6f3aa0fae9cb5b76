"""Elementwise nonlinearities, each with its gradient right below.

Every backward takes the same further arguments as its forward and returns the gradient of the loss with respect to
`input`: the upstream gradient times the derivative at `input`. PyTorch's argument `inplace` must be false,
since inputs are never modified; if nothing else needs `input`, use `relu(input, out=input)`.
"""

import numpy as np

from ._arguments import check_floats, check_grad_output, check_not_inplace
from ._switch import replaceable
from .erf import erf

__all__ = [
    name + suffix
    for name in ("relu", "leaky_relu", "relu6", "sigmoid", "tanh", "silu", "hardsigmoid", "hardswish", "gelu")
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
    _check(grad_output, input)
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
    _check(grad_output, input)
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
    _check(grad_output, input)
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
    _check(grad_output, input)
    s = sigmoid(input)
    return grad_output * s * (1 - s)


def tanh(input):
    """Return (exp(x) − exp(−x)) / (exp(x) + exp(−x))."""
    check_floats(input=input)
    return np.tanh(input)


@replaceable
def tanh_backward(grad_output, input):
    """Use tanh' = 1 − tanh²."""
    _check(grad_output, input)
    return grad_output * (1 - np.tanh(input) ** 2)


@replaceable
def silu(input, inplace=False):
    """Return x σ(x), also known as swish (Hendrycks & Gimpel 2016; Ramachandran et al. 2017)."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return input * sigmoid(input)


@replaceable
def silu_backward(grad_output, input, inplace=False):
    """Use (x σ)' = σ + x σ (1 − σ)."""
    _check(grad_output, input)
    s = sigmoid(input)
    return grad_output * s * (1 + input * (1 - s))


@replaceable
def hardsigmoid(input, inplace=False):
    """Return min(max(0, x + 3), 6) / 6, a sigmoid of straight pieces."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return np.clip(input + 3, 0, 6) / 6


@replaceable
def hardsigmoid_backward(grad_output, input, inplace=False):
    """Let a sixth of the gradient pass where −3 < x < 3."""
    _check(grad_output, input)
    return np.where(np.abs(input) < 3, grad_output / 6, 0)


@replaceable
def hardswish(input, inplace=False):
    """Return x min(max(0, x + 3), 6) / 6, a swish of pieces (Howard et al. 2019)."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return input * (np.clip(input + 3, 0, 6) / 6)


@replaceable
def hardswish_backward(grad_output, input, inplace=False):
    """Derivative 0 up to −3, 1 from 3 on, and (2x + 3) / 6 between."""
    _check(grad_output, input)
    between = np.where(input <= -3, 0, grad_output * (input / 3 + 0.5))
    return np.where(input >= 3, grad_output, between)


@replaceable
def gelu(input, approximate="none"):
    """Return x Φ(x), where Φ is the standard normal distribution function (Hendrycks & Gimpel 2016).

    Parameters
    ----------
    input : ndarray
        float32 or float64, any shape.
    approximate : "none" or "tanh"
        Φ(x) = ½ (1 + erf(x/√2)) exactly, or ½ (1 + tanh(√(2/π) (x + 0.044715 x³))).

    Raises
    ------
    TypeError, ValueError
        Not a float array; `approximate` is neither of the two.
    """
    check_floats(input=input)
    _check_approximate(approximate)
    if approximate == "tanh":
        return input * 0.5 * (1 + np.tanh(_gelu_inner(input)))
    return (input * 0.5 * (1 + erf(input / np.sqrt(2)))).astype(input.dtype)


@replaceable
def gelu_backward(grad_output, input, approximate="none"):
    """Use (x Φ)' = Φ + x Φ', where Φ' is the normal density or the derivative of the tanh formula."""
    _check(grad_output, input)
    _check_approximate(approximate)
    x = input
    if approximate == "tanh":
        t = np.tanh(_gelu_inner(x))
        inner_slope = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
        slope = 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * inner_slope
    else:
        density = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
        slope = 0.5 * (1 + erf(x / np.sqrt(2))) + x * density
    return (grad_output * slope).astype(x.dtype)


def _gelu_inner(x):
    return (np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)).astype(x.dtype)


def _check(grad_output, input):
    check_floats(input=input)
    check_grad_output(grad_output, input.shape, input.dtype)


def _check_approximate(approximate):
    if approximate not in ("none", "tanh"):
        raise ValueError(f'approximate: expected "none" or "tanh", got {approximate!r}')
