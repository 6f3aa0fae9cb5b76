"""3×3 convolutions with ReLU, then max pooling."""

from cnncourse.checks.modules import ModuleCall, images, module_task
from cnncourse.checks.tasks.u12._stacks import SHARED, features

task = module_task(see="The rule")


@task.right
def vgg_block(convs, c_in, c_out):
    """`convs` times 3×3 convolution and ReLU, then 2×2 max pooling."""
    from torch import nn

    layers = []
    for _ in range(convs):
        layers += [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()]
        c_in = c_out
    return nn.Sequential(*layers, nn.MaxPool2d(2))


@task.criterion(1)
def one_convolution(rng):
    """One convolution, on maps of odd and even height and width, in both modes."""
    yield ModuleCall(1, 3, 5, input=images(rng, 2, 3, 6, 8))
    yield ModuleCall(1, 4, 2, input=images(rng, 3, 4, 7, 5), training=True)
    yield ModuleCall(1, 2, 3, input=images(rng, 1, 2, 4, 4), training=True)


@task.criterion(2)
def several_convolutions(rng):
    """Two to four convolutions, channels that grow or shrink, in both modes."""
    yield ModuleCall(2, 3, 4, input=images(rng, 2, 3, 8, 5))
    yield ModuleCall(3, 2, 5, input=images(rng, 1, 2, 7, 9), training=True)
    yield ModuleCall(4, 5, 3, input=images(rng, 2, 5, 6, 6))
    yield ModuleCall(2, 1, 6, input=images(rng, 3, 1, 5, 6), training=True)


@task.criterion(1)
def equal_widths(rng):
    """As many channels in as out, in both modes."""
    yield ModuleCall(2, 4, 4, input=images(rng, 3, 4, 5, 10), training=True)
    yield ModuleCall(3, 3, 3, input=images(rng, 2, 3, 7, 7))


def block(convs, c_in, c_out, config=lambda convs, c_in, c_out: [c_out] * convs + ["M"], **options):
    """The layers of a configuration, with one thing wrong."""
    from torch import nn

    return nn.Sequential(*features(config(convs, c_in, c_out), c_in, **options))


task.options(block, SHARED)
task.options(block, {
    "pools-after-each": ({"config": lambda convs, c_in, c_out: [c_out, "M"] * convs},
        "There is a pooling after each convolution. A block has one, at its end."),
    "pools-first": ({"config": lambda convs, c_in, c_out: ["M"] + [c_out] * convs},
        "The pooling stands before the convolutions. It comes last."),
    "one-convolution-only": ({"config": lambda convs, c_in, c_out: [c_out, "M"]},
        "There is one convolution, whatever the value of `convs`."),
    "one-convolution-more": ({"config": lambda convs, c_in, c_out: [c_out] * (convs + 1) + ["M"]},
        "There is one convolution too many: `convs` counts the first, too."),
    "widens-last": ({"config": lambda convs, c_in, c_out: [c_in] * (convs - 1) + [c_out, "M"]},
        "The channels change in the last convolution. The first changes them, and the others keep c_out."),
    "widths-double": ({"config": lambda convs, c_in, c_out: [c_out * 2**i for i in range(convs)] + ["M"]},
        "The width doubles within the block. It doubles from block to block; here each convolution has c_out."),
})  # fmt: skip
