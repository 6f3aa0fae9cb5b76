"""Every window as a column."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import PAIRS, any_array, geometries, images_apart, padding_variants, pair, pairs

task = Task(see="im2col: every window a column")


@task.right
def im2col(input, kernel_size, stride=1, padding=0):
    """Row (c, u, v) and column (i, j) hold the padded input's entry (c, i·S + u, j·S + v)."""
    windows = all_windows(input, kernel_size, stride, padding).transpose(0, 1, 4, 5, 2, 3)
    return windows.reshape(len(input), math.prod(windows.shape[1:4]), math.prod(windows.shape[4:]))


def all_windows(input, kernel_size, stride, padding):
    """All windows as (N, C, H_out, W_out, K_h, K_w)."""
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    return sliding_window_view(padded, pair(kernel_size), axis=(2, 3))[:, :, ::S_h, ::S_w]


@task.criterion(1)
def windows(rng):
    """Stride 1, no padding, from a single pixel up to a window as high as the image."""
    yield Call(normal(rng, 1, 1, 4, 5), 3)
    yield Call(normal(rng, 2, 3, 5, 6), 2)
    yield Call(normal(rng, 3, 2, 3, 4), kernel_size=3)
    yield Call(normal(rng, 2, 4, 3, 5), 1)
    yield Call(normal(rng, 2, 2, 4, 4), 2)


@task.criterion(1)
def stride(rng):
    """A stride of 2 or 3, smaller and larger than the window, also where it does not divide."""
    yield Call(normal(rng, 2, 3, 7, 8), 3, 2)
    yield Call(normal(rng, 2, 2, 9, 7), 2, stride=3)
    for shape, *options, _ in geometries(rng, 0):
        yield Call(normal(rng, *shape), *options)


@task.criterion(1)
def padding(rng):
    """Zeros around the image, also with a stride on odd and even sizes."""
    yield Call(normal(rng, 2, 2, 4, 5), 3, padding=1)
    yield Call(normal(rng, 1, 2, 4, 5), 1, 2, 1)
    for shape, *options in geometries(rng, 1, 2):
        yield Call(normal(rng, *shape), *options)
    yield Call(normal(rng, 1, 1, 1, 1), 3, 2, 1)
    yield Call(normal(rng, 2, 2, 3, 5), 2, padding=2)


@task.criterion(1, "pairs")
def some_pairs(rng):
    """kernel_size, stride and padding given as pairs (height, width)."""
    for shape, *options in PAIRS:
        yield Call(normal(rng, *shape), *options)
    yield Call(normal(rng, 2, 2, 9, 7), (2, 3), (3, 1))
    yield Call(normal(rng, 2, 1, 4, 6), (2, 3), (2, 3), (0, 2))


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 2, 2, 5, 6), 3, 2, 1)
    yield Call(normal(rng, 2, 3, 4, 5), 2)


def laid_out(input, kernel_size, stride, padding, order=(0, 1, 4, 5, 2, 3), shape=lambda N, rows, L: (N, rows, L),
             change=lambda windows: windows):  # fmt: skip
    """The windows' axes (N, C, H_out, W_out, K_h, K_w) in another order, then merged into another shape."""
    windows = change(all_windows(input, kernel_size, stride, padding))
    N, C, H_out, W_out, K_h, K_w = windows.shape
    return windows.transpose(order).reshape(shape(N, C * K_h * K_w, H_out * W_out))


task.options(laid_out, {
    "windows-as-rows": ({"order": (0, 2, 3, 1, 4, 5), "shape": lambda N, rows, L: (N, L, rows)},
        "Each window is in a row. In this layout each window is a column: (N, C·K_h·K_w, L), so that the weight matrix "
        "(C_out, C·K_h·K_w) can be multiplied from the left."),
    "reshapes-without-transposing": ({"order": (0, 1, 2, 3, 4, 5)},
        "The shape is right and the numbers are mixed up: `reshape` keeps the order in memory, it does not move axes. "
        "Bring the axes into the order (N, C, K_h, K_w, H_out, W_out) with `transpose` first."),
    "rows-reshaped-to-columns": ({"order": (0, 2, 3, 1, 4, 5)},
        "The windows are in rows, and `reshape` gives the matrix its shape without turning it. Turn it with "
        "`transpose`: the axes (N, C, K_h, K_w, H_out, W_out) in this order, or rows.transpose(0, 2, 1)."),
    "channels-last": ({"order": (0, 4, 5, 1, 2, 3)},
        "Within a column the channel runs fastest. PyTorch's layout is (C, K_h, K_w): all entries of the first "
        "channel's window, then the second's, so that weight.reshape(C_out, -1) fits."),
    "batch-in-columns": ({"order": (1, 4, 5, 0, 2, 3), "shape": lambda N, rows, L: (rows, N * L)},
        "The windows of all images are side by side in one matrix. Here the batch keeps its own axis: "
        "(N, C·K_h·K_w, L)."),
    "batch-runs-fastest": ({"order": (1, 4, 5, 2, 3, 0), "shape": lambda N, rows, L: (rows, L * N)},
        "The windows of all images are in one matrix. Here the batch keeps its own axis: (N, C·K_h·K_w, L)."),
    "batch-in-rows": ({"order": (0, 2, 3, 1, 4, 5), "shape": lambda N, rows, L: (N * L, rows)},
        "All windows of all images are in the rows of one matrix. Here the batch keeps its own axis, and windows are "
        "columns: (N, C·K_h·K_w, L)."),
    "places-column-major": ({"order": (0, 1, 4, 5, 3, 2)},
        "The windows are numbered down the columns of the image. Row-major order goes along a row first: place (i, j) "
        "is number i·W_out + j."),
    "window-column-major": ({"order": (0, 1, 5, 4, 2, 3)},
        "Inside a window the entries are numbered down its columns. Row-major order goes along a row first: entry "
        "(u, v) is number u·K_w + v."),
    "flips-the-window": ({"change": lambda windows: windows[..., ::-1, ::-1]},
        "The entries of each window are in reverse order. Nothing is flipped here; the flip belongs to true "
        "convolution."),
    "last-window-missing": ({"change": lambda windows: windows[:, :, :-1, :-1]},
        "The last row and column of windows are missing: there are ⌊(H + 2P − K)/S⌋ + 1 places along an axis. Is the "
        "+ 1 there?"),
})  # fmt: skip


task.options(im2col, {
    "ignores-stride": ({"stride": 1},
        "The windows move by one pixel, whatever the stride is: place (i, j) starts at row i·S_h, column j·S_w."),
    "ignores-padding": ({"padding": 0},
        "The padding is not added: surround height and width with `padding` zeros on each side."),
})  # fmt: skip


@task.mistake
def stride_is_kernel_size(again, kernel_size):
    """The windows do not overlap: they move by the kernel's size and not by the stride. That is the default of pooling;
    here the default is 1."""
    return again(stride=kernel_size)


pairs(task, "kernel_size", "stride", "padding", square="square-window")


padding_variants(task, leave_out=["ignores-padding"], called={"rounds-up": "window-sticks-out"})
images_apart(task, "input")
