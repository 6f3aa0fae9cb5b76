"""Task 07.avg_pool2d_backward: every entry of a window gets an equal share."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import axes_swapped, changing, height_for_both, ints_only, pair


def avg_pool2d_backward(grad_output, input, kernel_size, stride=None, padding=0):
    """Each window's gradient, divided by K_h · K_w, goes to all its entries; overlaps add up."""
    return _cropped(_scattered(grad_output, input, kernel_size, stride, padding), input, padding)


def _scattered(grad_output, input, kernel_size, stride, padding):
    (K_h, K_w), (P_h, P_w) = pair(kernel_size), pair(padding)
    S_h, S_w = pair(kernel_size if stride is None else stride)
    grad_padded = np.pad(np.zeros(input.shape, grad_output.dtype), ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    for i, j in np.ndindex(grad_output.shape[2:]):
        window = grad_padded[:, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
        window += grad_output[:, :, [[i]], [[j]]] / (K_h * K_w)
    return grad_padded


def _cropped(padded, input, padding):
    (H, W), (P_h, P_w) = input.shape[2:], pair(padding)
    return padded[:, :, P_h : P_h + H, P_w : P_w + W]


def _drawn(rng, shape, kernel_size, stride=None, padding=0, dtype=np.float64):
    """A random upstream gradient and a random input that fit each other."""
    (K_h, K_w), (P_h, P_w), (N, C, H, W) = pair(kernel_size), pair(padding), shape
    S_h, S_w = pair(kernel_size if stride is None else stride)
    H_out, W_out = (H + 2 * P_h - K_h) // S_h + 1, (W + 2 * P_w - K_w) // S_w + 1
    return normal(rng, N, C, H_out, W_out, dtype=dtype), normal(rng, *shape, dtype=dtype)


def cases(rng):
    """Overlaps, gaps, pixels that no window reaches, oblong windows, padding."""
    for criterion, shape, *options in (
        ("windows", (1, 1, 4, 6), 2),
        ("windows", (2, 3, 6, 4), (3, 2)),
        ("windows", (2, 2, 5, 7), 2),
        ("windows", (2, 1, 3, 4), (3, 4)),
        ("windows", (1, 2, 3, 2), 1),
        ("overlaps and gaps", (2, 2, 7, 9), 3, 2),
        ("overlaps and gaps", (1, 3, 5, 6), 3, 1),
        ("overlaps and gaps", (2, 1, 8, 9), (2, 3), (3, 1)),
        ("overlaps and gaps", (2, 2, 8, 7), 2, 3),
        ("padding", (2, 2, 5, 4), 2, None, 1),
        ("padding", (2, 2, 6, 7), 3, 2, 1),
        ("padding", (1, 2, 5, 6), (2, 4), (2, 1), (0, 2)),
        ("padding", (1, 1, 1, 1), 3, 2, 1),
    ):
        yield Case(criterion, *_drawn(rng, shape, *options), *options)
    named = {"kernel_size": 3, "stride": 2, "padding": 1}
    yield Case("any array", *_drawn(rng, (2, 2, 5, 6), **named, dtype=np.float32), **named)
    g, x = _drawn(rng, (2, 3, 5, 6), 2)
    yield Case("any array", strided(g), fortran(x), 2)
    yield Case("any array", fortran(g), strided(x), (2, 2))
    yield Case("any array", readonly(g), readonly(x), 2, stride=2)


def _result(change):
    """A wrong answer that changes the right gradient: change(grad_input, K_h, K_w)."""
    return lambda grad_output, input, kernel_size, stride=None, padding=0: change(
        avg_pool2d_backward(grad_output, input, kernel_size, stride, padding), *pair(kernel_size)
    )


def _counts(grad_output, input, kernel_size, stride, padding):
    """How many pixels of the image each window holds."""
    (K_h, K_w), (P_h, P_w), (H, W) = pair(kernel_size), pair(padding), input.shape[2:]
    S_h, S_w = pair(kernel_size if stride is None else stride)
    inside = np.pad(np.ones((H, W)), ((P_h, P_h), (P_w, P_w)))
    counts = np.zeros(grad_output.shape[2:])
    for i, j in np.ndindex(counts.shape):
        counts[i, j] = inside[i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w].sum()
    return counts


def _padding_not_counted(grad_output, input, kernel_size, stride=None, padding=0):
    K_h, K_w = pair(kernel_size)
    counts = _counts(grad_output, input, kernel_size, stride, padding)
    return avg_pool2d_backward(grad_output * (K_h * K_w / counts), input, kernel_size, stride, padding)


def _overwrites(grad_output, input, kernel_size, stride=None, padding=0):
    (K_h, K_w), (P_h, P_w), (N, C, H, W) = pair(kernel_size), pair(padding), input.shape
    S_h, S_w = pair(kernel_size if stride is None else stride)
    grad_padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w), grad_output.dtype)
    for i, j in np.ndindex(grad_output.shape[2:]):
        window = grad_padded[:, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
        window[...] = grad_output[:, :, [[i]], [[j]]] / (K_h * K_w)
    return _cropped(grad_padded, input, padding)


def _overwrites_by_offset(grad_output, input, kernel_size, stride=None, padding=0):
    (K_h, K_w), (P_h, P_w), (N, C, H, W) = pair(kernel_size), pair(padding), input.shape
    S_h, S_w = pair(kernel_size if stride is None else stride)
    H_out, W_out = grad_output.shape[2:]
    grad_padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w), grad_output.dtype)
    for u, v in np.ndindex(K_h, K_w):
        grad_padded[:, :, u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w] = grad_output / (K_h * K_w)
    return _cropped(grad_padded, input, padding)


