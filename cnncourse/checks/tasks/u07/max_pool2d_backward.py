"""The winner takes the gradient."""

import math

import numpy as np

from cnncourse.checks.author import Call, Task, after_relu, constant, negative, normal, tied
from cnncourse.checks.families import (
    PAIRS,
    any_array,
    default_stride,
    fitting,
    geometries,
    images_apart,
    padding_backward,
    pairs,
    upstream,
    windows,
)  # fmt: skip
from cnncourse.checks.tasks.u07 import _shares as shares

task = Task(see="Backward: one winner takes all")


@task.right
def max_pool2d_backward(grad_output, input, kernel_size, stride=None, padding=0):
    """Each window's gradient goes to its first maximum; an entry that wins several windows gets the sum."""
    return scatter(grad_output, input, kernel_size, stride, padding)


def first(window):
    """1 at the first maximum in row-major order, 0 elsewhere: (N, C, K_h, K_w)."""
    flat = window.reshape(*window.shape[:2], math.prod(window.shape[2:]))
    return (np.arange(flat.shape[2]) == flat.argmax(axis=2)[:, :, None]).reshape(window.shape)


def add(old, new):
    """What stands in the gradient after one more window's part."""
    return old + new


def scatter(grad_output, input, kernel_size, stride, padding, share=first, put=add):
    """Every window hands its gradient to its entries, by `share`."""
    places = windows(input, kernel_size, stride, padding)
    padded = places.pad(input, -np.inf)
    grad = np.zeros(padded.shape, grad_output.dtype)
    for (i, j), here in places:
        grad[here] = put(grad[here], share(padded[here]) * grad_output[:, :, [[i]], [[j]]])
    return places.crop(grad)


def drawn(rng, shape, *options, values=normal):
    """A call with a random upstream gradient and an input drawn by `values`."""
    return Call(*fitting(rng, shape, *options, values=values), *options)


@task.criterion(1, "windows")
def tiles(rng):
    """Windows side by side, the stride being the kernel's size."""
    yield drawn(rng, (1, 1, 4, 6), 2)
    yield drawn(rng, (2, 3, 6, 3), 3)
    yield drawn(rng, (2, 2, 5, 7), 2)
    yield drawn(rng, (1, 2, 3, 2), 1)


@task.criterion(1)
def overlaps_and_gaps(rng):
    """Strides smaller and larger than the kernel: one entry may win several windows."""
    yield drawn(rng, (2, 2, 7, 9), 3, 2)
    for shape, *options, _ in geometries(rng, 0):
        yield drawn(rng, shape, *options)


@task.criterion(1)
def ties(rng):
    """Windows with several equal maxima: the first in row-major order wins."""
    yield drawn(rng, (2, 3, 6, 6), 3, values=tied)
    yield drawn(rng, (1, 2, 4, 6), 2, values=constant)
    yield drawn(rng, (2, 3, 6, 8), 2, values=after_relu)
    yield drawn(rng, (2, 2, 7, 5), 3, 2, values=tied)


@task.criterion(1, "padding")
def some_padding(rng):
    """Padding, which never wins: −∞, also around negative inputs."""
    yield drawn(rng, (2, 2, 5, 4), 2, None, 1)
    for shape, *options in geometries(rng, 1, 2):
        yield drawn(rng, shape, *options, values=negative)
    yield drawn(rng, (2, 2, 6, 6), 3, 2, 1, values=after_relu)
    yield drawn(rng, (1, 1, 1, 1), 3, 2, 1)


@task.criterion(1, "pairs")
def some_pairs(rng):
    """kernel_size, stride and padding given as pairs (height, width)."""
    yield drawn(rng, (2, 3, 6, 4), (3, 2))
    yield drawn(rng, (2, 1, 3, 4), (3, 4), values=negative)
    yield drawn(rng, (1, 2, 5, 6), (2, 4), (2, 1), (0, 2), values=negative)
    for shape, *options in PAIRS:
        yield drawn(rng, shape, *options)


@any_array(task)
def arrays(rng):
    g, x = fitting(rng, (2, 2, 5, 6), 3, 2, 1)
    yield Call(g, x, kernel_size=3, stride=2, padding=1)


