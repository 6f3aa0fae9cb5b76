"""A network with one hidden layer, at every pixel (Lin, Chen & Yan 2013)."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, images_apart

task = Task(see="A small network at every place")


@task.right
def mlpconv(input, w1, b1, w2, b2):
    """relu(w2 relu(w1 x + b1) + b2) for the channels x of each pixel."""
    hidden = np.maximum(np.einsum("mc,nchw->nmhw", w1, input) + b1[:, None, None], 0)
    return np.maximum(np.einsum("om,nmhw->nohw", w2, hidden) + b2[:, None, None], 0)


def drawn(rng, N, C, H, W, M, O):
    """A call with C channels, M hidden units and O outputs."""
    return Call(normal(rng, N, C, H, W), normal(rng, M, C), normal(rng, M), normal(rng, O, M), normal(rng, O))


@task.criterion(2)
def values(rng):
    """Batches of several sizes, wide and narrow hidden layers."""
    for sides in [(2, 3, 4, 5, 6, 2), (1, 4, 3, 2, 3, 7), (3, 5, 2, 4, 9, 4), (4, 2, 5, 3, 3, 6)]:
        yield drawn(rng, *sides)


@task.criterion(1)
def all_sides_alike(rng):
    """As many images, channels, rows, columns, hidden units and outputs: wrong axes raise no error there."""
    for side in (2, 3, 4):
        yield drawn(rng, *[side] * 6)


@task.criterion(1)
def one_of_something(rng):
    """One channel, one hidden unit, one output, one pixel."""
    for sides in [(2, 1, 3, 4, 5, 3), (2, 4, 1, 1, 3, 5), (3, 3, 2, 5, 1, 4), (1, 2, 4, 3, 6, 1)]:
        yield drawn(rng, *sides)


@any_array(task)
def arrays(rng):
    yield drawn(rng, 2, 3, 4, 5, 6, 2)


def relu(x):
    """max(x, 0)."""
    return np.maximum(x, 0)


def same(x):
    """x itself."""
    return x


def product(matrix, maps):
    """A matrix times the channels of each pixel."""
    return np.einsum("oc,nchw->nohw", matrix, maps)


def back(y):
    """Channels last, and their memory read as if they were first."""
    return y.transpose(0, 2, 3, 1).reshape(y.shape)


def layers(input, w1, b1, w2, b2, times=product, inner=relu, outer=relu, add=lambda y, b: y + b[:, None, None],
           add2=None, squeeze=same):  # fmt: skip
    """Right with the options as they are."""
    hidden = inner(add(times(w1, input), b1))
    return squeeze(outer((add2 or add)(times(w2, hidden), b2)))


task.options(layers, {
    "no-inner-relu": ({"inner": same},
        "The ReLU between the two layers is missing, and two matrices in a row are one."),
    "no-final-relu": ({"outer": same}, "The second layer has no ReLU, so values below zero come out."),
    "no-relu": ({"inner": same, "outer": same}, "Both ReLUs are missing: the result is linear in the input."),
    "other-activation": ({"inner": np.abs, "outer": np.abs},
        "Negative values come out positive. ReLU makes them zero."),
    "biases-forgotten": ({"add": lambda y, b: y}, "Neither bias is added."),
    "first-bias-forgotten": ({"add": lambda y, b: y, "add2": lambda y, b: y + b[:, None, None]},
        "b1 is not added. It belongs inside the first ReLU: relu(w1 x + b1)."),
    "second-bias-forgotten": ({"add2": lambda y, b: y}, "b2 is not added. It belongs inside the second ReLU."),
    "bias-subtracted": ({"add": lambda y, b: y - b[:, None, None]}, "The biases are subtracted; they are added."),
    "bias-along-the-columns": ({"add": lambda y, b: y + b},
        "`+ b` adds the biases along the last axis, the columns. One bias belongs to each channel: b[:, None, None]."),
    "bias-along-the-rows": ({"add": lambda y, b: y + b[:, None]},
        "`+ b[:, None]` adds the biases along the rows. One bias belongs to each channel: b[:, None, None]."),
    "reshapes-output": ({"squeeze": back}, "The numbers are right, with the channels last. Bring them to the front "
        "with `transpose`; `reshape` mixes pixels."),
    "weights-transposed": ({"times": lambda matrix, maps: product(matrix.T, maps)},
        "The weights are used as (in, out). Their first axis counts the outputs; square ones raise no error."),
    "averages-pixels": ({"squeeze": lambda y: y.mean(axis=(2, 3))},
        "You average over the pixels, as the head of the network does. Here each pixel keeps its own numbers."),
    "channels-last": ({"squeeze": lambda y: y.transpose(0, 2, 3, 1)}, "The channels come last: (N, H, W, O). They are "
        "axis 1."),
})  # fmt: skip
images_apart(task, "input")


@task.mistake
def mixes_pixels(again, input):
    """`reshape` keeps the order in memory, so your rows hold neighbouring pixels instead of one pixel's channels. Move
    the channels to the end with `transpose` first."""
    N, C, H, W = input.shape
    return again(input=input.reshape(N, H, W, C).transpose(0, 3, 1, 2))


@task.mistake
def mixes_pixels_and_back(again, input):
    """`reshape` keeps the order in memory, so your rows hold neighbouring pixels instead of one pixel's channels. Move
    the channels with `transpose`, to the end and back."""
    N, C, H, W = input.shape
    return back(again(input=input.reshape(N, H, W, C).transpose(0, 3, 1, 2)))


@task.mistake
def relu_before_bias(input, w1, b1, w2, b2):
    """The biases are added behind the ReLU. They are added first: relu(w x + b)."""
    hidden = relu(product(w1, input)) + b1[:, None, None]
    return relu(product(w2, hidden)) + b2[:, None, None]


@task.mistake
def input_rectified_first(again, input):
    """The input passes a ReLU before anything else. It goes into the first layer as it is."""
    return again(input=relu(input))


@task.mistake
def first_layer_only(input, w1, b1):
    """Those are the hidden values. The second layer, w2 and b2, comes behind them."""
    return relu(product(w1, input) + b1[:, None, None])


@task.mistake
def changes_input(right, input):
    """The values may be right, but an argument is changed in place. Build new arrays."""
    input[...] = 0
    return right
