"""ConvNeXt: a ResNet redesigned step by step after vision transformers (Liu, Mao, Wu, Feichtenhofer et al. 2022).

Source: arXiv:2201.03545, sections 2 and 3, figure 4; keys and initial weights are torchvision's. The small form for
32×32 images is the course's own.
"""

from ..modules import (
    GELU,
    AdaptiveAvgPool2d,
    Conv2d,
    Flatten,
    LayerNorm,
    LayerNorm2d,
    LayerScale,
    Linear,
    Network,
    Permute,
    Residual,
    Sequential,
    StochasticDepth,
    init,
)

__all__ = ["CNBlock", "ConvNeXt", "SmallConvNeXt", "convnext_tiny"]

EPS = 1e-6


class CNBlock(Network):
    """x + γ · W₂ gelu(W₁ norm(depthwise 7×7 (x))): one norm, one activation, wide in the middle (figure 4).

    The two layers in the middle are 1×1 convolutions, written as linear layers over the last axis.

    Parameters
    ----------
    channels : int
    layer_scale : float
        γ of every channel at first.
    stochastic_depth_prob : float
        How probable it is that training leaves the block out.
    rng : numpy.random.Generator, optional
        Draws the initial weights and the coins of stochastic depth.
    """

    def __init__(self, channels, layer_scale=1e-6, stochastic_depth_prob=0.0, *, rng=None):
        self.block = Sequential(
            Conv2d(channels, channels, 7, padding=3, groups=channels, rng=rng),
            Permute([0, 2, 3, 1]),
            LayerNorm(channels, eps=EPS),
            Linear(channels, 4 * channels, rng=rng),
            GELU(),
            Linear(4 * channels, channels, rng=rng),
            Permute([0, 3, 1, 2]),
        )
        scale = LayerScale(channels, layer_scale)
        self.layer_scale = scale.weight  # torchvision's key
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row", rng=rng)
        self.wire(Residual(Sequential(self.block, scale, self.stochastic_depth)))


class ConvNeXt(Network):
    """(N, in_channels, H, W) to (N, num_classes).

    Parameters
    ----------
    widths, blocks : sequences of int
        Channels, and how many blocks, of each stage; the size is halved between stages.
    num_classes : int
    stochastic_depth_prob : float
        Of the last block; it grows from 0 at the first one.
    layer_scale : float
        γ at first.
    patch : int
        Kernel size and stride of the first convolution, which cuts the image into patches.
    in_channels : int
    rng : numpy.random.Generator, optional
        Draws the initial weights and the coins of stochastic depth.
    """

    def __init__(
        self, widths, blocks, num_classes=1000, stochastic_depth_prob=0.0, layer_scale=1e-6, *, patch=4,
        in_channels=3, rng=None,
    ):  # fmt: skip
        stem = Conv2d(in_channels, widths[0], patch, stride=patch, rng=rng)
        self.features = Sequential(Sequential(stem, LayerNorm2d(widths[0], eps=EPS)))
        drop = rising(stochastic_depth_prob, sum(blocks))
        for index, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            if index:
                half = Conv2d(widths[index - 1], width, 2, stride=2, rng=rng)
                self.features.append(Sequential(LayerNorm2d(widths[index - 1], eps=EPS), half))
            stage = [CNBlock(width, layer_scale, next(drop), rng=rng) for _ in range(count)]
            self.features.append(Sequential(*stage))
        self.avgpool = AdaptiveAvgPool2d(1)
        last = Linear(widths[-1], num_classes, rng=rng)
        self.classifier = Sequential(LayerNorm2d(widths[-1], eps=EPS), Flatten(), last)
        for module in self.modules():
            if isinstance(module, (Conv2d, Linear)):
                module.weight.redraw(init.normal(0.02))
                module.bias.redraw(init.constant(0))
        self.wire(Sequential(self.features, self.avgpool, self.classifier))


class SmallConvNeXt(ConvNeXt):
    """ConvNeXt's idea at the size of 32×32 images: patches of 2×2 pixels and six blocks, 413,418 parameters."""

    def __init__(
        self, num_classes=10, in_channels=3, stochastic_depth_prob=0.0, layer_scale=1e-6, *, widths=(32, 64, 128),
        blocks=(2, 2, 2), rng=None,
    ):  # fmt: skip
        super().__init__(
            widths, blocks, num_classes, stochastic_depth_prob, layer_scale, patch=2, in_channels=in_channels, rng=rng
        )


def rising(last, count):
    """Yield `count` numbers in equal steps from 0 to `last`: later blocks are left out more often."""
    yield from (last * index / max(count - 1, 1) for index in range(count))


def convnext_tiny(num_classes=1000, *, stochastic_depth_prob=0.1, rng=None):
    """ConvNeXt-T: 28,589,128 parameters."""
    return ConvNeXt((96, 192, 384, 768), (3, 3, 9, 3), num_classes, stochastic_depth_prob, rng=rng)
