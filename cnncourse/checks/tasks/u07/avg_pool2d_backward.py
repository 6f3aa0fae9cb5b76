"""Every entry of a window gets an equal share."""

import math

import numpy as np

from cnncourse.checks.author import Call, Task
from cnncourse.checks.families import (
    PAIRS,
    any_array,
    default_stride,
    fitting,
    geometries,
    images_apart,
    padding_backward,
    pair,
    pairs,
    upstream,
    windows,
)  # fmt: skip

task = Task(see="Backward: one winner takes all")


@task.right
def avg_pool2d_backward(grad_output, input, kernel_size, stride=None, padding=0):
    """Each window's gradient, divided by K_h · K_w, goes to all its entries; overlaps add up."""
    return scatter(grad_output, input, kernel_size, stride, padding)


def share(window):
    """What each entry of a window gets of its gradient."""
    return 1 / (window.shape[2] * window.shape[3])


def add(old, new):
    """What stands in the gradient after one more window's part."""
    return old + new


def scatter(grad_output, input, kernel_size, stride, padding, share=share, put=add):
    """Every window hands its gradient to its entries, by `share`."""
    places = windows(input, kernel_size, stride, padding)
    padded = places.pad(input, -np.inf)
    grad = np.zeros(padded.shape, grad_output.dtype)
    for (i, j), here in places:
        grad[here] = put(grad[here], share(padded[here]) * grad_output[:, :, [[i]], [[j]]])
    return places.crop(grad)


def drawn(rng, shape, *options):
    """A call with a random upstream gradient and a random input that fit each other."""
    return Call(*fitting(rng, shape, *options), *options)


@task.criterion(1, "windows")
def tiles(rng):
    """Windows side by side, the stride being the kernel's size, also where pixels are left over."""
    yield drawn(rng, (1, 1, 4, 6), 2)
    yield drawn(rng, (2, 3, 6, 3), 3)
    yield drawn(rng, (2, 2, 5, 7), 2)
    yield drawn(rng, (1, 2, 3, 2), 1)


@task.criterion(1)
def overlaps_and_gaps(rng):
    """Strides smaller and larger than the kernel: a pixel may be in several windows, or in none."""
    yield drawn(rng, (2, 2, 7, 9), 3, 2)
    for shape, *options, _ in geometries(rng, 0):
        yield drawn(rng, shape, *options)


@task.criterion(1, "padding")
def some_padding(rng):
    """Padding, which takes its share and is cut off, for odd and even sizes."""
    yield drawn(rng, (2, 2, 5, 4), 2, None, 1)
    yield drawn(rng, (1, 1, 1, 1), 3, 2, 1)
    for shape, *options in geometries(rng, 1, 2):
        yield drawn(rng, shape, *options)


@task.criterion(0.5, "pairs")
def some_pairs(rng):
    """kernel_size, stride and padding given as pairs (height, width)."""
    yield drawn(rng, (2, 3, 6, 4), (3, 2))
    yield drawn(rng, (2, 1, 3, 4), (3, 4))
    yield drawn(rng, (2, 1, 8, 9), (2, 3), (3, 1))
    yield drawn(rng, (1, 2, 5, 6), (2, 4), (2, 1), (0, 2))
    for shape, *options in PAIRS:
        yield drawn(rng, shape, *options)


@any_array(task, points=0.5)
def arrays(rng):
    g, x = fitting(rng, (2, 2, 5, 6), 3, 2, 1)
    yield Call(g, x, kernel_size=3, stride=2, padding=1)
    yield drawn(rng, (2, 3, 5, 6), 2)


def corner(window):
    """All to the first entry."""
    first = np.zeros(window.shape)
    first[:, :, 0, 0] = share(window)
    return first


task.options(scatter, {
    "forgets-to-divide": ({"share": lambda window: 1.0},
        "Every entry gets the window's whole gradient. Forward each entry is weighted by 1/(K_h·K_w), so the same "
        "factor is in the gradient."),
    "divides-by-height-squared": ({"share": lambda window: 1 / window.shape[2] ** 2},
        "The divisor is K_h²; an oblong window has K_h·K_w entries."),
    "divides-by-kernel-size": ({"share": lambda window: 1 / window.shape[2]},
        "The divisor is K_h; a window has K_h·K_w entries."),
    "padding-not-counted": ({"share": lambda window: 1 / np.isfinite(window[0, 0]).sum()},
        "Where a window sticks out, you divide by the number of pixels inside the image. Forward, the padding's zeros "
        "count, so the divisor is K_h·K_w everywhere.", "What the padding is made of"),
    "overwrites-overlaps": ({"put": lambda old, new: new},
        "Where windows overlap, the last one wins. A pixel in several windows gets the sum of its shares: += on zeros, "
        "not =."),
    "gradient-to-the-maximum": ({"share": lambda window: window == window.max(axis=(2, 3), keepdims=True)},
        "The gradient goes to the maximum: that is max pooling. Here every entry gets an equal share."),
    "gradient-to-the-corner": ({"share": corner}, "Only the first entry of each window gets a share; all of them do."),
})  # fmt: skip


@task.mistake
def overwrites_by_offset(grad_output, input, kernel_size, stride, padding):
    """Where windows overlap, the last contribution wins. A pixel in several windows gets the sum of its shares: += on
    zeros, not =."""
    places = windows(input, kernel_size, stride, padding)
    grad, (K_h, K_w), (H_out, W_out) = places.pad(np.zeros_like(input)), places.kernel, places.output
    for u, v in np.ndindex(K_h, K_w):
        rows, columns = (np.arange(n) * S for n, S in zip((H_out, W_out), places.stride, strict=True))
        grad[:, :, u + rows[:, None], v + columns] = grad_output / (K_h * K_w)
    return places.crop(grad)


@task.mistake
def divides_by_stride(right, kernel_size, stride):
    """The divisor is S_h·S_w. That is the same where windows lie side by side; a window has K_h·K_w entries."""
    return right * math.prod(pair(kernel_size)) / math.prod(pair(kernel_size if stride is None else stride))


@task.mistake
def averages_overlaps(right, again, grad_output, kernel_size):
    """Where windows overlap, the shares are averaged; they add up."""
    visits = np.round(again(grad_output=np.ones_like(grad_output)) * math.prod(pair(kernel_size)))
    return right / np.maximum(visits, 1)


@task.mistake
def times_the_input(right, input):
    """The gradient is multiplied by the input. The mean is linear: its derivative does not depend on the input."""
    return right * input


@task.mistake
def tiles_only(grad_output, kernel_size):
    """Repeating each entry K_h × K_w times is right where the windows tile the image; overlaps, gaps, padding and
    pixels left over need the general rule, and the result has the input's shape."""
    K_h, K_w = pair(kernel_size)
    return np.repeat(np.repeat(grad_output, K_h, axis=2), K_w, axis=3) / (K_h * K_w)


padding_backward(task)
default_stride(task)
pairs(task, "kernel_size", "stride", "padding", square="square-window")
upstream(task, sign=False)
images_apart(task, "grad_output", "input")
