"""The largest entry of each window."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.checks.author import Call, Task, negative, normal
from cnncourse.checks.families import (
    PAIRS,
    any_array,
    default_stride,
    geometries,
    images_apart,
    padding_variants,
    pair,
    pairs,
)

task = Task(see="Maximum and mean of a window")
PADDING = "What the padding is made of"


@task.right
def max_pool2d(input, kernel_size, stride=None, padding=0):
    """y[n, c, i, j] = max over u, v of the −∞-padded x[n, c, i·S + u, j·S + v]."""
    return windows_of(input, kernel_size, stride, padding).max(axis=(4, 5))


def windows_of(input, kernel_size, stride, padding, fill=-np.inf):
    """All windows as (N, C, H_out, W_out, K_h, K_w)."""
    (S_h, S_w), (P_h, P_w) = pair(kernel_size if stride is None else stride), pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=fill)
    return sliding_window_view(padded, pair(kernel_size), axis=(2, 3))[:, :, ::S_h, ::S_w]


@task.criterion(1)
def windows(rng):
    """Windows side by side, the stride being the kernel's size, also where rows are left over."""
    yield Call(normal(rng, 1, 1, 4, 6), 2)
    yield Call(normal(rng, 2, 3, 6, 4), kernel_size=3)
    yield Call(normal(rng, 2, 2, 5, 7), 2)
    yield Call(negative(rng, 1, 3, 4, 4), 2)
    yield Call(normal(rng, 3, 2, 5, 5), 5)
    yield Call(normal(rng, 2, 2, 3, 4), 1)


@task.criterion(1)
def stride(rng):
    """Strides smaller and larger than the kernel, for odd and even sizes."""
    yield Call(normal(rng, 2, 2, 7, 9), 3, 2)
    yield Call(normal(rng, 2, 1, 8, 9), 2, stride=3)
    for shape, *options, _ in geometries(rng, 0):
        yield Call(normal(rng, *shape), *options)


@task.criterion(1, "padding")
def some_padding(rng):
    """Padding, which never wins: −∞, also around negative inputs, for odd and even sizes."""
    yield Call(normal(rng, 2, 2, 5, 4), 2, padding=1)
    yield Call(normal(rng, 2, 1, 7, 4) - 2, 5, None, 2)
    for shape, *options in geometries(rng, 1, 2):
        yield Call(negative(rng, *shape), *options)
    yield Call(normal(rng, 1, 1, 1, 1) - 1e5, 3, 2, 1)


@task.criterion(0.5, "pairs")
def some_pairs(rng):
    """kernel_size, stride and padding given as pairs (height, width)."""
    for shape, *options in PAIRS:
        yield Call(negative(rng, *shape), *options)
    yield Call(normal(rng, 2, 3, 6, 4), (3, 2))
    yield Call(normal(rng, 1, 2, 5, 6) - 3, (2, 4), (2, 1), (0, 2))
    yield Call(normal(rng, 2, 1, 7, 4) - 2, (5, 3), None, (2, 1))


@any_array(task, points=0.5)
def arrays(rng):
    yield Call(normal(rng, 2, 2, 5, 6) - 2, 3, 2, 1)
    yield Call(normal(rng, 2, 3, 4, 6), 2)


def pooled(input, kernel_size, stride, padding, take, fill=-np.inf):
    """Something else of each window, or of windows with another padding."""
    return take(windows_of(input, kernel_size, stride, padding, fill))


def largest(windows):
    """The right number of each window."""
    return windows.max(axis=(4, 5))


task.options(pooled, {
    "pads-with-zeros": ({"take": largest, "fill": 0},
        "The padding is 0, and where all entries of a window are negative the padding wins. It should never win: pad "
        "with −∞.", PADDING),
    "pads-with-a-finite-number": ({"take": largest, "fill": -1000},
        "The padding is a number, and where all entries of a window are smaller it wins. It should never win: pad "
        "with −∞, `-np.inf`.", PADDING),
    "starts-at-zero": ({"take": lambda w: np.maximum(largest(w), 0)},
        "Negative maxima become 0. Is the running maximum started at 0? Start at −∞."),
    "takes-the-mean": ({"take": lambda w: w.mean(axis=(4, 5)), "fill": 0},
        "This is average pooling: take the largest entry of the window."),
    "takes-the-smallest": ({"take": lambda w: w.min(axis=(4, 5)), "fill": np.inf},
        "This is the smallest entry of each window; wanted is the largest."),
    "takes-the-last": ({"take": lambda w: w[..., -1, -1]},
        "This is the last entry of each window, which is the largest only where the image is a rising ramp."),
    "takes-the-first": ({"take": lambda w: w[..., 0, 0]},
        "This is the first entry of each window: subsampling, not pooling."),
    "takes-the-largest-magnitude": ({"take": lambda w: np.abs(w).max(axis=(4, 5)), "fill": 0},
        "The sign is lost: −3 is smaller than 2."),
    "rows-only": ({"take": lambda w: w[..., 0, :].max(axis=4)}, "Only the first row of each window is looked at."),
    "columns-only": ({"take": lambda w: w[..., 0].max(axis=4)}, "Only the first column of each window is looked at."),
    "place-of-the-maximum": ({"take": lambda w: w.reshape(*w.shape[:4], -1).argmax(axis=4)},
        "`argmax` gives the place of the maximum; wanted is the maximum itself."),
    "mixes-channels": ({"take": lambda w: np.repeat(w.max(axis=(1, 4, 5))[:, None], w.shape[1], axis=1)},
        "The maximum is taken over the channels as well. Pooling treats each channel by itself."),
    "pools-channels-away": ({"take": lambda w: w.max(axis=(1, 4, 5))},
        "The maximum is taken over the channels as well, and they are gone. Pooling keeps N and C."),
    "last-window-missing": ({"take": lambda w: largest(w)[:, :, :-1, :-1]},
        "The last row and column of windows are missing: there are ⌊(H + 2P − K)/S⌋ + 1 places. Is the + 1 there?"),
})  # fmt: skip


@task.mistake
def tiles_only(input, kernel_size):
    """Reshaping to (N, C, H/K, K, W/K, K) works where the windows tile the image. It cannot do other strides, padding,
    or a size that K does not divide."""
    (K_h, K_w), (N, C, H, W) = pair(kernel_size), input.shape
    return input.reshape(N, C, H // K_h, K_h, W // K_w, K_w).max(axis=(3, 5))


@task.mistake
def keeps_the_size(right, input):
    """Each maximum fills its whole window; the output has one entry per window."""
    rows, columns = (np.arange(n) * m // n for n, m in zip(input.shape[2:], right.shape[2:], strict=True))
    return right[:, :, rows[:, None], columns]


padding_variants(task, -np.inf, leave_out=["pads-with-the-edge"])  # a copy of a pixel in the window never wins
default_stride(task)
pairs(task, "kernel_size", "stride", "padding", square="square-window")
images_apart(task, "input")
