"""Squeeze and excite as a layer."""

import numpy as np

from cnncourse.checks.modules import ModuleCall, images, module_task
from cnncourse.checks.tasks.u15._alternatives import turned_gates

task = module_task(see="Squeeze and excite", alternatives=turned_gates)


@task.right
def SqueezeExcitation(channels, reduction):
    """y = x · sigmoid(w₂ relu(w₁ mean(x) + b₁) + b₂), with channels // reduction values in the middle."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.reduce = nn.Conv2d(channels, channels // reduction, 1)
            self.expand = nn.Conv2d(channels // reduction, channels, 1)

        def forward(self, x):
            hidden = self.reduce(x.mean((2, 3), keepdim=True)).relu()
            return x * self.expand(hidden).sigmoid()

    return Block()


@task.criterion(3)
def values(rng):
    """Maps of any size, square or not, several images and one, in both modes."""
    for training in (True, False):
        yield ModuleCall(8, 2, input=images(rng, 3, 8, 5, 4), training=training)
        yield ModuleCall(6, 3, input=images(rng, 2, 6, 4, 4), training=training)
    yield ModuleCall(4, 2, input=images(rng, 4, 4, 4, 4), training=True)
    yield ModuleCall(12, 2, input=15 * images(rng, 3, 12, 3, 4))
    yield ModuleCall(channels=9, reduction=3, input=images(rng, 1, 9, 3, 6))
    yield ModuleCall(8, 4, input=images(rng, 1, 8, 1, 1), training=True)


def gated(case, output):
    """Each map of the input times one number between 0 and 1: all that shows where no array is told apart."""
    x = case.input.astype(output.dtype)
    if output.shape != x.shape:
        return 0 * x
    return x * np.clip((x * output).sum((2, 3), keepdims=True) / (x**2).sum((2, 3), keepdims=True), 0, 1)


@task.criterion(2)
def widths(rng):
    """The middle has channels // reduction values, whether that divides or not; also one, and for one channel."""
    yield ModuleCall(1, 1, input=images(rng, 3, 1, 4, 5)).judged_alone(gated)
    yield ModuleCall(2, 2, input=images(rng, 3, 2, 3, 4), training=True).judged_alone(gated)
    for training in (True, False):
        yield ModuleCall(7, 2, input=images(rng, 2, 7, 3, 5), training=training)
        yield ModuleCall(11, 4, input=images(rng, 3, 11, 4, 2), training=training)
    yield ModuleCall(12, 5, input=images(rng, 2, 12, 6, 3), training=True)
    yield ModuleCall(5, 1, input=images(rng, 2, 5, 2, 3))


def block(channels, reduction, **options):
    """A gate with one thing wrong; loads PyTorch."""
    from cnncourse.checks.tasks.u15._torch_gate import Gate

    return Gate(channels, reduction, **options)