task.options(scatter, {
    "gradient-to-every-maximum": ({"share": shares.all_maxima},
        "Where a window has several equal maxima, each of them gets the whole gradient, so the window passes on more "
        "than it received. The first in row-major order gets it. (`x == max` marks all of them, argmax one.)"),
    "splits-ties": ({"share": shares.split},
        "Equal maxima share the gradient. That is one possible subgradient; PyTorch, and this task, give it all to the "
        "first in row-major order."),
    "last-maximum": ({"share": lambda window: first(window[:, :, ::-1, ::-1])[:, :, ::-1, ::-1]},
        "A tie goes to the last maximum. Compare with > and not ≥ while going through the window, so that the first "
        "one stays."),
    "ties-column-major": ({"share": lambda window: first(window.swapaxes(2, 3)).swapaxes(2, 3)},
        "A tie goes to the first maximum down the columns; row-major order goes along the rows first."),
    "overwrites-overlaps": ({"put": lambda old, new: np.where(new, new, old)},
        "An entry that is the maximum of several windows keeps only the last one's gradient. They add up: += on zeros. "
        "(grad[index] += g with repeated indices adds once only; np.add.at adds every time.)"),
    "replaces-whole-windows": ({"put": lambda old, new: new},
        "Each window writes its zeros over what an earlier window has put there: add to the gradient, do not replace "
        "it."),
    "gradient-to-the-corner": ({"share": shares.corner},
        "The gradient goes to each window's first entry and not to its maximum."),
    "one-maximum-per-image": ({"share": shares.first_of_all_channels},
        "The largest entry of all channels together gets the gradient of every channel. Each channel has its own "
        "maximum."),
    "one-place-for-all-channels": ({"share": lambda window: np.broadcast_to(first(window)[:, :1], window.shape)},
        "All channels use the place of the first channel's maximum; each has its own."),
    "unravels-with-the-height": ({"share": shares.unravelled_by_height},
        "The number of the maximum within its window is taken apart by the window's height. Row-major means "
        "number = u·K_w + v: u is number // K_w, v is number % K_w."),
    "divides-by-window": ({"share": lambda window: first(window) / window[0, 0].size},
        "The gradient is divided by the window's size, as in average pooling. Here the maximum gets all of it."),
    "gradient-to-everyone": ({"share": shares.everyone},
        "Every entry of a window gets its gradient. Only the maximum has any influence on the output."),
    "spreads-evenly": ({"share": shares.average},
        "The gradient is spread evenly: that is average pooling. Here only the maximum gets it."),
    "gradient-to-the-smallest": ({"share": lambda window: first(-window)}, "The gradient goes to the smallest entry."),
    "times-the-value": ({"share": lambda window: first(window) * np.where(np.isfinite(window), window, 0)},
        "The gradient is multiplied by the maximum itself. The output *is* that entry, so the derivative is 1."),
})  # fmt: skip


@task.mistake(see="What the padding is made of")
def pads_with_zeros(again, input, kernel_size, stride, padding):
    """The input is padded with zeros, and where a window holds nothing positive the padding wins the gradient, which is
    then lost. Pad with −∞."""
    places = windows(input, kernel_size, stride, padding)
    return places.crop(again(input=places.pad(input), padding=0))


@task.mistake
def tiles_only(grad_output, input, kernel_size):
    """Enlarging and comparing works where the windows tile the image. It cannot do other strides, padding, or a size
    that K does not divide, and it marks every one of several equal maxima."""
    (N, C, H, W), (K_h, K_w) = input.shape, windows(input, kernel_size).kernel
    if H % K_h or W % K_w or grad_output.shape[2:] != (H // K_h, W // K_w):
        raise ValueError("operands could not be broadcast together")
    tiles = input.reshape(N, C, H // K_h, K_h, W // K_w, K_w)
    mask = tiles == tiles.max(axis=(3, 5), keepdims=True)
    return (mask * grad_output[:, :, :, None, :, None]).reshape(input.shape)


padding_backward(task, -np.inf)
default_stride(task)
pairs(task, "kernel_size", "stride", "padding", square="square-window")
upstream(task, sign=False)
images_apart(task, "grad_output", "input")
