"""Geometry of layers and networks: how large an output is, what it sees, and how many multiply-adds it takes.

Each function below knows the kinds of layers; a new kind registers what differs from the default. Sizes come from the
functionals' own checks, which refuse what the layer would refuse.
"""

import math
from fractions import Fraction
from functools import reduce, singledispatch

import numpy as np

from . import modules as M
from .functional._arguments import check_conv
from .functional._conv_transpose_arguments import check_conv_transpose
from .functional._windows import output_size, padded_size
from .functional.adaptive_pool import check_adaptive
from .functional.max_pool import check_pool
from .functional.resize import check_interpolate
from .modules.containers import crop_window
from .modules.conv import Convolution, TransposedConvolution
from .modules.norm import Normalisation
from .modules.pooling import AdaptivePool, WindowPool
from .receptive_field import ReceptiveField

# How large the output is


@singledispatch
def output_shape(layer, input_shape):
    """Return the shape of a layer's output for an input of `input_shape`; here by trying it on zeros."""
    with M.no_grad():
        return layer(np.zeros(input_shape, np.float32)).shape


@output_shape.register(M.Elementwise)
@output_shape.register(M.ChannelShuffle)
@output_shape.register(M.Identity)
@output_shape.register(Normalisation)
def _(layer, input_shape):
    return tuple(input_shape)


@output_shape.register
def _(layer: M.Permute, input_shape):
    return tuple(input_shape[axis] for axis in layer.dims)


@output_shape.register
def _(layer: Convolution, input_shape):
    _, P, _ = _conv_geometry(layer, input_shape)
    sizes = output_size(padded_size(input_shape[2:], P), layer.kernel_size, layer.stride, layer.dilation)
    return (input_shape[0], layer.weight.shape[0], *sizes)


@output_shape.register
def _(layer: M.CausalConv1d, input_shape):
    _conv_geometry(layer, (*input_shape[:2], input_shape[2] + layer.past))
    return (input_shape[0], layer.weight.shape[0], input_shape[2])


@output_shape.register
def _(layer: TransposedConvolution, input_shape):
    arguments = layer.stride, layer.padding, layer.output_padding, layer.groups, layer.dilation
    image, weight = _blank(input_shape), _blank(layer.weight.shape)
    *_, sizes = check_conv_transpose(layer.axes, image, weight, None, *arguments)
    return (input_shape[0], layer.weight.shape[1] * layer.groups, *sizes)


@output_shape.register
def _(layer: WindowPool, input_shape):
    *_, sizes = _pool_geometry(layer, input_shape)
    return (*input_shape[:2], *sizes)


@output_shape.register
def _(layer: AdaptivePool, input_shape):
    *_, sizes = check_adaptive(layer.axes, _blank(input_shape), **layer.options)
    return (*input_shape[:2], *sizes)


@output_shape.register
def _(layer: M.Upsample, input_shape):
    sizes, _ = check_interpolate(_blank(input_shape), **layer.options)
    return (*input_shape[:2], *sizes)


