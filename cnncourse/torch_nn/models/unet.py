"""U-Net in PyTorch (Ronneberger et al. 2015); see the NumPy twin."""

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["UNet"]


def double_conv(c_in, c_out, padding):
    """Return two 3×3 convolutions, each with a ReLU."""
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, padding=padding), nn.ReLU(),
        nn.Conv2d(c_out, c_out, 3, padding=padding), nn.ReLU(),
    )  # fmt: skip


class UNet(nn.Module):
    """Scores for every pixel: (N, c_in, H, W) to (N, num_classes, H, W), or smaller without padding.

    `skips` is which levels have one, the finest first. With padding, H and W are multiples of `step`; without, they
    are 4 less than one, and the output is smaller by `margin` on every side.
    """

    def __init__(self, c_in=3, num_classes=2, width=16, depth=2, *, padding=True, skips=True):
        super().__init__()
        self.padding, self.depth, self.step = padding, depth, 2**depth
        self.margin = 6 * self.step if padding else 6 * self.step - 4
        self.skips = (skips,) * depth if isinstance(skips, bool) else tuple(skips)
        if len(self.skips) != depth:
            raise ValueError(f"skips: expected a bool or {depth}, one for each level, got {skips!r}")
        c = [width * 2**level for level in range(depth + 1)]
        levels, P = range(depth), int(padding)
        self.encoder = nn.Sequential(*(double_conv(*pair, P) for pair in zip([c_in, *c], c, strict=False)))
        self.up = nn.Sequential(*(nn.ConvTranspose2d(c[i + 1], c[i], 2, stride=2) for i in levels))
        self.decoder = nn.Sequential(*(double_conv(c[i] * (1 + self.skips[i]), c[i], P) for i in levels))
        self.head = nn.Conv2d(width, num_classes, 1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        check_size(x.shape[2:], self)
        fine = []
        for block in self.encoder[:-1]:
            x = block(x)
            fine.append(x)
            x = F.max_pool2d(x, 2)
        x = self.encoder[-1](x)
        for i in reversed(range(self.depth)):
            x = self.up[i](x)
            x = self.decoder[i](crop_and_concat(fine[i], x) if self.skips[i] else x)
        return self.head(x)


def crop_and_concat(skip, x):
    """Return [skip, x] along the channels, with the middle of `skip` cut to the size of x."""
    (H, W), (h, w) = skip.shape[2:], x.shape[2:]
    top, left = (H - h) // 2, (W - w) // 2
    return torch.cat([skip[:, :, top : top + h, left : left + w], x], dim=1)


def check_size(size, network):
    """Refuse a height or width in which the poolings do not come out even."""
    step, margin = network.step, network.margin
    if network.padding and any(side % step for side in size):
        raise ValueError(f"input: expected height and width to be multiples of {step}, got {tuple(size)}")
    if not network.padding and any((side + 4) % step or side <= 2 * margin for side in size):
        wanted = f"height and width over {2 * margin}, 4 less than a multiple of {step}"
        raise ValueError(f"input: expected {wanted}, got {tuple(size)}")
