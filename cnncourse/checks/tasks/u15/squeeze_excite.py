"""A factor for each channel, from the means of all channels."""

import numpy as np

from cnncourse.checks.author import Call, Task
from cnncourse.checks.families import any_array
from cnncourse.checks.tasks.u15._gates import SIZES, drawn, overflowing, relu, sigmoid, softmax, wide

task = Task(see="Squeeze and excite")


@task.right
def squeeze_excite(input, w1, b1, w2, b2):
    """y = x · sigmoid(w2 relu(w1 mean(x) + b1) + b2), the mean over H and W."""
    hidden = np.maximum(input.mean(axis=(2, 3)) @ w1.T + b1, 0)
    logits = hidden @ w2.T + b2
    gate = 0.5 * (1 + np.tanh(0.5 * logits))
    return input * gate[:, :, None, None]


@task.criterion(3)
def values(rng):
    """Images square and not, all sides equal, one channel, one pixel, one hidden value."""
    for sizes in SIZES:
        yield Call(*drawn(rng, *sizes))


@task.criterion(1)
def gates_of_every_size(rng):
    """Arguments of the sigmoid in the thousands: the gate is 0 or 1 there, without overflow."""
    yield Call(*wide(rng))


@any_array(task)
def arrays(rng):
    yield Call(*drawn(rng, 2, 5, 3, 4, 2))


def gate_only(x, s):
    """(N, C)."""
    return s


def block(
    input, w1, b1, w2, b2, squeeze=lambda x: x.mean(axis=(2, 3)), inner=relu, gate=sigmoid,
    join=lambda x, s: x * s[:, :, None, None],
):  # fmt: skip
    """Right with the options as they are."""
    return join(input, gate(inner(squeeze(input) @ w1.T + b1) @ w2.T + b2))


task.options(block, {
    "squeezes-by-the-maximum": ({"squeeze": lambda x: x.max(axis=(2, 3))},
        "The largest value of each map is taken. The squeeze is the mean over H and W."),
    "squeezes-by-the-sum": ({"squeeze": lambda x: x.sum(axis=(2, 3))},
        "Each map is summed. The squeeze is the mean, so that it does not depend on the size of the image."),
    "squeezes-the-batch": ({"squeeze": lambda x: np.broadcast_to(x.mean(axis=(0, 2, 3)), x.shape[:2])},
        "The mean is over the images as well. Each image has its own gates: mean over axes 2 and 3."),
    "squeezes-one-pixel": ({"squeeze": lambda x: x[:, :, 0, 0]},
        "Only the first pixel of each map is looked at. The squeeze is the mean over H and W."),
    "no-inner-relu": ({"inner": lambda z: z}, "The ReLU between the two matrices is missing."),
    "sigmoid-inside": ({"inner": sigmoid}, "The inner nonlinearity is a sigmoid. It is ReLU; the sigmoid comes last."),
    "activations-swapped": ({"inner": sigmoid, "gate": relu},
        "ReLU and sigmoid have changed places: ReLU stands between the matrices, the sigmoid at the end."),
    "silu-inside": ({"inner": lambda z: z * sigmoid(z)}, "The inner nonlinearity is not ReLU: max(z, 0)."),
    "no-sigmoid": ({"gate": lambda z: z}, "The sigmoid is missing, so the factors are not between 0 and 1."),
    "relu-for-sigmoid": ({"gate": relu}, "The gate ends in a ReLU. It ends in a sigmoid: between 0 and 1."),
    "softmax-for-sigmoid": ({"gate": softmax},
        "A softmax makes the channels compete: their gates add up to 1. Each has its own sigmoid."),
    "tanh-for-sigmoid": ({"gate": np.tanh}, "The gate is tanh(z), which is negative for negative z. Wanted: sigmoid."),
    "hard-sigmoid": ({"gate": lambda z: np.clip(z / 6 + 0.5, 0, 1)},
        "That is the hard sigmoid, made of straight lines. Wanted: 1 / (1 + exp(−z))."),
    "overflows": ({"gate": overflowing},
        "exp(z) overflows for large z, and ∞/∞ is NaN. Take 1 / (1 + exp(−z)), or exp(z) only where z is negative."),
    "closes-for-opens": ({"gate": lambda z: sigmoid(-z)},
        "The gate is 1 − sigmoid(z): the sign of the exponent is wrong. sigmoid(z) = 1 / (1 + exp(−z))."),
    "hard-gate": ({"gate": lambda z: (z > 0) + 0 * z}, "The gate is either open or closed. Wanted: sigmoid(z)."),
    "returns-the-gate": ({"join": gate_only},
        "The gates are returned, (N, C). The result is the input, each map multiplied by its gate."),
    "gate-in-every-pixel": ({"join": lambda x, s: s[:, :, None, None] + 0 * x},
        "Every pixel holds the gate itself. The result is the input times the gate."),
    "adds-the-gate": ({"join": lambda x, s: x + s[:, :, None, None]},
        "The gate is added; the input is multiplied by it."),
    "adds-the-input": ({"join": lambda x, s: x + x * s[:, :, None, None]},
        "The input is added once more, as in a residual block. The result is only the input times the gate."),
    "multiplies-the-means": ({"join": lambda x, s: x.mean(axis=(2, 3), keepdims=True) * s[:, :, None, None] + 0 * x},
        "The gate multiplies the means. It multiplies the input itself."),
    "one-gate-for-all-channels": ({"join": lambda x, s: x * s.mean(axis=1)[:, None, None, None]},
        "All channels of an image get the same factor. Each channel has its own."),
    "gate-twice": ({"join": lambda x, s: x * (s * s)[:, :, None, None]}, "The input is multiplied by the gate twice."),
    "first-image-for-all": ({"join": lambda x, s: x * s[0, :, None, None]},
        "The gates of the first image are used for all. Each image has its own."),
})  # fmt: skip