@output_shape.register
def _(layer: M.PixelShuffle, input_shape):
    N, C, H, W = input_shape
    r = layer.options["upscale_factor"]
    return (N, C // (r * r), H * r, W * r)


@output_shape.register
def _(layer: M.Linear, input_shape):
    return (*input_shape[:-1], layer.weight.shape[0])


@output_shape.register
def _(layer: M.Flatten, input_shape):
    return (input_shape[0], math.prod(input_shape[1:]))


def _blank(shape):
    """Return zeros of this shape that take no memory, for the functions that look at shapes only."""
    return np.broadcast_to(np.float32(0), shape)


def _conv_geometry(layer, input_shape):
    geometry = layer.stride, layer.padding, layer.dilation, layer.groups
    return check_conv(layer.axes, _blank(input_shape), _blank(layer.weight.shape), None, *geometry)


def _pool_geometry(layer, input_shape):
    options = {"dilation": 1} | layer.options
    names = "kernel_size", "stride", "padding", "dilation", "ceil_mode"
    return check_pool(layer.axes, _blank(input_shape), *(options[name] for name in names))


# What an output sees


@singledispatch
def window(layer, input_shape):
    """Return (kernel size, stride, padding, dilation) of each spatial axis, or None if pointwise."""
    return None


@window.register
def _(layer: Convolution, input_shape):
    S, P, D = _conv_geometry(layer, input_shape)
    return list(zip(layer.kernel_size, S, [before for before, _ in P], D, strict=True))


@window.register
def _(layer: M.CausalConv1d, input_shape):
    return [(*layer.kernel_size, 1, layer.past, *layer.dilation)]


@window.register
def _(layer: TransposedConvolution, input_shape):
    """Each output sees at most ⌈K/S⌉ inputs, and S outputs advance by one input."""
    windows = []
    for K, S, P, D in zip(layer.kernel_size, layer.stride, layer.padding, layer.dilation, strict=True):
        seen = -(-(D * (K - 1) + 1) // S)
        centre = (P - D * (K - 1) / 2) / S  # of the inputs that output 0 sees
        windows.append((seen, Fraction(1, S), (seen - 1) / 2 - centre, 1))
    return windows


@window.register
def _(layer: WindowPool, input_shape):
    *geometry, _ = _pool_geometry(layer, input_shape)
    return list(zip(*geometry, strict=True))


@window.register
def _(layer: AdaptivePool, input_shape):
    """The widest window, and the average stride; exact where the sizes divide."""
    windows = []
    for size, count in zip(input_shape[2:], output_shape(layer, input_shape)[2:], strict=True):
        widest = max(-(-(i + 1) * size // count) - i * size // count for i in range(count))
        windows.append((widest, Fraction(size, count), 0, 1))
    return windows


@window.register
def _(layer: M.Upsample, input_shape):
    """Nearest copies one input, linear mixes two; `scale` outputs advance by one input."""
    seen = 1 if layer.options["mode"].startswith("nearest") else 2
    sizes = zip(input_shape[2:], output_shape(layer, input_shape)[2:], strict=True)
    return [(seen, Fraction(old, new), seen / 2 - old / new / 2, 1) for old, new in sizes]


@window.register
def _(layer: M.PixelShuffle, input_shape):
    r = layer.options["upscale_factor"]
    return [(1, Fraction(1, r), 0.5 - 0.5 / r, 1)] * 2


@window.register
def _(layer: M.Flatten, input_shape):
    return [(size, 1, 0, 1) for size in input_shape[2:]] or None  # what follows sees the whole map


# What it costs


@singledispatch
def multiply_adds(layer, input_shape):
    """Return how many multiplications with a weight or between activations one forward pass does."""
    return 0


@multiply_adds.register
def _(layer: Convolution, input_shape):
    N, _, *positions = output_shape(layer, input_shape)
    return N * math.prod(positions) * layer.weight.size


@multiply_adds.register
def _(layer: TransposedConvolution, input_shape):
    return input_shape[0] * math.prod(input_shape[2:]) * layer.weight.size


@multiply_adds.register
def _(layer: M.Linear, input_shape):
    return math.prod(input_shape[:-1]) * layer.weight.size


@multiply_adds.register(M.LocalResponseNorm)
@multiply_adds.register(M.Scale)
def _(layer, input_shape):
    return math.prod(input_shape)


# The way through a network


@singledispatch
def trace(module, input_shape, field, visit):
    """Pass a shape and a receptive field through; call `visit` at every layer; return both."""
    shape = output_shape(module, input_shape)
    field = field.through(window(module, input_shape))
    visit(module, input_shape, shape, field)
    return shape, field


@trace.register
def _(module: M.Network, input_shape, field, visit):
    return trace(module.wiring, input_shape, field, visit)


@trace.register
def _(module: M.Sequential, input_shape, field, visit):
    for child in module:
        input_shape, field = trace(child, input_shape, field, visit)
    return input_shape, field


@trace.register
def _(module: M.Residual, input_shape, field, visit):
    shape, body_field = trace(module.body, input_shape, field, visit)
    _, shortcut_field = trace(module.shortcut, input_shape, field, visit)
    return shape, body_field.union(shortcut_field)


@trace.register
def _(module: M.Concat, input_shape, field, visit):
    branches = [trace(branch, input_shape, field, visit) for _, branch in module.named_children()]
    shapes, fields = zip(*branches, strict=True)
    channels = sum(shape[1] for shape in shapes)
    return (shapes[0][0], channels, *shapes[0][2:]), reduce(ReceptiveField.union, fields)


@trace.register
def _(module: M.CropConcat, input_shape, field, visit):
    """What is cut off at the top and left moves the skip's first place inwards."""
    skip, skip_field = trace(module.skip, input_shape, field, visit)
    shape, body_field = trace(module.body, input_shape, field, visit)
    cuts = [(1, 1, -cut.start, 1) for cut in crop_window(skip, shape)[2:]]
    return (shape[0], skip[1] + shape[1], *shape[2:]), skip_field.through(cuts).union(body_field)


@trace.register
def _(module: M.Scale, input_shape, field, visit):
    _, gate_field = trace(module.gate, input_shape, field, visit)
    visit(module, input_shape, tuple(input_shape), field.union(gate_field))
    return tuple(input_shape), field.union(gate_field)


@output_shape.register(M.Network)
@output_shape.register(M.Sequential)
@output_shape.register(M.Residual)
@output_shape.register(M.Concat)
@output_shape.register(M.CropConcat)
@output_shape.register(M.Scale)
def _(module, input_shape):
    shape, _ = trace(module, tuple(input_shape), ReceptiveField.of_input(len(input_shape) - 2), lambda *_: None)
    return shape
