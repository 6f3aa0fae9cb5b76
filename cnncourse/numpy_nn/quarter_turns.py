"""Convolutions that are equivariant to quarter turns as well as to shifts: the group p4 of Cohen & Welling 2016.

A lifting convolution meets the picture with each filter turned by 0, 90, 180 and 270°, and keeps the four maps apart,
on an axis of their own. A group convolution of such maps turns its filter in the same way, and with it the order of the
four: filter number r is

    W_r[o, c, s] = W[o, c, s − r] turned by r quarters,   s and r counted modulo 4.

When the picture is turned by a quarter, all four maps turn and each moves one place up (`turn_maps`). All turns are
anticlockwise with row 0 on top, as `np.rot90` makes them. Source: arXiv:1602.07576, sections 4.2 and 6.
"""

import numpy as np

from . import functional as F
from .functional._arguments import check_integer
from .geometry import multiply_adds, output_shape, window
from .modules import Module, Parameter, init

__all__ = [
    "LiftingConv2d", "QuarterTurnConv2d", "TurnMean", "lifted_filters", "lifted_filters_backward", "turn_maps",
    "turned_filters", "turned_filters_backward",
]  # fmt: skip


def turn_maps(maps, quarters):
    """Return maps (N, C, 4, H, W) as they are once the picture has been turned by `quarters` · 90°, anticlockwise."""
    return np.roll(np.rot90(maps, quarters, axes=(-2, -1)), quarters, axis=-3)


def lifted_filters(weight):
    """Return weight (C_out, C_in, K, K) turned by 0 to 3 quarters: (C_out, 4, C_in, K, K)."""
    return np.stack([np.rot90(weight, r, axes=(-2, -1)) for r in range(4)], axis=1)


def lifted_filters_backward(grad_output):
    """Return ∂L/∂weight of `lifted_filters`: each filter was used four times, so the sum of the four, turned back."""
    return sum(np.rot90(grad_output[:, r], -r, axes=(-2, -1)) for r in range(4))


def turned_filters(weight):
    """Return weight (C_out, C_in, 4, K, K) turned by `turn_maps`, by 0 to 3 quarters: (C_out, 4, C_in, 4, K, K)."""
    return np.stack([turn_maps(weight, r) for r in range(4)], axis=1)


def turned_filters_backward(grad_output):
    """Return ∂L/∂weight of `turned_filters`."""
    return sum(turn_maps(grad_output[:, r], -r) for r in range(4))


class TurningConvolution(Module):
    """What the two layers share: one ordinary convolution with four times the filters.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size : int
        K; a quarter turn of a filter needs a square.
    padding : int
    bias : bool
        One number per channel, the same for its four maps.
    rng : numpy.random.Generator, optional
        Draws weight and bias, uniform on ±1/√fan_in.
    """

    middle = ()  # axes of the weight between its channels and its kernel
    turn = turn_backward = None

    def __init__(self, in_channels, out_channels, kernel_size, padding=0, bias=True, *, rng=None, dtype=np.float32):
        K = check_integer("kernel_size", kernel_size, 1)
        self.padding = check_integer("padding", padding, 0)
        shape = (out_channels, in_channels, *self.middle, K, K)
        draw = init.torch_default(shape)
        self.weight = Parameter.drawn(shape, draw, rng, dtype)
        self.bias = Parameter.drawn((out_channels,), draw, rng, dtype) if bias else None

    def arguments(self):
        """Return the filters (4 C_out, C, K, K) and biases (4 C_out,) of the ordinary convolution."""
        filters = type(self).turn(self.weight.data)
        filters = filters.reshape(4 * len(filters), -1, *filters.shape[-2:])
        return filters, None if self.bias is None else np.repeat(self.bias.data, 4)

    def planes(self, input):
        """Return the input as ordinary maps (N, C, H, W)."""
        wanted = (self.weight.shape[1], *self.middle)
        if input.shape[1:-2] != wanted or input.ndim != 4 + len(self.middle):
            raise ValueError(f"input: expected shape (N, {', '.join(map(str, wanted))}, H, W), got {input.shape}")
        return input.reshape(len(input), -1, *input.shape[-2:])

    def forward(self, input):
        self.saved = input
        output = F.conv2d(self.planes(input), *self.arguments(), padding=self.padding)
        return output.reshape(len(output), -1, 4, *output.shape[-2:])

    def backward(self, grad_output):
        input = self.from_forward()
        grad_planes = grad_output.reshape(len(grad_output), -1, *grad_output.shape[-2:])
        grad_input, grad_filters, grad_bias = F.conv2d_backward(
            grad_planes, self.planes(input), *self.arguments(), padding=self.padding
        )  # fmt: skip
        C_out, C_in, *rest = self.weight.shape
        self.weight.add_grad(type(self).turn_backward(grad_filters.reshape(C_out, 4, C_in, *rest)))
        if self.bias:
            self.bias.add_grad(grad_bias.reshape(C_out, 4).sum(axis=1))
        return grad_input.reshape(input.shape)

    def describe(self):
        C_out, C_in, *_, K = self.weight.shape
        return f"{C_in}, {C_out}, kernel_size={K}, padding={self.padding}, bias={bool(self.bias)}"


class LiftingConv2d(TurningConvolution):
    """The first layer: a picture (N, C_in, H, W) to maps (N, C_out, 4, H', W'); weight (C_out, C_in, K, K)."""

    turn, turn_backward = staticmethod(lifted_filters), staticmethod(lifted_filters_backward)


class QuarterTurnConv2d(TurningConvolution):
    """A later layer: (N, C_in, 4, H, W) to (N, C_out, 4, H', W'); weight (C_out, C_in, 4, K, K)."""

    middle = (4,)
    turn, turn_backward = staticmethod(turned_filters), staticmethod(turned_filters_backward)


class TurnMean(Module):
    """The mean of the four maps, (N, C, 4, H, W) to (N, C, H, W): what is left turns with the picture."""

    def forward(self, input):
        self.saved = input.shape
        return input.mean(axis=2)

    def backward(self, grad_output):
        return np.repeat(grad_output[:, :, None] / 4, 4, axis=2).reshape(self.from_forward())


@output_shape.register
def _(layer: TurningConvolution, input_shape):
    K, P = layer.weight.shape[-1], layer.padding
    planes = np.broadcast_to(np.float32(0), input_shape)
    sizes = [size + 2 * P - K + 1 for size in layer.planes(planes).shape[-2:]]
    return (input_shape[0], layer.weight.shape[0], 4, *sizes)


@output_shape.register
def _(layer: TurnMean, input_shape):
    return (*input_shape[:2], *input_shape[3:])


@window.register
def _(layer: TurningConvolution, input_shape):
    return [(layer.weight.shape[-1], 1, layer.padding, 1)] * 2


@multiply_adds.register
def _(layer: TurningConvolution, input_shape):
    *_, H, W = output_shape(layer, input_shape)
    return input_shape[0] * H * W * 4 * layer.weight.size
