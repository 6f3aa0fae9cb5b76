"""AlexNet: as published in 2012, in the later form that torchvision has, and small.

A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012.
The later form is that of A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014).
"""

from ..modules import (
    AdaptiveAvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Identity,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    Network,
    ReLU,
    Sequential,
    init,
)

__all__ = ["AlexNet", "AlexNetOneColumn", "SmallAlexNet", "alexnet"]


def response_norm():
    """Return the paper's normalisation (section 3.3). Its α is 10⁻⁴; PyTorch divides α by the size, here 5."""
    return LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)


def head(features, hidden, num_classes, dropout, rng, activation=ReLU):
    """Return the paper's three linear layers, with dropout behind the first two (section 4.2)."""
    return Sequential(
        Linear(features, hidden, rng=rng), activation(), Dropout(dropout, rng=rng),
        Linear(hidden, hidden, rng=rng), activation(), Dropout(dropout, rng=rng),
        Linear(hidden, num_classes, rng=rng),
    )  # fmt: skip


def initialise(network):
    """Draw the weights from N(0, 0.01²) and start the biases at 1 or 0, as in the paper (section 5).

    The biases that start at 1 are those of convolutions 2, 4 and 5 and of the hidden linear layers, so that their ReLUs
    have positive inputs at first.
    """
    learned = [layer for layer in network.modules() if isinstance(layer, (Conv2d, Linear))]
    for layer, bias in zip(learned, (0, 1, 0, 1, 1, 1, 1, 0), strict=True):
        layer.weight.redraw(init.normal(0.01))
        layer.bias.redraw(init.constant(bias))


class AlexNet(Network):
    """AlexNet of 2012: (N, in_channels, 227, 227) to (N, num_classes); 60,965,224 parameters.

    Two graphics cards shared the network, half of the maps each. Layers 2, 4 and 5 saw only the maps on their own card,
    which is a convolution in two groups. With `groups=1` there are 62,378,344 parameters.

    The paper says that images have 224×224 pixels. With them, (224 − 11) / 4 + 1 is no whole number;
    the paper's 55×55 maps need 227, or 224 and a padding that it does not mention.

    Parameters
    ----------
    num_classes, in_channels : int
    groups : int
        2 as in the paper, or 1 for layers that see all maps.
    lrn : bool
        Normalise the maps of layers 1 and 2 by their neighbours, as in the paper.
    dropout : float
    widths : five ints
        Maps of each convolution.
    hidden : int
        Width of the two linear layers before the last.
    rng : numpy.random.Generator, optional
        Draws the initial weights and the coins of dropout.
    """

    def __init__(
        self, num_classes=1000, in_channels=3, *, groups=2, lrn=True, dropout=0.5,
        widths=(96, 256, 384, 384, 256), hidden=4096, rng=None,
    ):  # fmt: skip
        a, b, c, d, e = widths
        norm = response_norm if lrn else Identity
        self.features = Sequential(
            Conv2d(in_channels, a, 11, stride=4, rng=rng), ReLU(), norm(), MaxPool2d(3, stride=2),  # 55×55, 27×27
            Conv2d(a, b, 5, padding=2, groups=groups, rng=rng), ReLU(), norm(), MaxPool2d(3, stride=2),  # 27×27, 13×13
            Conv2d(b, c, 3, padding=1, rng=rng), ReLU(),
            Conv2d(c, d, 3, padding=1, groups=groups, rng=rng), ReLU(),
            Conv2d(d, e, 3, padding=1, groups=groups, rng=rng), ReLU(), MaxPool2d(3, stride=2),  # 13×13, 6×6
        )  # fmt: skip
        self.classifier = head(e * 6 * 6, hidden, num_classes, dropout, rng)
        initialise(self)
        self.wire(Sequential(self.features, Flatten(), self.classifier))


