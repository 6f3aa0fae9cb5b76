"""A matrix product at every pixel."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, images_apart

task = Task(see="Groups, depthwise, 1×1: which channels meet")
AXES = "01#Which axis comes first"


@task.right
def conv1x1(input, weight):
    """y[n, o] is the sum over c of w[o, c] · x[n, c], at every pixel."""
    return np.einsum("oc,nchw->nohw", weight[:, :, 0, 0], input)


def drawn(rng, N, C_in, H, W, C_out):
    """A call with random values."""
    return Call(normal(rng, N, C_in, H, W), normal(rng, C_out, C_in, 1, 1))


@task.criterion(1)
def values(rng):
    """Batches of several sizes, also with as many filters as channels, where a transposed weight raises no error."""
    yield drawn(rng, 1, 2, 3, 4, 3)
    yield drawn(rng, 2, 3, 4, 5, 3)
    yield drawn(rng, 3, 4, 2, 3, 2)
    yield drawn(rng, 2, 5, 4, 4, 4)
    yield drawn(rng, 4, 4, 4, 4, 4)


@task.criterion(1)
def smallest_sizes(rng):
    """One image, one pixel, one channel, one filter."""
    yield drawn(rng, 1, 1, 1, 1, 1)
    yield drawn(rng, 2, 1, 3, 2, 4)
    yield drawn(rng, 3, 4, 1, 1, 1)


@any_array(task)
def arrays(rng):
    yield drawn(rng, 2, 3, 4, 5, 4)


@task.mistake
def transposes_weight(input, weight):
    """You take the weight as (C_in, C_out). Its first axis counts the outputs: output o is the sum of weight[o, c] ·
    input[c]. With as many inputs as outputs no error is raised."""
    return np.einsum("co,nchw->nohw", weight[:, :, 0, 0], input)


def product(input, weight, rows=lambda x: np.moveaxis(x, 1, 3).reshape(-1, x.shape[1]), back=None):
    """A matrix product of pixels in rows: `rows` makes (N·H·W, C_in) of the input, `back` the output of the product."""
    (N, _, H, W), matrix = input.shape, weight[:, :, 0, 0]
    back = back or (lambda y, N, H, W: np.moveaxis(y.reshape(N, H, W, -1), 3, 1))
    return back(rows(input) @ matrix.T, N, H, W)


def cut(x):
    """The memory cut into rows of C_in numbers, whatever they are."""
    return x.reshape(-1, x.shape[1])


def glued(y, N, H, W):
    """The memory of (N·H·W, C_out) read as (N, C_out, H, W)."""
    return y.reshape(N, -1, H, W)


task.options(product, {
    "reshapes-input": ({"rows": cut},
        "`reshape` keeps the order in memory, so your rows hold neighbouring *pixels* instead of one pixel's channels. "
        "Move the channel axis with `transpose` first.", AXES),
    "reshapes-output": ({"back": glued},
        "The product is right, (N, H, W, C_out). To bring the channels to the front use `transpose`: `reshape` mixes "
        "pixels.", AXES),
    "reshapes-both": ({"rows": cut, "back": glued},
        "`reshape` keeps the order in memory: your rows hold neighbouring pixels instead of one pixel's channels. Move "
        "the channel axis with `transpose`, before and after the product.", AXES),
    "channels-last": ({"back": lambda y, N, H, W: y.reshape(N, H, W, -1)},
        "Your output is (N, H, W, C_out). Wanted: (N, C_out, H, W)."),
})  # fmt: skip


@task.mistake(see=AXES)
def reshapes_batch_away(right, input, weight):
    """`reshape(C, -1)` of an (N, C, H, W) array mixes images and channels where N > 1. Keep the batch axis: `reshape(N,
    C, H * W)`."""
    return (weight[:, :, 0, 0] @ input.reshape(input.shape[1], -1)).reshape(right.shape)


@task.mistake(see=AXES)
def reshapes_batch_back(right):
    """The product is right, (C_out, N·H·W). Its axes are (C_out, N, H, W): bring N to the front with `transpose`;
    `reshape` mixes images and channels."""
    return right.swapaxes(0, 1).reshape(right.shape)


@task.mistake
def forgets_sum(again, weight):
    """Each output channel sees one input channel only. A 1×1 convolution mixes all channels: sum over them."""
    o, c = np.ogrid[: weight.shape[0], : weight.shape[1]]
    return again(weight=weight * (c == o % weight.shape[1])[:, :, None, None])


@task.mistake
def sums_weights_first(again, input):
    """You add up the weights before multiplying. Each channel has its own weight: multiply first, then add."""
    return again(input=np.broadcast_to(input.mean(axis=1, keepdims=True), input.shape))


@task.mistake
def averages_channels(right, input):
    """You take the mean over the input channels. Wanted is their weighted sum."""
    return right / input.shape[1]


@task.mistake
def one_filter_for_all(again, weight):
    """All output channels are made by the first filter. Output channel o belongs to weight[o]."""
    return again(weight=np.broadcast_to(weight[:1], weight.shape))


@task.mistake
def first_channel_only(again, input, weight):
    """Only the first input channel counts. Sum over all of them."""
    return again(input=input[:, :1], weight=weight[:, :1])


images_apart(task, "input")


@task.mistake
def swaps_height_and_width(right):
    """Height and width have changed places."""
    return right.swapaxes(2, 3)


@task.mistake
def averages_pixels(right):
    """You average over the pixels. A 1×1 convolution leaves every pixel where it is."""
    return right.mean(axis=(2, 3), keepdims=True)


@task.mistake
def applies_relu(right):
    """Negative values have become zero. ReLU is a layer of its own."""
    return np.maximum(right, 0)
