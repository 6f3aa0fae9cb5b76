"""The modules of `_alternatives`; imported only when one is built."""

import torch
from torch import nn
from torch.nn import functional as F


class Matrix(nn.Module):
    """A 1×1 convolution whose matrix is stored as (out, in), or turned as (in, out)."""

    def __init__(self, c_in, c_out, turned):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(c_in, c_out) if turned else torch.randn(c_out, c_in))
        self.turned = turned

    def forward(self, x):
        return torch.einsum("co,nchw->nohw" if self.turned else "oc,nchw->nohw", self.weight, x)


class TurnedGate(nn.Module):
    """Squeeze and excite, right."""

    def __init__(self, channels, reduction, turned):
        super().__init__()
        middle = channels // reduction
        self.reduce, self.first = Matrix(channels, middle, turned[0]), nn.Parameter(torch.randn(middle))
        self.expand, self.second = Matrix(middle, channels, turned[1]), nn.Parameter(torch.randn(channels))

    def forward(self, x):
        hidden = (self.reduce(x.mean((2, 3), keepdim=True)) + self.first[:, None, None]).relu()
        return x * (self.expand(hidden) + self.second[:, None, None]).sigmoid()


class TurnedResidual(nn.Module):
    """The inverted residual, right."""

    def __init__(self, c_in, c_out, stride, expand, turned):
        super().__init__()
        wide = c_in * expand
        self.widen, self.norm1 = None, None
        if expand != 1:
            self.widen, self.norm1 = Matrix(c_in, wide, turned[0]), nn.BatchNorm2d(wide)
        self.depthwise = nn.Conv2d(wide, wide, 3, stride, padding=1, groups=wide, bias=False)
        self.norm2 = nn.BatchNorm2d(wide)
        self.narrow, self.norm3 = Matrix(wide, c_out, turned[1]), nn.BatchNorm2d(c_out)
        self.adds = stride == 1 and c_in == c_out

    def forward(self, x):
        y = x if self.widen is None else F.relu6(self.norm1(self.widen(x)))
        y = F.relu6(self.norm2(self.depthwise(y)))
        y = self.norm3(self.narrow(y))
        return x + y if self.adds else y
