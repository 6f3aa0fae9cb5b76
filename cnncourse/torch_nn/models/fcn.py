"""FCN in PyTorch (Long et al. 2015); see the NumPy twin."""

import torch
from torch import nn

__all__ = ["FCN"]


def bilinear_kernel(stride):
    """Return the kernel (K, K), K = 2S − S % 2, with which a transposed convolution of stride S interpolates."""
    K = 2 * stride - stride % 2
    hat = 1 - (torch.arange(K) - (K - 1) / 2).abs() / stride
    return hat[:, None] * hat


def stage(c_in, c_out):
    """Return two 3×3 convolutions with ReLUs, and pooling to half the size."""
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU(),
        nn.Conv2d(c_out, c_out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    )  # fmt: skip


def upsampling(channels, stride):
    """Return a transposed convolution that begins as bilinear interpolation; `stride` is even."""
    layer = nn.ConvTranspose2d(channels, channels, 2 * stride, stride, padding=stride // 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(channels)[:, :, None, None] * bilinear_kernel(stride))
    return layer


class FCN(nn.Module):
    """Scores for every pixel: (N, c_in, H, W) to (N, num_classes, H, W); H and W are multiples of `step`.

    `skips` finer stages give scores, too: the coarser scores are doubled in size and added.
    """

    def __init__(self, c_in=3, num_classes=2, width=16, depth=3, skips=2):
        super().__init__()
        if not 0 <= skips < depth:
            raise ValueError(f"skips: expected 0 to {depth - 1}, fewer than there are stages, got {skips}")
        self.step = 2**depth
        self.margin = (4 if skips else 3) * self.step
        c = [width * 2**level for level in range(depth)]
        scored = range(depth - 1 - skips, depth)  # the stages that give scores
        self.stages = nn.Sequential(*(stage(*pair) for pair in zip([c_in, *c], c, strict=False)))
        self.score = nn.Sequential(*(nn.Conv2d(c[i], num_classes, 1) for i in scored))
        strides = [2 ** (depth - skips)] + [2] * skips
        self.up = nn.Sequential(*(upsampling(num_classes, stride) for stride in strides))
        for layer in self.stages.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
                nn.init.zeros_(layer.bias)
        for layer in self.score:
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        if any(side % self.step for side in x.shape[2:]):
            size = tuple(x.shape[2:])
            raise ValueError(f"input: expected height and width to be multiples of {self.step}, got {size}")
        maps = []
        for block in self.stages:
            x = block(x)
            maps.append(x)
        maps = maps[-len(self.score) :]
        scores = self.score[-1](maps[-1])
        for i in reversed(range(len(self.score) - 1)):
            scores = self.up[i + 1](scores) + self.score[i](maps[i])
        return self.up[0](scores)
