"""Task 05.im2col: every window as a column."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import pair, swap


def im2col(input, kernel_size, stride=1, padding=0):
    """Row (c, u, v) and column (i, j) hold the padded input's entry (c, i·S + u, j·S + v)."""
    windows = _windows(input, kernel_size, stride, padding).transpose(0, 1, 4, 5, 2, 3)
    return windows.reshape(len(input), math.prod(windows.shape[1:4]), math.prod(windows.shape[4:]))


def _windows(input, kernel_size, stride, padding):
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    return sliding_window_view(padded, pair(kernel_size), axis=(2, 3))[:, :, ::S_h, ::S_w]


def cases(rng):
    """Oblong images and windows, strides that leave a rest, padding wider in one direction."""
    yield Case("windows", normal(rng, 1, 1, 4, 5), 3)
    yield Case("windows", normal(rng, 2, 3, 5, 6), 2)
    yield Case("windows", normal(rng, 3, 2, 4, 4), kernel_size=(2, 3))
    yield Case("windows", normal(rng, 2, 2, 3, 2), (3, 2))
    yield Case("windows", normal(rng, 2, 4, 3, 5), 1)
    yield Case("stride", normal(rng, 2, 3, 7, 8), 3, 2)
    yield Case("stride", normal(rng, 2, 2, 9, 7), (2, 3), stride=(3, 1))
    yield Case("stride", normal(rng, 1, 2, 6, 8), (3, 1), (1, 3))
    yield Case("padding", normal(rng, 2, 2, 4, 5), 3, padding=1)
    yield Case("padding", normal(rng, 1, 3, 5, 3), (3, 2), padding=(2, 0))
    yield Case("padding", normal(rng, 2, 1, 4, 6), (2, 3), (2, 3), (0, 2))
    yield Case("padding", normal(rng, 1, 1, 1, 1), 3, 2, 1)
    yield Case("any array", normal(rng, 2, 2, 5, 6, dtype=np.float32), (3, 2), 2, 1)
    yield Case("any array", strided(normal(rng, 2, 3, 4, 5)), 2)
    yield Case("any array", fortran(normal(rng, 2, 2, 5, 4)), (2, 1), (1, 2))
    yield Case("any array", readonly(normal(rng, 1, 2, 4, 4)), 3, padding=(0, 1))


def _laid_out(order, shape):
    """A wrong layout: the windows' axes (N, C, H_out, W_out, K_h, K_w) in another order, then merged."""

    def wrong(input, kernel_size, stride=1, padding=0):
        windows = _windows(input, kernel_size, stride, padding)
        N, C, H_out, W_out, K_h, K_w = windows.shape
        return windows.transpose(order).reshape(shape(N, C * K_h * K_w, H_out * W_out))

    return wrong


def _plain(N, rows, L):
    return N, rows, L


def _edge_padding(input, kernel_size, stride=1, padding=0):
    (P_h, P_w) = pair(padding)
    return im2col(np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), mode="edge"), kernel_size, stride)


def _pads_one_side(input, kernel_size, stride=1, padding=0):
    (P_h, P_w) = pair(padding)
    return im2col(np.pad(input, ((0, 0), (0, 0), (P_h, 0), (P_w, 0))), kernel_size, stride)


def _last_window_missing(input, kernel_size, stride=1, padding=0):
    windows = _windows(input, kernel_size, stride, padding)[:, :, :-1, :-1]
    N, C, H_out, W_out, K_h, K_w = windows.shape
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * K_h * K_w, H_out * W_out)


def _sticks_out(input, kernel_size, stride=1, padding=0):
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    H, W = input.shape[2:]
    more = (0, -(H + 2 * P_h - K_h) % S_h), (0, -(W + 2 * P_w - K_w) % S_w)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    return im2col(np.pad(padded, ((0, 0), (0, 0), *more)), kernel_size, stride)


def _flipped(input, kernel_size, stride=1, padding=0):
    windows = _windows(input, kernel_size, stride, padding)[..., ::-1, ::-1]
    N, C, H_out, W_out, K_h, K_w = windows.shape
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * K_h * K_w, H_out * W_out)


