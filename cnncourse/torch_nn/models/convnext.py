"""ConvNeXt in PyTorch (Liu et al. 2022), with torchvision's keys; see the NumPy twin for the options."""

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["CNBlock", "ConvNeXt", "SmallConvNeXt", "convnext_tiny"]

EPS = 1e-6


class LayerNorm2d(nn.LayerNorm):
    """Normalise the channels of (N, C, H, W) at each place by themselves."""

    def forward(self, x):
        x = F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class Permute(nn.Module):
    """Put the axes in the order `dims`."""

    def __init__(self, dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return x.permute(self.dims)


class StochasticDepth(nn.Module):
    """Set whole images to zero with probability p while training, and divide the others by 1 − p."""

    def __init__(self, p):
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p: expected a probability from 0 to below 1, got {p!r}")
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= self.p
        return x * kept / (1 - self.p)


class CNBlock(nn.Module):
    """x + γ · W₂ gelu(W₁ norm(depthwise 7×7 (x))): one norm, one activation, wide in the middle (figure 4)."""

    def __init__(self, channels, layer_scale=1e-6, stochastic_depth_prob=0.0):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(channels, channels, 7, padding=3, groups=channels),
            Permute([0, 2, 3, 1]),
            nn.LayerNorm(channels, eps=EPS),
            nn.Linear(channels, 4 * channels),
            nn.GELU(),
            nn.Linear(4 * channels, channels),
            Permute([0, 3, 1, 2]),
        )
        self.layer_scale = nn.Parameter(torch.full((channels, 1, 1), layer_scale))
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob)

    def forward(self, x):
        return x + self.stochastic_depth(self.layer_scale * self.block(x))


class ConvNeXt(nn.Module):
    """(N, in_channels, H, W) to (N, num_classes)."""

    def __init__(
        self, widths, blocks, num_classes=1000, stochastic_depth_prob=0.0, layer_scale=1e-6, *, patch=4,
        in_channels=3,
    ):  # fmt: skip
        super().__init__()
        stem = nn.Conv2d(in_channels, widths[0], patch, stride=patch)
        layers = [nn.Sequential(stem, LayerNorm2d(widths[0], eps=EPS))]
        drop = rising(stochastic_depth_prob, sum(blocks))
        for index, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            if index:
                half = nn.Conv2d(widths[index - 1], width, 2, stride=2)
                layers.append(nn.Sequential(LayerNorm2d(widths[index - 1], eps=EPS), half))
            layers.append(nn.Sequential(*[CNBlock(width, layer_scale, next(drop)) for _ in range(count)]))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        last = nn.Linear(widths[-1], num_classes)
        self.classifier = nn.Sequential(LayerNorm2d(widths[-1], eps=EPS), nn.Flatten(), last)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)))


class SmallConvNeXt(ConvNeXt):
    """ConvNeXt's idea at the size of 32×32 images: patches of 2×2 pixels and six blocks."""

    def __init__(
        self, num_classes=10, in_channels=3, stochastic_depth_prob=0.0, layer_scale=1e-6, *, widths=(32, 64, 128),
        blocks=(2, 2, 2),
    ):  # fmt: skip
        super().__init__(
            widths, blocks, num_classes, stochastic_depth_prob, layer_scale, patch=2, in_channels=in_channels
        )


def rising(last, count):
    """Yield `count` numbers in equal steps from 0 to `last`: later blocks are left out more often."""
    yield from (last * index / max(count - 1, 1) for index in range(count))


def convnext_tiny(num_classes=1000, *, stochastic_depth_prob=0.1):
    """ConvNeXt-T."""
    return ConvNeXt((96, 192, 384, 768), (3, 3, 9, 3), num_classes, stochastic_depth_prob)
