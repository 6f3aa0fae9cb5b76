"""DenseNet: every layer sees the maps of all earlier ones of its block, side by side.

G. Huang, Z. Liu, L. van der Maaten, K. Q. Weinberger, "Densely connected convolutional networks", CVPR 2017; the form
with bottlenecks and compression (DenseNet-BC), with torchvision's keys.
"""

from ..modules import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Flatten,
    Identity,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    Sequential,
    init,
)

__all__ = ["DenseNet", "densenet121"]


class DenseLayer(Network):
    """[x, conv3×3(relu(BN(conv1×1(relu(BN(x))))))]: `growth_rate` new maps behind those there are.

    The 1×1 convolution first narrows what can be very many maps to 4 · growth_rate.
    """

    def __init__(self, in_channels, growth_rate, *, rng=None):
        self.norm1 = BatchNorm2d(in_channels)
        self.conv1 = Conv2d(in_channels, 4 * growth_rate, 1, bias=False, rng=rng)
        self.norm2 = BatchNorm2d(4 * growth_rate)
        self.conv2 = Conv2d(4 * growth_rate, growth_rate, 3, padding=1, bias=False, rng=rng)
        new = Sequential(self.norm1, ReLU(), self.conv1, self.norm2, ReLU(), self.conv2)
        self.wire(Concat(Identity(), new))


def named(**modules):
    """Return a Sequential of modules that have names instead of numbers."""
    chain = Sequential()
    for name, module in modules.items():
        chain.append(module, name)
    return chain


def dense_block(layers, in_channels, growth_rate, rng):
    """Return a chain of dense layers, each wider at its input by growth_rate than the one before."""
    widths = [in_channels + index * growth_rate for index in range(layers)]
    return named(**{
        f"denselayer{number}": DenseLayer(width, growth_rate, rng=rng) for number, width in enumerate(widths, start=1)
    })  # fmt: skip


def transition(in_channels, rng):
    """Return what stands between two blocks: half as many maps, of half the size."""
    conv = Conv2d(in_channels, in_channels // 2, 1, bias=False, rng=rng)
    return named(norm=BatchNorm2d(in_channels), relu=ReLU(), conv=conv, pool=AvgPool2d(2))


class DenseNet(Network):
    """The networks of table 1, for 224×224 images: (N, 3, H, W) to (N, num_classes).

    Parameters
    ----------
    growth_rate : int
        How many maps each layer adds.
    block_config : ints
        How many layers each block has.
    num_init_features : int
        Maps before the first block.
    num_classes : int
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    """

    def __init__(
        self, growth_rate=32, block_config=(6, 12, 24, 16), num_init_features=64, num_classes=1000, *, rng=None
    ):
        channels = num_init_features
        self.features = named(
            conv0=Conv2d(3, channels, 7, stride=2, padding=3, bias=False, rng=rng),
            norm0=BatchNorm2d(channels),
            relu0=ReLU(),
            pool0=MaxPool2d(3, stride=2, padding=1),
        )
        for number, layers in enumerate(block_config, start=1):
            self.features.append(dense_block(layers, channels, growth_rate, rng), f"denseblock{number}")
            channels += layers * growth_rate
            if number < len(block_config):
                self.features.append(transition(channels, rng), f"transition{number}")
                channels //= 2
        self.features.append(BatchNorm2d(channels), "norm5")
        self.classifier = Linear(channels, num_classes, rng=rng)
        self.wire(Sequential(self.features, ReLU(), AdaptiveAvgPool2d(1), Flatten(), self.classifier))
        for layer in self.modules():
            if isinstance(layer, Conv2d):
                layer.weight.redraw(init.kaiming_normal(layer.weight.shape))
        self.classifier.bias.redraw(init.constant(0))


def densenet121(num_classes=1000, *, rng=None):
    """DenseNet-121: 7,978,856 parameters."""
    return DenseNet(num_classes=num_classes, rng=rng)