def _divides_by_stride(grad_output, input, kernel_size, stride=None, padding=0):
    ratio = np.prod(pair(kernel_size)) / np.prod(pair(kernel_size if stride is None else stride))
    return avg_pool2d_backward(grad_output, input, kernel_size, stride, padding) * ratio


def _averages_overlaps(grad_output, input, kernel_size, stride=None, padding=0):
    visits = avg_pool2d_backward(np.ones_like(grad_output), input, kernel_size, stride, padding)
    visits = np.maximum(np.round(visits * np.prod(pair(kernel_size))), 1)
    return avg_pool2d_backward(grad_output, input, kernel_size, stride, padding) / visits


def _not_cropped(grad_output, input, kernel_size, stride=None, padding=0):
    return _scattered(grad_output, input, kernel_size, stride, padding)


def _minus_zero(grad_output, input, kernel_size, stride=None, padding=0):
    P_h, P_w = pair(padding)
    return _scattered(grad_output, input, kernel_size, stride, padding)[:, :, P_h:-P_h, P_w:-P_w]


def _ignores_padding(grad_output, input, kernel_size, stride=None, padding=0):
    P_h, P_w = pair(padding)
    padded = _scattered(grad_output, input, kernel_size, stride, padding)
    return padded[:, :, : input.shape[2], : input.shape[3]]


def _maximum_only(grad_output, input, kernel_size, stride=None, padding=0):
    (K_h, K_w), (P_h, P_w) = pair(kernel_size), pair(padding)
    S_h, S_w = pair(kernel_size if stride is None else stride)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=-np.inf)
    grad_padded = np.zeros(padded.shape, grad_output.dtype)
    for i, j in np.ndindex(grad_output.shape[2:]):
        here = np.s_[:, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
        largest = padded[here].max(axis=(2, 3), keepdims=True)
        grad_padded[here] += (padded[here] == largest) * grad_output[:, :, [[i]], [[j]]]
    return _cropped(grad_padded, input, padding)


def _upstream_one(grad_output, input, kernel_size, stride=None, padding=0):
    return avg_pool2d_backward(np.ones_like(grad_output), input, kernel_size, stride, padding)


def _times_input(grad_output, input, kernel_size, stride=None, padding=0):
    return avg_pool2d_backward(grad_output, input, kernel_size, stride, padding) * input


def _corner_only(grad_output, input, kernel_size, stride=None, padding=0):
    (K_h, K_w), (P_h, P_w), (N, C, H, W) = pair(kernel_size), pair(padding), input.shape
    S_h, S_w = pair(kernel_size if stride is None else stride)
    grad_padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w), grad_output.dtype)
    for i, j in np.ndindex(grad_output.shape[2:]):
        grad_padded[:, :, i * S_h, j * S_w] += grad_output[:, :, i, j] / (K_h * K_w)
    return _cropped(grad_padded, input, padding)


def _tiles_only(grad_output, input, kernel_size, stride=None, padding=0):
    K_h, K_w = pair(kernel_size)
    return np.repeat(np.repeat(grad_output, K_h, axis=2), K_w, axis=3) / (K_h * K_w)


