"""SENet: a network that says, for each image anew, how much of each channel passes (Hu, Shen & Sun 2018).

Squeeze: the mean of each channel. Excite: two small layers turn the C means into C factors between 0 and 1, with
C / reduction values between them. Source: arXiv:1709.01507, sections 3 and 4. The parts are named as torchvision's
`SqueezeExcitation` and `ResNet` name them.
"""

from ..modules import (
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    Residual,
    Scale,
    Sequential,
    Sigmoid,
)
from .resnet import BasicBlock, Bottleneck, initialise, stage

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


class SEResNet(Network):
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
        self.conv1 = Conv2d(3, 64, 7, stride=2, padding=3, bias=False, rng=rng)
        self.bn1 = BatchNorm2d(64)
        options = {"shortcut": "projection", "rng": rng, "reduction": reduction}
        self.layer1 = stage(SEBottleneck, 64, 64, blocks[0], 1, **options)
        self.layer2 = stage(SEBottleneck, 256, 128, blocks[1], 2, **options)
        self.layer3 = stage(SEBottleneck, 512, 256, blocks[2], 2, **options)
        self.layer4 = stage(SEBottleneck, 1024, 512, blocks[3], 2, **options)
        self.fc = Linear(2048, num_classes, rng=rng)
        initialise(self, zero_init_residual=False)
        stem = Sequential(self.conv1, self.bn1, ReLU(), MaxPool2d(3, stride=2, padding=1))
        head = Sequential(AdaptiveAvgPool2d(1), Flatten(), self.fc)
        self.wire(Sequential(stem, self.layer1, self.layer2, self.layer3, self.layer4, head))


class SmallSEResNet(Network):
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
        if depth < 8 or (depth - 2) % 6:
            raise ValueError(f"depth: expected 6n + 2 with n of at least 1, got {depth}")
        if shortcut not in ("pad", "projection"):
            raise ValueError(f"shortcut: expected 'pad' or 'projection', got {shortcut!r}")
        blocks = (depth - 2) // 6
        options = {"shortcut": shortcut, "rng": rng, "reduction": reduction}
        self.conv1 = Conv2d(in_channels, 16, 3, padding=1, bias=False, rng=rng)
        self.bn1 = BatchNorm2d(16)
        self.layer1 = stage(SEBasicBlock, 16, 16, blocks, 1, **options)
        self.layer2 = stage(SEBasicBlock, 16, 32, blocks, 2, **options)
        self.layer3 = stage(SEBasicBlock, 32, 64, blocks, 2, **options)
        self.fc = Linear(64, num_classes, rng=rng)
        initialise(self, zero_init_residual=False)
        head = Sequential(AdaptiveAvgPool2d(1), Flatten(), self.fc)
        self.wire(Sequential(self.conv1, self.bn1, ReLU(), self.layer1, self.layer2, self.layer3, head))


def seresnet50(num_classes=1000, *, reduction=16, rng=None):
    """SE-ResNet-50: 28,088,024 parameters, 2,530,992 of them in the gates."""
    return SEResNet((3, 4, 6, 3), num_classes, reduction, rng=rng)


def seresnet20(num_classes=10, in_channels=3, *, reduction=16, shortcut="pad", rng=None):
    """SE-ResNet-20 for 32×32 images: 272,095 parameters, 2,373 of them in the gates."""
    return SmallSEResNet(20, num_classes, in_channels, reduction, shortcut, rng=rng)
