"""The mean of each window."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.checks.author import Call, Task, normal
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
def avg_pool2d(input, kernel_size, stride=None, padding=0):
    """y[n, c, i, j] = Σ over u, v of the zero-padded x[n, c, i·S + u, j·S + v] / (K_h · K_w)."""
    return windows_of(input, kernel_size, stride, padding).mean(axis=(4, 5))


def windows_of(input, kernel_size, stride, padding):
    """All windows as (N, C, H_out, W_out, K_h, K_w)."""
    (S_h, S_w), (P_h, P_w) = pair(kernel_size if stride is None else stride), pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    return sliding_window_view(padded, pair(kernel_size), axis=(2, 3))[:, :, ::S_h, ::S_w]


@task.criterion(1)
def windows(rng):
    """Windows side by side, the stride being the kernel's size, also where rows are left over."""
    yield Call(normal(rng, 1, 1, 4, 6), 2)
    yield Call(normal(rng, 2, 3, 6, 4), kernel_size=3)
    yield Call(normal(rng, 2, 2, 5, 7), 2)
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
    """Zeros around the image, which count in the mean, for odd and even sizes."""
    yield Call(normal(rng, 2, 2, 5, 4), 2, padding=1)
    yield Call(normal(rng, 2, 1, 7, 4), 5, None, 2)
    for shape, *options in geometries(rng, 1, 2):
        yield Call(normal(rng, *shape), *options)
    yield Call(normal(rng, 1, 1, 1, 1), 3, 2, 1)


@task.criterion(0.5, "pairs")
def some_pairs(rng):
    """kernel_size, stride and padding given as pairs (height, width)."""
    for shape, *options in PAIRS:
        yield Call(normal(rng, *shape), *options)
    yield Call(normal(rng, 2, 3, 6, 4), (3, 2))
    yield Call(normal(rng, 1, 2, 5, 6), (2, 4), (2, 1), (0, 2))
    yield Call(normal(rng, 2, 1, 7, 4), (5, 3), None, (2, 1))


@any_array(task, points=0.5)
def arrays(rng):
    yield Call(normal(rng, 2, 2, 5, 6), 3, 2, 1)
    yield Call(normal(rng, 2, 3, 4, 6), 2)


def pooled(input, kernel_size, stride, padding, take):
    """Something else of each window."""
    return take(windows_of(input, kernel_size, stride, padding))


def sums(windows):
    """The sum of each window."""
    return windows.sum(axis=(4, 5))


task.options(pooled, {
    "sum-for-mean": ({"take": sums}, "This is the sum of each window: divide by K_h·K_w."),
    "divides-by-height-squared": ({"take": lambda w: sums(w) / w.shape[4] ** 2},
        "The divisor is K_h²; an oblong window has K_h·K_w entries."),
    "divides-by-kernel-size": ({"take": lambda w: sums(w) / w.shape[4]},
        "The divisor is K_h; a window has K_h·K_w entries."),
    "always-divides-by-four": ({"take": lambda w: sums(w) / 4},
        "The divisor is 4 for windows of every size: divide by K_h·K_w."),
    "takes-the-largest": ({"take": lambda w: w.max(axis=(4, 5))},
        "This is max pooling: take the mean of the window."),
    "takes-the-median": ({"take": lambda w: np.median(w, axis=(4, 5))},
        "This is the median of each window; wanted is the mean."),
    "mixes-channels": ({"take": lambda w: np.repeat(w.mean(axis=(1, 4, 5))[:, None], w.shape[1], axis=1)},
        "The mean is taken over the channels as well. Pooling treats each channel by itself."),
    "rows-only": ({"take": lambda w: w[..., 0, :].mean(axis=4)}, "Only the first row of each window is averaged."),
    "last-window-missing": ({"take": lambda w: w.mean(axis=(4, 5))[:, :, :-1, :-1]},
        "The last row and column of windows are missing: there are ⌊(H + 2P − K)/S⌋ + 1 places. Is the + 1 there?"),
})  # fmt: skip


@task.mistake(see=PADDING)
def padding_not_counted(right, again, input, kernel_size):
    """Where a window sticks out, you divide by the number of pixels inside the image. In this task, as in PyTorch by
    default, the padding's zeros count: divide by K_h·K_w everywhere."""
    return right / again(input=np.ones_like(input))


@task.mistake
def divides_by_stride(right, kernel_size, stride):
    """The divisor is S_h·S_w. That is the same where windows lie side by side; a window has K_h·K_w entries."""
    return right * math.prod(pair(kernel_size)) / math.prod(pair(kernel_size if stride is None else stride))


@task.mistake(see=PADDING)
def pads_with_minus_infinity(again, input, padding):
    """−∞ is max pooling's padding: in a mean it makes everything −∞. Here the padding is zeros."""
    P_h, P_w = pair(padding)
    return again(input=np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=-np.inf), padding=0)


@task.mistake
def tiles_only(input, kernel_size):
    """Reshaping to (N, C, H/K, K, W/K, K) works where the windows tile the image. It cannot do other strides, padding,
    or a size that K does not divide."""
    (K_h, K_w), (N, C, H, W) = pair(kernel_size), input.shape
    return input.reshape(N, C, H // K_h, K_h, W // K_w, K_w).mean(axis=(3, 5))


padding_variants(task)
default_stride(task)
pairs(task, "kernel_size", "stride", "padding", square="square-window")
images_apart(task, "input")