task = Task(
    "07.avg_pool2d_backward",
    {"windows": 1, "overlaps and gaps": 1, "padding": 1, "any array": 1},
    avg_pool2d_backward,
    cases,
    [
        Mistake(
            "forgets-to-divide",
            _result(lambda g, K_h, K_w: g * (K_h * K_w)),
            "Every entry gets the window's whole gradient. Forward each entry is weighted by 1/(K_h·K_w), so the same "
            "factor stands in the gradient.",
        ),
        Mistake(
            "divides-by-height-squared",
            _result(lambda g, K_h, K_w: g * (K_w / K_h)),
            "The divisor is K_h²; an oblong window has K_h·K_w entries.",
        ),
        Mistake(
            "divides-by-kernel-size",
            _result(lambda g, K_h, K_w: g * K_w),
            "The divisor is K_h; a window has K_h·K_w entries.",
        ),
        Mistake(
            "divides-by-stride",
            _divides_by_stride,
            "The divisor is S_h·S_w. That is the same where windows lie side by side; a window has K_h·K_w entries.",
        ),
        Mistake(
            "padding-not-counted",
            _padding_not_counted,
            "Where a window sticks out, you divide by the number of pixels inside the image. Forward, the padding's "
            "zeros count, so the divisor is K_h·K_w everywhere.",
            see="07#What the padding is made of",
        ),
        Mistake(
            "overwrites-overlaps",
            _overwrites,
            "Where windows overlap, the last one wins. A pixel in several windows gets the sum of its shares: += on "
            "zeros, not =.",
        ),
        Mistake(
            "overwrites-by-offset",
            _overwrites_by_offset,
            "Where windows overlap, the last contribution wins. A pixel in several windows gets the sum of its shares: "
            "+= on zeros, not =.",
        ),
        Mistake(
            "averages-overlaps", _averages_overlaps, "Where windows overlap, the shares are averaged; they add up."
        ),
        Mistake(
            "ignores-padding",
            _ignores_padding,
            "The gradient lies P rows and columns too far down and right: cut the padding off, rows P_h … P_h + H − 1.",
        ),
        Mistake("forgets-to-crop", _not_cropped, "The result has the padded image's size: cut the padding off."),
        Mistake("empty-slice-at-zero", _minus_zero, "The slice [P:-P] is empty where P = 0. Cut with [P : P + H]."),
        Mistake(
            "gradient-to-the-maximum",
            _maximum_only,
            "The gradient goes to the maximum: that is max pooling. Here every entry gets an equal share.",
        ),
        Mistake(
            "gradient-to-the-corner", _corner_only, "Only the first entry of each window gets a share; all of them do."
        ),
        Mistake("ignores-upstream", _upstream_one, "The upstream gradient is not used, as if it were 1 everywhere."),
        Mistake(
            "times-the-input",
            _times_input,
            "The gradient is multiplied by the input. The mean is linear: its derivative does not depend on the input.",
        ),
        Mistake(
            "stride-defaults-to-one",
            changing(avg_pool2d_backward, stride=lambda given: 1 if given["stride"] is None else given["stride"]),
            "Without a stride the windows move by one pixel. For pooling the default is the kernel's size.",
        ),
        Mistake(
            "stride-defaults-to-two",
            changing(avg_pool2d_backward, stride=lambda given: 2 if given["stride"] is None else given["stride"]),
            "Without a stride the windows move by 2, whatever their size. The default is the kernel's size.",
        ),
        Mistake(
            "ignores-stride",
            changing(avg_pool2d_backward, stride=lambda given: None),
            "The windows always move by their own size: the argument stride is not used.",
        ),
        Mistake(
            "always-stride-one",
            changing(avg_pool2d_backward, stride=lambda given: 1),
            "The windows always move by one pixel: place (i, j) starts at (i·S_h, j·S_w).",
        ),
        Mistake(
            "stride-axes-swapped",
            axes_swapped(avg_pool2d_backward, "stride"),
            "A pair is (height, width): the first stride moves down, the second to the right.",
        ),
        Mistake(
            "kernel-axes-swapped",
            axes_swapped(avg_pool2d_backward, "kernel_size"),
            "A pair is (height, width): the first number is the window's height.",
        ),
        Mistake(
            "padding-axes-swapped",
            axes_swapped(avg_pool2d_backward, "padding"),
            "A pair is (height, width): the first padding goes above and below.",
        ),
        Mistake(
            "square-window",
            height_for_both(avg_pool2d_backward, "kernel_size"),
            "The window's height is used for its width as well: a pair is (height, width).",
        ),
        Mistake(
            "pairs-not-handled",
            ints_only(avg_pool2d_backward),
            "A pair (height, width) raises an error: kernel_size, stride and padding may each be an int or a pair.",
        ),
        Mistake(
            "tiles-only",
            _tiles_only,
            "Repeating each entry K_h × K_w times is right where the windows tile the image; overlaps, gaps, padding "
            "and a remainder need the general rule, and the result has the input's shape.",
        ),
    ],
    see="07#Backward: one winner takes all",
    place=4,
)
