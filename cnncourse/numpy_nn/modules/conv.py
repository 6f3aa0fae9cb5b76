"""Convolution layers in one, two and three dimensions, and the transposed ones."""

import numpy as np

from .. import functional as F
from ..functional._arguments import check_conv, per_axis
from . import init
from .base import Module, Parameter

__all__ = [f"{kind}{axes}d" for kind in ("Conv", "ConvTranspose") for axes in (1, 2, 3)]

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def _check_groups(in_channels, out_channels, groups):
    if groups < 1 or in_channels % groups or out_channels % groups:
        raise ValueError(
            f"groups: expected a divisor of in_channels {in_channels} and out_channels {out_channels}, got {groups}"
        )


class Convolution(Module):
    """What `Conv1d`, `Conv2d` and `Conv3d` share; they differ in the number of spatial axes.

    Parameters are those of PyTorch's layers. `rng` draws weight and bias from PyTorch's distribution,
    uniform on ±1/√fan_in with fan_in = C_in // groups · K_h · K_w.
    """

    axes = function = function_backward = None

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
        padding_mode="zeros", *, rng=None, dtype=np.float32,
    ):  # fmt: skip
        _check_groups(in_channels, out_channels, groups)
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"padding_mode: expected one of {PADDING_MODES}, got {padding_mode!r}")
        self.kernel_size = per_axis("kernel_size", kernel_size, self.axes, minimum=1)
        self.stride = per_axis("stride", stride, self.axes, minimum=1)
        self.dilation = per_axis("dilation", dilation, self.axes, minimum=1)
        named = isinstance(padding, str)
        self.padding = padding if named else per_axis("padding", padding, self.axes, minimum=0)
        self.groups, self.padding_mode = groups, padding_mode
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        draw = init.torch_default(shape)
        self.weight = Parameter.drawn(shape, draw, rng, dtype)
        self.bias = Parameter.drawn((out_channels,), draw, rng, dtype) if bias else None

    def arguments(self):
        """Return the function's arguments after `input`, by name."""
        return {
            "weight": self.weight.data, "bias": self.bias and self.bias.data, "stride": self.stride,
            "padding": self.padding if self.padding_mode == "zeros" else 0,
            "dilation": self.dilation, "groups": self.groups,
        }  # fmt: skip

    def forward(self, input):
        padded = input
        if self.padding_mode != "zeros":
            padded = F.pad(input, self._pad_widths(input), mode=self.padding_mode)
        self.saved = input, padded
        return type(self).function(padded, **self.arguments())

    def backward(self, grad_output):
        grad_input = self._backward(grad_output, (True, True, True))
        if self.padding_mode != "zeros":
            input, _ = self.saved
            grad_input = F.pad_backward(grad_input, input, self._pad_widths(input), mode=self.padding_mode)
        return grad_input

    def backward_parameters(self, grad_output):
        self._backward(grad_output, (False, True, True))

    def _backward(self, grad_output, output_mask):
        _, padded = self.from_forward()
        grad_input, grad_weight, grad_bias = type(self).function_backward(
            grad_output, padded, **self.arguments(), output_mask=output_mask
        )
        self.weight.add_grad(grad_weight)
        if self.bias:
            self.bias.add_grad(grad_bias)
        return grad_input

    def _pad_widths(self, input):
        """Return the widths (before, after) of all axes in the order of `pad`: the last axis first."""
        arguments = self.arguments() | {"padding": self.padding}
        _, paddings, _ = check_conv(self.axes, input, **arguments)
        return tuple(width for widths in reversed(paddings) for width in widths)

    def describe(self):
        C_out, C_in = self.weight.shape[0], self.weight.shape[1] * self.groups
        parts = [f"{C_in}, {C_out}, kernel_size={self.kernel_size}, stride={self.stride}"]
        parts += [f"padding={self.padding}"] if self.padding not in ("valid", (0,) * self.axes) else []
        parts += [f"dilation={self.dilation}"] if self.dilation != (1,) * self.axes else []
        parts += [f"groups={self.groups}"] if self.groups > 1 else []
        parts += [] if self.bias else ["bias=False"]
        return ", ".join(parts)


class Conv1d(Convolution):
    """Cross-correlation of sequences: (N, C_in, L) to (N, C_out, L_out)."""

    axes, function, function_backward = 1, F.conv1d, F.conv1d_backward


class Conv2d(Convolution):
    """Cross-correlation of images: (N, C_in, H, W) to (N, C_out, H_out, W_out)."""

    axes, function, function_backward = 2, F.conv2d, F.conv2d_backward


class Conv3d(Convolution):
    """Cross-correlation of volumes: (N, C_in, T, H, W) to (N, C_out, T_out, H_out, W_out)."""

    axes, function, function_backward = 3, F.conv3d, F.conv3d_backward


class TransposedConvolution(Module):
    """What the transposed convolutions share; weight (C_in, C_out // groups, K, …).

    Parameters are those of PyTorch's layers. PyTorch takes fan_in from the weight's second axis, so the
    initial weights are uniform on ±1/√(C_out // groups · K_h · K_w); so are these.
    """

    axes = function = function_backward = None

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1,
        bias=True, dilation=1, *, rng=None, dtype=np.float32,
    ):  # fmt: skip
        _check_groups(in_channels, out_channels, groups)
        self.kernel_size = per_axis("kernel_size", kernel_size, self.axes, minimum=1)
        self.stride = per_axis("stride", stride, self.axes, minimum=1)
        self.padding = per_axis("padding", padding, self.axes, minimum=0)
        self.output_padding = per_axis("output_padding", output_padding, self.axes, minimum=0)
        self.dilation = per_axis("dilation", dilation, self.axes, minimum=1)
        self.groups = groups
        shape = (in_channels, out_channels // groups, *self.kernel_size)
        draw = init.torch_default(shape)
        self.weight = Parameter.drawn(shape, draw, rng, dtype)
        self.bias = Parameter.drawn((out_channels,), draw, rng, dtype) if bias else None

    def _arguments(self):
        return (
            self.weight.data, self.bias and self.bias.data, self.stride, self.padding, self.output_padding,
            self.groups, self.dilation,
        )  # fmt: skip

    def forward(self, input):
        self.saved = input
        return type(self).function(input, *self._arguments())

    def backward(self, grad_output):
        grads = type(self).function_backward(grad_output, self.from_forward(), *self._arguments())
        self.weight.add_grad(grads[1])
        if self.bias:
            self.bias.add_grad(grads[2])
        return grads[0]

    def describe(self):
        C_in, C_out = self.weight.shape[0], self.weight.shape[1] * self.groups
        return f"{C_in}, {C_out}, kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class ConvTranspose1d(TransposedConvolution):
    """The adjoint of `Conv1d`'s linear map, as a layer of its own."""

    axes, function, function_backward = 1, F.conv_transpose1d, F.conv_transpose1d_backward


class ConvTranspose2d(TransposedConvolution):
    """The adjoint of `Conv2d`'s linear map: learned upsampling."""

    axes, function, function_backward = 2, F.conv_transpose2d, F.conv_transpose2d_backward


class ConvTranspose3d(TransposedConvolution):
    """The adjoint of `Conv3d`'s linear map."""

    axes, function, function_backward = 3, F.conv_transpose3d, F.conv_transpose3d_backward
