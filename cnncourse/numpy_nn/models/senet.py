"""SENet: a network that says, for each image anew, how much of each channel passes (Hu, Shen & Sun 2018).

Squeeze: the mean of each channel. Excite: two small layers turn the C means into C factors between 0 and 1, with
C / reduction values between them. Source: arXiv:1709.01507, sections 3 and 4. The parts are named as torchvision's
`SqueezeExcitation` and `ResNet` name them.
"""

from ..modules import (
    AdaptiveAvgPool2d,
    Conv2d,
    Network,
    ReLU,
    Residual,
    Scale,
    Sequential,
    Sigmoid,
)
from .resnet import BasicBlock, Bottleneck, ResNet, SmallResNet

__all__ = ["SEResNet", "SmallSEResNet", "SqueezeExcitation", "seresnet20", "seresnet50"]


class SqueezeExcitation(Network):
    """x · σ(W₂ relu(W₁ mean(x) + b₁) + b₂): equations 2 to 4, with biases.

    The 1×1 convolutions see one pixel, the mean, so they are linear layers. `Scale` holds both directions: the
    factors' gradient is the sum of grad_output · x over height and width, and goes back through the gate.

    Parameters
    ----------
    input_channels, squeeze_channels : int
        C, and the width in the middle, C / r: 2C²/r weights and C + C/r biases.
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    """

    def __init__(self, input_channels, squeeze_channels, *, rng=None):
        self.fc1 = Conv2d(input_channels, squeeze_channels, 1, rng=rng)
        self.fc2 = Conv2d(squeeze_channels, input_channels, 1, rng=rng)
        self.wire(Scale(Sequential(AdaptiveAvgPool2d(1), self.fc1, ReLU(), self.fc2, Sigmoid())))


def squeeze(channels, reduction):
    """Return the width in the middle of the gate; refuse a reduction that leaves nothing."""
    if not 1 <= reduction <= channels:
        raise ValueError(f"reduction: expected between 1 and the block's {channels} channels, got {reduction}")
    return channels // reduction


class SEBasicBlock(BasicBlock):
    """ResNet's basic block whose change is scaled before the shortcut is added: figure 3."""

    def __init__(self, in_channels, planes, stride=1, shortcut=None, *, reduction=16, rng=None):
        super().__init__(in_channels, planes, stride, shortcut, rng=rng)
        self.se = SqueezeExcitation(planes, squeeze(planes, reduction), rng=rng)
        body = Sequential(self.conv1, self.bn1, ReLU(), self.conv2, self.bn2, self.se)
        self.wire(Sequential(Residual(body, self.downsample), ReLU()))


class SEBottleneck(Bottleneck):
    """ResNet's bottleneck whose change is scaled before the shortcut is added: figure 3."""

    def __init__(self, in_channels, planes, stride=1, shortcut=None, *, reduction=16, rng=None):
        super().__init__(in_channels, planes, stride, shortcut, rng=rng)
        self.se = SqueezeExcitation(4 * planes, squeeze(4 * planes, reduction), rng=rng)
        wide = Sequential(self.conv1, self.bn1, ReLU(), self.conv2, self.bn2, ReLU(), self.conv3, self.bn3)
        self.wire(Sequential(Residual(Sequential(wide, self.se), self.downsample), ReLU()))


class SEResNet(ResNet):
    """SE-ResNet for 224×224 images, table 1: (N, 3, H, W) to (N, num_classes).

    Parameters
    ----------
    blocks : four ints
        How many bottlenecks at 56, 28, 14 and 7 pixels.
    num_classes : int
    reduction : int
        r; the paper has 16, and finds little difference from 2 to 32 (table 10).
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    """

    def __init__(self, blocks, num_classes=1000, reduction=16, *, rng=None):
        super().__init__(SEBottleneck, blocks, num_classes, rng=rng, reduction=reduction)


class SmallSEResNet(SmallResNet):
    """SE-ResNet for 32×32 images: the course's ResNet-20 with gates, (N, in_channels, 32, 32) to (N, num_classes).

    Parameters
    ----------
    depth : int
        6n + 2: three stages of n blocks with 16, 32 and 64 channels.
    num_classes, in_channels, reduction : int
    shortcut : "pad" or "projection"
        Option A or B of ResNet.
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    """

    def __init__(self, depth, num_classes=10, in_channels=3, reduction=16, shortcut="pad", *, rng=None):
        if shortcut not in ("pad", "projection"):
            raise ValueError(f"shortcut: expected 'pad' or 'projection', got {shortcut!r}")
        super().__init__(
            depth, num_classes, in_channels, shortcut, block=SEBasicBlock, rng=rng, reduction=reduction
        )  # fmt: skip


def seresnet50(num_classes=1000, *, reduction=16, rng=None):
    """SE-ResNet-50: 28,088,024 parameters, 2,530,992 of them in the gates."""
    return SEResNet((3, 4, 6, 3), num_classes, reduction, rng=rng)


def seresnet20(num_classes=10, in_channels=3, *, reduction=16, shortcut="pad", rng=None):
    """SE-ResNet-20 for 32×32 images: 272,095 parameters, 2,373 of them in the gates."""
    return SmallSEResNet(20, num_classes, in_channels, reduction, shortcut, rng=rng)
