"""Elementwise nonlinearities, each with its gradient right below.

Every backward takes the same further arguments as its forward and returns the gradient of the loss by
`input`: the upstream gradient times the derivative at `input`. PyTorch's argument `inplace` is missing, since
inputs are never modified.
"""

import numpy as np

from ._arguments import check_floats, check_grad_output
from .erf import erf


def _check(grad_output, input):
    check_floats(input=input)
    check_grad_output(grad_output, input.shape, input.dtype)


def _check_approximate(approximate):
    if approximate not in ("none", "tanh"):
        raise ValueError(f'approximate: expected "none" or "tanh", got {approximate!r}')


def relu(input):
    """Return max(0, x), elementwise; any shape (Nair & Hinton 2010)."""
    check_floats(input=input)
    return np.maximum(input, 0)


def relu_backward(grad_output, input):
    """Let the gradient pass where x > 0; at x = 0 the derivative is taken as 0."""
    _check(grad_output, input)
    return np.where(input > 0, grad_output, 0)


def leaky_relu(input, negative_slope=0.01):
    """Return x where x > 0 and negative_slope · x elsewhere (Maas et al. 2013)."""
    check_floats(input=input)
    return np.where(input > 0, input, input * negative_slope)


def leaky_relu_backward(grad_output, input, negative_slope=0.01):
    """Pass the gradient, times negative_slope where x <= 0."""
    _check(grad_output, input)
    return np.where(input > 0, grad_output, grad_output * negative_slope)


def relu6(input):
    """Return min(max(0, x), 6), made for low-precision phones (Howard et al. 2017)."""
    check_floats(input=input)
    return np.clip(input, 0, 6)


def relu6_backward(grad_output, input):
    """Let the gradient pass where 0 < x < 6."""
    _check(grad_output, input)
    return np.where((input > 0) & (input < 6), grad_output, 0)


def sigmoid(input):
    """Return σ(x) = 1 / (1 + exp(−x)), without overflow for large |x|."""
    check_floats(input=input)
    small = np.exp(-np.abs(input))  # at most 1
    return np.where(input >= 0, 1, small) / (1 + small)


def sigmoid_backward(grad_output, input):
    """Use σ' = σ (1 − σ)."""
    _check(grad_output, input)
    s = sigmoid(input)
    return grad_output * s * (1 - s)


def tanh(input):
    """Return (exp(x) − exp(−x)) / (exp(x) + exp(−x))."""
    check_floats(input=input)
    return np.tanh(input)


def tanh_backward(grad_output, input):
    """Use tanh' = 1 − tanh²."""
    _check(grad_output, input)
    return grad_output * (1 - np.tanh(input) ** 2)


def silu(input):
    """Return x σ(x), also known as swish (Hendrycks & Gimpel 2016; Ramachandran et al. 2017)."""
    check_floats(input=input)
    return input * sigmoid(input)


def silu_backward(grad_output, input):
    """Use (x σ)' = σ + x σ (1 − σ)."""
    _check(grad_output, input)
    s = sigmoid(input)
    return grad_output * s * (1 + input * (1 - s))


def hardsigmoid(input):
    """Return min(max(0, x + 3), 6) / 6, a sigmoid of straight pieces."""
    check_floats(input=input)
    return np.clip(input + 3, 0, 6) / 6


def hardsigmoid_backward(grad_output, input):
    """Let a sixth of the gradient pass where −3 < x < 3."""
    _check(grad_output, input)
    return np.where(np.abs(input) < 3, grad_output / 6, 0)


def hardswish(input):
    """Return x min(max(0, x + 3), 6) / 6, a swish of pieces (Howard et al. 2019)."""
    check_floats(input=input)
    return input * hardsigmoid(input)


def hardswish_backward(grad_output, input):
    """Derivative 0 up to −3, 1 from 3 on, and (2x + 3) / 6 between."""
    _check(grad_output, input)
    between = grad_output * (input / 3 + 0.5)
    return np.select([input <= -3, input < 3], [0 * grad_output, between], grad_output).astype(input.dtype)


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


def gelu_backward(grad_output, input, approximate="none"):
    """Use (x Φ)' = Φ + x Φ', where Φ' is the normal density or the derivative of the tanh formula."""
    _check(grad_output, input)
    _check_approximate(approximate)
    if approximate == "tanh":
        t = np.tanh(_gelu_inner(input))
        inner_slope = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * input**2)
        slope = 0.5 * (1 + t) + 0.5 * input * (1 - t**2) * inner_slope
    else:
        density = np.exp(-0.5 * input**2) / np.sqrt(2 * np.pi)
        slope = 0.5 * (1 + erf(input / np.sqrt(2))) + input * density
    return (grad_output * slope).astype(input.dtype)


def _gelu_inner(x):
    return (np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)).astype(x.dtype)
