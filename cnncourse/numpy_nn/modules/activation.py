"""Elementwise layers, and Softmax: a functional and its backward, with the input remembered."""

from .. import functional as F
from .base import Module

__all__ = [
    "Elementwise", "Function", "GELU", "Hardsigmoid", "Hardswish", "LeakyReLU", "LogSoftmax", "ReLU", "ReLU6", "SiLU",
    "Sigmoid", "Softmax", "Tanh",
]  # fmt: skip


class Function(Module):
    """A layer without state: `function(input, **options)` and its backward.

    Subclasses name the two functions; their constructors set `options`.
    """

    function = function_backward = None
    options = {}

    def forward(self, input):
        self.saved = input
        return type(self).function(input, **self.options)

    def backward(self, grad_output):
        return type(self).function_backward(grad_output, self.from_forward(), **self.options)

    def describe(self):
        return ", ".join(f"{name}={value!r}" for name, value in self.options.items())


class Elementwise(Function):
    """A layer that treats every value by itself, so that shapes stay."""


class ReLU(Elementwise):
    """max(0, x)."""

    function, function_backward = F.relu, F.relu_backward


class LeakyReLU(Elementwise):
    """x, or negative_slope · x below zero."""

    function, function_backward = F.leaky_relu, F.leaky_relu_backward

    def __init__(self, negative_slope=0.01):
        self.options = {"negative_slope": negative_slope}


class ReLU6(Elementwise):
    """min(max(0, x), 6)."""

    function, function_backward = F.relu6, F.relu6_backward


class SiLU(Elementwise):
    """x σ(x)."""

    function, function_backward = F.silu, F.silu_backward


class GELU(Elementwise):
    """x Φ(x); approximate="tanh" for the cheaper formula."""

    function, function_backward = F.gelu, F.gelu_backward

    def __init__(self, approximate="none"):
        self.options = {"approximate": approximate}


class Hardswish(Elementwise):
    """x min(max(0, x + 3), 6) / 6."""

    function, function_backward = F.hardswish, F.hardswish_backward


class Hardsigmoid(Elementwise):
    """min(max(0, x + 3), 6) / 6."""

    function, function_backward = F.hardsigmoid, F.hardsigmoid_backward


class Sigmoid(Elementwise):
    """1 / (1 + exp(−x))."""

    function, function_backward = F.sigmoid, F.sigmoid_backward


class Tanh(Elementwise):
    """The hyperbolic tangent."""

    function, function_backward = F.tanh, F.tanh_backward


class Softmax(Elementwise):
    """Probabilities along `dim`."""

    function, function_backward = F.softmax, F.softmax_backward

    def __init__(self, dim):
        self.options = {"dim": dim}


class LogSoftmax(Elementwise):
    """Log-probabilities along `dim`."""

    function, function_backward = F.log_softmax, F.log_softmax_backward

    def __init__(self, dim):
        self.options = {"dim": dim}
