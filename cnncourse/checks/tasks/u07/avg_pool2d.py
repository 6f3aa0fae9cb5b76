"""Task 07.avg_pool2d: the mean of each window."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import axes_swapped, changing, height_for_both, ints_only, pair


def avg_pool2d(input, kernel_size, stride=None, padding=0):
    """y[n, c, i, j] = Σ over u, v of the zero-padded x[n, c, i·S + u, j·S + v] / (K_h · K_w)."""
    return windows_of(input, kernel_size, stride, padding).mean(axis=(4, 5))


def windows_of(input, kernel_size, stride, padding):
    """All windows as (N, C, H_out, W_out, K_h, K_w)."""
    (S_h, S_w), (P_h, P_w) = pair(kernel_size if stride is None else stride), pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    return sliding_window_view(padded, pair(kernel_size), axis=(2, 3))[:, :, ::S_h, ::S_w]


def cases(rng):
    """Sizes that leave a remainder, overlaps and gaps, oblong windows, padding."""
    yield Case("windows", normal(rng, 1, 1, 4, 6), 2)
    yield Case("windows", normal(rng, 2, 3, 6, 4), kernel_size=(3, 2))
    yield Case("windows", normal(rng, 2, 2, 5, 7), 2)
    yield Case("windows", normal(rng, 3, 2, 3, 5), (3, 5))
    yield Case("windows", normal(rng, 2, 2, 3, 4), 1)
    yield Case("stride", normal(rng, 2, 2, 7, 9), 3, 2)
    yield Case("stride", normal(rng, 1, 3, 6, 5), 2, 1)
    yield Case("stride", normal(rng, 2, 1, 8, 9), (2, 3), stride=(3, 1))
    yield Case("stride", normal(rng, 2, 2, 7, 8), (3, 2), (1, 3))
    yield Case("padding", normal(rng, 2, 2, 5, 4), 2, padding=1)
    yield Case("padding", normal(rng, 2, 2, 6, 7), 3, 2, 1)
    yield Case("padding", normal(rng, 1, 2, 5, 6), (2, 4), (2, 1), (0, 2))
    yield Case("padding", normal(rng, 2, 1, 7, 4), (5, 3), None, (2, 1))
    yield Case("padding", normal(rng, 1, 1, 1, 1), 3, 2, 1)
    yield Case("any array", normal(rng, 2, 2, 5, 6, dtype=np.float32), 3, 2, 1)
    yield Case("any array", strided(normal(rng, 2, 3, 4, 6)), 2)
    yield Case("any array", fortran(normal(rng, 2, 2, 5, 6)), (2, 3), 1)
    yield Case("any array", readonly(normal(rng, 1, 2, 4, 5)), 2, 2, 1)


def _of_windows(summary):
    """A wrong answer that takes something else of each window."""
    return lambda input, kernel_size, stride=None, padding=0: summary(windows_of(input, kernel_size, stride, padding))


def _counts_inside(input, kernel_size, stride=None, padding=0):
    counts = windows_of(np.ones_like(input), kernel_size, stride, padding).sum(axis=(4, 5))
    return windows_of(input, kernel_size, stride, padding).sum(axis=(4, 5)) / counts


def _rounds_up(input, kernel_size, stride=None, padding=0):
    (K_h, K_w), (S_h, S_w) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    P_h, P_w = pair(padding)
    rest = -(input.shape[2] + 2 * P_h - K_h) % S_h, -(input.shape[3] + 2 * P_w - K_w) % S_w
    return avg_pool2d(np.pad(input, ((0, 0), (0, 0), (P_h, P_h + rest[0]), (P_w, P_w + rest[1]))), kernel_size, stride)


def _infinite_padding(input, kernel_size, stride=None, padding=0):
    P_h, P_w = pair(padding)
    sides = ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w))
    return avg_pool2d(np.pad(input, sides, constant_values=-np.inf), kernel_size, stride)


def _pads_one_side(input, kernel_size, stride=None, padding=0):
    P_h, P_w = pair(padding)
    return avg_pool2d(np.pad(input, ((0, 0), (0, 0), (P_h, 0), (P_w, 0))), kernel_size, stride)


def _edge_padding(input, kernel_size, stride=None, padding=0):
    P_h, P_w = pair(padding)
    return avg_pool2d(np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), mode="edge"), kernel_size, stride)


def _reshapes(input, kernel_size, stride=None, padding=0):
    (K_h, K_w), (N, C, H, W) = pair(kernel_size), input.shape
    return input.reshape(N, C, H // K_h, K_h, W // K_w, K_w).mean(axis=(3, 5))


def _divides_by_stride(input, kernel_size, stride=None, padding=0):
    S_h, S_w = pair(kernel_size if stride is None else stride)
    return windows_of(input, kernel_size, stride, padding).sum(axis=(4, 5)) / (S_h * S_w)


def _square_divisor(w):
    return w.sum(axis=(4, 5)) / w.shape[4] ** 2


task = Task(
    "07.avg_pool2d",
    {"windows": 1, "stride": 1, "padding": 1, "any array": 1},
    avg_pool2d,
    cases,
    [
        Mistake(
            "padding-not-counted",
            _counts_inside,
            "Where a window sticks out, you divide by the number of pixels inside the image. In this task, as in "
            "PyTorch by default, the padding's zeros count: divide by K_h·K_w everywhere.",
            see="07#What the padding is made of",
        ),
        Mistake(
            "sum-for-mean",
            _of_windows(lambda w: w.sum(axis=(4, 5))),
            "This is the sum of each window: divide by K_h·K_w.",
        ),
        Mistake(
            "divides-by-height-squared",
            _of_windows(_square_divisor),
            "The divisor is K_h²; an oblong window has K_h·K_w entries.",
        ),
        Mistake(
            "divides-by-kernel-size",
            _of_windows(lambda w: w.sum(axis=(4, 5)) / w.shape[4]),
            "The divisor is K_h; a window has K_h·K_w entries.",
        ),
        Mistake(
            "divides-by-stride",
            _divides_by_stride,
            "The divisor is S_h·S_w. That is the same where windows lie side by side; a window has K_h·K_w entries.",
        ),
        Mistake(
            "always-divides-by-four",
            _of_windows(lambda w: w.sum(axis=(4, 5)) / 4),
            "The divisor is 4 for windows of every size: divide by K_h·K_w.",
        ),
        Mistake(
            "takes-the-largest",
            _of_windows(lambda w: w.max(axis=(4, 5))),
            "This is max pooling: take the mean of the window.",
        ),
        Mistake(
            "takes-the-median",
            _of_windows(lambda w: np.median(w, axis=(4, 5))),
            "This is the median of each window; wanted is the mean.",
        ),
        Mistake(
            "pads-with-minus-infinity",
            _infinite_padding,
            "−∞ is max pooling's padding: in a mean it makes everything −∞. Here the padding is zeros.",
            see="07#What the padding is made of",
        ),
        Mistake("pads-with-the-edge", _edge_padding, "The padding repeats the image's edge; it should be zeros."),
        Mistake(
            "pads-one-side",
            _pads_one_side,
            "The padding is added above and to the left only; P means P on each of the four sides.",
        ),
        Mistake(
            "stride-defaults-to-one",
            changing(avg_pool2d, stride=lambda given: 1 if given["stride"] is None else given["stride"]),
            "Without a stride the windows move by one pixel. For pooling the default is the kernel's size.",
        ),
        Mistake(
            "stride-defaults-to-two",
            changing(avg_pool2d, stride=lambda given: 2 if given["stride"] is None else given["stride"]),
            "Without a stride the windows move by 2, whatever their size. The default is the kernel's size.",
        ),
        Mistake(
            "ignores-stride",
            changing(avg_pool2d, stride=lambda given: None),
            "The windows always move by their own size: the argument stride is not used.",
        ),
        Mistake(
            "always-stride-one",
            changing(avg_pool2d, stride=lambda given: 1),
            "The windows always move by one pixel: place (i, j) starts at (i·S_h, j·S_w).",
        ),
        Mistake(
            "ignores-padding",
            changing(avg_pool2d, padding=lambda given: 0),
            "The padding is not added: surround height and width with zeros on each side.",
        ),
        Mistake(
            "rounds-up",
            _rounds_up,
            "A last window that does not fit is kept. The number of places is rounded down: ⌊(H + 2P − K)/S⌋ + 1.",
        ),
        Mistake(
            "last-window-missing",
            _of_windows(lambda w: w.mean(axis=(4, 5))[:, :, :-1, :-1]),
            "The last row and column of windows are missing: there are ⌊(H + 2P − K)/S⌋ + 1 places. Is the + 1 there?",
        ),
        Mistake(
            "mixes-channels",
            _of_windows(lambda w: np.repeat(w.mean(axis=(1, 4, 5))[:, None], w.shape[1], axis=1)),
            "The mean is taken over the channels as well. Pooling treats each channel by itself.",
        ),
        Mistake(
            "rows-only",
            _of_windows(lambda w: w[..., 0, :].mean(axis=4)),
            "Only the first row of each window is averaged.",
        ),
        Mistake(
            "stride-axes-swapped",
            axes_swapped(avg_pool2d, "stride"),
            "A pair is (height, width): the first stride moves down, the second to the right.",
        ),
        Mistake(
            "kernel-axes-swapped",
            axes_swapped(avg_pool2d, "kernel_size"),
            "A pair is (height, width): the first number is the window's height.",
        ),
        Mistake(
            "padding-axes-swapped",
            axes_swapped(avg_pool2d, "padding"),
            "A pair is (height, width): the first padding goes above and below.",
        ),
        Mistake(
            "one-stride-for-both",
            height_for_both(avg_pool2d, "stride"),
            "The first stride is used along both axes: a pair is (height, width).",
        ),
        Mistake(
            "square-window",
            height_for_both(avg_pool2d, "kernel_size"),
            "The window's height is used for its width as well: a pair is (height, width).",
        ),
        Mistake(
            "pairs-not-handled",
            ints_only(avg_pool2d),
            "A pair (height, width) raises an error: kernel_size, stride and padding may each be an int or a pair.",
        ),
        Mistake(
            "tiles-only",
            _reshapes,
            "Reshaping to (N, C, H/K, K, W/K, K) works where the windows tile the image. It cannot do other strides, "
            "padding, or a size that K does not divide.",
        ),
    ],
    see="07#Maximum and mean of a window",
    place=3,
)
