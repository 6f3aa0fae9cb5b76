"""DenseNet in PyTorch (Huang et al. 2017), with torchvision's keys; see the NumPy twin."""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["DenseNet", "densenet121"]


class DenseLayer(nn.Module):
    """[x, conv3×3(relu(BN(conv1×1(relu(BN(x))))))]: `growth_rate` new maps behind those there are."""

    def __init__(self, in_channels, growth_rate):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, 4 * growth_rate, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth_rate)
        self.conv2 = nn.Conv2d(4 * growth_rate, growth_rate, 3, padding=1, bias=False)

    def forward(self, x):
        new = self.conv1(F.relu(self.norm1(x)))
        new = self.conv2(F.relu(self.norm2(new)))
        return torch.cat([x, new], dim=1)


def named(**modules):
    """Return a Sequential of modules that have names instead of numbers."""
    return nn.Sequential(OrderedDict(modules))


def dense_block(layers, in_channels, growth_rate):
    """Return a chain of dense layers, each wider at its input by growth_rate than the one before."""
    widths = [in_channels + index * growth_rate for index in range(layers)]
    return named(**{f"denselayer{number}": DenseLayer(width, growth_rate) for number, width in enumerate(widths, 1)})


def transition(in_channels):
    """Return what stands between two blocks: half as many maps, of half the size."""
    conv = nn.Conv2d(in_channels, in_channels // 2, 1, bias=False)
    return named(norm=nn.BatchNorm2d(in_channels), relu=nn.ReLU(), conv=conv, pool=nn.AvgPool2d(2))


class DenseNet(nn.Module):
    """The networks of table 1, for 224×224 images: (N, 3, H, W) to (N, num_classes)."""

    def __init__(self, growth_rate=32, block_config=(6, 12, 24, 16), num_init_features=64, num_classes=1000):
        super().__init__()
        channels = num_init_features
        self.features = named(
            conv0=nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False),
            norm0=nn.BatchNorm2d(channels),
            relu0=nn.ReLU(),
            pool0=nn.MaxPool2d(3, stride=2, padding=1),
        )
        for number, layers in enumerate(block_config, start=1):
            self.features.add_module(f"denseblock{number}", dense_block(layers, channels, growth_rate))
            channels += layers * growth_rate
            if number < len(block_config):
                self.features.add_module(f"transition{number}", transition(channels))
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, num_classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x):
        x = F.relu(self.features(x)).mean(dim=(2, 3))
        return self.classifier(x)


def densenet121(num_classes=1000):
    """DenseNet-121."""
    return DenseNet(num_classes=num_classes)
