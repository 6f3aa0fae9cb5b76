"""Linear, Dropout, Flatten and Identity: the modules of the head."""

import math

import numpy as np

from .. import functional as F
from . import init
from .base import Module, Parameter

__all__ = ["Dropout", "Flatten", "Identity", "Linear", "StochasticDepth"]


class Linear(Module):
    """y = x Wᵀ + b over the last dimension; weight (out_features, in_features).

    Parameters are those of `torch.nn.Linear`, and `rng`, which draws the initial weights from PyTorch's
    distribution: uniform on ±1/√in_features.
    """

    def __init__(self, in_features, out_features, bias=True, *, rng=None, dtype=np.float32):
        shape = (out_features, in_features)
        draw = init.torch_default(shape)
        self.weight = Parameter.drawn(shape, draw, rng, dtype)
        self.bias = Parameter.drawn((out_features,), draw, rng, dtype) if bias else None

    def forward(self, input):
        self.saved = input
        return F.linear(input, self.weight.data, self.bias and self.bias.data)

    def backward(self, grad_output):
        grad_input, grad_weight, grad_bias = F.linear_backward(
            grad_output, self.from_forward(), self.weight.data, self.bias and self.bias.data
        )
        self.weight.add_grad(grad_weight)
        if self.bias:
            self.bias.add_grad(grad_bias)
        return grad_input

    def describe(self):
        return f"{self.weight.shape[1]}, {self.weight.shape[0]}, bias={self.bias is not None}"


class Identity(Module):
    """y = x; the shortcut of a plain residual block."""

    def forward(self, input):
        return input

    def backward(self, grad_output):
        return grad_output


class Dropout(Identity):
    """Set values to zero with probability p while training (Srivastava et al. 2014).

    Parameters
    ----------
    p : float in [0, 1]
    rng : numpy.random.Generator, optional
        Tosses the coins; its state is part of a training checkpoint.
    """

    def __init__(self, p=0.5, *, rng=None):
        self.p = p
        self.rng = np.random.default_rng() if rng is None else rng

    def forward(self, input):
        mask = F.dropout_mask(input.shape, self.p, self.rng) if self.training else None
        self.saved = input, self.training, mask
        return F.dropout(input, self.p, self.training, mask=mask)

    def backward(self, grad_output):
        input, training, mask = self.from_forward()
        return F.dropout_backward(grad_output, input, self.p, training, mask=mask)

    def describe(self):
        return f"p={self.p}"


class StochasticDepth(Identity):
    """Leave out a residual block's change with probability p while training (Huang et al. 2016).

    Parameters
    ----------
    p : float in [0, 1]
    mode : "row" or "batch"
        Toss one coin for each image, or one for all.
    rng : numpy.random.Generator, optional
        Tosses the coins; its state is part of a training checkpoint.
    """

    def __init__(self, p, mode="row", *, rng=None):
        self.p, self.mode = p, mode
        self.rng = np.random.default_rng() if rng is None else rng

    def forward(self, input):
        mask = F.stochastic_depth_mask(input.shape, self.p, self.mode, self.rng) if self.training else None
        self.saved = input, self.training, mask
        return F.stochastic_depth(input, self.p, self.mode, self.training, mask=mask)

    def backward(self, grad_output):
        input, training, mask = self.from_forward()
        return F.stochastic_depth_backward(grad_output, input, self.p, self.mode, training, mask=mask)

    def describe(self):
        return f"p={self.p}, mode={self.mode!r}"


class Flatten(Module):
    """Line up all dimensions after the first: (N, C, H, W) to (N, C·H·W), in row-major order."""

    def forward(self, input):
        self.saved = input.shape
        return input.reshape(len(input), math.prod(input.shape[1:]))

    def backward(self, grad_output):
        return grad_output.reshape(self.from_forward())
