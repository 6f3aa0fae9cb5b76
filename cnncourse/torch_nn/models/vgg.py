"""VGG in PyTorch (Simonyan & Zisserman 2015, table 1), with torchvision's keys and initial weights."""

from torch import nn

__all__ = [
    "SmallVGG", "VGG", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn",
]  # fmt: skip

# A number is the width of a 3×3 convolution, "M" a 2×2 max pooling.
CONFIGS = {
    11: (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"),
    13: (64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"),
    16: (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"),
    19: (64, 64, "M", 128, 128, "M", *(256,) * 4, "M", *(512,) * 4, "M", *(512,) * 4, "M"),
}
SMALL_CONFIG = (32, 32, "M", 64, 64, "M", 128, 128, "M")


def features(config, in_channels=3, batch_norm=False):
    """Return the convolutional part of `config`."""
    layers = []
    for entry in config:
        if entry == "M":
            layers.append(nn.MaxPool2d(2))
            continue
        conv = nn.Conv2d(in_channels, entry, 3, padding=1)
        nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(conv.bias)
        layers += [conv, nn.BatchNorm2d(entry), nn.ReLU()] if batch_norm else [conv, nn.ReLU()]
        in_channels = entry
    return nn.Sequential(*layers)


class VGG(nn.Module):
    """The network of the paper, for 224×224 images: (N, 3, H, W) to (N, num_classes)."""

    def __init__(self, config, num_classes=1000, batch_norm=False, dropout=0.5):
        super().__init__()
        self.features = features(config, batch_norm=batch_norm)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
        )  # fmt: skip
        for layer in self.classifier:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, 0, 0.01)
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(x.flatten(1))


class SmallVGG(nn.Module):
    """VGG's idea for 32×32 images: six convolutions, global average pooling, one linear layer."""

    def __init__(self, num_classes=10, in_channels=3, batch_norm=False, *, config=SMALL_CONFIG):
        super().__init__()
        self.features = features(config, in_channels, batch_norm)
        width = [entry for entry in config if entry != "M"][-1]
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x).mean(dim=(2, 3)))


def vgg11(num_classes=1000):
    """VGG-11, the paper's column A."""
    return VGG(CONFIGS[11], num_classes)


def vgg13(num_classes=1000):
    """VGG-13, column B."""
    return VGG(CONFIGS[13], num_classes)


def vgg16(num_classes=1000):
    """VGG-16, column D."""
    return VGG(CONFIGS[16], num_classes)


def vgg19(num_classes=1000):
    """VGG-19, column E."""
    return VGG(CONFIGS[19], num_classes)


def vgg11_bn(num_classes=1000):
    """VGG-11 with batch norm."""
    return VGG(CONFIGS[11], num_classes, batch_norm=True)


def vgg13_bn(num_classes=1000):
    """VGG-13 with batch norm."""
    return VGG(CONFIGS[13], num_classes, batch_norm=True)


def vgg16_bn(num_classes=1000):
    """VGG-16 with batch norm."""
    return VGG(CONFIGS[16], num_classes, batch_norm=True)


def vgg19_bn(num_classes=1000):
    """VGG-19 with batch norm."""
    return VGG(CONFIGS[19], num_classes, batch_norm=True)
