"""Batches, channels, filters, biases; stride 1 and no padding."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, images_apart

task = Task(see="Channels, filters, bias: the convolution layer")
WINDOW = "The sliding window, by hand"


@task.right
def conv2d(input, weight, bias=None):
    """One matrix product over the channels for each kernel entry."""
    n, _, height, width = input.shape
    c_out, _, k_h, k_w = weight.shape
    h_out, w_out = height - k_h + 1, width - k_w + 1
    output = np.zeros((n, c_out, h_out, w_out), dtype=input.dtype)
    for i in range(k_h):
        for j in range(k_w):
            output += np.einsum("oc,nchw->nohw", weight[:, :, i, j], input[:, :, i : i + h_out, j : j + w_out])
    return output if bias is None else output + bias[:, None, None]


@task.criterion(1, "one image, one filter")
def one_image(rng):
    """One image with one filter, also as large as the image, also with several channels."""
    yield Call(normal(rng, 1, 1, 5, 6), normal(rng, 1, 1, 3, 2))
    yield Call(normal(rng, 1, 3, 4, 6), normal(rng, 1, 3, 3, 3))
    yield Call(normal(rng, 1, 2, 3, 4), normal(rng, 1, 2, 3, 4))


@task.criterion(2)
def batches_and_filters(rng):
    """Several images and filters, also as many filters as channels or images."""
    yield Call(normal(rng, 2, 3, 6, 5), normal(rng, 4, 3, 3, 3))
    yield Call(normal(rng, 3, 4, 5, 7), normal(rng, 4, 4, 2, 3))
    yield Call(normal(rng, 4, 1, 4, 4), normal(rng, 3, 1, 1, 1))
    yield Call(normal(rng, 2, 2, 5, 4), normal(rng, 5, 2, 4, 1))


@task.criterion(1)
def bias(rng):
    """A bias for each filter, of which some may be zero."""
    yield Call(normal(rng, 2, 3, 4, 6), normal(rng, 4, 3, 3, 3), normal(rng, 4))
    yield Call(normal(rng, 3, 2, 5, 5), normal(rng, 3, 2, 3, 3), normal(rng, 3))
    yield Call(normal(rng, 2, 1, 3, 4), normal(rng, 1, 1, 2, 2), bias=normal(rng, 1))
    yield Call(normal(rng, 1, 2, 4, 4), normal(rng, 3, 2, 2, 3), normal(rng, 3) * [1, 0, 1])


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 2, 3, 6, 5), normal(rng, 4, 3, 3, 2), normal(rng, 4))


@task.mistake(see="Cross-correlation and convolution")
def flips_kernel(again, weight):
    """You computed true convolution. What deep learning calls convolution is cross-correlation: the kernel is laid on
    as it is."""
    return again(weight=weight[:, :, ::-1, ::-1])


@task.mistake(see=WINDOW)
def transposes_kernel(again, weight):
    """Rows and columns of the kernel have changed places."""
    return again(weight=weight.transpose(0, 1, 3, 2))


def add(again, bias, change):
    """The layer with `change(bias)` added, where there is a bias."""
    return again(bias=None) + (0 if bias is None else change(bias))


task.options(add, {
    "forgets-bias": ({"change": lambda b: 0},
        "The bias is never added. Each filter adds its own number to every place of its output map."),
    "bias-along-width": ({"change": lambda b: b},
        "NumPy lines up shapes from the right, so a bias of shape (C_out,) lands on the *width*. Give it the shape "
        "(C_out, 1, 1)."),
    "bias-along-height": ({"change": lambda b: b[:, None]},
        "A bias of shape (C_out, 1) lands on the height. Give it the shape (C_out, 1, 1)."),
    "bias-along-batch": ({"change": lambda b: b[:, None, None, None]},
        "A bias of shape (C_out, 1, 1, 1) lands on the batch. Give it the shape (C_out, 1, 1)."),
    "one-bias-for-all": ({"change": lambda b: b[0]},
        "All output channels get the first filter's bias. Output channel o gets bias[o]."),
    "adds-up-biases": ({"change": lambda b: b.sum()},
        "All biases are added everywhere. Output channel o gets only bias[o]."),
    "subtracts-bias": ({"change": lambda b: -b[:, None, None]}, "The bias is subtracted; it is added."),
})  # fmt: skip


@task.mistake
def bias_per_input_channel(again, input, bias):
    """The bias is added once for each input channel. Add it once, after the sum over the channels."""
    return again(bias=None if bias is None else bias * input.shape[1])


@task.mistake
def bias_required(again, bias):
    """`bias=None` means that there is none; your function uses it all the same."""
    return again(bias=None) + bias[:, None, None]


@task.mistake
def bias_truth_value(again, bias):
    """`if bias:` tests whether an array is true, which NumPy refuses for more than one number, and a bias of zero
    counts as no bias. Write `if bias is not None:`."""
    return again() if bias else again(bias=None)


@task.mistake
def first_channel_only(again, input, weight):
    """Only the first input channel counts. A filter reaches through all channels and adds up what they give."""
    return again(input=input[:, :1], weight=weight[:, :1])


@task.mistake
def last_channel_only(again, input, weight):
    """Only the last input channel counts: each channel's result overwrites the one before. Add them up."""
    return again(input=input[:, -1:], weight=weight[:, -1:])


