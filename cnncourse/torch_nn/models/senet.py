"""SENet in PyTorch (Hu, Shen & Sun 2018); see the NumPy twin for what the options mean."""

import torch
from torch import nn
from torch.nn import functional as F

from .resnet import BasicBlock, Bottleneck, ResNet, SmallResNet

__all__ = ["SEResNet", "SmallSEResNet", "SqueezeExcitation", "seresnet20", "seresnet50"]


class SqueezeExcitation(nn.Module):
    """x · σ(W₂ relu(W₁ mean(x) + b₁) + b₂): equations 2 to 4, with biases."""

    def __init__(self, input_channels, squeeze_channels):
        super().__init__()
        self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)

    def forward(self, x):
        gate = x.mean(dim=(2, 3), keepdim=True)
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(gate))))


def squeeze(channels, reduction):
    """Return the width in the middle of the gate; refuse a reduction that leaves nothing."""
    if not 1 <= reduction <= channels:
        raise ValueError(f"reduction: expected between 1 and the block's {channels} channels, got {reduction}")
    return channels // reduction


class SEBasicBlock(BasicBlock):
    """ResNet's basic block whose change is scaled before the shortcut is added: figure 3."""

    def __init__(self, in_channels, planes, stride=1, shortcut=None, *, reduction=16):
        super().__init__(in_channels, planes, stride, shortcut)
        self.se = SqueezeExcitation(planes, squeeze(planes, reduction))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(self.se(y) + shortcut)


class SEBottleneck(Bottleneck):
    """ResNet's bottleneck whose change is scaled before the shortcut is added: figure 3."""

    def __init__(self, in_channels, planes, stride=1, shortcut=None, *, reduction=16):
        super().__init__(in_channels, planes, stride, shortcut)
        self.se = SqueezeExcitation(4 * planes, squeeze(4 * planes, reduction))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(self.se(y) + shortcut)


class SEResNet(ResNet):
    """SE-ResNet for 224×224 images, table 1: (N, 3, H, W) to (N, num_classes)."""

    def __init__(self, blocks, num_classes=1000, reduction=16):
        super().__init__(SEBottleneck, blocks, num_classes, reduction=reduction)


class SmallSEResNet(SmallResNet):
    """SE-ResNet for 32×32 images, 6n + 2 layers deep: the course's ResNet-20 with gates."""

    def __init__(self, depth, num_classes=10, in_channels=3, reduction=16, shortcut="pad"):
        if shortcut not in ("pad", "projection"):
            raise ValueError(f"shortcut: expected 'pad' or 'projection', got {shortcut!r}")
        super().__init__(depth, num_classes, in_channels, shortcut, block=SEBasicBlock, reduction=reduction)


def seresnet50(num_classes=1000, *, reduction=16):
    """SE-ResNet-50."""
    return SEResNet((3, 4, 6, 3), num_classes, reduction)


def seresnet20(num_classes=10, in_channels=3, *, reduction=16, shortcut="pad"):
    """SE-ResNet-20 for 32×32 images."""
    return SmallSEResNet(20, num_classes, in_channels, reduction, shortcut)
