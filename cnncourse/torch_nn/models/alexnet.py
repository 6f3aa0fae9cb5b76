"""AlexNet in PyTorch (Krizhevsky, Sutskever & Hinton 2012); see the NumPy twin."""

from torch import nn

__all__ = ["AlexNet", "AlexNetOneColumn", "SmallAlexNet", "alexnet"]


def response_norm():
    """Return the paper's normalisation (section 3.3). Its α is 10⁻⁴; PyTorch divides α by the size, here 5."""
    return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)


def head(features, hidden, num_classes, dropout, activation=nn.ReLU):
    """Return the paper's three linear layers, with dropout behind the first two (section 4.2)."""
    return nn.Sequential(
        nn.Linear(features, hidden), activation(), nn.Dropout(dropout),
        nn.Linear(hidden, hidden), activation(), nn.Dropout(dropout),
        nn.Linear(hidden, num_classes),
    )  # fmt: skip


def initialise(network):
    """Draw the weights from N(0, 0.01²) and start the biases at 1 or 0, as in the paper (section 5)."""
    learned = [layer for layer in network.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    for layer, bias in zip(learned, (0, 1, 0, 1, 1, 1, 1, 0), strict=True):
        nn.init.normal_(layer.weight, 0, 0.01)
        nn.init.constant_(layer.bias, bias)


class AlexNet(nn.Module):
    """AlexNet of 2012: (N, in_channels, 227, 227) to (N, num_classes)."""

    def __init__(
        self, num_classes=1000, in_channels=3, *, groups=2, lrn=True, dropout=0.5,
        widths=(96, 256, 384, 384, 256), hidden=4096,
    ):  # fmt: skip
        super().__init__()
        a, b, c, d, e = widths
        norm = response_norm if lrn else nn.Identity
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, a, 11, stride=4), nn.ReLU(), norm(), nn.MaxPool2d(3, stride=2),
            nn.Conv2d(a, b, 5, padding=2, groups=groups), nn.ReLU(), norm(), nn.MaxPool2d(3, stride=2),
            nn.Conv2d(b, c, 3, padding=1), nn.ReLU(),
            nn.Conv2d(c, d, 3, padding=1, groups=groups), nn.ReLU(),
            nn.Conv2d(d, e, 3, padding=1, groups=groups), nn.ReLU(), nn.MaxPool2d(3, stride=2),
        )  # fmt: skip
        self.classifier = head(e * 6 * 6, hidden, num_classes, dropout)
        initialise(self)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class AlexNetOneColumn(nn.Module):
    """The form of 2014 for one graphics card, with torchvision's keys."""

    def __init__(self, num_classes=1000, dropout=0.5, *, widths=(64, 192, 384, 256, 256), hidden=4096):
        super().__init__()
        a, b, c, d, e = widths
        self.features = nn.Sequential(
            nn.Conv2d(3, a, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=2),
            nn.Conv2d(a, b, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=2),
            nn.Conv2d(b, c, 3, padding=1), nn.ReLU(),
            nn.Conv2d(c, d, 3, padding=1), nn.ReLU(),
            nn.Conv2d(d, e, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, stride=2),
        )  # fmt: skip
        self.avgpool = nn.AdaptiveAvgPool2d(6)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(e * 6 * 6, hidden), nn.ReLU(),
            nn.Dropout(dropout), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, num_classes),
        )  # fmt: skip

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


class SmallAlexNet(nn.Module):
    """AlexNet's ideas for 32×32 images, each of which can be left out."""

    def __init__(
        self, num_classes=10, in_channels=3, *, groups=2, lrn=True, dropout=0.5, activation=nn.ReLU, overlap=True,
        widths=(32, 64, 96, 96, 64), hidden=256,
    ):  # fmt: skip
        super().__init__()
        a, b, c, d, e = widths
        norm = response_norm if lrn else nn.Identity
        pool = {"kernel_size": 3, "stride": 2, "padding": 1} if overlap else {"kernel_size": 2}
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, a, 5, padding=2), activation(), norm(), nn.MaxPool2d(**pool),
            nn.Conv2d(a, b, 5, padding=2, groups=groups), activation(), norm(), nn.MaxPool2d(**pool),
            nn.Conv2d(b, c, 3, padding=1), activation(),
            nn.Conv2d(c, d, 3, padding=1, groups=groups), activation(),
            nn.Conv2d(d, e, 3, padding=1, groups=groups), activation(), nn.MaxPool2d(**pool),
        )  # fmt: skip
        self.classifier = head(e * 4 * 4, hidden, num_classes, dropout, activation)
        for layer in (*self.features, *self.classifier):
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def alexnet(num_classes=1000):
    """AlexNet in torchvision's form."""
    return AlexNetOneColumn(num_classes)
