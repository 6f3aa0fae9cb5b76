"""The residual block behind the known mistakes of unit 14; imported only when one is built."""

import torch
from torch import nn
from torch.nn import functional as F


class BatchOnly(nn.BatchNorm2d):
    """Uses the batch's statistics in eval mode too."""

    def forward(self, x):
        mean, var = (None, None) if not self.training else (self.running_mean, self.running_var)
        return F.batch_norm(x, mean, var, self.weight, self.bias, True, self.momentum, self.eps)


class RunningOnly(nn.BatchNorm2d):
    """Uses the running statistics in training mode too."""

    def forward(self, x):
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)


NORMS = {"batch": BatchOnly, "running": RunningOnly}


class WrongBlock(nn.Module):
    """Convolutions `main` = [(c_in, c_out, kernel_size, stride), ...] and a shortcut, with one thing wrong."""

    def __init__(
        self, main, stride, *, join="add", order="norm-relu", shortcut="right", norm="right", norms=True,
        last_norm=True, last_relu=True, inner_relu=True, dropout=False, activation="relu", momentum=0.1,
    ):  # fmt: skip
        super().__init__()
        self.join, self.order = join, order
        self.last_relu, self.inner_relu = last_relu, inner_relu
        self.activation = getattr(F, activation)
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()

        def make_norm(channels):
            if norm == "no-affine":
                return nn.BatchNorm2d(channels, affine=False)
            return NORMS.get(norm, nn.BatchNorm2d)(channels, momentum=momentum)

        for i, (c_in, c_out, kernel_size, s) in enumerate(main):
            self.convs.append(nn.Conv2d(c_in, c_out, kernel_size, s, kernel_size // 2, bias=not norms))
            has_norm = norms and (last_norm or i < len(main) - 1)
            self.norms.append(make_norm(c_in if order == "pre" else c_out) if has_norm else nn.Identity())
        self.drop = nn.Dropout(0.3) if dropout else nn.Identity()
        c_in, c_out = main[0][0], main[-1][1]
        changes = {
            "channels": c_in != c_out, "stride": stride != 1, "always": True, "never": False,
        }.get(shortcut, c_in != c_out or stride != 1)  # fmt: skip
        self.shortcut = nn.Sequential()
        if changes and shortcut == "slice":
            self.shortcut.append(Slice(stride, c_out - c_in))
        elif changes and shortcut == "pool":
            pool = nn.AvgPool2d(stride, ceil_mode=True)
            self.shortcut = nn.Sequential(pool, nn.Conv2d(c_in, c_out, 1, bias=False), make_norm(c_out))
        elif changes:
            k = 3 if shortcut == "3x3" else 1
            self.shortcut.append(nn.Conv2d(c_in, c_out, k, stride, k // 2, bias=not norms))
            if norms and shortcut != "no-norm":
                self.shortcut.append(make_norm(c_out))
            if shortcut == "relu":
                self.shortcut.append(nn.ReLU())

    def forward(self, x):
        y, last = x, len(self.convs) - 1
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            if self.order == "pre":
                y = conv(self.activation(norm(y)))
            elif self.order == "relu-norm":
                y = norm(self.activation(conv(y)) if i < last else conv(y))
            else:
                y = norm(conv(y))
                y = self.activation(y) if i < last and self.inner_relu else y
        y = self.drop(y)
        y = joined(self.join, y, self.shortcut(x))
        return self.activation(y) if self.last_relu and self.join != "relu-first" and self.order != "pre" else y


class Slice(nn.Module):
    """Every second pixel, and channels of zeros."""

    def __init__(self, stride, more):
        super().__init__()
        self.stride, self.more = stride, more

    def forward(self, x):
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))


def joined(how, y, shortcut):
    """Main path and shortcut brought together in one of several ways."""
    if how in ("relu-first", "relu-both"):
        return torch.relu(y) + shortcut
    ways = {
        "add": lambda: y + shortcut, "zeros": lambda: (y + shortcut) * 0, "no-skip": lambda: y,
        "skip-only": lambda: shortcut + 0 * y, "minus": lambda: y - shortcut, "mean": lambda: (y + shortcut) / 2,
        "times": lambda: y * shortcut,
    }  # fmt: skip
    return ways[how]()
