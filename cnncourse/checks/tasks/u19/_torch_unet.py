"""U-Nets, right ones and such with one thing wrong; imported only when one is built."""

import torch
from torch import nn
from torch.nn import functional as F

OTHERS = {"leaky": F.leaky_relu, "gelu": F.gelu, "elu": F.elu, "silu": F.silu}
POOLS = {
    "max": lambda y: F.max_pool2d(y, 2),
    "average": lambda y: F.avg_pool2d(y, 2),
    "overlapping": lambda y: F.max_pool2d(y, 3, 2, 1),
}


class Net(nn.Module):
    """A U-Net; the defaults are right."""

    def __init__(
        self, c_in, num_classes, width=16, depth=2, *, relu="each", bias=True, norm=False, dropout=False, convs=2,
        kernel=3, mode="zeros", widths="double", pool="max", up="transposed", up_bias=True, up_relu=False,
        head_bias=True, head="one", skips="all", join="cat", end="none", levels=0,
    ):  # fmt: skip
        super().__init__()
        self.relu, self.pool, self.up_kind, self.up_relu, self.skips = relu, pool, up, up_relu, skips
        self.join, self.end = join, end
        depth += levels
        c = [width * {"double": 2**i, "same": 1, "linear": i + 1}[widths] for i in range(depth + 1)]

        def block(a, b):
            ins = [a] + [b] * (convs - 1)
            make = [nn.Conv2d(i, b, kernel, padding=kernel // 2, bias=bias, padding_mode=mode) for i in ins]
            return nn.ModuleList(make), nn.ModuleList([nn.BatchNorm2d(b) if norm else nn.Identity() for _ in ins])

        pairs = [block(*pair) for pair in zip([c_in, *c], c, strict=False)]
        self.down, self.down_norms = (nn.ModuleList(part) for part in zip(*pairs, strict=True))
        self.up = nn.ModuleList([self._up(c[i + 1], c[i], up_bias) for i in range(depth)])
        self.has_skip = [skips == "all" or (skips == "fine") == (i == 0) and skips != "none" for i in range(depth)]
        joined = [c[i] * (2 if skip and join != "sum" else 1) for i, skip in enumerate(self.has_skip)]
        pairs = [block(*pair) for pair in zip(joined, c, strict=False)]
        self.back, self.back_norms = (nn.ModuleList(part) for part in zip(*pairs, strict=True))
        k = 3 if head == "three" else 1
        self.head = nn.Conv2d(width, num_classes, k, padding=k // 2, bias=head_bias)
        self.drop = nn.Dropout(0.3) if dropout else nn.Identity()

    def _up(self, a, b, bias):
        if self.up_kind == "transposed":
            return nn.ConvTranspose2d(a, b, 2, 2, bias=bias)
        if self.up_kind == "overlapping":
            return nn.ConvTranspose2d(a, b, 4, 2, 1, bias=bias)
        return nn.Conv2d(a, b, 3 if self.up_kind == "resized-3" else 1, padding="same", bias=bias)

    def convolved(self, x, convs, norms, relu):
        """The convolutions of a level."""
        for i, (conv, norm) in enumerate(zip(convs, norms, strict=True)):
            x = norm(conv(x))
            last = i == len(convs) - 1
            if relu == "each" or (relu == "last") == last and relu in ("last", "first"):
                x = x.relu()
            elif relu in OTHERS:
                x = OTHERS[relu](x)
        return x

    def raised(self, x, layer):
        """To twice the size."""
        if self.up_kind not in ("transposed", "overlapping"):
            mode = {} if self.up_kind == "nearest" else {"mode": "bilinear", "align_corners": False}
            x = F.interpolate(x, scale_factor=2, **mode)
        x = layer(x)
        return x.relu() if self.up_relu else x

    def joined(self, skip, x):
        """Skip and what comes from below."""
        if self.join == "sum":
            return skip + x
        if self.join == "detached":
            skip = skip.detach()
        return torch.cat([x, skip] if self.join == "x-first" else [skip, x], 1)

    def forward(self, x):
        fine, down = [], "each" if self.relu == "first-up" else self.relu
        for convs, norms in zip(self.down[:-1], self.down_norms[:-1], strict=True):
            y = self.convolved(x, convs, norms, down)
            x = POOLS[self.pool](y)
            fine.append(y)
        x = self.convolved(x, self.down[-1], self.down_norms[-1], down)
        x = self.drop(x)
        for i in reversed(range(len(fine))):
            x = self.raised(x, self.up[i])
            if self.has_skip[i]:
                x = self.joined(fine[i] * (self.join != "zeros"), x)
            x = self.convolved(x, self.back[i], self.back_norms[i], self.relu.removesuffix("-up"))
        logits = self.head(x)
        ends = {"relu": torch.relu, "softmax": lambda y: y.softmax(1), "sigmoid": torch.sigmoid,
                "zeros": lambda y: y * 0}  # fmt: skip
        return ends.get(self.end, lambda y: y)(logits)