@task.mistake
def averages_channels(again, input):
    """You take the mean over the input channels. The dot product is their sum."""
    return again(input=input / input.shape[1])


@task.mistake
def one_channel_per_filter(again, input, weight):
    """Each filter sees one input channel only. That is a depthwise convolution; here every filter sees all channels."""
    o, c = np.ogrid[: weight.shape[0], : weight.shape[1]]
    return again(weight=weight * (c == o % input.shape[1])[:, :, None, None])


@task.mistake
def swaps_weight_channels(again, weight):
    """The weight is (C_out, C_in, K_h, K_w): the first axis counts the filters. You take the second for it."""
    return again(weight=weight.transpose(1, 0, 2, 3))


@task.mistake
def one_filter_for_all(again, weight):
    """All output channels are made by the first filter. Output channel o belongs to weight[o]."""
    return again(weight=np.repeat(weight[:1], len(weight), axis=0))


@task.mistake
def adds_up_filters(right):
    """You add up over the filters. Each filter makes an output channel of its own."""
    return right.sum(axis=1, keepdims=True)


images_apart(task, "input")


@task.mistake(see=WINDOW)
def stops_too_early(right):
    """The last row and column of places are missing: H − K_h + 1 and W − K_w + 1."""
    return right[:, :, :-1, :-1]


@task.mistake(see=WINDOW)
def square_kernels_only(again, input, weight):
    """You use the kernel's height for its width as well."""
    side = weight.shape[2]
    windows = np.lib.stride_tricks.sliding_window_view(input, (side, side), axis=(2, 3))
    np.broadcast_shapes(windows.shape[-2:], weight.shape[2:])  # as window * kernel does, this raises for most kernels
    return again(weight=np.broadcast_to(weight, (*weight.shape[:2], side, side)))


@task.mistake(see=WINDOW)
def same_size_output(again, input, weight):
    """Your output has the size of the input, so the input was padded. This task wants no padding."""
    around = [((k - 1) // 2, k // 2) for k in weight.shape[2:]]
    return again(input=np.pad(input, [(0, 0), (0, 0), *around]))


@task.mistake
def channels_last(right):
    """Your output is (N, H, W, C_out). Wanted: (N, C_out, H, W)."""
    return right.transpose(0, 2, 3, 1)


@task.mistake
def applies_relu(right):
    """Negative values have become zero. ReLU is a layer of its own; here the plain sums are wanted."""
    return np.maximum(right, 0)
