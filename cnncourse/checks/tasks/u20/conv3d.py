"""Clips, channels, filters, biases; stride 1 and no padding."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, images_apart

task = Task(see="Three dimensions")


@task.right
def conv3d(input, weight, bias=None):
    """One product over the channels for each of the K_t·K_h·K_w entries of the kernels."""
    windows = np.lib.stride_tricks.sliding_window_view(input, weight.shape[2:], axis=(2, 3, 4))
    output = np.einsum("ncthwijk,ocijk->nothw", windows, weight)
    return output if bias is None else output + bias[:, None, None, None]


@task.criterion(2)
def whole_kernels(rng):
    """Kernels with three different sides, also one frame, and as large as the clip."""
    yield Call(normal(rng, 1, 1, 4, 5, 6), normal(rng, 1, 1, 2, 3, 4))
    yield Call(normal(rng, 2, 3, 3, 5, 4), normal(rng, 4, 3, 3, 1, 2))
    yield Call(normal(rng, 3, 2, 4, 3, 5), normal(rng, 2, 2, 1, 3, 3))
    yield Call(normal(rng, 2, 2, 3, 2, 4), normal(rng, 3, 2, 3, 2, 4))


@task.criterion(1)
def all_sides_alike(rng):
    """As many clips, channels, filters, frames, rows, columns and taps: wrong axes raise no error there."""
    for side, K in ((2, 2), (3, 3), (4, 3)):
        yield Call(normal(rng, side, side, side, side, side), normal(rng, side, side, K, K, K))
    yield Call(normal(rng, 3, 3, 5, 5, 5), normal(rng, 3, 3, 3, 3, 3), normal(rng, 3))


@task.criterion(1)
def bias(rng):
    """A bias for each filter."""
    yield Call(normal(rng, 2, 3, 3, 4, 6), normal(rng, 4, 3, 2, 2, 3), normal(rng, 4))
    yield Call(normal(rng, 1, 2, 4, 4, 4), normal(rng, 3, 2, 2, 2, 2), bias=normal(rng, 3))


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 2, 3, 4, 5, 6), normal(rng, 2, 3, 2, 3, 3), normal(rng, 2))


def other_kernel(again, weight, change):
    """The layer with another kernel, where it fits."""
    return again(weight=change(weight))


task.options(other_kernel, {
    "flips-kernel": ({"change": lambda w: w[:, :, ::-1, ::-1, ::-1]},
        "You computed true convolution. What deep learning calls convolution is cross-correlation, which flips "
        "nothing."),
    "flips-space": ({"change": lambda w: w[:, :, :, ::-1, ::-1]},
        "The kernel is flipped in height and width. A cross-correlation flips nothing."),
    "flips-time": ({"change": lambda w: w[:, :, ::-1]},
        "The kernel runs backwards in time. Its first frame meets the clip's earlier frame."),
    "space-transposed": ({"change": lambda w: w.transpose(0, 1, 2, 4, 3)},
        "Rows and columns of the kernel are swapped."),
    "time-and-rows-swapped": ({"change": lambda w: w.transpose(0, 1, 3, 2, 4)},
        "Time and rows of the kernel are swapped. The axes are (C_out, C_in, time, height, width)."),
    "channels-exchanged": ({"change": lambda w: w.swapaxes(0, 1)},
        "The weight is used as (in, out, …). Its first axis counts the outputs; square ones raise no error."),
    "first-frame-of-the-kernel": ({"change": lambda w: w * (np.arange(w.shape[2]) == 0)[:, None, None]},
        "Only the first frame of the kernel is used. A 3-D kernel sums over its frames as well."),
    "mean-over-channels": ({"change": lambda w: w / w.shape[1]}, "The channels are averaged. They add up."),
    "one-kernel-for-all-channels": ({"change": lambda w: np.repeat(w[:, :1], w.shape[1], axis=1)},
        "All channels meet the first channel's kernel. Each channel has its own."),
})  # fmt: skip
images_apart(task, "input")


def with_bias(again, bias, change):
    """The layer with `change(bias)` added, where there is a bias."""
    return again(bias=None) + (0 if bias is None else change(bias))


task.options(with_bias, {
    "forgets-bias": ({"change": lambda b: 0}, "The bias is not added. Each filter adds its own number at every place."),
    "bias-along-width": ({"change": lambda b: b},
        "NumPy lines up shapes from the right, so a bias of shape (C_out,) lands on the width. Give it the shape "
        "(C_out, 1, 1, 1)."),
    "bias-along-rows": ({"change": lambda b: b[:, None]},
        "The bias lands on the rows. It has one number per filter: give it the shape (C_out, 1, 1, 1)."),
    "bias-along-frames": ({"change": lambda b: b[:, None, None]},
        "The bias lands on the frames: (C_out, 1, 1) is a shape for pictures. A clip wants (C_out, 1, 1, 1)."),
    "bias-subtracted": ({"change": lambda b: -b[:, None, None, None]}, "The bias is subtracted; it is added."),
})  # fmt: skip


@task.mistake
def bias_for_each_channel(again, input, bias):
    """The bias is added once for each channel of the clip. Add it once, after all sums."""
    return again(bias=None if bias is None else input.shape[1] * bias)


@task.mistake
def bias_for_each_frame(again, weight, bias):
    """The bias is added once for each frame of the kernel. Add it once, after all sums."""
    return again(bias=None if bias is None else weight.shape[2] * bias)


@task.mistake
def bias_for_each_entry(again, weight, bias):
    """The bias is added once for each entry of the kernel. Add it once, after the loop."""
    return again(bias=None if bias is None else weight[0, 0].size * bias)


@task.mistake
def truth_of_an_array(right, bias):
    """A whole array is neither true nor false, so NumPy refuses `if bias:`. Ask `if bias is not None:`."""
    if bias is not None:
        raise ValueError("The truth value of an array with more than one element is ambiguous.")
    return right


@task.mistake
def one_size_for_all_axes(again, weight):
    """The kernel's number of frames is used for its rows and columns, too. Read all three: weight.shape[2:]."""
    K_t, K_h, K_w = weight.shape[2:]
    if K_t > min(K_h, K_w):
        raise IndexError("index is out of bounds")
    return again(weight=weight[:, :, :, :K_t, :K_t])


@task.mistake
def frames_apart(again, weight):
    """Every frame is convolved by itself, with the kernel's first frame. A 3-D kernel also slides along time, and sums
    over its K_t frames."""
    return again(weight=weight[:, :, :1])


@task.mistake
def padded(input, weight, bias=None):
    """Zeros are put around the clip. The task asks for no padding: T − K_t + 1 frames, and so on."""
    sides = [(0, 0), (0, 0), *(((K - 1) // 2, K // 2) for K in weight.shape[2:])]
    return conv3d(np.pad(input, sides), weight, bias)


@task.mistake
def channels_not_summed(again, input, weight):
    """Only the first channel of the clip counts. Each filter sums over all channels."""
    return again(input=input[:, :1], weight=weight[:, :1])


@task.mistake
def changes_input(right, input):
    """The values may be right, but an argument is changed in place. Build new arrays."""
    input[...] = 0
    return right
