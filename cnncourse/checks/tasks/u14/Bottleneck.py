"""Task 14.Bottleneck: 1×1, 3×3 and 1×1 convolution, and a shortcut."""

import numpy as np

from cnncourse.checks.modules import ModuleCase, ModuleTask
from cnncourse.checks.task import Mistake
from cnncourse.checks.tasks.u14._blocks import SHARED, Block


def Bottleneck(c_in, planes, stride=1):
    """Right answer."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.reduce = nn.Conv2d(c_in, planes, 1, bias=False)
            self.norm1 = nn.BatchNorm2d(planes)
            self.conv = nn.Conv2d(planes, planes, 3, stride, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(planes)
            self.expand = nn.Conv2d(planes, 4 * planes, 1, bias=False)
            self.norm3 = nn.BatchNorm2d(4 * planes)
            self.shortcut = nn.Sequential()
            if stride != 1 or c_in != 4 * planes:
                self.shortcut.append(nn.Conv2d(c_in, 4 * planes, 1, stride, bias=False))
                self.shortcut.append(nn.BatchNorm2d(4 * planes))

        def forward(self, x):
            y = self.norm1(self.reduce(x)).relu()
            y = self.norm2(self.conv(y)).relu()
            return (self.norm3(self.expand(y)) + self.shortcut(x)).relu()

    return Block()


def cases(rng):
    """Identity and projections, odd and non-square maps, training and eval."""

    def x(*shape):
        return (0.3 + rng.standard_normal(shape)).astype(np.float32)

    for training in (True, False):
        yield ModuleCase("identity shortcut", 8, 2, input=x(2, 8, 5, 7), training=training)
    yield ModuleCase("more channels", 3, 2, input=x(2, 3, 6, 5), training=True)
    yield ModuleCase("more channels", 4, 4, stride=1, input=x(2, 4, 4, 5), training=False)
    for training in (True, False):
        yield ModuleCase("stride", 5, 3, stride=2, input=x(2, 5, 7, 10), training=training)
    yield ModuleCase("stride", 8, 2, 2, input=x(2, 8, 9, 6), training=True)


def _variant(**options):
    return lambda c_in, planes, stride=1: Block(_main(c_in, planes, (1, stride, 1)), stride, **options)


def _main(c_in, planes, strides, out=4, kernels=(1, 3, 1)):
    widths = [c_in, planes, planes, out * planes]
    return [(widths[i], widths[i + 1], kernels[i], strides[i]) for i in range(3)]


task = ModuleTask(
    "14.Bottleneck",
    {"identity shortcut": 3, "more channels": 2, "stride": 3},
    Bottleneck,
    cases,
    [
        *(Mistake(slug, _variant(**options), text) for slug, options, text in SHARED),
        Mistake(
            "stride-on-first-convolution",
            lambda c_in, planes, stride=1: Block(_main(c_in, planes, (stride, 1, 1)), stride),
            "The first 1×1 convolution has the stride, and three quarters of the pixels are never looked at. Here the "
            "3×3 convolution has it.",
        ),
        Mistake(
            "stride-on-last-convolution",
            lambda c_in, planes, stride=1: Block(_main(c_in, planes, (1, 1, stride)), stride),
            "The last 1×1 convolution has the stride. The 3×3 convolution has it: then the last one works on fewer "
            "places.",
        ),
        Mistake(
            "does-not-expand",
            lambda c_in, planes, stride=1: Block(_main(c_in, planes, (1, stride, 1), out=1), stride),
            "The last convolution gives `planes` channels. It expands to 4 · planes.",
        ),
        Mistake(
            "expands-twofold",
            lambda c_in, planes, stride=1: Block(_main(c_in, planes, (1, stride, 1), out=2), stride),
            "The last convolution gives 2 · planes channels. The factor is 4.",
        ),
        Mistake(
            "planes-is-the-output",
            lambda c_in, planes, stride=1: Block(
                [(c_in, planes // 4, 1, 1), (planes // 4, planes // 4, 3, stride), (planes // 4, planes, 1, 1)]
                if planes >= 4
                else [(c_in, 1, 1, 1), (1, 1, 3, stride), (1, planes, 1, 1)],
                stride,
            ),
            "`planes` is taken for the output's channels. It is the width of the narrow part; the output has 4 · "
            "planes.",
        ),
        Mistake(
            "all-convolutions-3x3",
            lambda c_in, planes, stride=1: Block(_main(c_in, planes, (1, stride, 1), kernels=(3, 3, 3)), stride),
            "All convolutions are 3×3. The first and the last are 1×1: they change the number of channels cheaply.",
        ),
        Mistake(
            "basic-block",
            lambda c_in, planes, stride=1: Block(
                [(c_in, 4 * planes, 3, stride), (4 * planes, 4 * planes, 3, 1)], stride
            ),
            "That is a basic block, two 3×3 convolutions. A bottleneck has 1×1, 3×3 and 1×1.",
        ),
    ],
    see="14#Blocks: new shapes, and the bottleneck",
    place=4,
)
