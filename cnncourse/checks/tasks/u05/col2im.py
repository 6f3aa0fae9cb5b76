"""Task 05.col2im: put the windows' entries back and add up where they overlap."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import pair, swap


def col2im(columns, input_shape, kernel_size, stride=1, padding=0):
    """The adjoint of im2col: each entry goes back to where im2col reads it."""
    return _cropped(_scattered(columns, input_shape, kernel_size, stride, padding), input_shape, padding)


def _scattered(columns, input_shape, kernel_size, stride, padding):
    N, C, H, W = input_shape
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w), columns.dtype)
    H_out, W_out = (padded.shape[2] - K_h) // S_h + 1, (padded.shape[3] - K_w) // S_w + 1
    entries = columns.reshape(N, C, K_h, K_w, H_out, W_out)
    for u in range(K_h):
        for v in range(K_w):
            padded[:, :, u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w] += entries[:, :, u, v]
    return padded


def _cropped(padded, input_shape, padding):
    (H, W), (P_h, P_w) = input_shape[2:], pair(padding)
    return padded[:, :, P_h : P_h + H, P_w : P_w + W]


def drawn(rng, input_shape, kernel_size, stride=1, padding=0, dtype=np.float64):
    """Random columns of the shape that im2col gives."""
    N, C, H, W = input_shape
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    L = ((H + 2 * P_h - K_h) // S_h + 1) * ((W + 2 * P_w - K_w) // S_w + 1)
    return normal(rng, N, C * K_h * K_w, L, dtype=dtype)


def cases(rng):
    """Overlapping windows, windows with gaps, pixels that no window reaches, padding."""
    for criterion, *arguments in (
        ("overlaps", (1, 1, 4, 5), 3),
        ("overlaps", (2, 3, 5, 4), 2),
        ("overlaps", (2, 2, 4, 6), (2, 3)),
        ("overlaps", (3, 1, 3, 2), (3, 2)),
        ("overlaps", (1, 2, 3, 3), 1),
        ("stride", (2, 2, 7, 9), 3, 2),
        ("stride", (2, 3, 6, 8), (2, 3), (2, 1)),
        ("stride", (1, 2, 8, 7), 2, (3, 2)),
        ("stride", (1, 1, 5, 8), (3, 2), (1, 4)),
        ("padding", (2, 2, 4, 5), 3, 1, 1),
        ("padding", (1, 3, 5, 3), (3, 2), (1, 1), (2, 0)),
        ("padding", (2, 1, 4, 6), (2, 3), (2, 3), (0, 2)),
        ("padding", (1, 1, 1, 1), 3, 2, 1),
    ):
        yield Case(criterion, drawn(rng, *arguments), *arguments)
    named = {"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0)}
    yield Case("any array", drawn(rng, (2, 2, 5, 4), dtype=np.float32, **named), (2, 2, 5, 4), **named)
    yield Case("any array", strided(drawn(rng, (2, 3, 4, 5), 2)), (2, 3, 4, 5), 2)
    yield Case("any array", fortran(drawn(rng, (2, 2, 4, 3), 2, padding=1)), (2, 2, 4, 3), kernel_size=2, padding=1)
    yield Case("any array", readonly(drawn(rng, (1, 2, 6, 5), 3, 2)), (1, 2, 6, 5), 3, 2)


def _each_place(write):
    """Put windows back one place after the other with a wrong rule: write(padded window, window of columns)."""

    def wrong(columns, input_shape, kernel_size, stride=1, padding=0):
        N, C, H, W = input_shape
        (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
        H_out, W_out = (H + 2 * P_h - K_h) // S_h + 1, (W + 2 * P_w - K_w) // S_w + 1
        padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w), columns.dtype)
        for place, (i, j) in enumerate(np.ndindex(H_out, W_out)):
            window = padded[:, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
            write(window, columns[:, :, place].reshape(N, C, K_h, K_w))
        return _cropped(padded, input_shape, padding)

    return wrong


def _last_window(window, entries):
    window[...] = entries


def _flipped_window(window, entries):
    window += entries[:, :, ::-1, ::-1]


def _offset_overwrites(columns, input_shape, kernel_size, stride=1, padding=0):
    N, C, H, W = input_shape
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    H_out, W_out = (H + 2 * P_h - K_h) // S_h + 1, (W + 2 * P_w - K_w) // S_w + 1
    entries = columns.reshape(N, C, K_h, K_w, H_out, W_out)
    padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w), columns.dtype)
    for u, v in np.ndindex(K_h, K_w):
        padded[:, :, u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w] = entries[:, :, u, v]
    return _cropped(padded, input_shape, padding)


def _averages(columns, input_shape, kernel_size, stride=1, padding=0):
    counts = col2im(np.ones_like(columns), input_shape, kernel_size, stride, padding)
    return col2im(columns, input_shape, kernel_size, stride, padding) / np.maximum(counts, 1)


def _divides_by_window(columns, input_shape, kernel_size, stride=1, padding=0):
    return col2im(columns, input_shape, kernel_size, stride, padding) / np.prod(pair(kernel_size))


def _not_cropped(columns, input_shape, kernel_size, stride=1, padding=0):
    return _scattered(columns, input_shape, kernel_size, stride, padding)


def _minus_zero(columns, input_shape, kernel_size, stride=1, padding=0):
    P_h, P_w = pair(padding)
    return _scattered(columns, input_shape, kernel_size, stride, padding)[:, :, P_h:-P_h, P_w:-P_w]


def _crops_the_start(columns, input_shape, kernel_size, stride=1, padding=0):
    return _scattered(columns, input_shape, kernel_size, stride, padding)[:, :, : input_shape[2], : input_shape[3]]


def _rearranged(order, sizes):
    """Read the columns in a wrong layout: reshape to `sizes`, then bring the axes into the right order."""

    def wrong(columns, input_shape, kernel_size, stride=1, padding=0):
        N, C, H, W = input_shape
        (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
        H_out, W_out = (H + 2 * P_h - K_h) // S_h + 1, (W + 2 * P_w - K_w) // S_w + 1
        entries = columns.reshape(sizes(N, C, K_h, K_w, H_out, W_out)).transpose(order)
        return col2im(entries.reshape(columns.shape), input_shape, kernel_size, stride, padding)

    return wrong


def _ignores_stride(columns, input_shape, kernel_size, stride=1, padding=0):
    N, C, H, W = input_shape
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    H_out, W_out = (H + 2 * P_h - K_h) // S_h + 1, (W + 2 * P_w - K_w) // S_w + 1
    entries = columns.reshape(N, C, K_h, K_w, H_out, W_out)
    padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w), columns.dtype)
    for u, v in np.ndindex(K_h, K_w):
        padded[:, :, u : u + H_out, v : v + W_out] += entries[:, :, u, v]
    return _cropped(padded, input_shape, padding)


def _own_size_first_stride(columns, input_shape, kernel_size, stride=1, padding=0):
    N, C, H, W = input_shape
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    H_out, W_out = (H + 2 * P_h - K_h) // S_h + 1, (W + 2 * P_w - K_w) // S_w + 1
    entries = columns.reshape(N, C, K_h, K_w, H_out, W_out)
    padded = np.zeros((N, C, H + 2 * P_h, max(W + 2 * P_w, (W_out - 1) * S_h + K_w)), columns.dtype)
    for u, v in np.ndindex(K_h, K_w):
        padded[:, :, u : u + S_h * H_out : S_h, v : v + S_h * W_out : S_h] += entries[:, :, u, v]
    return _cropped(padded, input_shape, padding)


def _ignores_padding(columns, input_shape, kernel_size, stride=1, padding=0):
    return col2im(columns, input_shape, kernel_size, stride, 0)


def _reached_part_only(columns, input_shape, kernel_size, stride=1, padding=0):
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    rest = (input_shape[2] + 2 * P_h - K_h) % S_h, (input_shape[3] + 2 * P_w - K_w) % S_w
    image = col2im(columns, input_shape, kernel_size, stride, padding)
    return image[:, :, : input_shape[2] - rest[0], : input_shape[3] - rest[1]]


task = Task(
    "05.col2im",
    {"overlaps": 2, "stride": 1, "padding": 1, "any array": 1},
    col2im,
    cases,
    [
        Mistake(
            "overwrites-overlaps",
            _offset_overwrites,
            "Where windows overlap, the last one written wins. In the adjoint the contributions add up: use += on an "
            "array of zeros, not =.",
        ),
        Mistake(
            "overwrites-window-by-window",
            _each_place(_last_window),
            "Where windows overlap, the last one written wins. In the adjoint the contributions add up: += and not "
            "=. Mind that x[index] += y with repeated indices adds only once; np.add.at adds every time.",
        ),
        Mistake(
            "averages-overlaps",
            _averages,
            "Overlaps are averaged. That undoes im2col, but the adjoint (what the gradient needs) is the sum.",
        ),
        Mistake(
            "divides-by-window",
            _divides_by_window,
            "Everything is divided by the window's size; the adjoint is a plain sum.",
        ),
        Mistake(
            "forgets-to-crop",
            _not_cropped,
            "The result has the size of the padded image. Cut the padding off again: rows P_h … P_h + H − 1, "
            "columns P_w … P_w + W − 1.",
        ),
        Mistake("empty-slice-at-zero", _minus_zero, "The slice [P:-P] is empty where P = 0. Cut with [P : P + H]."),
        Mistake(
            "crops-from-the-start",
            _crops_the_start,
            "The first H rows and W columns of the padded image are kept. The image starts at row P_h, column P_w.",
        ),
        Mistake(
            "ignores-stride",
            _ignores_stride,
            "The windows are put down one pixel apart, whatever the stride: place (i, j) starts at (i·S_h, j·S_w).",
        ),
        Mistake(
            "ignores-padding",
            _ignores_padding,
            "The padding is not taken into account: windows start P_h rows above and P_w columns left of the image.",
        ),
        Mistake(
            "flips-the-window",
            _each_place(_flipped_window),
            "The entries of each window are put back in reverse order. Entry (u, v) goes to where im2col read it.",
        ),
        Mistake(
            "channels-last",
            _rearranged((0, 3, 1, 2, 4, 5), lambda N, C, K_h, K_w, *out: (N, K_h, K_w, C, *out)),
            "The rows are read as (K_h, K_w, C). In PyTorch's layout the channel comes first: (C, K_h, K_w).",
        ),
        Mistake(
            "window-column-major",
            _rearranged((0, 1, 3, 2, 4, 5), lambda N, C, K_h, K_w, *out: (N, C, K_w, K_h, *out)),
            "Inside a window the rows are read down its columns. They are numbered along a row first: u·K_w + v.",
        ),
        Mistake(
            "places-column-major",
            _rearranged((0, 1, 2, 3, 5, 4), lambda N, C, K_h, K_w, H_out, W_out: (N, C, K_h, K_w, W_out, H_out)),
            "The columns are read as if the windows were numbered down the image. Place (i, j) is column i·W_out + j.",
        ),
        Mistake(
            "windows-as-rows",
            _rearranged((0, 3, 4, 5, 1, 2), lambda N, C, K_h, K_w, H_out, W_out: (N, H_out, W_out, C, K_h, K_w)),
            "The input is read as (N, L, C·K_h·K_w). Each window is a column: (N, C·K_h·K_w, L).",
        ),
        Mistake(
            "stride-axes-swapped",
            lambda columns, input_shape, kernel_size, stride=1, padding=0: col2im(
                columns, input_shape, kernel_size, swap(stride), padding
            ),
            "A pair is (height, width): the first stride moves down, the second to the right.",
        ),
        Mistake(
            "one-stride-for-both",
            lambda columns, input_shape, kernel_size, stride=1, padding=0: col2im(
                columns, input_shape, kernel_size, pair(stride)[0], padding
            ),
            "The first stride is used along both axes: a pair is (height, width).",
        ),
        Mistake(
            "one-step-for-both",
            _own_size_first_stride,
            "The first stride is used along both axes: a pair is (height, width).",
        ),
        Mistake(
            "padding-axes-swapped",
            lambda columns, input_shape, kernel_size, stride=1, padding=0: col2im(
                columns, input_shape, kernel_size, stride, swap(padding)
            ),
            "A pair is (height, width): the first padding goes above and below.",
        ),
        Mistake(
            "kernel-axes-swapped",
            lambda columns, input_shape, kernel_size, stride=1, padding=0: col2im(
                columns, input_shape, swap(kernel_size), stride, padding
            ),
            "A pair is (height, width): the first number is the window's height.",
        ),
        Mistake(
            "unreached-pixels-missing",
            _reached_part_only,
            "The result ends with the last window. Pixels that no window reaches belong to the image too; they are "
            "zero. Take the size from input_shape.",
        ),
    ],
    see="05#col2im, the adjoint",
    place=2,
)
