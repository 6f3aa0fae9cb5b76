"""Task 12.vgg_block: 3×3 convolutions with ReLU, then max pooling."""

import numpy as np

from cnncourse.checks.modules import ModuleCase, ModuleTask
from cnncourse.checks.task import Mistake
from cnncourse.checks.tasks.u12._stacks import SHARED, features


def vgg_block(convs, c_in, c_out):
    """Right answer."""
    from torch import nn

    layers = []
    for _ in range(convs):
        layers += [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()]
        c_in = c_out
    return nn.Sequential(*layers, nn.MaxPool2d(2))


def cases(rng):
    """One to four convolutions, odd and non-square maps, channels that grow, shrink and stay."""

    def x(*shape):
        return (0.3 + rng.standard_normal(shape)).astype(np.float32)

    yield ModuleCase("one convolution", 1, 3, 5, input=x(2, 3, 6, 8))
    yield ModuleCase("one convolution", 1, 4, 2, input=x(3, 4, 7, 5), training=True)
    yield ModuleCase("several convolutions", 2, 3, 4, input=x(2, 3, 8, 5))
    yield ModuleCase("several convolutions", 3, 2, 5, input=x(1, 2, 7, 9), training=True)
    yield ModuleCase("several convolutions", 4, 5, 3, input=x(2, 5, 6, 6))
    yield ModuleCase("equal widths", 2, 4, 4, input=x(3, 4, 5, 10), training=True)


def _wrong(layers):
    """A mistake whose layers come from a function of the arguments."""

    def answer(convs, c_in, c_out):
        from torch import nn

        return nn.Sequential(*layers(convs, c_in, c_out))

    return answer


def _variant(**options):
    return _wrong(lambda convs, c_in, c_out: features([c_out] * convs + ["M"], c_in, **options))


task = ModuleTask(
    "12.vgg_block",
    {"one convolution": 1, "several convolutions": 2, "equal widths": 1},
    vgg_block,
    cases,
    [
        *(Mistake(slug, _variant(**options), text) for slug, options, text in SHARED),
        Mistake(
            "pools-after-each",
            _wrong(lambda convs, c_in, c_out: features([c_out, "M"] * convs, c_in)),
            "There is a pooling after each convolution. A block has one, at its end.",
        ),
        Mistake(
            "pools-first",
            _wrong(lambda convs, c_in, c_out: features(["M"] + [c_out] * convs, c_in)),
            "The pooling stands before the convolutions. It comes last.",
        ),
        Mistake(
            "one-convolution-only",
            _wrong(lambda convs, c_in, c_out: features([c_out, "M"], c_in)),
            "There is one convolution, whatever the value of `convs`.",
        ),
        Mistake(
            "one-convolution-more",
            _wrong(lambda convs, c_in, c_out: features([c_out] * (convs + 1) + ["M"], c_in)),
            "There is one convolution too many: `convs` counts the first, too.",
        ),
        Mistake(
            "widens-last",
            _wrong(lambda convs, c_in, c_out: features([c_in] * (convs - 1) + [c_out, "M"], c_in)),
            "The channels change in the last convolution. The first changes them, and the others keep c_out.",
        ),
        Mistake(
            "widths-double",
            _wrong(lambda convs, c_in, c_out: features([c_out * 2**i for i in range(convs)] + ["M"], c_in)),
            "The width doubles within the block. It doubles from block to block; here each convolution has c_out.",
        ),
    ],
    see="12#The rule",
    place=2,
)
