"""Task 07.max_pool2d: the largest entry of each window."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import axes_swapped, changing, height_for_both, ints_only, pair


def max_pool2d(input, kernel_size, stride=None, padding=0):
    """y[n, c, i, j] = max over u, v of the −∞-padded x[n, c, i·S + u, j·S + v]."""
    return windows_of(input, kernel_size, stride, padding).max(axis=(4, 5))


def windows_of(input, kernel_size, stride, padding, fill=-np.inf):
    """All windows as (N, C, H_out, W_out, K_h, K_w)."""
    (S_h, S_w), (P_h, P_w) = pair(kernel_size if stride is None else stride), pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=fill)
    return sliding_window_view(padded, pair(kernel_size), axis=(2, 3))[:, :, ::S_h, ::S_w]


def cases(rng):
    """Sizes with a remainder, overlaps and gaps, negative inputs under padding, one channel louder than the other."""
    yield Case("windows", normal(rng, 1, 1, 4, 6), 2)
    yield Case("windows", normal(rng, 2, 3, 6, 4), kernel_size=(3, 2))
    yield Case("windows", normal(rng, 2, 2, 5, 7), 2)
    yield Case("windows", -1 - abs(normal(rng, 1, 3, 4, 4)), 2)
    yield Case("windows", normal(rng, 3, 2, 3, 5), (3, 5))
    yield Case("windows", normal(rng, 2, 2, 3, 4), 1)
    yield Case("stride", normal(rng, 2, 2, 7, 9), 3, 2)
    yield Case("stride", normal(rng, 1, 3, 6, 5), 2, 1)
    yield Case("stride", normal(rng, 2, 1, 8, 9), (2, 3), stride=(3, 1))
    yield Case("stride", normal(rng, 2, 2, 7, 8), (3, 2), (1, 3))
    yield Case("padding", normal(rng, 2, 2, 5, 4), 2, padding=1)
    yield Case("padding", -1 - abs(normal(rng, 2, 2, 6, 7)), 3, 2, 1)
    yield Case("padding", normal(rng, 1, 2, 5, 6) - 3, (2, 4), (2, 1), (0, 2))
    yield Case("padding", normal(rng, 2, 1, 7, 4) - 2, (5, 3), None, (2, 1))
    yield Case("padding", normal(rng, 1, 1, 1, 1) - 5, 3, 2, 1)
    yield Case("any array", normal(rng, 2, 2, 5, 6, dtype=np.float32) - 2, 3, 2, 1)
    yield Case("any array", strided(normal(rng, 2, 3, 4, 6)), 2)
    yield Case("any array", fortran(normal(rng, 2, 2, 5, 6)), (2, 3), 1)
    yield Case("any array", readonly(normal(rng, 1, 2, 4, 5)), 2, 2, 1)


def _of_windows(summary, fill=-np.inf):
    """A wrong answer that takes something else of each window."""
    return lambda input, kernel_size, stride=None, padding=0: summary(
        windows_of(input, kernel_size, stride, padding, fill)
    )


def _ignores_padding(input, kernel_size, stride=None, padding=0):
    return max_pool2d(input, kernel_size, stride)


def _rounds_up(input, kernel_size, stride=None, padding=0):
    (K_h, K_w), (S_h, S_w) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    P_h, P_w = pair(padding)
    more = [(0, -(input.shape[2] + 2 * P_h - K_h) % S_h), (0, -(input.shape[3] + 2 * P_w - K_w) % S_w)]
    sides = [(0, 0), (0, 0), (P_h, P_h + more[0][1]), (P_w, P_w + more[1][1])]
    return max_pool2d(np.pad(input, sides, constant_values=-np.inf), kernel_size, stride)


def _pads_one_side(input, kernel_size, stride=None, padding=0):
    P_h, P_w = pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, 0), (P_w, 0)), constant_values=-np.inf)
    return max_pool2d(padded, kernel_size, stride)


def _last_window_missing(input, kernel_size, stride=None, padding=0):
    return max_pool2d(input, kernel_size, stride, padding)[:, :, :-1, :-1]


def _reshapes(input, kernel_size, stride=None, padding=0):
    """The reshaping trick: right where the windows tile the image and nothing else is asked for."""
    (K_h, K_w), (N, C, H, W) = pair(kernel_size), input.shape
    return input.reshape(N, C, H // K_h, K_h, W // K_w, K_w).max(axis=(3, 5))


def _keeps_size(input, kernel_size, stride=None, padding=0):
    pooled = max_pool2d(input, kernel_size, stride, padding)
    rows = np.arange(input.shape[2]) * pooled.shape[2] // input.shape[2]
    columns = np.arange(input.shape[3]) * pooled.shape[3] // input.shape[3]
    return pooled[:, :, rows[:, None], columns]


task = Task(
    "07.max_pool2d",
    {"windows": 1, "stride": 1, "padding": 1, "any array": 1},
    max_pool2d,
    cases,
    [
        Mistake(
            "pads-with-zeros",
            _of_windows(lambda w: w.max(axis=(4, 5)), fill=0),
            "The padding is 0, and where all entries of a window are negative the padding wins. It should never win: "
            "pad with −∞.",
            see="07#What the padding is made of",
        ),
        Mistake(
            "stride-defaults-to-one",
            changing(max_pool2d, stride=lambda given: 1 if given["stride"] is None else given["stride"]),
            "Without a stride the windows move by one pixel. For pooling the default is the kernel's size, so that "
            "windows lie side by side.",
        ),
        Mistake(
            "stride-defaults-to-two",
            changing(max_pool2d, stride=lambda given: 2 if given["stride"] is None else given["stride"]),
            "Without a stride the windows move by 2, whatever their size. The default is the kernel's size.",
        ),
        Mistake(
            "ignores-stride",
            changing(max_pool2d, stride=lambda given: None),
            "The windows always move by their own size: the argument stride is not used.",
        ),
        Mistake(
            "always-stride-one",
            changing(max_pool2d, stride=lambda given: 1),
            "The windows always move by one pixel: place (i, j) starts at (i·S_h, j·S_w).",
        ),
        Mistake(
            "ignores-padding",
            _ignores_padding,
            "The padding is not added: surround height and width with −∞ on each side.",
        ),
        Mistake(
            "rounds-up",
            _rounds_up,
            "A last window that does not fit is kept. The number of places is rounded down: ⌊(H + 2P − K)/S⌋ + 1.",
        ),
        Mistake(
            "last-window-missing",
            _last_window_missing,
            "The last row and column of windows are missing: there are ⌊(H + 2P − K)/S⌋ + 1 places. Is the + 1 there?",
        ),
        Mistake(
            "takes-the-mean",
            _of_windows(lambda w: w.mean(axis=(4, 5)), fill=0),
            "This is average pooling: take the largest entry of the window.",
        ),
        Mistake(
            "takes-the-smallest",
            _of_windows(lambda w: w.min(axis=(4, 5)), fill=np.inf),
            "This is the smallest entry of each window; wanted is the largest.",
        ),
        Mistake(
            "takes-the-last",
            _of_windows(lambda w: w[..., -1, -1]),
            "This is the last entry of each window, which is the largest only where the image is a rising ramp.",
        ),
        Mistake(
            "takes-the-first",
            _of_windows(lambda w: w[..., 0, 0]),
            "This is the first entry of each window: subsampling, not pooling.",
        ),
        Mistake(
            "takes-the-largest-magnitude",
            _of_windows(lambda w: np.abs(w).max(axis=(4, 5)), fill=0),
            "The sign is lost: −3 is smaller than 2.",
        ),
        Mistake(
            "rows-only",
            _of_windows(lambda w: w[..., 0, :].max(axis=4)),
            "Only the first row of each window is looked at.",
        ),
        Mistake(
            "columns-only",
            _of_windows(lambda w: w[..., 0].max(axis=4)),
            "Only the first column of each window is looked at.",
        ),
        Mistake(
            "place-of-the-maximum",
            _of_windows(lambda w: w.reshape(*w.shape[:4], -1).argmax(axis=4)),
            "`argmax` returns the place of the maximum; wanted is the maximum itself.",
        ),
        Mistake(
            "mixes-channels",
            _of_windows(lambda w: np.broadcast_to(w.max(axis=(1, 4, 5), keepdims=True)[..., 0, 0], w.shape[:4]).copy()),
            "The maximum is taken over the channels as well. Pooling treats each channel by itself.",
        ),
        Mistake(
            "pools-channels-away",
            _of_windows(lambda w: w.max(axis=(1, 4, 5))),
            "The maximum is taken over the channels as well, and they are gone. Pooling keeps N and C.",
        ),
        Mistake(
            "starts-at-zero",
            _of_windows(lambda w: np.maximum(w.max(axis=(4, 5)), 0)),
            "Negative maxima become 0. Is the running maximum started at 0? Start at −∞.",
        ),
        Mistake(
            "stride-axes-swapped",
            axes_swapped(max_pool2d, "stride"),
            "A pair is (height, width): the first stride moves down, the second to the right.",
        ),
        Mistake(
            "kernel-axes-swapped",
            axes_swapped(max_pool2d, "kernel_size"),
            "A pair is (height, width): the first number is the window's height.",
        ),
        Mistake(
            "padding-axes-swapped",
            axes_swapped(max_pool2d, "padding"),
            "A pair is (height, width): the first padding goes above and below.",
        ),
        Mistake(
            "one-stride-for-both",
            height_for_both(max_pool2d, "stride"),
            "The first stride is used along both axes: a pair is (height, width).",
        ),
        Mistake(
            "square-window",
            height_for_both(max_pool2d, "kernel_size"),
            "The window's height is used for its width as well: a pair is (height, width).",
        ),
        Mistake(
            "pairs-not-handled",
            ints_only(max_pool2d),
            "A pair (height, width) raises an error: kernel_size, stride and padding may each be an int or a pair.",
        ),
        Mistake(
            "pads-one-side",
            _pads_one_side,
            "The padding is added above and to the left only; P means P on each of the four sides.",
        ),
        Mistake(
            "tiles-only",
            _reshapes,
            "Reshaping to (N, C, H/K, K, W/K, K) works where the windows tile the image. It cannot do other strides, "
            "padding, or a size that K does not divide.",
        ),
        Mistake(
            "keeps-the-size", _keeps_size, "Each maximum fills its whole window; the output has one entry per window."
        ),
    ],
    see="07#Maximum and mean of a window",
    place=1,
)
