"""Networks for clips in PyTorch (Tran et al. 2018); see the NumPy twin for what the options mean."""

from torch import nn

__all__ = ["Conv2Plus1D", "SmallVideoNet", "middle_channels"]


def middle_channels(in_channels, out_channels):
    """Return the width between the two convolutions for about as many weights as 3×3×3 has: ⌊27 i o / (9 i + 3 o)⌋."""
    return 27 * in_channels * out_channels // (9 * in_channels + 3 * out_channels)


class Conv2Plus1D(nn.Sequential):
    """1×3×3, batch norm, ReLU, 3×1×1, without biases: (N, C_in, T, H, W) to (N, C_out, T / S_t, H / S, W / S)."""

    def __init__(self, in_planes, out_planes, midplanes=None, stride=1):
        mid = middle_channels(in_planes, out_planes) if midplanes is None else midplanes
        time, space = (stride, stride) if isinstance(stride, int) else stride
        super().__init__(
            nn.Conv3d(in_planes, mid, (1, 3, 3), (1, space, space), (0, 1, 1), bias=False),
            nn.BatchNorm3d(mid),
            nn.ReLU(),
            nn.Conv3d(mid, out_planes, (3, 1, 1), (time, 1, 1), (1, 0, 0), bias=False),
        )


class SmallVideoNet(nn.Module):
    """Three convolutions and global average pooling: (N, in_channels, T, H, W) to (N, num_classes)."""

    def __init__(self, num_classes=4, in_channels=3, kind="2+1d", widths=(8, 16, 32)):
        super().__init__()
        if kind not in ("3d", "2+1d", "2d"):
            raise ValueError(f"kind: expected '3d', '2+1d' or '2d', got {kind!r}")
        self.features = nn.Sequential()
        for number, width in enumerate(widths):
            stride = 1 if number == 0 else 2
            self.features.append(self._conv(kind, in_channels, width, stride))
            self.features.append(nn.BatchNorm3d(width)).append(nn.ReLU())
            in_channels = width
        self.classifier = nn.Linear(in_channels, num_classes)

    @staticmethod
    def _conv(kind, in_channels, width, stride):
        if kind == "2+1d":
            return Conv2Plus1D(in_channels, width, stride=(1, stride))
        time = 3 if kind == "3d" else 1
        S, P = (1, stride, stride), (time // 2, 1, 1)
        return nn.Conv3d(in_channels, width, (time, 3, 3), S, P, bias=False)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3, 4)))