@task.mistake
def first_bias_missing(again, b1):
    """b1 is not added. The ReLU gets w1 m + b1."""
    return again(b1=0 * b1)


@task.mistake
def second_bias_missing(again, b2):
    """b2 is not added. The sigmoid gets w2 h + b2."""
    return again(b2=0 * b2)


@task.mistake
def biases_missing(again, b1, b2):
    """Neither b1 nor b2 is added."""
    return again(b1=0 * b1, b2=0 * b2)


@task.mistake
def bias_behind_relu(input, w1, b1, w2, b2):
    """b1 is added behind the ReLU. It belongs to its argument: relu(w1 m + b1)."""
    return input * sigmoid((relu(input.mean(axis=(2, 3)) @ w1.T) + b1) @ w2.T + b2)[:, :, None, None]


@task.mistake
def matrices_swapped(again, w1, w2):
    """The matrices are used in each other's place, transposed. w1 (R, C) comes first: it takes C means to R values."""
    return again(w1=w2.T, w2=w1.T)


@task.mistake
def not_squeezed(input, w1, b1, w2, b2):
    """Nothing is squeezed: each pixel has gates of its own. There is one gate per image and channel."""
    z = np.einsum("rc,nchw->nrhw", w1, input) + b1[:, None, None]
    return input * sigmoid(np.einsum("cr,nrhw->nchw", w2, relu(z)) + b2[:, None, None])


@task.mistake
def gate_along_the_pixels(input, w1, b1, w2, b2):
    """The gates (N, C) broadcast along the last axes, H and W. Give them the shape (N, C, 1, 1)."""
    return input * sigmoid(relu(input.mean(axis=(2, 3)) @ w1.T + b1) @ w2.T + b2)


@task.mistake
def changes_input(right, input):
    """The values are right, but the caller's input is multiplied in place (`*=`). Write `input * gate`."""
    input[...] = right
    return right
