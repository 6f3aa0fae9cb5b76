"""Elementwise nonlinearities, each with its gradient right below.

Every backward takes the same further arguments as its forward and returns the gradient of the loss by
`input`: the upstream gradient times the derivative at `input`. PyTorch's argument `inplace` must be false,
since inputs are never modified; if nothing else needs `input`, use `relu(input, out=input)`.

Memory traffic: every forward reads x and writes y, 2 values for each entry; every backward reads g and x and
writes the gradient, 3 values. Formulas of several steps are computed in blocks that stay in the cache.
"""

import numpy as np

from ._arguments import check_floats, check_grad_output, check_not_inplace
from ._blocks import elementwise, in_blocks, keep
from .erf import erf


def _check(grad_output, input):
    check_floats(input=input)
    check_grad_output(grad_output, input.shape, input.dtype)


def _check_approximate(approximate):
    if approximate not in ("none", "tanh"):
        raise ValueError(f'approximate: expected "none" or "tanh", got {approximate!r}')


def relu(input, inplace=False, *, out=None):
    """Return max(0, x), elementwise; any shape (Nair & Hinton 2010). `out` as in NumPy: an array to write to."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return np.clip(input, 0, np.inf, out=out)  # np.maximum(input, 0) in a third of the time


def relu_backward(grad_output, input, inplace=False):
    """Let the gradient pass unless x <= 0; at x = 0 the derivative is taken as 0."""
    return _pass_where(lambda x: ~(x <= 0), grad_output, input)


def _pass_where(condition, grad_output, input):
    """Return the gradient where `condition(input)` holds and 0 elsewhere."""
    _check(grad_output, input)
    grad = np.empty(input.shape, input.dtype)
    g, x, out = (array.reshape(-1) for array in (grad_output, input, grad))
    in_blocks(lambda block: keep(g[block], condition(x[block]), out[block]), grad.size)
    return grad


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """Return x where x > 0 and negative_slope · x elsewhere (Maas et al. 2013)."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return elementwise(lambda x: np.clip(x, 0, np.inf) + negative_slope * np.clip(x, -np.inf, 0), input)


def leaky_relu_backward(grad_output, input, negative_slope=0.01, inplace=False):
    """Pass the gradient, times negative_slope where x <= 0."""
    _check(grad_output, input)
    return elementwise(lambda g, x: keep(g, x > 0) + negative_slope * keep(g, ~(x > 0)), grad_output, input)


def relu6(input, inplace=False, *, out=None):
    """Return min(max(0, x), 6), made for low-precision phones (Howard et al. 2017). `out` as in NumPy."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return np.clip(input, 0, 6, out=out)


def relu6_backward(grad_output, input, inplace=False):
    """Let the gradient pass where 0 < x < 6."""
    return _pass_where(lambda x: (x > 0) & (x < 6), grad_output, input)


def sigmoid(input):
    """Return σ(x) = 1 / (1 + exp(−x))."""
    check_floats(input=input)
    return elementwise(_sigmoid, input)


def _sigmoid(x):
    with np.errstate(over="ignore"):  # far out on the left exp(−x) = ∞ gives 0, as it should
        return 1 / (1 + np.exp(-x))


def sigmoid_backward(grad_output, input):
    """Use σ' = σ (1 − σ)."""
    _check(grad_output, input)
    return elementwise(_sigmoid_backward, grad_output, input)


def _sigmoid_backward(g, x):
    s = _sigmoid(x)
    return g * s * (1 - s)


def tanh(input):
    """Return (exp(x) − exp(−x)) / (exp(x) + exp(−x))."""
    check_floats(input=input)
    return np.tanh(input)


def tanh_backward(grad_output, input):
    """Use tanh' = 1 − tanh²."""
    _check(grad_output, input)
    return elementwise(lambda g, x: g * (1 - np.tanh(x) ** 2), grad_output, input)


def silu(input, inplace=False):
    """Return x σ(x), also known as swish (Hendrycks & Gimpel 2016; Ramachandran et al. 2017)."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return elementwise(lambda x: x * _sigmoid(x), input)


def silu_backward(grad_output, input, inplace=False):
    """Use (x σ)' = σ + x σ (1 − σ)."""
    _check(grad_output, input)
    return elementwise(_silu_backward, grad_output, input)


def _silu_backward(g, x):
    s = _sigmoid(x)
    return g * s * (1 + x * (1 - s))


def hardsigmoid(input, inplace=False):
    """Return min(max(0, x + 3), 6) / 6, a sigmoid of straight pieces."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return elementwise(_hardsigmoid, input)


def _hardsigmoid(x):
    return np.clip(x + 3, 0, 6) / 6


def hardsigmoid_backward(grad_output, input, inplace=False):
    """Let a sixth of the gradient pass where −3 < x < 3."""
    _check(grad_output, input)
    return elementwise(lambda g, x: keep(g / 6, np.abs(x) < 3), grad_output, input)


def hardswish(input, inplace=False):
    """Return x min(max(0, x + 3), 6) / 6, a swish of pieces (Howard et al. 2019)."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return elementwise(lambda x: x * _hardsigmoid(x), input)


def hardswish_backward(grad_output, input, inplace=False):
    """Derivative 0 up to −3, 1 from 3 on, and (2x + 3) / 6 between."""
    _check(grad_output, input)
    return elementwise(lambda g, x: keep(g, x >= 3) + keep(g * (x / 3 + 0.5), ~(np.abs(x) >= 3)), grad_output, input)


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
    return elementwise(_gelu_tanh if approximate == "tanh" else _gelu, input)


def _gelu(x):
    return (x * 0.5 * (1 + erf(x / np.sqrt(2)))).astype(x.dtype)


def _gelu_tanh(x):
    return x * 0.5 * (1 + np.tanh(_gelu_inner(x)))


def gelu_backward(grad_output, input, approximate="none"):
    """Use (x Φ)' = Φ + x Φ', where Φ' is the normal density or the derivative of the tanh formula."""
    _check(grad_output, input)
    _check_approximate(approximate)
    return elementwise(_gelu_tanh_backward if approximate == "tanh" else _gelu_backward, grad_output, input)


def _gelu_backward(g, x):
    density = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    return (g * (0.5 * (1 + erf(x / np.sqrt(2))) + x * density)).astype(x.dtype)


def _gelu_tanh_backward(g, x):
    t = np.tanh(_gelu_inner(x))
    inner_slope = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
    return (g * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * inner_slope)).astype(x.dtype)


def _gelu_inner(x):
    return (np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)).astype(x.dtype)
