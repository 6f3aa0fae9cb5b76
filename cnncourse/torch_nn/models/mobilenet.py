"""MobileNetV2 in PyTorch (Sandler et al. 2018), with torchvision's keys; see the NumPy twin for the options."""

from torch import nn

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


def conv_norm_relu6(in_channels, channels, kernel_size, stride=1, groups=1):
    """Return a convolution that keeps the size at stride 1, batch norm and ReLU6."""
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, kernel_size, stride, padding=kernel_size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU6(),
    )


class InvertedResidual(nn.Module):
    """1×1 widens, a depthwise 3×3 works, 1×1 narrows without a nonlinearity; plus x where the shapes agree."""

    def __init__(self, in_channels, channels, stride, expansion):
        super().__init__()
        wide = in_channels * expansion
        layers = [] if expansion == 1 else [conv_norm_relu6(in_channels, wide, 1)]
        layers.append(conv_norm_relu6(wide, wide, 3, stride, groups=wide))
        layers += [nn.Conv2d(wide, channels, 1, bias=False), nn.BatchNorm2d(channels)]
        self.conv = nn.Sequential(*layers)
        self.adds_input = stride == 1 and in_channels == channels

    def forward(self, x):
        return x + self.conv(x) if self.adds_input else self.conv(x)


class MobileNetV2(nn.Module):
    """The network of table 2, for 224×224 images: (N, in_channels, H, W) to (N, num_classes)."""

    def __init__(
        self, num_classes=1000, width_mult=1.0, dropout=0.2, *, stages=STAGES, stem_channels=32, stem_stride=2,
        last_channels=1280, in_channels=3,
    ):  # fmt: skip
        super().__init__()
        width = round_channels(stem_channels * width_mult)
        layers = [conv_norm_relu6(in_channels, width, 3, stem_stride)]
        for expansion, channels, blocks, stride in stages:
            channels = round_channels(channels * width_mult)
            for index in range(blocks):
                layers.append(InvertedResidual(width, channels, stride if index == 0 else 1, expansion))
                width = channels
        last = round_channels(last_channels * max(1.0, width_mult))
        self.features = nn.Sequential(*layers, conv_norm_relu6(width, last, 1))
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(last, num_classes))
        initialise(self)

    def forward(self, x):
        return self.classifier(self.features(x).mean(dim=(2, 3)))


class SmallMobileNetV2(MobileNetV2):
    """MobileNetV2's idea at the size of 32×32 images: seven blocks at 32, 16 and 8 pixels."""

    def __init__(self, num_classes=10, in_channels=3, width_mult=1.0, dropout=0.0):
        super().__init__(
            num_classes, width_mult, dropout, stages=SMALL_STAGES, stem_channels=16, stem_stride=1,
            last_channels=256, in_channels=in_channels,
        )  # fmt: skip


def initialise(network):
    """Draw the convolutions by Kaiming's rule and the last layer from a narrow normal distribution."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)


def mobilenet_v2(num_classes=1000, *, width_mult=1.0):
    """MobileNetV2."""
    return MobileNetV2(num_classes, width_mult)
