"""VGG: nothing but 3×3 convolutions and 2×2 pooling, ever deeper (Simonyan & Zisserman 2015, table 1)."""

from ..modules import (
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    Sequential,
    init,
)

__all__ = [
    "SmallVGG", "VGG", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn",
]  # fmt: skip

# A number is the width of a convolution, "M" a pooling layer.
CONFIGS = {
    11: (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"),
    13: (64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"),
    16: (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"),
    19: (64, 64, "M", 128, 128, "M", *(256,) * 4, "M", *(512,) * 4, "M", *(512,) * 4, "M"),
}
SMALL_CONFIG = (32, 32, "M", 64, 64, "M", 128, 128, "M")


def features(config, in_channels=3, batch_norm=False, rng=None):
    """Return the convolutional part of `config` as a Sequential, with Kaiming's initial weights."""
    layers = Sequential()
    for entry in config:
        if entry == "M":
            layers.append(MaxPool2d(2))
            continue
        conv = Conv2d(in_channels, entry, 3, padding=1, rng=rng)
        conv.weight.redraw(init.kaiming_normal(conv.weight.shape, "fan_out"))
        conv.bias.redraw(init.constant(0))
        layers.append(conv)
        if batch_norm:
            layers.append(BatchNorm2d(entry))
        layers.append(ReLU())
        in_channels = entry
    return layers


class VGG(Network):
    """The network of the paper, for 224×224 images; keys and initial weights are torchvision's.

    Parameters
    ----------
    config : sequence of int and "M"
        Widths of the convolutions, and poolings.
    num_classes : int
    batch_norm : bool
        Put batch norm between convolution and ReLU.
    dropout : float
    rng : numpy.random.Generator, optional
        Draws initial weights and the coins of dropout.

    Notes
    -----
    (N, 3, H, W) to (N, num_classes); sizes other than 224 are pooled to 7×7 before the head.
    """

    def __init__(self, config, num_classes=1000, batch_norm=False, dropout=0.5, *, rng=None):
        self.features = features(config, batch_norm=batch_norm, rng=rng)
        self.avgpool = AdaptiveAvgPool2d((7, 7))
        self.classifier = Sequential(
            Linear(512 * 7 * 7, 4096, rng=rng), ReLU(), Dropout(dropout, rng=rng),
            Linear(4096, 4096, rng=rng), ReLU(), Dropout(dropout, rng=rng),
            Linear(4096, num_classes, rng=rng),
        )  # fmt: skip
        for layer in self.classifier:
            if isinstance(layer, Linear):
                layer.weight.redraw(init.normal(0.01))
                layer.bias.redraw(init.constant(0))
        self.wire(Sequential(self.features, self.avgpool, Flatten(), self.classifier))


class SmallVGG(Network):
    """VGG's idea at the size of 32×32 images: six convolutions, global average pooling, one linear layer.

    (N, in_channels, 32, 32) to (N, num_classes).
    """

    def __init__(self, num_classes=10, in_channels=3, batch_norm=False, *, config=SMALL_CONFIG, rng=None):
        self.features = features(config, in_channels, batch_norm, rng)
        width = [entry for entry in config if entry != "M"][-1]
        self.classifier = Linear(width, num_classes, rng=rng)
        self.wire(Sequential(self.features, AdaptiveAvgPool2d(1), Flatten(), self.classifier))


def vgg11(num_classes=1000, *, rng=None):
    """VGG-11, the paper's column A: 132,863,336 parameters."""
    return VGG(CONFIGS[11], num_classes, rng=rng)


def vgg13(num_classes=1000, *, rng=None):
    """VGG-13, column B: 133,047,848 parameters."""
    return VGG(CONFIGS[13], num_classes, rng=rng)


def vgg16(num_classes=1000, *, rng=None):
    """VGG-16, column D: 138,357,544 parameters."""
    return VGG(CONFIGS[16], num_classes, rng=rng)


def vgg19(num_classes=1000, *, rng=None):
    """VGG-19, column E: 143,667,240 parameters."""
    return VGG(CONFIGS[19], num_classes, rng=rng)


def vgg11_bn(num_classes=1000, *, rng=None):
    """VGG-11 with batch norm."""
    return VGG(CONFIGS[11], num_classes, batch_norm=True, rng=rng)


def vgg13_bn(num_classes=1000, *, rng=None):
    """VGG-13 with batch norm."""
    return VGG(CONFIGS[13], num_classes, batch_norm=True, rng=rng)


def vgg16_bn(num_classes=1000, *, rng=None):
    """VGG-16 with batch norm."""
    return VGG(CONFIGS[16], num_classes, batch_norm=True, rng=rng)


def vgg19_bn(num_classes=1000, *, rng=None):
    """VGG-19 with batch norm."""
    return VGG(CONFIGS[19], num_classes, batch_norm=True, rng=rng)
