"""Task 14.BasicBlock: two 3×3 convolutions and a shortcut."""

import numpy as np

from cnncourse.checks.modules import ModuleCase, ModuleTask
from cnncourse.checks.task import Mistake
from cnncourse.checks.tasks.u14._blocks import SHARED, Block


def BasicBlock(c_in, c_out, stride=1):
    """Right answer."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(c_out)
            self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(c_out)
            self.shortcut = nn.Sequential()
            if stride != 1 or c_in != c_out:
                self.shortcut.append(nn.Conv2d(c_in, c_out, 1, stride, bias=False))
                self.shortcut.append(nn.BatchNorm2d(c_out))

        def forward(self, x):
            y = self.norm1(self.conv1(x)).relu()
            return (self.norm2(self.conv2(y)) + self.shortcut(x)).relu()

    return Block()


def cases(rng):
    """Identity and both kinds of projection, odd and non-square maps, training and eval."""

    def x(*shape):
        return (0.3 + rng.standard_normal(shape)).astype(np.float32)

    for training in (True, False):
        yield ModuleCase("identity shortcut", 4, 4, input=x(2, 4, 5, 7), training=training)
    yield ModuleCase("identity shortcut", 3, 3, stride=1, input=x(3, 3, 6, 4), training=True)
    for training in (True, False):
        yield ModuleCase("more channels", 3, 5, input=x(2, 3, 6, 5), training=training)
        yield ModuleCase("stride", 3, 6, stride=2, input=x(2, 3, 7, 10), training=training)
    yield ModuleCase("stride", 4, 4, 2, input=x(2, 4, 9, 6), training=True)
    yield ModuleCase("stride", 6, 4, stride=3, input=x(2, 6, 8, 10), training=False)


def _variant(**options):
    return lambda c_in, c_out, stride=1: Block([(c_in, c_out, 3, stride), (c_out, c_out, 3, 1)], stride, **options)


task = ModuleTask(
    "14.BasicBlock",
    {"identity shortcut": 3, "more channels": 2, "stride": 3},
    BasicBlock,
    cases,
    [
        *(Mistake(slug, _variant(**options), text) for slug, options, text in SHARED),
        Mistake(
            "stride-on-second-convolution",
            lambda c_in, c_out, stride=1: Block([(c_in, c_out, 3, 1), (c_out, c_out, 3, stride)], stride),
            "The second 3×3 convolution has the stride. It is the first that halves the map, so that the second works "
            "on fewer places already.",
        ),
        Mistake(
            "stride-twice",
            lambda c_in, c_out, stride=1: Block([(c_in, c_out, 3, stride), (c_out, c_out, 3, stride)], stride),
            "Both 3×3 convolutions have the stride; then the map shrinks twice. Only the first has it.",
        ),
        Mistake(
            "stride-ignored",
            lambda c_in, c_out, stride=1: Block([(c_in, c_out, 3, 1), (c_out, c_out, 3, 1)], 1),
            "The stride is not used: the first 3×3 convolution and the shortcut's 1×1 have it.",
        ),
        Mistake(
            "second-convolution-1x1",
            lambda c_in, c_out, stride=1: Block([(c_in, c_out, 3, stride), (c_out, c_out, 1, 1)], stride),
            "The second convolution is 1×1. Both of a basic block are 3×3.",
        ),
        Mistake(
            "widens-in-the-second",
            lambda c_in, c_out, stride=1: Block([(c_in, c_in, 3, stride), (c_in, c_out, 3, 1)], stride),
            "The second convolution changes the number of channels. The first does, and the second keeps it.",
        ),
        Mistake(
            "one-convolution",
            lambda c_in, c_out, stride=1: Block([(c_in, c_out, 3, stride)], stride),
            "There is one convolution on the main path; a basic block has two.",
        ),
    ],
    see="14#Blocks: new shapes, and the bottleneck",
    place=3,
)
