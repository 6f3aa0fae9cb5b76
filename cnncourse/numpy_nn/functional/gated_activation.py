"""Nonlinearities of the form x · gate(x), where the gate rises from 0 to 1; each with its gradient right below.

Arguments are as in `activation`.
"""

import numpy as np

from ._arguments import check_floats, check_like, check_not_inplace
from ._switch import replaceable
from .activation import sigmoid
from .erf import erf

__all__ = [name + suffix for name in ("silu", "hardswish", "gelu") for suffix in ("", "_backward")]


@replaceable
def silu(input, inplace=False):
    """Return x σ(x), also known as swish (Hendrycks & Gimpel 2016; Ramachandran et al. 2017)."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return input * sigmoid(input)


@replaceable
def silu_backward(grad_output, input, inplace=False):
    """Use (x σ)' = σ + x σ (1 − σ)."""
    check_like(grad_output, input)
    s = sigmoid(input)
    return grad_output * s * (1 + input * (1 - s))


@replaceable
def hardswish(input, inplace=False):
    """Return x min(max(0, x + 3), 6) / 6, a swish of pieces (Howard et al. 2019)."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return input * (np.clip(input + 3, 0, 6) / 6)


@replaceable
def hardswish_backward(grad_output, input, inplace=False):
    """Derivative 0 up to −3, 1 from 3 on, and (2x + 3) / 6 between."""
    check_like(grad_output, input)
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
    check_approximate(approximate)
    if approximate == "tanh":
        return input * 0.5 * (1 + np.tanh(_gelu_inner(input)))
    return (input * 0.5 * (1 + erf(input / np.sqrt(2)))).astype(input.dtype)


@replaceable
def gelu_backward(grad_output, input, approximate="none"):
    """Use (x Φ)' = Φ + x Φ', where Φ' is the normal density or the derivative of the tanh formula."""
    check_like(grad_output, input)
    check_approximate(approximate)
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


def check_approximate(approximate):
    if approximate not in ("none", "tanh"):
        raise ValueError(f'approximate: expected "none" or "tanh", got {approximate!r}')