class AlexNetOneColumn(Network):
    """The form of 2014 for one graphics card, with torchvision's keys; 61,100,840 parameters.

    It has other widths, no groups and no response normalisation. Dropout stands before the first two linear layers; in
    the paper of 2012 it stands behind them.

    Parameters
    ----------
    num_classes : int
    dropout : float
    widths : five ints
        Maps of each convolution.
    hidden : int
        Width of the two linear layers before the last.
    rng : numpy.random.Generator, optional
        Draws the initial weights and the coins of dropout.

    Notes
    -----
    (N, 3, 224, 224) to (N, num_classes); maps of other sizes are pooled to 6×6 before the head.
    """

    def __init__(self, num_classes=1000, dropout=0.5, *, widths=(64, 192, 384, 256, 256), hidden=4096, rng=None):
        a, b, c, d, e = widths
        self.features = Sequential(
            Conv2d(3, a, 11, stride=4, padding=2, rng=rng), ReLU(), MaxPool2d(3, stride=2),  # 55×55, 27×27
            Conv2d(a, b, 5, padding=2, rng=rng), ReLU(), MaxPool2d(3, stride=2),  # 27×27, 13×13
            Conv2d(b, c, 3, padding=1, rng=rng), ReLU(),
            Conv2d(c, d, 3, padding=1, rng=rng), ReLU(),
            Conv2d(d, e, 3, padding=1, rng=rng), ReLU(), MaxPool2d(3, stride=2),  # 13×13, 6×6
        )  # fmt: skip
        self.classifier = Sequential(
            Dropout(dropout, rng=rng), Linear(e * 6 * 6, hidden, rng=rng), ReLU(),
            Dropout(dropout, rng=rng), Linear(hidden, hidden, rng=rng), ReLU(),
            Linear(hidden, num_classes, rng=rng),
        )  # fmt: skip
        self.wire(Sequential(self.features, AdaptiveAvgPool2d(6), Flatten(), self.classifier))


class SmallAlexNet(Network):
    """AlexNet's ideas for 32×32 images, each of which can be left out: (N, in_channels, 32, 32) to (N, num_classes).

    Parameters
    ----------
    num_classes, in_channels : int
    groups : int
        Of convolutions 2, 4 and 5.
    lrn : bool
        Normalise the maps of layers 1 and 2 by their neighbours.
    dropout : float
    activation : type of layer
        `ReLU`, or for example `Tanh`.
    overlap : bool
        Pool windows of 3×3 with stride 2 as in the paper, or of 2×2.
    widths : five ints
        Maps of each convolution.
    hidden : int
        Width of the two linear layers before the last.
    rng : numpy.random.Generator, optional
        Draws the initial weights, by Kaiming's rule, and the coins of dropout.
    """

    def __init__(
        self, num_classes=10, in_channels=3, *, groups=2, lrn=True, dropout=0.5, activation=ReLU, overlap=True,
        widths=(32, 64, 96, 96, 64), hidden=256, rng=None,
    ):  # fmt: skip
        a, b, c, d, e = widths
        norm = response_norm if lrn else Identity
        pool = {"kernel_size": 3, "stride": 2, "padding": 1} if overlap else {"kernel_size": 2}
        self.features = Sequential(
            Conv2d(in_channels, a, 5, padding=2, rng=rng), activation(), norm(), MaxPool2d(**pool),  # 32×32, 16×16
            Conv2d(a, b, 5, padding=2, groups=groups, rng=rng), activation(), norm(), MaxPool2d(**pool),  # 8×8
            Conv2d(b, c, 3, padding=1, rng=rng), activation(),
            Conv2d(c, d, 3, padding=1, groups=groups, rng=rng), activation(),
            Conv2d(d, e, 3, padding=1, groups=groups, rng=rng), activation(), MaxPool2d(**pool),  # 4×4
        )  # fmt: skip
        self.classifier = head(e * 4 * 4, hidden, num_classes, dropout, rng, activation)
        for layer in (*self.features, *self.classifier):
            if isinstance(layer, (Conv2d, Linear)):
                layer.weight.redraw(init.kaiming_normal(layer.weight.shape))
                layer.bias.redraw(init.constant(0))
        self.wire(Sequential(self.features, Flatten(), self.classifier))


def alexnet(num_classes=1000, *, rng=None):
    """AlexNet in torchvision's form: 61,100,840 parameters."""
    return AlexNetOneColumn(num_classes, rng=rng)
