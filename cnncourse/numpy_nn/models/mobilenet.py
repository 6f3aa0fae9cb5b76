"""MobileNetV2: inverted residuals with linear bottlenecks (Sandler, Howard, Zhu, Zhmoginov & Chen 2018).

Source: arXiv:1801.04381, tables 1 and 2; keys, rounding and initial weights are torchvision's. The small form for
32×32 images strides later, and is the course's own.
"""

from ..modules import (
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    Network,
    ReLU6,
    Residual,
    Sequential,
    init,
)

__all__ = ["InvertedResidual", "MobileNetV2", "SmallMobileNetV2", "mobilenet_v2"]

# (expansion t, C_out, how many blocks n, stride of the first s): table 2
STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip
SMALL_STAGES = ((1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 2, 2), (6, 64, 2, 2))


def round_channels(channels, divisor=8):
    """Return the nearest multiple of `divisor`, but never less than nine tenths of `channels`."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * channels else rounded + divisor


def conv_norm_relu6(in_channels, channels, kernel_size, stride=1, groups=1, rng=None):
    """Return a convolution that keeps the size at stride 1, batch norm and ReLU6."""
    conv = Conv2d(
        in_channels, channels, kernel_size, stride, padding=kernel_size // 2, groups=groups, bias=False, rng=rng
    )
    return Sequential(conv, BatchNorm2d(channels), ReLU6())


class InvertedResidual(Network):
    """1×1 widens, a depthwise 3×3 works, 1×1 narrows without a nonlinearity; plus x where the shapes agree.

    A residual block turned inside out: the shortcut joins the narrow ends (figure 3).

    Parameters
    ----------
    in_channels, channels, stride : int
    expansion : int
        The width in the middle is in_channels · expansion; with 1 the first convolution is left out.
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    """

    def __init__(self, in_channels, channels, stride, expansion, *, rng=None):
        wide = in_channels * expansion
        self.conv = Sequential()
        if expansion != 1:
            self.conv.append(conv_norm_relu6(in_channels, wide, 1, rng=rng))
        self.conv.append(conv_norm_relu6(wide, wide, 3, stride, groups=wide, rng=rng))
        self.conv.append(Conv2d(wide, channels, 1, bias=False, rng=rng))
        self.conv.append(BatchNorm2d(channels))
        self.wire(Residual(self.conv) if stride == 1 and in_channels == channels else self.conv)


class MobileNetV2(Network):
    """The network of table 2, for 224×224 images: (N, in_channels, H, W) to (N, num_classes).

    Parameters
    ----------
    num_classes : int
    width_mult : float
        Multiplies the widths of all layers, the last one's only where above 1.
    dropout : float
    stages : sequence of (expansion, channels, blocks, stride)
    stem_channels, stem_stride, last_channels : int
        The first and the last convolution.
    in_channels : int
    rng : numpy.random.Generator, optional
        Draws initial weights and the coins of dropout.
    """

    def __init__(
        self, num_classes=1000, width_mult=1.0, dropout=0.2, *, stages=STAGES, stem_channels=32, stem_stride=2,
        last_channels=1280, in_channels=3, rng=None,
    ):  # fmt: skip
        width = round_channels(stem_channels * width_mult)
        self.features = Sequential(conv_norm_relu6(in_channels, width, 3, stem_stride, rng=rng))
        for expansion, channels, blocks, stride in stages:
            channels = round_channels(channels * width_mult)
            for index in range(blocks):
                block_stride = stride if index == 0 else 1
                self.features.append(InvertedResidual(width, channels, block_stride, expansion, rng=rng))
                width = channels
        last = round_channels(last_channels * max(1.0, width_mult))
        self.features.append(conv_norm_relu6(width, last, 1, rng=rng))
        self.classifier = Sequential(Dropout(dropout, rng=rng), Linear(last, num_classes, rng=rng))
        initialise(self)
        self.wire(Sequential(self.features, AdaptiveAvgPool2d(1), Flatten(), self.classifier))


class SmallMobileNetV2(MobileNetV2):
    """MobileNetV2's idea at the size of 32×32 images: seven blocks at 32, 16 and 8 pixels, 134,538 parameters."""

    def __init__(self, num_classes=10, in_channels=3, width_mult=1.0, dropout=0.0, *, rng=None):
        super().__init__(
            num_classes, width_mult, dropout, stages=SMALL_STAGES, stem_channels=16, stem_stride=1,
            last_channels=256, in_channels=in_channels, rng=rng,
        )  # fmt: skip


def initialise(network):
    """Draw the convolutions by Kaiming's rule and the last layer from a narrow normal distribution."""
    for module in network.modules():
        if isinstance(module, Conv2d):
            module.weight.redraw(init.kaiming_normal(module.weight.shape, "fan_out"))
        elif isinstance(module, Linear):
            module.weight.redraw(init.normal(0.01))
            module.bias.redraw(init.constant(0))


def mobilenet_v2(num_classes=1000, *, width_mult=1.0, rng=None):
    """MobileNetV2: 3,504,872 parameters."""
    return MobileNetV2(num_classes, width_mult, rng=rng)
