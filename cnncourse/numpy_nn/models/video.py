"""Networks for clips (N, C, T, H, W): kernels of three axes, whole or as a 2-D and a 1-D one (Tran et al. 2018).

A 3×3×3 kernel costs 27 products per pair of channels. (2+1)-D looks at space first and then at time, with a ReLU in
between. Source: D. Tran et al., arXiv:1711.11248, section 3.5. The parts are named as torchvision's `Conv2Plus1D`.
"""

from ..functional._arguments import per_axis
from ..modules import AdaptiveAvgPool3d, BatchNorm3d, Conv3d, Flatten, Linear, Network, ReLU, Sequential

__all__ = ["Conv2Plus1D", "SmallVideoNet", "middle_channels"]


def middle_channels(in_channels, out_channels):
    """Return the width between the two convolutions for about as many weights as 3×3×3 has: ⌊27 i o / (9 i + 3 o)⌋.

    >>> middle_channels(64, 64)
    144
    """
    return 27 * in_channels * out_channels // (9 * in_channels + 3 * out_channels)


class Conv2Plus1D(Sequential):
    """1×3×3, batch norm, ReLU, 3×1×1, without biases: (N, C_in, T, H, W) to (N, C_out, T / S_t, H / S, W / S).

    Parameters
    ----------
    in_planes, out_planes : int
    midplanes : int, optional
        The width in between; by default `middle_channels`.
    stride : int or pair of int
        S of time and space, or one for each of them.
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    """

    def __init__(self, in_planes, out_planes, midplanes=None, stride=1, *, rng=None):
        mid = middle_channels(in_planes, out_planes) if midplanes is None else midplanes
        time, space = per_axis("stride", stride, 2, minimum=1)
        super().__init__(
            Conv3d(in_planes, mid, (1, 3, 3), (1, space, space), (0, 1, 1), bias=False, rng=rng),
            BatchNorm3d(mid),
            ReLU(),
            Conv3d(mid, out_planes, (3, 1, 1), (time, 1, 1), (1, 0, 0), bias=False, rng=rng),
        )


class SmallVideoNet(Network):
    """Three convolutions and global average pooling: (N, in_channels, T, H, W) to (N, num_classes).

    Parameters
    ----------
    num_classes, in_channels : int
    kind : "3d", "2+1d" or "2d"
        Whole kernels of 3×3×3; the two parts; or 1×3×3, which never compares two frames.
    widths : sequence of int
        Channels of the convolutions; from the second on, each halves the space.
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    """

    def __init__(self, num_classes=4, in_channels=3, kind="2+1d", widths=(8, 16, 32), *, rng=None):
        if kind not in ("3d", "2+1d", "2d"):
            raise ValueError(f"kind: expected '3d', '2+1d' or '2d', got {kind!r}")
        self.features = Sequential()
        for number, width in enumerate(widths):
            stride = 1 if number == 0 else 2
            self.features.append(self._conv(kind, in_channels, width, stride, rng))
            self.features.append(BatchNorm3d(width)).append(ReLU())
            in_channels = width
        self.classifier = Linear(in_channels, num_classes, rng=rng)
        self.wire(Sequential(self.features, AdaptiveAvgPool3d(1), Flatten(), self.classifier))

    @staticmethod
    def _conv(kind, in_channels, width, stride, rng):
        if kind == "2+1d":
            return Conv2Plus1D(in_channels, width, stride=(1, stride), rng=rng)
        time = 3 if kind == "3d" else 1
        S, P = (1, stride, stride), (time // 2, 1, 1)
        return Conv3d(in_channels, width, (time, 3, 3), S, P, bias=False, rng=rng)
