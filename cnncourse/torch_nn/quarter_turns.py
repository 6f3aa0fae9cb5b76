"""Convolutions equivariant to quarter turns in PyTorch (Cohen & Welling 2016); see the NumPy twin for the formulas."""

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["LiftingConv2d", "QuarterTurnConv2d", "TurnMean", "lifted_filters", "turn_maps", "turned_filters"]


def turn_maps(maps, quarters):
    """Return maps (N, C, 4, H, W) as they are once the picture has been turned by `quarters` · 90°, anticlockwise."""
    return maps.rot90(quarters, (-2, -1)).roll(quarters, -3)


def lifted_filters(weight):
    """Return weight (C_out, C_in, K, K) turned by 0 to 3 quarters: (C_out, 4, C_in, K, K)."""
    return torch.stack([weight.rot90(r, (-2, -1)) for r in range(4)], dim=1)


def turned_filters(weight):
    """Return weight (C_out, C_in, 4, K, K) turned by `turn_maps`, by 0 to 3 quarters: (C_out, 4, C_in, 4, K, K)."""
    return torch.stack([turn_maps(weight, r) for r in range(4)], dim=1)


class TurningConvolution(nn.Module):
    """What the two layers share: one ordinary convolution with four times the filters."""

    middle = ()
    turn = None

    def __init__(self, in_channels, out_channels, kernel_size, padding=0, bias=True):
        super().__init__()
        self.padding = padding
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, *self.middle, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        bound = (in_channels * self.weight[0, 0, ..., 0, 0].numel() * kernel_size**2) ** -0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x):
        filters = type(self).turn(self.weight)
        bias = None if self.bias is None else self.bias.repeat_interleave(4)
        planes = x.flatten(1, -3)  # ordinary maps (N, C, H, W)
        output = F.conv2d(planes, filters.flatten(0, 1).flatten(1, -3), bias, padding=self.padding)
        return output.unflatten(1, (-1, 4))


class LiftingConv2d(TurningConvolution):
    """The first layer: a picture (N, C_in, H, W) to maps (N, C_out, 4, H', W'); weight (C_out, C_in, K, K)."""

    turn = staticmethod(lifted_filters)


class QuarterTurnConv2d(TurningConvolution):
    """A later layer: (N, C_in, 4, H, W) to (N, C_out, 4, H', W'); weight (C_out, C_in, 4, K, K)."""

    middle = (4,)
    turn = staticmethod(turned_filters)


class TurnMean(nn.Module):
    """The mean of the four maps, (N, C, 4, H, W) to (N, C, H, W): what is left turns with the picture."""

    def forward(self, x):
        return x.mean(dim=2)