task = Task(
    "05.im2col",
    {"windows": 2, "stride": 1, "padding": 1, "any array": 1},
    im2col,
    cases,
    [
        Mistake(
            "windows-as-rows",
            _laid_out((0, 2, 3, 1, 4, 5), lambda N, rows, L: (N, L, rows)),
            "Each window stands in a row. In this layout each window is a column: (N, C·K_h·K_w, L), so that the "
            "weight matrix (C_out, C·K_h·K_w) can be multiplied from the left.",
        ),
        Mistake(
            "reshapes-without-transposing",
            _laid_out((0, 1, 2, 3, 4, 5), _plain),
            "The shape is right and the numbers are mixed up: `reshape` keeps the order in memory, it does not move "
            "axes. Bring the axes into the order (N, C, K_h, K_w, H_out, W_out) with `transpose` first.",
        ),
        Mistake(
            "channels-last",
            _laid_out((0, 4, 5, 1, 2, 3), _plain),
            "Within a column the channel runs fastest. PyTorch's layout is (C, K_h, K_w): all entries of the first "
            "channel's window, then the second's, so that weight.reshape(C_out, -1) fits.",
        ),
        Mistake(
            "batch-in-columns",
            _laid_out((1, 4, 5, 0, 2, 3), lambda N, rows, L: (rows, N * L)),
            "The windows of all images stand side by side in one matrix. Here the batch keeps its own axis: "
            "(N, C·K_h·K_w, L).",
        ),
        Mistake(
            "batch-runs-fastest",
            _laid_out((1, 4, 5, 2, 3, 0), lambda N, rows, L: (rows, L * N)),
            "The windows of all images stand in one matrix. Here the batch keeps its own axis: (N, C·K_h·K_w, L).",
        ),
        Mistake(
            "batch-in-rows",
            _laid_out((0, 2, 3, 1, 4, 5), lambda N, rows, L: (N * L, rows)),
            "All windows of all images stand in the rows of one matrix. Here the batch keeps its own axis, and "
            "windows are columns: (N, C·K_h·K_w, L).",
        ),
        Mistake(
            "places-column-major",
            _laid_out((0, 1, 4, 5, 3, 2), _plain),
            "The windows are numbered down the columns of the image. Row-major order goes along a row first: place "
            "(i, j) is number i·W_out + j.",
        ),
        Mistake(
            "window-column-major",
            _laid_out((0, 1, 5, 4, 2, 3), _plain),
            "Inside a window the entries are numbered down its columns. Row-major order goes along a row first: "
            "entry (u, v) is number u·K_w + v.",
        ),
        Mistake(
            "flips-the-window",
            _flipped,
            "The entries of each window stand in reverse order. Nothing is flipped here; the flip belongs to true "
            "convolution.",
        ),
        Mistake(
            "ignores-stride",
            lambda input, kernel_size, stride=1, padding=0: im2col(input, kernel_size, 1, padding),
            "The windows move by one pixel, whatever the stride says: place (i, j) starts at row i·S_h, column j·S_w.",
        ),
        Mistake(
            "ignores-padding",
            lambda input, kernel_size, stride=1, padding=0: im2col(input, kernel_size, stride),
            "The padding is not added: surround height and width with `padding` zeros on each side.",
        ),
        Mistake(
            "stride-is-kernel-size",
            lambda input, kernel_size, stride=1, padding=0: im2col(input, kernel_size, kernel_size, padding),
            "The windows do not overlap: they move by the kernel's size and not by the stride. That is the default "
            "of pooling; here the default is 1.",
        ),
        Mistake(
            "stride-axes-swapped",
            lambda input, kernel_size, stride=1, padding=0: im2col(input, kernel_size, swap(stride), padding),
            "A pair is (height, width): the first stride moves down, the second to the right.",
        ),
        Mistake(
            "kernel-axes-swapped",
            lambda input, kernel_size, stride=1, padding=0: im2col(input, swap(kernel_size), stride, padding),
            "A pair is (height, width): the first number is the window's height.",
        ),
        Mistake(
            "padding-axes-swapped",
            lambda input, kernel_size, stride=1, padding=0: im2col(input, kernel_size, stride, swap(padding)),
            "A pair is (height, width): the first padding goes above and below.",
        ),
        Mistake(
            "one-stride-for-both",
            lambda input, kernel_size, stride=1, padding=0: im2col(input, kernel_size, pair(stride)[0], padding),
            "The first stride is used along both axes: a pair is (height, width).",
        ),
        Mistake(
            "square-window",
            lambda input, kernel_size, stride=1, padding=0: im2col(input, pair(kernel_size)[0], stride, padding),
            "The window's height is used for its width as well: a pair is (height, width).",
        ),
        Mistake(
            "one-padding-for-both",
            lambda input, kernel_size, stride=1, padding=0: im2col(input, kernel_size, stride, pair(padding)[0]),
            "The first padding is used along both axes: a pair is (height, width).",
        ),
        Mistake(
            "pads-one-side",
            _pads_one_side,
            "Zeros are added above and to the left only; padding P means P zeros on each of the four sides.",
        ),
        Mistake("pads-with-the-edge", _edge_padding, "The padding repeats the image's edge; it should be zeros."),
        Mistake(
            "last-window-missing",
            _last_window_missing,
            "The last row and column of windows are missing: there are ⌊(H + 2P − K)/S⌋ + 1 places along an axis. "
            "Is the + 1 there?",
        ),
        Mistake(
            "window-sticks-out",
            _sticks_out,
            "A last window that does not fit is kept, with zeros where it leaves the image. The number of places is "
            "rounded down: ⌊(H + 2P − K)/S⌋ + 1.",
        ),
    ],
    see="05#im2col: every window a column",
    place=1,
)
