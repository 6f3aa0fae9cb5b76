"""A small detector without anchors in PyTorch, after FCOS (Tian et al. 2019); see the NumPy twin."""

import math

import torch
from torch import nn

__all__ = ["Detector"]


def layer(c_in, c_out, stride=1):
    """Return a 3×3 convolution, batch norm and ReLU."""
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU())


class Detector(nn.Module):
    """Classes and distances at every fourth pixel: (N, c_in, H, W) to (N, num_classes + 4, ⌈H/4⌉, ⌈W/4⌉)."""

    stride = 4

    def __init__(self, c_in=3, num_classes=10, width=24, depth=4):
        super().__init__()
        wide = 2 * width
        self.stem = nn.Sequential(layer(c_in, width, 2), layer(width, width), layer(width, wide, 2))
        self.body = nn.Sequential(*(layer(wide, wide) for _ in range(depth)))
        self.head = nn.Conv2d(wide, num_classes + 4, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        with torch.no_grad():
            self.head.bias[:num_classes] = -math.log(99)  # a probability of 0.01 for each class
            self.head.bias[num_classes:] = math.log(2)  # two places to each side

    def forward(self, x):
        return self.head(self.body(self.stem(x)))
