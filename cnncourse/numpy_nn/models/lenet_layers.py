"""The layers that only LeNet-5 of 1998 has."""

import math

import numpy as np

from .. import functional as F
from ..geometry import multiply_adds, output_shape, window
from ..modules import Elementwise, Module, Parameter, init
from .lenet_tables import digit_codes


def scaled_tanh(input):
    """Return 1.7159 tanh(⅔ x), which maps ±1 to ±1 and is steepest in between (appendix A)."""
    return np.asarray(1.7159 * F.tanh(2 / 3 * input), input.dtype)


def scaled_tanh_backward(grad_output, input):
    """The derivative is 1.7159 · ⅔ · (1 − tanh²(⅔ x))."""
    return np.asarray(1.7159 * 2 / 3 * F.tanh_backward(grad_output, 2 / 3 * input), input.dtype)


class ScaledTanh(Elementwise):
    """1.7159 tanh(⅔ x)."""

    function, function_backward = scaled_tanh, scaled_tanh_backward


class Subsample(Module):
    """S2 and S4: the sum of each 2×2 window, times a learned coefficient per map, plus a learned bias."""

    def __init__(self, channels, *, rng=None):
        draw = init.uniform(2.4 / 4)  # a unit has four inputs
        self.weight = Parameter.drawn((channels,), draw, rng)
        self.bias = Parameter.drawn((channels,), draw, rng)

    def forward(self, input):
        sums = 4 * F.avg_pool2d(input, 2)
        self.saved = input, sums
        return sums * self.weight.data[:, None, None] + self.bias.data[:, None, None]

    def backward(self, grad_output):
        input, sums = self.from_forward()
        self.weight.add_grad((grad_output * sums).sum(axis=(0, 2, 3)))
        self.bias.add_grad(grad_output.sum(axis=(0, 2, 3)))
        return F.avg_pool2d_backward(4 * grad_output * self.weight.data[:, None, None], input, 2)


class TableConv2d(Module):
    """C3: a convolution in which map o sees only the input maps that `table[o]` lists.

    The weight holds the connections there are, (connections, K, K). For computing they are put into an
    ordinary weight whose other entries are zero.
    """

    def __init__(self, table, kernel_size, *, rng=None):
        pairs = [(o, c) for o, maps in enumerate(table) for c in maps]
        self.maps_out, self.maps_in = np.array(pairs).T
        self.C_out, self.C_in = len(table), int(self.maps_in.max()) + 1
        K = self.kernel_size = kernel_size
        fan_in = np.array([len(maps) * K * K for maps in table])

        def draw_weight(rng, shape, dtype):
            bounds = 2.4 / fan_in[self.maps_out].astype(dtype)
            return init.uniform(1)(rng, shape, dtype) * bounds[:, None, None]

        def draw_bias(rng, shape, dtype):
            return init.uniform(1)(rng, shape, dtype) * (2.4 / fan_in.astype(dtype))

        self.weight = Parameter.drawn((len(pairs), K, K), draw_weight, rng)
        self.bias = Parameter.drawn((self.C_out,), draw_bias, rng)

    def dense_weight(self):
        """Return the weight (C_out, C_in, K, K) with zeros where there is no connection."""
        K = self.kernel_size
        dense = np.zeros((self.C_out, self.C_in, K, K), self.weight.dtype)
        dense[self.maps_out, self.maps_in] = self.weight.data
        return dense

    def forward(self, input):
        self.saved = input
        return F.conv2d(input, self.dense_weight(), self.bias.data)

    def backward(self, grad_output):
        grad_input, grad_dense, grad_bias = F.conv2d_backward(
            grad_output, self.from_forward(), self.dense_weight(), self.bias.data
        )
        self.weight.add_grad(grad_dense[self.maps_out, self.maps_in])
        self.bias.add_grad(grad_bias)
        return grad_input


class RBF(Module):
    """The output layer: minus the squared distance of x to each class's fixed ±1 code."""

    buffer_names = ("codes",)

    def __init__(self):
        self.codes = digit_codes()

    def forward(self, input):
        self.saved = input[:, None, :] - self.codes  # (N, 10, 84)
        return -(self.saved**2).sum(axis=2)

    def backward(self, grad_output):
        return (-2 * grad_output[:, :, None] * self.from_forward()).sum(axis=1)


# What these layers cost and see


@output_shape.register
def _(layer: Subsample, input_shape):
    N, C, H, W = input_shape
    return (N, C, H // 2, W // 2)


@output_shape.register
def _(layer: TableConv2d, input_shape):
    N, _, H, W = input_shape
    return (N, layer.C_out, H - layer.kernel_size + 1, W - layer.kernel_size + 1)


@output_shape.register
def _(layer: RBF, input_shape):
    return (input_shape[0], len(layer.codes))


@window.register
def _(layer: Subsample, input_shape):
    return [(2, 2, 0, 1)] * 2


@window.register
def _(layer: TableConv2d, input_shape):
    return [(layer.kernel_size, 1, 0, 1)] * 2


@multiply_adds.register
def _(layer: Subsample, input_shape):
    return math.prod(output_shape(layer, input_shape))


@multiply_adds.register
def _(layer: TableConv2d, input_shape):
    N, _, H, W = output_shape(layer, input_shape)
    return N * H * W * layer.weight.size


@multiply_adds.register
def _(layer: RBF, input_shape):
    return input_shape[0] * layer.codes.size
