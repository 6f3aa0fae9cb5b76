"""ResNet: layers that learn a change to their input instead of a new one (He, Zhang, Ren & Sun 2016).

ImageNet's ResNet-18 to 152 have torchvision's keys (and its stride on a bottleneck's 3×3, where the paper
had it on the first 1×1). ResNet-20 and 56 are the paper's networks for 32×32 images, section 4.2.
"""

import numpy as np

from ..geometry import output_shape, window
from ..modules import (
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    Module,
    Network,
    ReLU,
    Residual,
    Sequential,
    init,
)

__all__ = [
    "ResNet", "SmallResNet", "plain20", "plain56", "resnet18", "resnet20", "resnet34", "resnet50", "resnet56",
    "resnet101", "resnet152",
]  # fmt: skip


class BasicBlock(Network):
    """relu(x + BN(conv3×3(relu(BN(conv3×3(x)))))): figure 5, left."""

    expansion = 1

    def __init__(self, in_channels, planes, stride=1, shortcut=None, *, rng=None):
        self.conv1 = Conv2d(in_channels, planes, 3, stride, padding=1, bias=False, rng=rng)
        self.bn1 = BatchNorm2d(planes)
        self.conv2 = Conv2d(planes, planes, 3, padding=1, bias=False, rng=rng)
        self.bn2 = BatchNorm2d(planes)
        self.downsample = shortcut
        body = Sequential(self.conv1, self.bn1, ReLU(), self.conv2, self.bn2)
        self.wire(Sequential(Residual(body, self.downsample), ReLU()))

    @property
    def last_norm(self):
        return self.bn2


class PlainBlock(Network):
    """The two layers of a basic block without the shortcut: the plain network that figure 2 is compared with."""

    expansion = 1

    def __init__(self, in_channels, planes, stride=1, shortcut=None, *, rng=None):
        self.conv1 = Conv2d(in_channels, planes, 3, stride, padding=1, bias=False, rng=rng)
        self.bn1 = BatchNorm2d(planes)
        self.conv2 = Conv2d(planes, planes, 3, padding=1, bias=False, rng=rng)
        self.bn2 = BatchNorm2d(planes)
        self.wire(Sequential(self.conv1, self.bn1, ReLU(), self.conv2, self.bn2, ReLU()))

    @property
    def last_norm(self):
        return self.bn2


class Bottleneck(Network):
    """1×1 narrows, 3×3 works, 1×1 widens by four; plus x: figure 5, right."""

    expansion = 4

    def __init__(self, in_channels, planes, stride=1, shortcut=None, *, rng=None):
        self.conv1 = Conv2d(in_channels, planes, 1, bias=False, rng=rng)
        self.bn1 = BatchNorm2d(planes)
        self.conv2 = Conv2d(planes, planes, 3, stride, padding=1, bias=False, rng=rng)
        self.bn2 = BatchNorm2d(planes)
        self.conv3 = Conv2d(planes, 4 * planes, 1, bias=False, rng=rng)
        self.bn3 = BatchNorm2d(4 * planes)
        self.downsample = shortcut
        body = Sequential(self.conv1, self.bn1, ReLU(), self.conv2, self.bn2, ReLU(), self.conv3, self.bn3)
        self.wire(Sequential(Residual(body, self.downsample), ReLU()))

    @property
    def last_norm(self):
        return self.bn3


class PadShortcut(Module):
    """The shortcut without parameters: every `stride`-th pixel, and zeros for the new channels (option A)."""

    def __init__(self, channels, stride):
        self.channels, self.stride = channels, stride

    def forward(self, input):
        self.saved = input.shape
        N, C, H, W = input.shape
        seen = input[:, :, :: self.stride, :: self.stride]
        output = np.zeros((N, self.channels, *seen.shape[2:]), input.dtype)
        output[:, :C] = seen
        return output

    def backward(self, grad_output):
        shape = self.from_forward()
        grad_input = np.zeros(shape, grad_output.dtype)
        grad_input[:, :, :: self.stride, :: self.stride] = grad_output[:, : shape[1]]
        return grad_input


