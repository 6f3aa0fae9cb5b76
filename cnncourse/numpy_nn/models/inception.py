"""The Inception block: one place seen at four sizes, side by side (Szegedy et al. 2015, figure 2b)."""

from ..modules import BatchNorm2d, Concat, Conv2d, MaxPool2d, Network, ReLU, Sequential

__all__ = ["Inception"]


class ConvUnit(Network):
    """Convolution and ReLU, with batch norm between them if `batch_norm`, and then without a bias."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, *, batch_norm=False, rng=None):
        self.conv = Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=not batch_norm, rng=rng)
        layers = [self.conv]
        if batch_norm:
            self.bn = BatchNorm2d(out_channels, eps=1e-3)
            layers.append(self.bn)
        self.wire(Sequential(*layers, ReLU()))


class Inception(Network):
    """Four branches, their maps one after the other: 1×1; 1×1 then 3×3; 1×1 then 5×5; 3×3 max pooling then 1×1.

    The 1×1 convolutions before 3×3 and 5×5 reduce the number of maps, and so the cost of what follows.
    Height and width stay.

    Parameters
    ----------
    in_channels, c1 : int
    c3, c5 : (int, int)
        Maps after the reduction, and after the larger convolution.
    c_pool : int
    batch_norm : bool
        Put batch norm between each convolution and its ReLU.
    large : int
        Side of the third branch's kernel. It is 3 in torchvision.
    rng : numpy.random.Generator, optional
        Draws the initial weights.

    Attributes
    ----------
    out_channels : int
        c1 + c3[1] + c5[1] + c_pool.
    """

    def __init__(self, in_channels, c1, c3, c5, c_pool, *, batch_norm=False, large=5, rng=None):
        options = {"batch_norm": batch_norm, "rng": rng}
        self.out_channels = c1 + c3[1] + c5[1] + c_pool
        self.branch1 = ConvUnit(in_channels, c1, 1, **options)
        self.branch2 = Sequential(
            ConvUnit(in_channels, c3[0], 1, **options), ConvUnit(*c3, 3, padding=1, **options)
        )  # fmt: skip
        self.branch3 = Sequential(
            ConvUnit(in_channels, c5[0], 1, **options), ConvUnit(*c5, large, padding=large // 2, **options)
        )
        self.branch4 = Sequential(MaxPool2d(3, stride=1, padding=1), ConvUnit(in_channels, c_pool, 1, **options))
        self.wire(Concat(self.branch1, self.branch2, self.branch3, self.branch4))
