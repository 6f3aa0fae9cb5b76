"""The gate behind the known mistakes of SqueezeExcitation; imported only when one is built."""

import torch
from torch import nn
from torch.nn import functional as F

SQUEEZES = {
    "mean": lambda x: x.mean((2, 3), keepdim=True),
    "max": lambda x: x.amax((2, 3), keepdim=True),
    "sum": lambda x: x.sum((2, 3), keepdim=True),
    "batch": lambda x: x.mean((0, 2, 3), keepdim=True),
    "width": lambda x: x.mean(3, keepdim=True),
    "both": lambda x: x.mean((2, 3), keepdim=True) + x.amax((2, 3), keepdim=True),
    "detached": lambda x: x.detach().mean((2, 3), keepdim=True),
    "none": lambda x: x,
}
GATES = {
    "identity": lambda z: z,
    "relu-sigmoid": lambda z: z.relu().sigmoid(),
    "softmax": lambda z: z.softmax(1),
    "twice": lambda z: z.sigmoid().sigmoid(),
}
JOINS = {
    "times": lambda x, s: x * s,
    "zeros": lambda x, s: x * s * 0,
    "gate": lambda x, s: s,
    "residual": lambda x, s: x + x * s,
    "double": lambda x, s: 2 * x * s,
    "relu": lambda x, s: (x * s).relu(),
    "plus": lambda x, s: x + s,
    "minus": lambda x, s: x * (1 - s),
    "detached": lambda x, s: x * s.detach(),
}


class Gate(nn.Module):
    """Squeeze and excite, with one thing wrong."""

    def __init__(
        self, channels, reduction, *, width=lambda c, r: c // r, squeeze="mean", inner="relu", gate="sigmoid",
        join="times", biases=(True, True), norm=False, kernel=1, dropout=False,
    ):  # fmt: skip
        super().__init__()
        middle = width(channels, reduction) if width else channels
        self.squeeze, self.join = SQUEEZES[squeeze], JOINS[join]
        self.inner, self.gate = (
            GATES.get(name) or getattr(F, name, None) or getattr(torch, name) for name in (inner, gate)
        )
        self.first = nn.Conv2d(channels, middle, kernel, 1, kernel // 2, bias=biases[0]) if width else nn.Identity()
        self.norm = nn.BatchNorm2d(middle) if norm else nn.Identity()
        self.second = nn.Conv2d(middle, channels, kernel, 1, kernel // 2, bias=biases[1])
        self.drop = nn.Dropout(0.3) if dropout else nn.Identity()

    def forward(self, x):
        hidden = self.norm(self.first(self.squeeze(x)))
        return self.join(x, self.drop(self.gate(self.second(self.inner(hidden)))))


class SqueezedGate(Gate):
    """A gate with linear layers and a squeeze() that names no axes."""

    def __init__(self, channels, reduction):
        super().__init__(channels, reduction)
        self.first, self.second = (nn.Linear(*conv.weight.shape[1::-1]) for conv in (self.first, self.second))

    def forward(self, x):
        gate = self.second(self.first(x.mean((2, 3)).squeeze()).relu()).sigmoid()
        return x * gate[:, :, None, None]