@output_shape.register
def _(layer: PadShortcut, input_shape):
    N, _, H, W = input_shape
    return (N, layer.channels, -(-H // layer.stride), -(-W // layer.stride))


@window.register
def _(layer: PadShortcut, input_shape):
    return [(1, layer.stride, 0, 1)] * 2


def projection(in_channels, channels, stride, rng):
    """Return the shortcut that learns: a 1×1 convolution and batch norm (option B)."""
    return Sequential(Conv2d(in_channels, channels, 1, stride, bias=False, rng=rng), BatchNorm2d(channels))


def stage(block, in_channels, planes, blocks, stride, shortcut, rng, **options):
    """Return `blocks` blocks; the first changes size and width, and so needs a shortcut that does too.

    `options` are further arguments of the block.
    """
    channels = planes * block.expansion
    first_shortcut = None
    if shortcut and (stride != 1 or in_channels != channels):
        if shortcut == "pad":
            first_shortcut = PadShortcut(channels, stride)
        else:
            first_shortcut = projection(in_channels, channels, stride, rng)
    first = block(in_channels, planes, stride, first_shortcut, rng=rng, **options)
    others = [block(channels, planes, rng=rng, **options) for _ in range(blocks - 1)]
    return Sequential(first, *others)


def initialise(network, zero_init_residual):
    """Draw all convolutions by Kaiming's rule; optionally start every block as its shortcut alone.

    With the last γ at zero a new network computes the same as its shortcuts, which lets deep ones start to
    learn sooner (Goyal et al. 2017, section 5.1).
    """
    for module in network.modules():
        if isinstance(module, Conv2d):
            module.weight.redraw(init.kaiming_normal(module.weight.shape, "fan_out"))
        if zero_init_residual and isinstance(module, (BasicBlock, PlainBlock, Bottleneck)):
            module.last_norm.weight.redraw(init.constant(0))


class ResNet(Network):
    """The networks of table 1, for 224×224 images: (N, 3, H, W) to (N, num_classes).

    Parameters
    ----------
    block : BasicBlock or Bottleneck
    blocks : four ints
        How many blocks at 56, 28, 14 and 7 pixels.
    num_classes : int
    zero_init_residual : bool
        Start the last γ of each block at zero.
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    **options
        Further arguments of the block.
    """

    def __init__(self, block, blocks, num_classes=1000, zero_init_residual=False, *, rng=None, **options):
        widths = [64] + [planes * block.expansion for planes in (64, 128, 256, 512)]
        self.conv1 = Conv2d(3, 64, 7, stride=2, padding=3, bias=False, rng=rng)
        self.bn1 = BatchNorm2d(64)
        self.layer1 = stage(block, widths[0], 64, blocks[0], 1, "projection", rng, **options)
        self.layer2 = stage(block, widths[1], 128, blocks[1], 2, "projection", rng, **options)
        self.layer3 = stage(block, widths[2], 256, blocks[2], 2, "projection", rng, **options)
        self.layer4 = stage(block, widths[3], 512, blocks[3], 2, "projection", rng, **options)
        self.fc = Linear(widths[4], num_classes, rng=rng)
        initialise(self, zero_init_residual)
        stem = Sequential(self.conv1, self.bn1, ReLU(), MaxPool2d(3, stride=2, padding=1))
        head = Sequential(AdaptiveAvgPool2d(1), Flatten(), self.fc)
        self.wire(Sequential(stem, self.layer1, self.layer2, self.layer3, self.layer4, head))


class SmallResNet(Network):
    """The networks of section 4.2, for 32×32 images: (N, in_channels, 32, 32) to (N, num_classes).

    Parameters
    ----------
    depth : int
        6n + 2: three stages of n blocks with 16, 32 and 64 channels.
    num_classes, in_channels : int
    shortcut : "pad", "projection" or None
        Option A, as in the paper, option B, or the plain network without shortcuts.
    zero_init_residual : bool
        Start the last γ of each block at zero.
    block : type of module
        The block of networks with shortcuts.
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    **options
        Further arguments of the block.
    """

    def __init__(
        self, depth, num_classes=10, in_channels=3, shortcut="pad", zero_init_residual=False, *, block=BasicBlock,
        rng=None, **options,
    ):  # fmt: skip
        if depth < 8 or (depth - 2) % 6:
            raise ValueError(f"depth: expected 6n + 2 with n of at least 1, got {depth}")
        if shortcut not in ("pad", "projection", None):
            raise ValueError(f"shortcut: expected 'pad', 'projection' or None, got {shortcut!r}")
        block = block if shortcut else PlainBlock
        blocks = (depth - 2) // 6
        self.conv1 = Conv2d(in_channels, 16, 3, padding=1, bias=False, rng=rng)
        self.bn1 = BatchNorm2d(16)
        self.layer1 = stage(block, 16, 16, blocks, 1, shortcut, rng, **options)
        self.layer2 = stage(block, 16, 32, blocks, 2, shortcut, rng, **options)
        self.layer3 = stage(block, 32, 64, blocks, 2, shortcut, rng, **options)
        self.fc = Linear(64, num_classes, rng=rng)
        initialise(self, zero_init_residual)
        stem = Sequential(self.conv1, self.bn1, ReLU())
        head = Sequential(AdaptiveAvgPool2d(1), Flatten(), self.fc)
        self.wire(Sequential(stem, self.layer1, self.layer2, self.layer3, head))


def resnet18(num_classes=1000, *, zero_init_residual=False, rng=None):
    """ResNet-18: 11,689,512 parameters."""
    return ResNet(BasicBlock, (2, 2, 2, 2), num_classes, zero_init_residual, rng=rng)


def resnet34(num_classes=1000, *, zero_init_residual=False, rng=None):
    """ResNet-34: 21,797,672 parameters."""
    return ResNet(BasicBlock, (3, 4, 6, 3), num_classes, zero_init_residual, rng=rng)


def resnet50(num_classes=1000, *, zero_init_residual=False, rng=None):
    """ResNet-50: 25,557,032 parameters."""
    return ResNet(Bottleneck, (3, 4, 6, 3), num_classes, zero_init_residual, rng=rng)


def resnet101(num_classes=1000, *, zero_init_residual=False, rng=None):
    """ResNet-101: 44,549,160 parameters."""
    return ResNet(Bottleneck, (3, 4, 23, 3), num_classes, zero_init_residual, rng=rng)


def resnet152(num_classes=1000, *, zero_init_residual=False, rng=None):
    """ResNet-152: 60,192,808 parameters."""
    return ResNet(Bottleneck, (3, 8, 36, 3), num_classes, zero_init_residual, rng=rng)


def resnet20(num_classes=10, in_channels=3, *, shortcut="pad", zero_init_residual=False, rng=None):
    """ResNet-20 for 32×32 images: 269,722 parameters (272,474 with projections)."""
    return SmallResNet(20, num_classes, in_channels, shortcut, zero_init_residual, rng=rng)


def resnet56(num_classes=10, in_channels=3, *, shortcut="pad", zero_init_residual=False, rng=None):
    """ResNet-56 for 32×32 images: 853,018 parameters (855,770 with projections)."""
    return SmallResNet(56, num_classes, in_channels, shortcut, zero_init_residual, rng=rng)


def plain20(num_classes=10, in_channels=3, *, rng=None):
    """ResNet-20 without its shortcuts: 269,722 parameters, as many as with the paper's."""
    return SmallResNet(20, num_classes, in_channels, shortcut=None, rng=rng)


def plain56(num_classes=10, in_channels=3, *, rng=None):
    """ResNet-56 without its shortcuts: 853,018 parameters, as many as with the paper's."""
    return SmallResNet(56, num_classes, in_channels, shortcut=None, rng=rng)