task.options(block, {
    "all-zeros": ({"join": "zeros"}, "Every output is zero: nothing passes the gate."),
    "width-is-reduction": ({"width": lambda c, r: r},
        "The middle has `reduction` values, as torchvision's second argument says. Here it has channels // reduction."),
    "no-reduction": ({"width": lambda c, r: c}, "The middle is as wide as the input. It has channels // reduction."),
    "width-times-reduction": ({"width": lambda c, r: c * r},
        "The middle is wider than the input. It is narrower: channels // reduction."),
    "rounds-up": ({"width": lambda c, r: -(-c // r)}, "The width of the middle is rounded up; // rounds down."),
    "rounds-to-nearest": ({"width": lambda c, r: round(c / r)},
        "The width of the middle is rounded to the nearest number; // rounds down."),
    "one-layer": ({"width": None}, "There is one layer. A gate has two: to channels // reduction values, and back."),
    "squeezes-by-the-maximum": ({"squeeze": "max"},
        "The largest value of each map is taken. The squeeze is the mean over H and W."),
    "squeezes-by-the-sum": ({"squeeze": "sum"},
        "Each map is summed. The squeeze is the mean, so that it does not depend on the size of the image."),
    "squeezes-the-batch": ({"squeeze": "batch"},
        "The mean is over the images as well. Each image has its own gates: mean over axes 2 and 3."),
    "mean-and-maximum": ({"squeeze": "both"},
        "Mean and maximum of each map are added. The squeeze is the mean alone."),
    "squeeze-without-gradient": ({"squeeze": "detached"},
        "The gate's input is detached, so no gradient comes back through the gate. The input acts through it, too."),
    "not-squeezed": ({"squeeze": "none"},
        "Nothing is squeezed: each pixel has gates of its own. There is one gate per image and channel."),
    "squeezes-one-axis": ({"squeeze": "width"}, "The mean is over the width only. The squeeze is over H and W."),
    "no-inner-relu": ({"inner": "identity"}, "The ReLU between the two layers is missing."),
    "silu-inside": ({"inner": "silu"}, "Between the two layers there is SiLU, as in EfficientNet. Here it is ReLU."),
    "gelu-inside": ({"inner": "gelu"}, "Between the two layers there is GELU. Here it is ReLU."),
    "sigmoid-inside": ({"inner": "sigmoid"}, "The inner nonlinearity is a sigmoid. It is ReLU."),
    "activations-swapped": ({"inner": "sigmoid", "gate": "relu"},
        "ReLU and sigmoid have changed places: ReLU stands between the layers, the sigmoid at the end."),
    "other-activation": ({"inner": "leaky_relu"}, "The inner nonlinearity lets negative values through. It is ReLU."),
    "relu-before-the-sigmoid": ({"gate": "relu-sigmoid"},
        "A ReLU stands in front of the sigmoid, so that no gate is below one half."),
    "no-sigmoid": ({"gate": "identity"}, "The sigmoid is missing, so the factors are not between 0 and 1."),
    "relu-for-sigmoid": ({"gate": "relu"}, "The gate ends in a ReLU. It ends in a sigmoid: between 0 and 1."),
    "hard-sigmoid": ({"gate": "hardsigmoid"}, "That is the hard sigmoid, made of straight lines. Wanted: sigmoid."),
    "softmax-for-sigmoid": ({"gate": "softmax"},
        "A softmax makes the channels compete: their gates add up to 1. Each has its own sigmoid."),
    "tanh-for-sigmoid": ({"gate": "tanh"}, "The gate is tanh, which may be negative. Wanted: sigmoid."),
    "sigmoid-twice": ({"gate": "twice"}, "The sigmoid is applied twice, so that no gate is below one half."),
    "returns-the-gate": ({"join": "gate"}, "The gates are returned. The result is the input times its gates."),
    "adds-the-input": ({"join": "residual"},
        "The input is added once more, as in a residual block. The result is only the input times the gate."),
    "doubles-the-gate": ({"join": "double"}, "The result is twice the input times the gate. There is no factor of 2."),
    "relu-at-the-end": ({"join": "relu"}, "The result passes a ReLU. It is the input times the gate, of either sign."),
    "adds-the-gate": ({"join": "plus"}, "The gate is added; the input is multiplied by it."),
    "closes-for-opens": ({"join": "minus"}, "The input is multiplied by 1 − gate."),
    "gate-without-gradient": ({"join": "detached"},
        "No gradient reaches the gate's layers. Leave out detach() and no_grad(): they are learned."),
    "no-bias": ({"biases": (False, False)}, "The two layers have no biases; here both have one."),
    "first-bias-missing": ({"biases": (False, True)}, "The first layer has no bias."),
    "second-bias-missing": ({"biases": (True, False)}, "The second layer has no bias."),
    "batch-norm-added": ({"norm": True}, "There is a batch norm in the gate. This gate has none."),
    "3x3-kernels": ({"kernel": 3}, "The kernels are 3×3. On maps of one pixel they are 1×1, or linear layers."),
    "dropout-added": ({"dropout": True}, "In training mode gates are dropped at random. The block has no dropout."),
})  # fmt: skip


@task.mistake
def squeeze_takes_the_image(channels, reduction):
    """squeeze() without axes takes away every axis of length 1, also that of one image. Name them: squeeze((2, 3))."""
    from cnncourse.checks.tasks.u15._torch_gate import SqueezedGate

    return SqueezedGate(channels, reduction)
