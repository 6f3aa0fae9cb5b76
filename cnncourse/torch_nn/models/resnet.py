"""ResNet in PyTorch (He, Zhang, Ren & Sun 2016), with torchvision's keys where torchvision has the network."""

from torch import nn
from torch.nn import functional as F

__all__ = [
    "ResNet", "SmallResNet", "plain20", "plain56", "resnet18", "resnet20", "resnet34", "resnet50", "resnet56",
    "resnet101", "resnet152",
]  # fmt: skip


class BasicBlock(nn.Module):
    """relu(x + BN(conv3×3(relu(BN(conv3×3(x)))))): figure 5, left."""

    expansion = 1

    def __init__(self, in_channels, planes, stride=1, shortcut=None):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, planes, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = shortcut

    @property
    def last_norm(self):
        return self.bn2

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + shortcut)


class PlainBlock(BasicBlock):
    """The two layers of a basic block without the shortcut: the plain network that figure 2 is compared with."""

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)))


class Bottleneck(nn.Module):
    """1×1 narrows, 3×3 works, 1×1 widens by four; plus x: figure 5, right."""

    expansion = 4

    def __init__(self, in_channels, planes, stride=1, shortcut=None):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, 4 * planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes)
        self.downsample = shortcut

    @property
    def last_norm(self):
        return self.bn3

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + shortcut)


class PadShortcut(nn.Module):
    """The shortcut without parameters: every `stride`-th pixel, and zeros for the new channels (option A)."""

    def __init__(self, channels, stride):
        super().__init__()
        self.channels, self.stride = channels, stride

    def forward(self, x):
        x = x[:, :, :: self.stride, :: self.stride]
        return F.pad(x, (0, 0, 0, 0, 0, self.channels - x.shape[1]))


def projection(in_channels, channels, stride):
    """Return the shortcut that learns: a 1×1 convolution and batch norm (option B)."""
    return nn.Sequential(nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))


def stage(block, in_channels, planes, blocks, stride, shortcut, **options):
    """Return `blocks` blocks; the first changes size and width, and so needs a shortcut that does too.

    `options` are further arguments of the block.
    """
    channels = planes * block.expansion
    first_shortcut = None
    if shortcut and (stride != 1 or in_channels != channels):
        if shortcut == "pad":
            first_shortcut = PadShortcut(channels, stride)
        else:
            first_shortcut = projection(in_channels, channels, stride)
    first = block(in_channels, planes, stride, first_shortcut, **options)
    others = [block(channels, planes, **options) for _ in range(blocks - 1)]
    return nn.Sequential(first, *others)


def initialise(network, zero_init_residual):
    """Draw all convolutions by Kaiming's rule; optionally start every block as its shortcut alone."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if zero_init_residual and isinstance(module, (BasicBlock, Bottleneck)):
            nn.init.zeros_(module.last_norm.weight)


class ResNet(nn.Module):
    """The networks of table 1, for 224×224 images: (N, 3, H, W) to (N, num_classes)."""

    def __init__(self, block, blocks, num_classes=1000, zero_init_residual=False, **options):
        super().__init__()
        widths = [64] + [planes * block.expansion for planes in (64, 128, 256, 512)]
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = stage(block, widths[0], 64, blocks[0], 1, "projection", **options)
        self.layer2 = stage(block, widths[1], 128, blocks[1], 2, "projection", **options)
        self.layer3 = stage(block, widths[2], 256, blocks[2], 2, "projection", **options)
        self.layer4 = stage(block, widths[3], 512, blocks[3], 2, "projection", **options)
        self.fc = nn.Linear(widths[4], num_classes)
        initialise(self, zero_init_residual)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean(dim=(2, 3)))


class SmallResNet(nn.Module):
    """The networks of section 4.2, for 32×32 images, 6n + 2 layers deep; see the NumPy twin."""

    def __init__(
        self, depth, num_classes=10, in_channels=3, shortcut="pad", zero_init_residual=False, *, block=BasicBlock,
        **options,
    ):  # fmt: skip
        super().__init__()
        if depth < 8 or (depth - 2) % 6:
            raise ValueError(f"depth: expected 6n + 2 with n of at least 1, got {depth}")
        if shortcut not in ("pad", "projection", None):
            raise ValueError(f"shortcut: expected 'pad', 'projection' or None, got {shortcut!r}")
        block = block if shortcut else PlainBlock
        blocks = (depth - 2) // 6
        self.conv1 = nn.Conv2d(in_channels, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = stage(block, 16, 16, blocks, 1, shortcut, **options)
        self.layer2 = stage(block, 16, 32, blocks, 2, shortcut, **options)
        self.layer3 = stage(block, 32, 64, blocks, 2, shortcut, **options)
        self.fc = nn.Linear(64, num_classes)
        initialise(self, zero_init_residual)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean(dim=(2, 3)))


def resnet18(num_classes=1000, *, zero_init_residual=False):
    """ResNet-18."""
    return ResNet(BasicBlock, (2, 2, 2, 2), num_classes, zero_init_residual)


def resnet34(num_classes=1000, *, zero_init_residual=False):
    """ResNet-34."""
    return ResNet(BasicBlock, (3, 4, 6, 3), num_classes, zero_init_residual)


def resnet50(num_classes=1000, *, zero_init_residual=False):
    """ResNet-50."""
    return ResNet(Bottleneck, (3, 4, 6, 3), num_classes, zero_init_residual)


def resnet101(num_classes=1000, *, zero_init_residual=False):
    """ResNet-101."""
    return ResNet(Bottleneck, (3, 4, 23, 3), num_classes, zero_init_residual)


def resnet152(num_classes=1000, *, zero_init_residual=False):
    """ResNet-152."""
    return ResNet(Bottleneck, (3, 8, 36, 3), num_classes, zero_init_residual)


def resnet20(num_classes=10, in_channels=3, *, shortcut="pad", zero_init_residual=False):
    """ResNet-20 for 32×32 images."""
    return SmallResNet(20, num_classes, in_channels, shortcut, zero_init_residual)


def resnet56(num_classes=10, in_channels=3, *, shortcut="pad", zero_init_residual=False):
    """ResNet-56 for 32×32 images."""
    return SmallResNet(56, num_classes, in_channels, shortcut, zero_init_residual)


def plain20(num_classes=10, in_channels=3):
    """ResNet-20 without its shortcuts."""
    return SmallResNet(20, num_classes, in_channels, shortcut=None)


def plain56(num_classes=10, in_channels=3):
    """ResNet-56 without its shortcuts."""
    return SmallResNet(56, num_classes, in_channels, shortcut=None)
