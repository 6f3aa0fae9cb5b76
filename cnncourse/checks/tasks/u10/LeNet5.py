"""Task 10.LeNet5: the network of 1998, in its form or today's."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from cnncourse.checks.task import Case, Mistake
from cnncourse.checks.tasks.u10._lenet_task import LeNetTask


class LeNet5(nn.Module):
    """Two convolutions with pooling, one that leaves a single pixel, two linear layers."""

    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c3(x)), 2)
        x = F.relu(self.c5(x)).flatten(1)
        return self.output(F.relu(self.f6(x)))


def cases(rng):
    """Images of noise, so that every pixel and every filter has something to do."""
    images = rng.standard_normal((8, 1, 32, 32)).astype(np.float32)
    for criterion in ("layers", "shape of the output", "logits", "activations"):
        yield Case(criterion, images)


class _Wrong(nn.Module):
    """Right with the options as they are; each mistake below changes some."""

    def __init__(
        self, widths=(6, 16, 120, 84), bias=True, stride=1, padding=0, act=(F.relu,) * 4, end=None,
        pool=lambda x: F.max_pool2d(x, 2), flat=400, squeeze=False, dropout=0.0,
    ):  # fmt: skip
        super().__init__()
        a, b, c, d = widths
        self.c1 = nn.Conv2d(1, a, 5, stride, padding, bias=bias)
        self.c3 = nn.Conv2d(a, b, 5, stride, bias=bias)
        self.c5 = nn.Linear(flat * b // 16, c, bias=bias)
        self.f6 = nn.Linear(c, d, bias=bias)
        self.output = nn.Linear(d, 10, bias=bias)
        self.act, self.end, self.pool, self.squeeze, self.dropout = act, end, pool, squeeze, dropout

    def forward(self, x):
        x = self.pool(self.act[0](self.c1(x)))
        x = self.pool(self.act[1](self.c3(x)))
        x = self.act[3](self.f6(self.act[2](self.c5(x.flatten(1)))))
        x = self.output(F.dropout(x, self.dropout) if self.dropout else x)
        x = self.end(x) if self.end else x
        return x.squeeze() if self.squeeze else x


class _MissesF6(nn.Module):
    """C5 goes straight to the output."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 10),
        )  # fmt: skip

    def forward(self, x):
        return self.layers(x)


class _Constant(_Wrong):
    """Zeros of the right shape."""

    def forward(self, x):
        return super().forward(x) * 0


class _Cropping(_Wrong):
    """Looks at the upper left 28×28 pixels, with a border added."""

    def forward(self, x):
        return super().forward(F.pad(x[:, :, :28, :28], (0, 4, 0, 4)))


class _Mixing(_Wrong):
    """Normalises by the batch also in eval."""

    def forward(self, x):
        y = super().forward(x)
        return y - y.mean(dim=0)


class _Idle(_Wrong):
    """Defines F6 twice and uses one; C5 is narrower so that it goes unnoticed."""

    def forward(self, x):
        x = self.pool(self.act[0](self.c1(x)))
        x = self.pool(self.act[1](self.c3(x))).flatten(1)
        x = self.act[2](self.c5(x))
        with torch.no_grad():
            x = self.act[3](self.f6(x)) + 0
        return self.output(x)


def _same(x):
    return x


task = LeNetTask(
    "10.LeNet5",
    {"layers": 1, "shape of the output": 1, "logits": 1, "activations": 1},
    LeNet5,
    cases,
    [
        Mistake(
            "softmax-at-the-end",
            lambda: _Wrong(end=lambda x: x.softmax(dim=1)),
            "The outputs go through softmax. Logits are wanted: cross-entropy applies softmax itself, and twice makes "
            "the gradient tiny.",
        ),
        Mistake(
            "log-softmax-at-the-end",
            lambda: _Wrong(end=lambda x: x.log_softmax(dim=1)),
            "The outputs go through log-softmax. Logits are wanted: the loss normalises them itself.",
        ),
        Mistake(
            "activation-at-the-end",
            lambda: _Wrong(end=F.relu),
            "An activation follows the last layer. Logits may have any value: ReLU there would silence every class "
            "whose logit is negative.",
        ),
        Mistake(
            "no-activations",
            lambda: _Wrong(act=(_same,) * 4),
            "There are no activations. Without them two layers in a row are one linear layer.",
        ),
        Mistake(
            "activation-missing",
            lambda: _Wrong(act=(F.relu, F.relu, _same, F.relu)),
            "Between two layers there is no activation, so that together they are one linear layer: C1, C3, C5 and F6 "
            "are each followed by one.",
        ),
        Mistake(
            "strides-for-pooling",
            lambda: _Wrong(stride=2, pool=_same),
            "The convolutions move by 2, and there is no pooling. LeNet's convolutions have stride 1, and 2×2 pooling "
            "halves the maps.",
        ),
        Mistake(
            "wrong-maps",
            lambda: _Wrong(padding=2, flat=576),
            "The maps have other sizes than LeNet's: 28×28 after C1, 14×14, 10×10 after C3, 5×5. With 32×32 images the "
            "convolutions have no padding.",
        ),
        Mistake(
            "wrong-widths",
            lambda: _Wrong(widths=(8, 16, 120, 84)),
            "The numbers of maps differ from LeNet's: 6, 16, 120, then 84 and 10.",
        ),
        Mistake(
            "wrong-parameters",
            lambda: _Wrong(widths=(6, 16, 100, 84)),
            "The layers differ from LeNet's: C1 6@5×5, C3 16@5×5, C5 120, F6 84, output 10.",
        ),
        Mistake("biases-missing", lambda: _Wrong(bias=False), "The layers have no biases; LeNet's have."),
        Mistake("misses-a-layer", _MissesF6, "A layer is missing: after C5 (120) comes F6 (84), then the output (10)."),
        Mistake(
            "loses-the-batch-axis",
            lambda: _Wrong(squeeze=True),
            "For a single image the result is (10,): squeeze() removes *every* axis of length 1, the batch's too. Use "
            "flatten(1).",
        ),
        Mistake(
            "random-in-eval",
            lambda: _Wrong(dropout=0.5),
            "Dropout works in eval mode too. F.dropout needs training=self.training; nn.Dropout knows by itself.",
        ),
        Mistake("ignores-the-image", _Constant, "The output is the same for every image."),
        Mistake(
            "ignores-pixels",
            _Cropping,
            "Part of the image has no influence on the output. Is it cropped, or does a slice leave something out?",
        ),
        Mistake(
            "images-mix",
            _Mixing,
            "The output for an image depends on the others in the batch. Which axis is meant in softmax or mean?",
        ),
        Mistake(
            "no-gradient",
            _Idle,
            "The gradient does not get through: something is detached, under no_grad, or rounded.",
        ),
    ],
    signature="LeNet5()",
    see="10#Today's form",
    place=2,
)
