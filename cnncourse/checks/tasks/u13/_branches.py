"""Inception blocks, right ones and such with one thing wrong; imported only when one is built."""

import torch
from torch import nn
from torch.nn import functional as F


class Joint(nn.Module):
    """A right block whose 1×1 convolutions of the input named in `order` are one layer, split afterwards."""

    def __init__(self, c_in, c1, c3, c5, c_pool, order):
        super().__init__()
        self.widths = {"c1": c1, "r3": c3[0], "r5": c5[0]}
        self.order = order
        self.joint = nn.Conv2d(c_in, sum(self.widths[name] for name in order), 1)
        apart = [name for name in self.widths if name not in order]
        self.apart = nn.ModuleDict({name: nn.Conv2d(c_in, self.widths[name], 1) for name in apart})
        self.three = nn.Conv2d(*c3, 3, padding=1)
        self.five = nn.Conv2d(*c5, 5, padding=2)
        self.pool = nn.Conv2d(c_in, c_pool, 1)

    def forward(self, x):
        parts = self.joint(x).relu().split([self.widths[name] for name in self.order], dim=1)
        maps = dict(zip(self.order, parts, strict=True)) | {name: conv(x).relu() for name, conv in self.apart.items()}
        pooled = self.pool(F.max_pool2d(x, 3, 1, 1))
        return torch.cat([maps["c1"], self.three(maps["r3"]).relu(), self.five(maps["r5"]).relu(), pooled.relu()], 1)


class Wrong(nn.Module):
    """An Inception block; the defaults are right."""

    def __init__(
        self, c_in, c1, c3, c5, c_pool, *, relu="all", activation=torch.relu, bias=True, norm=False, dropout=False,
        large=5, pool="max", order=(0, 1, 2, 3), reduce=True, chain=False, join="cat", pad=True, mode="zeros",
        reduction=1, pool_last=False,
    ):  # fmt: skip
        super().__init__()
        self.relu, self.activation, self.order, self.chain, self.join = relu, activation, order, chain, join
        self.pool, self.reduce, self.pool_last = pool, reduce, pool_last

        def conv(a, b, k):
            layers = [nn.Conv2d(a, b, k, padding=k // 2 if pad else 0, bias=bias, padding_mode=mode)]
            return nn.Sequential(*layers, *([nn.BatchNorm2d(b)] if norm else []))

        self.one = conv(c_in, c1, 1)
        self.reduce3, self.reduce5 = (conv(c_in, c[0], reduction) if reduce else nn.Identity() for c in (c3, c5))
        self.three = conv(c3[0] if reduce else c_in, c3[1], 3)
        self.five = conv((c3[1] if chain else c5[0]) if reduce else c_in, c5[1], large)
        self.last = conv(c_in, c_pool, 1)
        self.drop = nn.Dropout(0.3) if dropout else nn.Identity()

    def act(self, y, where):
        """The activation, where this block has one."""
        everywhere = self.relu == "all" or (self.relu == "not pooling" and "pooling" not in where)
        return self.activation(y) if everywhere or self.relu in where.split() else y

    def pooled(self, x):
        """The fourth branch in front of its convolution."""
        kinds = {
            "max": lambda: F.max_pool2d(x, 3, 1, 1), "average": lambda: F.avg_pool2d(x, 3, 1, 1),
            "zeros": lambda: F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 1), "none": lambda: x,
            "two": lambda: F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-torch.inf), 2, 1),
            "strided": lambda: F.max_pool2d(x, 3, 2, 1), "five": lambda: F.max_pool2d(x, 5, 1, 2),
        }  # fmt: skip
        return kinds[self.pool]()

    def forward(self, x):
        r3, r5 = (self.act(conv(x), "reductions") if self.reduce else x for conv in (self.reduce3, self.reduce5))
        three = self.act(self.three(r3), "ends")
        five = self.act(self.five(three if self.chain else r5), "ends")
        last = self.pooled(self.last(x)) if self.pool_last else self.last(self.pooled(x))
        parts = [self.act(self.one(x), "ends"), three, five, self.act(last, "ends pooling")]
        parts = [parts[i] for i in self.order]
        y = torch.cat(parts, 1) if self.join == "cat" else sum(part.sum(1, keepdim=True) for part in parts)
        ends = {"zeros": lambda: y * 0}
        return self.drop(ends.get(self.join, lambda: y)())
