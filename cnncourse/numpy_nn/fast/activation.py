"""Elementwise nonlinearities, a cacheful at a time; the formulas are in `functional.activation`.

Memory traffic: every forward reads x and writes y, 2 values for each entry; every backward reads g and x and
writes the gradient, 3 values. Formulas of several steps are computed in blocks that stay in the cache.
"""

import numpy as np

from ..functional._arguments import check_floats, check_like, check_not_inplace
from ..functional.erf import erf
from ..functional.gated_activation import check_approximate
from .blocks import elementwise, in_blocks, mask_values


def relu(input, inplace=False, *, out=None):
    """As the plain `relu`."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return np.clip(input, 0, np.inf, out=out)  # np.maximum(input, 0) in a third of the time


def relu_backward(grad_output, input, inplace=False):
    """As the plain `relu_backward`."""
    return _pass_where(lambda x: ~(x <= 0), grad_output, input)


def _pass_where(condition, grad_output, input):
    """Return the gradient where `condition(input)` holds and 0 elsewhere."""
    check_like(grad_output, input)
    grad = np.empty(input.shape, input.dtype)
    g, x, out = (array.reshape(-1) for array in (grad_output, input, grad))
    in_blocks(lambda block: mask_values(g[block], condition(x[block]), out[block]), grad.size)
    return grad


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """As the plain `leaky_relu`."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return elementwise(lambda x: np.clip(x, 0, np.inf) + negative_slope * np.clip(x, -np.inf, 0), input)


def leaky_relu_backward(grad_output, input, negative_slope=0.01, inplace=False):
    """As the plain `leaky_relu_backward`."""
    check_like(grad_output, input)
    return elementwise(
        lambda g, x: mask_values(g, x > 0) + negative_slope * mask_values(g, ~(x > 0)), grad_output, input
    )


def relu6(input, inplace=False, *, out=None):
    """As the plain `relu6`."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return np.clip(input, 0, 6, out=out)


def relu6_backward(grad_output, input, inplace=False):
    """As the plain `relu6_backward`."""
    return _pass_where(lambda x: (x > 0) & (x < 6), grad_output, input)


def sigmoid(input):
    """As the plain `sigmoid`."""
    check_floats(input=input)
    return elementwise(_sigmoid, input)


def _sigmoid(x):
    with np.errstate(over="ignore"):  # far out on the left exp(−x) = ∞ gives 0, as it should
        return 1 / (1 + np.exp(-x))


def sigmoid_backward(grad_output, input):
    """As the plain `sigmoid_backward`."""
    check_like(grad_output, input)
    return elementwise(_sigmoid_backward, grad_output, input)


def _sigmoid_backward(g, x):
    s = _sigmoid(x)
    return g * s * (1 - s)


def tanh_backward(grad_output, input):
    """As the plain `tanh_backward`."""
    check_like(grad_output, input)
    return elementwise(lambda g, x: g * (1 - np.tanh(x) ** 2), grad_output, input)


def silu(input, inplace=False):
    """As the plain `silu`."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return elementwise(lambda x: x * _sigmoid(x), input)


def silu_backward(grad_output, input, inplace=False):
    """As the plain `silu_backward`."""
    check_like(grad_output, input)
    return elementwise(_silu_backward, grad_output, input)


def _silu_backward(g, x):
    s = _sigmoid(x)
    return g * s * (1 + x * (1 - s))


def hardsigmoid(input, inplace=False):
    """As the plain `hardsigmoid`."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return elementwise(_hardsigmoid, input)


def _hardsigmoid(x):
    return np.clip(x + 3, 0, 6) / 6


def hardsigmoid_backward(grad_output, input, inplace=False):
    """As the plain `hardsigmoid_backward`."""
    check_like(grad_output, input)
    return elementwise(lambda g, x: mask_values(g / 6, np.abs(x) < 3), grad_output, input)


def hardswish(input, inplace=False):
    """As the plain `hardswish`."""
    check_floats(input=input)
    check_not_inplace(inplace)
    return elementwise(lambda x: x * _hardsigmoid(x), input)


def hardswish_backward(grad_output, input, inplace=False):
    """As the plain `hardswish_backward`."""
    check_like(grad_output, input)
    return elementwise(
        lambda g, x: mask_values(g, x >= 3) + mask_values(g * (x / 3 + 0.5), ~(np.abs(x) >= 3)), grad_output, input
    )


def gelu(input, approximate="none"):
    """As the plain `gelu`."""
    check_floats(input=input)
    check_approximate(approximate)
    return elementwise(_gelu_tanh if approximate == "tanh" else _gelu, input)


def _gelu(x):
    return (x * 0.5 * (1 + erf(x / np.sqrt(2)))).astype(x.dtype)


def _gelu_tanh(x):
    return x * 0.5 * (1 + np.tanh(_gelu_inner(x)))


def gelu_backward(grad_output, input, approximate="none"):
    """As the plain `gelu_backward`."""
    check_like(grad_output, input)
    check_approximate(approximate)
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
