"""GoogLeNet in PyTorch (Szegedy et al. 2015): the paper's form, and torchvision's with its keys; see the NumPy twin."""

from collections import namedtuple

import torch
from torch import nn
from torch.nn import functional as F

from .alexnet import response_norm

__all__ = ["GoogLeNet", "GoogLeNetOutputs", "Inception", "googlenet"]

# The paper's table 1: 1×1; reduction and 3×3; reduction and 5×5; maps of the pooling branch.
BLOCKS = {
    "3a": (64, (96, 128), (16, 32), 32), "3b": (128, (128, 192), (32, 96), 64),
    "4a": (192, (96, 208), (16, 48), 64), "4b": (160, (112, 224), (24, 64), 64), "4c": (128, (128, 256), (24, 64), 64),
    "4d": (112, (144, 288), (32, 64), 64), "4e": (256, (160, 320), (32, 128), 128),
    "5a": (256, (160, 320), (32, 128), 128), "5b": (384, (192, 384), (48, 128), 128),
}  # fmt: skip

# What `GoogLeNet` with auxiliary heads returns in training, in torchvision's order.
GoogLeNetOutputs = namedtuple("GoogLeNetOutputs", ("logits", "aux_logits2", "aux_logits1"))


class ConvUnit(nn.Module):
    """Convolution and ReLU, with batch norm between them if `batch_norm`, and then without a bias."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, *, batch_norm=False):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=not batch_norm)
        self.bn = nn.BatchNorm2d(out_channels, eps=1e-3) if batch_norm else nn.Identity()

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    """Four branches, their maps one after the other: 1×1; 1×1 then 3×3; 1×1 then 5×5; 3×3 max pooling then 1×1."""

    def __init__(self, in_channels, c1, c3, c5, c_pool, *, batch_norm=False, large=5):
        super().__init__()
        self.out_channels = c1 + c3[1] + c5[1] + c_pool
        self.branch1 = ConvUnit(in_channels, c1, 1, batch_norm=batch_norm)
        self.branch2 = nn.Sequential(
            ConvUnit(in_channels, c3[0], 1, batch_norm=batch_norm),
            ConvUnit(*c3, 3, padding=1, batch_norm=batch_norm),
        )
        self.branch3 = nn.Sequential(
            ConvUnit(in_channels, c5[0], 1, batch_norm=batch_norm),
            ConvUnit(*c5, large, padding=large // 2, batch_norm=batch_norm),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1),
            ConvUnit(in_channels, c_pool, 1, batch_norm=batch_norm),
        )

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], dim=1)


class AuxiliaryHead(nn.Module):
    """A classifier in the middle of the network: pooling to 4×4, 1×1 convolution, two linear layers (section 5)."""

    def __init__(self, in_channels, num_classes, pool, width, batch_norm):
        super().__init__()
        maps, hidden = round(128 * width), round(1024 * width)
        self.pool = pool
        self.conv = ConvUnit(in_channels, maps, 1, batch_norm=batch_norm)
        self.fc1 = nn.Linear(maps * 4 * 4, hidden)
        self.fc2 = nn.Linear(hidden, num_classes)
        self.dropout = nn.Dropout(0.7)

    def forward(self, x):
        x = self.conv(self.pool(x)).flatten(1)
        return self.fc2(self.dropout(F.relu(self.fc1(x))))


class GoogLeNet(nn.Module):
    """GoogLeNet for 224×224 images: (N, in_channels, H, W) to (N, num_classes).

    With `aux_logits` the output in training is a `GoogLeNetOutputs`; the paper adds the auxiliary heads' losses with a
    weight of 0.3.
    """

    def __init__(
        self, num_classes=1000, in_channels=3, *, form="paper", batch_norm=None, aux_logits=False, dropout=0.4, width=1
    ):
        super().__init__()
        if form not in ("paper", "torchvision"):
            raise ValueError(f"form: expected 'paper' or 'torchvision', got {form!r}")
        batch_norm = form == "torchvision" if batch_norm is None else batch_norm
        self._add_convolutions(in_channels, form, batch_norm, width)

        def auxiliary(block):
            pool = nn.AvgPool2d(5, stride=3) if form == "paper" else nn.AdaptiveAvgPool2d(4)
            return AuxiliaryHead(block.out_channels, num_classes, pool, width, batch_norm)

        self.norm = nn.Identity() if batch_norm else response_norm()
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.last_pool = self.pool if form == "paper" else nn.MaxPool2d(2, stride=2, ceil_mode=True)
        self.aux1 = auxiliary(self.inception4a) if aux_logits else None
        self.aux2 = auxiliary(self.inception4d) if aux_logits else None
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(self.inception5b.out_channels, num_classes)
        initialise(self, form)

    def _add_convolutions(self, in_channels, form, batch_norm, width):
        def maps(count):
            return round(count * width)

        self.conv1 = ConvUnit(in_channels, maps(64), 7, 2, 3, batch_norm=batch_norm)
        self.conv2 = ConvUnit(maps(64), maps(64), 1, batch_norm=batch_norm)
        self.conv3 = ConvUnit(maps(64), maps(192), 3, 1, 1, batch_norm=batch_norm)
        channels = maps(192)
        large = 5 if form == "paper" else 3
        for name, (c1, c3, c5, c_pool) in BLOCKS.items():
            sizes = maps(c1), [maps(c) for c in c3], [maps(c) for c in c5], maps(c_pool)
            block = Inception(channels, *sizes, batch_norm=batch_norm, large=large)
            self.add_module(f"inception{name}", block)
            channels = block.out_channels

    def forward(self, x):
        x = self.norm(self.pool(self.conv1(x)))
        x = self.pool(self.norm(self.conv3(self.conv2(x))))
        x = self.pool(self.inception3b(self.inception3a(x)))
        x = at_aux1 = self.inception4a(x)
        x = at_aux2 = self.inception4d(self.inception4c(self.inception4b(x)))
        x = self.last_pool(self.inception4e(x))
        x = self.inception5b(self.inception5a(x))
        logits = self.fc(self.dropout(x.mean(dim=(2, 3))))
        if self.aux1 is None or not self.training:
            return logits
        return GoogLeNetOutputs(logits, self.aux2(at_aux2), self.aux1(at_aux1))


def initialise(network, form):
    """Draw the weights by Kaiming's rule, or as torchvision from N(0, 0.01²)."""
    for layer in network.modules():
        if not isinstance(layer, (nn.Conv2d, nn.Linear)):
            continue
        if form == "torchvision":
            nn.init.normal_(layer.weight, 0, 0.01)
            continue
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def googlenet(num_classes=1000, *, aux_logits=False):
    """GoogLeNet in torchvision's form, with its keys."""
    return GoogLeNet(num_classes, form="torchvision", aux_logits=aux_logits, dropout=0.2)
