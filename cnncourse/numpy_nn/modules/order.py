"""Layers that only move values: Permute and ChannelShuffle."""

import numpy as np

from .. import functional as F
from .activation import Function
from .base import Module

__all__ = ["ChannelShuffle", "Permute"]


class Permute(Module):
    """Put the axes in the order `dims`, as torchvision's layer; [0, 2, 3, 1] makes (N, C, H, W) channels-last."""

    def __init__(self, dims):
        self.dims = tuple(dims)

    def forward(self, input):
        self.saved = ()
        return input.transpose(self.dims)

    def backward(self, grad_output):
        self.from_forward()
        return grad_output.transpose(np.argsort(self.dims))

    def describe(self):
        return f"{list(self.dims)}"


class ChannelShuffle(Function):
    """Mix the channels of the groups, so that the next grouped convolution sees all of them (Zhang et al. 2018)."""

    function, function_backward = F.channel_shuffle, F.channel_shuffle_backward

    def __init__(self, groups):
        self.options = {"groups": groups}
