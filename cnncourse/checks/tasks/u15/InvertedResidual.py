"""Wide in the middle, narrow at the ends, depthwise in between."""

import numpy as np

from cnncourse.checks.modules import ModuleCall, images, module_task
from cnncourse.checks.tasks.u15._alternatives import turned_residuals

task = module_task(see="The inverted residual", alternatives=turned_residuals)


@task.right
def InvertedResidual(c_in, c_out, stride, expand):
    """1×1 to c_in · expand – BN – ReLU6, depthwise 3×3 – BN – ReLU6, 1×1 – BN; plus x where the shape stays."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            wide, widen = c_in * expand, []
            if expand != 1:
                widen = [nn.Conv2d(c_in, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()]
            self.layers = nn.Sequential(
                *widen,
                nn.Conv2d(wide, wide, 3, stride, padding=1, groups=wide, bias=False),
                nn.BatchNorm2d(wide),
                nn.ReLU6(),
                nn.Conv2d(wide, c_out, 1, bias=False),
                nn.BatchNorm2d(c_out),
            )
            self.adds = stride == 1 and c_in == c_out

        def forward(self, x):
            return x + self.layers(x) if self.adds else self.layers(x)

    return Block()


# Numbers of channels are odd: an array of the γ and β of two norms then has no other's shape.


@task.criterion(2)
def shortcut(rng):
    """The shape stays, and the input is added: maps of any size, square or not, in both modes."""
    for training in (True, False):
        yield ModuleCall(5, 5, 1, 3, input=images(rng, 2, 5, 5, 7), training=training)
    yield ModuleCall(3, 3, stride=1, expand=2, input=images(rng, 3, 3, 4, 4), training=True)
    yield ModuleCall(3, 3, 1, 6, input=images(rng, 1, 3, 6, 3))
    yield ModuleCall(3, 3, 1, 4, input=images(rng, 8, 3, 1, 1), training=True)


@task.criterion(2)
def more_or_fewer_channels(rng):
    """The number of channels changes: nothing is added."""
    for training in (True, False):
        yield ModuleCall(3, 5, 1, 2, input=images(rng, 2, 3, 6, 5), training=training)
    yield ModuleCall(5, 3, 1, 3, input=images(rng, 2, 5, 4, 4), training=True)
    yield ModuleCall(3, 7, 1, 3, input=images(rng, 1, 3, 4, 7))


@task.criterion(2)
def stride(rng):
    """A stride of 2, on maps of odd and even height and width: nothing is added."""
    for training in (True, False):
        yield ModuleCall(3, 7, 2, 2, input=images(rng, 2, 3, 7, 10), training=training)
    yield ModuleCall(5, 5, 2, 3, input=images(rng, 2, 5, 8, 7), training=True)
    yield ModuleCall(3, 3, 2, 2, input=images(rng, 2, 3, 6, 6))
    yield ModuleCall(3, 3, 2, 4, input=images(rng, 8, 3, 1, 1))
    yield ModuleCall(3, 5, stride=2, expand=4, input=images(rng, 2, 3, 8, 9), training=True)


@task.criterion(1)
def no_expansion(rng):
    """expand = 1: the block begins with the depthwise convolution."""
    for training in (True, False):
        yield ModuleCall(5, 5, 1, 1, input=images(rng, 2, 5, 4, 6), training=training)
    yield ModuleCall(7, 3, 2, 1, input=images(rng, 2, 7, 5, 5), training=True)
    yield ModuleCall(5, 7, 1, 1, input=images(rng, 1, 5, 3, 4))


@task.criterion(1)
def six(rng):
    """Values beyond 6, which both ReLU6 cut off."""
    for c_out, step, expand in ((5, 1, 4), (3, 2, 3), (5, 1, 1)):
        yield ModuleCall(5, c_out, step, expand, input=12 * images(rng, 2, 5, 6, 7))
    bright = images(rng, 2, 5, 9, 8)
    bright[np.arange(2), :, 4, 5] += 40 * rng.choice([-1, 1], 5).astype(np.float32)  # far from the mean of the batch
    yield ModuleCall(5, 5, 1, 6, input=bright, training=True)


def block(c_in, c_out, stride, expand, **options):
    """An inverted residual with one thing wrong; loads PyTorch."""
    from cnncourse.checks.tasks.u15._torch_inverted import WrongResidual

    return WrongResidual(c_in, c_out, stride, expand, **options)


task.options(block, {
    "all-zeros": ({"join": "zeros"}, "Every output is zero. Shapes and parameters are right, and nothing arrives."),
    "no-skip": ({"adds": "never"}, "The input is not added. Where the shape stays, the block is a residual one."),
    "adds-wherever-the-channels-agree": ({"adds": "channels"},
        "The input is added wherever the channels agree. With a stride its maps are larger, and it is not added."),
    "adds-wherever-the-stride-is-one": ({"adds": "stride"},
        "The input is added wherever the stride is 1. It needs as many channels as the output, too."),
    "projects-the-shortcut": ({"adds": "project"},
        "Where the shape changes, a 1×1 convolution of the input is added, as in ResNet. Here nothing is added there."),
    "relu-for-relu6": ({"activation": "relu"}, "The activation is ReLU. ReLU6 also cuts off what is larger than 6."),
    "other-activation": ({"activation": "hardswish"}, "The activation is not ReLU6: min(max(x, 0), 6)."),
    "silu-for-relu6": ({"activation": "silu"}, "The activation is SiLU, as in EfficientNet. Here it is ReLU6."),
    "no-activation": ({"activations": (False, False)}, "There is no ReLU6. Two of the three convolutions have one."),
    "first-relu6-missing": ({"activations": (False, True)}, "The 1×1 convolution that widens has no ReLU6 behind it."),
    "second-relu6-missing": ({"activations": (True, False)}, "The depthwise convolution has no ReLU6 behind it."),
    "relu6-on-the-narrow-end": ({"end": "before"},
        "A ReLU6 follows the last 1×1 convolution. In a narrow space it would destroy information: the bottleneck is "
        "linear.", "ReLU in a narrow space"),
    "relu6-after-the-sum": ({"end": "after"}, "A ReLU6 follows the sum. Nothing comes after it."),
    "relu6-after-a-sum": ({"end": "sum"}, "Where the input is added, a ReLU6 follows the sum. Nothing comes after it."),
    "relu-after-the-sum": ({"end": "relu"}, "A ReLU follows the sum, as in ResNet. Nothing comes after it here."),
    "relu6-before-norm": ({"order": "relu-norm"}, "ReLU6 comes before batch norm. The order is convolution, batch "
        "norm, ReLU6."),
    "no-batch-norm": ({"norms": ()}, "There is no batch norm. Each of the three convolutions is followed by one."),
    "last-norm-missing": ({"norms": (0, 1)}, "The last 1×1 convolution has no batch norm behind it."),
    "first-norm-missing": ({"norms": (1, 2)}, "The 1×1 convolution that widens has no batch norm behind it."),
    "second-norm-missing": ({"norms": (0, 2)}, "The depthwise convolution has no batch norm behind it."),
    "not-depthwise": ({"groups": lambda a, w: 1},
        "The 3×3 convolution reaches through all channels. Depthwise: groups = number of channels."),
    "groups-of-the-input": ({"groups": lambda a, w: a},
        "The 3×3 convolution has c_in groups. It works on c_in · expand channels, each by itself: so many groups."),
    "expands-at-one": ({"always": True},
        "With expand = 1 there is still a 1×1 convolution in front. It is left out there."),
    "expansion-never-built": ({"always": False}, "The 1×1 convolution that widens is missing."),
    "width-is-expand": ({"wide": lambda a, b, t: t}, "The wide part has `expand` channels. It has c_in · expand."),
    "expands-the-output": ({"wide": lambda a, b, t: b * t},
        "The wide part has c_out · expand channels. The factor belongs to the input: c_in · expand."),
    "adds-the-expansion": ({"wide": lambda a, b, t: a + t if t > 1 else a},
        "The wide part has c_in + expand channels. It has c_in · expand."),
    "stride-on-first-convolution": ({"strides": (1, 0, 0)}, "The first 1×1 convolution has the stride. The depthwise "
        "one has it."),
    "stride-on-last-convolution": ({"strides": (0, 0, 1)}, "The last 1×1 convolution has the stride. The depthwise "
        "one has it: then the last one works on fewer places."),
    "stride-ignored": ({"strides": (0, 0, 0)}, "The stride is not used: the depthwise convolution has it."),
    "no-padding": ({"padding": 0}, "The 3×3 convolution has no padding, and the map shrinks. It is padded by 1."),
    "pads-with-the-edge": ({"mode": "replicate"}, "The padding repeats the edge of the maps; it should be zeros."),
    "dilated": ({"padding": 2, "dilation": 2}, "The depthwise kernels are dilated. Here their places are neighbours."),
    "depthwise-5x5": ({"kernel": 5, "padding": 2}, "The depthwise kernels are 5×5. Here they are 3×3."),
    "subtracts-the-input": ({"join": "minus"}, "The input is subtracted; it is added."),
    "halves-the-sum": ({"join": "mean"}, "Input and main path are averaged; they are added."),
    "dropout-added": ({"dropout": True}, "In training mode values are dropped at random. The block has no dropout."),
    "norm-always-by-batch": ({"norm": "batch"}, "In eval mode the batch's own statistics still normalise. The "
        "running ones take their place there."),
    "norm-always-by-running": ({"norm": "running"}, "In training mode the running statistics normalise. There the "
        "batch's own do."),
    "norm-without-gamma": ({"norm": "no-affine"}, "The batch norms have no γ and β; they are learned."),
    "wrong-eps": ({"eps": 1e-3}, "The batch norms have another ε than PyTorch's default, 10⁻⁵."),
    "wrong-momentum": ({"momentum": 0.9}, "The running statistics move too fast: momentum is 0.1, PyTorch's default."),
})  # fmt: skip
