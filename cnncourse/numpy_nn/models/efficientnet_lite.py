"""EfficientNet-Lite0: inverted bottlenecks without squeeze-and-excitation, found by search (Tan & Le 2019).

The Lite variants of 2020 drop the squeeze-and-excitation and use ReLU6, so that phones can run them in eight bits. The
names of the parts are those of the weights that `torch_nn.models.efficientnet_lite0(pretrained=True)` loads.
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
)

__all__ = ["EfficientNetLite0", "efficientnet_lite0"]

# (expansion, C_out, how many blocks, stride of the first, kernel size)
STAGES = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
)  # fmt: skip
EPS, MOMENTUM = 1e-3, 0.01


def norm(channels):
    """Return batch norm with this network's constants."""
    return BatchNorm2d(channels, eps=EPS, momentum=MOMENTUM)


class InvertedBottleneck(Network):
    """1×1 widens, a depthwise K×K works, 1×1 narrows without a nonlinearity; plus x where the shapes agree."""

    def __init__(self, in_channels, channels, expansion, stride, kernel_size, *, rng=None):
        wide, body = in_channels * expansion, Sequential()
        if expansion != 1:
            self._expand_conv = Conv2d(in_channels, wide, 1, bias=False, rng=rng)
            self._bn0 = norm(wide)
            body = Sequential(self._expand_conv, self._bn0, ReLU6())
        self._depthwise_conv = Conv2d(
            wide, wide, kernel_size, stride, padding=kernel_size // 2, groups=wide, bias=False, rng=rng
        )
        self._bn1 = norm(wide)
        self._project_conv = Conv2d(wide, channels, 1, bias=False, rng=rng)
        self._bn2 = norm(channels)
        body = Sequential(*body, self._depthwise_conv, self._bn1, ReLU6(), self._project_conv, self._bn2)
        self.wire(Residual(body) if stride == 1 and in_channels == channels else body)


class EfficientNetLite0(Network):
    """(N, 3, 224, 224) to (N, num_classes) logits; 4,652,008 parameters with 1000 classes.

    Parameters
    ----------
    num_classes : int
    dropout : float
    rng : numpy.random.Generator, optional
        Draws initial weights and the coins of dropout.
    """

    def __init__(self, num_classes=1000, dropout=0.2, *, rng=None):
        self._conv_stem = Conv2d(3, 32, 3, stride=2, padding=1, bias=False, rng=rng)
        self._bn0 = norm(32)
        blocks, channels = [], 32
        for expansion, C_out, count, stride, kernel_size in STAGES:
            for index in range(count):
                block_stride = stride if index == 0 else 1
                blocks.append(InvertedBottleneck(channels, C_out, expansion, block_stride, kernel_size, rng=rng))
                channels = C_out
        self._blocks = Sequential(*blocks)
        self._conv_head = Conv2d(320, 1280, 1, bias=False, rng=rng)
        self._bn1 = norm(1280)
        self._dropout = Dropout(dropout, rng=rng)
        self._fc = Linear(1280, num_classes, rng=rng)
        stem = Sequential(self._conv_stem, self._bn0, ReLU6())
        head = Sequential(self._conv_head, self._bn1, ReLU6(), AdaptiveAvgPool2d(1), Flatten(), self._dropout, self._fc)
        self.wire(Sequential(stem, self._blocks, head))


def efficientnet_lite0(num_classes=1000, *, rng=None):
    """EfficientNet-Lite0: 4,652,008 parameters. Its ImageNet weights are those of the PyTorch twin."""
    return EfficientNetLite0(num_classes, rng=rng)
