"""Task 07.max_pool2d_backward: the winner takes the gradient."""

import math

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import axes_swapped, changing, height_for_both, ints_only, pair
from cnncourse.checks.tasks.u07 import _shares


def max_pool2d_backward(grad_output, input, kernel_size, stride=None, padding=0):
    """Each window's gradient goes to its first maximum; an entry that wins several windows gets the sum."""
    return _scatter(_first, grad_output, input, kernel_size, stride, padding)


def _first(window):
    """1 at the first maximum in row-major order, 0 elsewhere: (N, C, K_h, K_w)."""
    flat = window.reshape(*window.shape[:2], math.prod(window.shape[2:]))
    return (np.arange(flat.shape[2]) == flat.argmax(axis=2)[:, :, None]).reshape(window.shape)


def _scatter(share, grad_output, input, kernel_size, stride, padding):
    (K_h, K_w), (P_h, P_w), (H, W) = pair(kernel_size), pair(padding), input.shape[2:]
    S_h, S_w = pair(kernel_size if stride is None else stride)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=-np.inf)
    grad_padded = np.zeros(padded.shape, grad_output.dtype)
    for i, j in np.ndindex(grad_output.shape[2:]):
        here = np.s_[:, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
        grad_padded[here] += share(padded[here]) * grad_output[:, :, [[i]], [[j]]]
    return grad_padded[:, :, P_h : P_h + H, P_w : P_w + W]


def _drawn(rng, shape, kernel_size, stride=None, padding=0, values=normal, dtype=np.float64):
    """A random upstream gradient and an input drawn by `values`."""
    (K_h, K_w), (P_h, P_w), (N, C, H, W) = pair(kernel_size), pair(padding), shape
    S_h, S_w = pair(kernel_size if stride is None else stride)
    H_out, W_out = (H + 2 * P_h - K_h) // S_h + 1, (W + 2 * P_w - K_w) // S_w + 1
    return normal(rng, N, C, H_out, W_out, dtype=dtype), values(rng, *shape).astype(dtype)


def _tied(rng, *shape):
    """Few different values: most windows have several maxima."""
    return rng.integers(0, 3, shape).astype(float)


def _after_relu(rng, *shape):
    """Many zeros, as after a ReLU: a whole window may be tied at 0."""
    return np.maximum(normal(rng, *shape) - 1, 0)


def _negative(rng, *shape):
    return -1 - abs(normal(rng, *shape))


def _constant(rng, *shape):
    return np.full(shape, 2.0)


def cases(rng):
    """Distinct and tied values, overlaps, gaps, a rest, and padding around negative and zero inputs."""
    for criterion, values, shape, *options in (
        ("windows", normal, (1, 1, 4, 6), 2),
        ("windows", normal, (2, 3, 6, 4), (3, 2)),
        ("windows", normal, (2, 2, 5, 7), 2),
        ("windows", _negative, (2, 1, 3, 4), (3, 4)),
        ("windows", normal, (1, 2, 3, 2), 1),
        ("overlaps and gaps", normal, (2, 2, 7, 9), 3, 2),
        ("overlaps and gaps", normal, (1, 3, 5, 6), 3, 1),
        ("overlaps and gaps", normal, (2, 1, 8, 9), (2, 3), (3, 1)),
        ("ties", _tied, (2, 3, 6, 6), 3),
        ("ties", _constant, (1, 2, 4, 6), (2, 3)),
        ("ties", _after_relu, (2, 3, 6, 8), 2),
        ("ties", _tied, (2, 2, 7, 5), 3, 2),
        ("padding", normal, (2, 2, 5, 4), 2, None, 1),
        ("padding", _negative, (2, 2, 6, 7), 3, 2, 1),
        ("padding", _after_relu, (2, 2, 6, 6), 3, 2, 1),
        ("padding", _negative, (1, 2, 5, 6), (2, 4), (2, 1), (0, 2)),
        ("padding", normal, (1, 1, 1, 1), 3, 2, 1),
    ):
        yield Case(criterion, *_drawn(rng, shape, *options, values=values), *options)
    named = {"kernel_size": 3, "stride": 2, "padding": 1}
    yield Case("any array", *_drawn(rng, (2, 2, 5, 6), **named, dtype=np.float32), **named)
    g, x = _drawn(rng, (2, 3, 5, 6), 2)
    yield Case("any array", strided(g), fortran(x), 2)
    yield Case("any array", fortran(g), strided(x), (2, 2))
    yield Case("any array", readonly(g), readonly(x), 2, stride=2)


def _with_share(share):
    """A wrong answer that divides a window's gradient otherwise among its entries."""
    return lambda grad_output, input, kernel_size, stride=None, padding=0: _scatter(
        share, grad_output, input, kernel_size, stride, padding
    )


def _last(window):
    return _first(window[:, :, ::-1, ::-1])[:, :, ::-1, ::-1]


def _column_major(window):
    return _first(window.swapaxes(2, 3)).swapaxes(2, 3)


def _smallest(window):
    return _first(-window)


def _times_value(window):
    return _first(window) * np.where(np.isfinite(window), window, 0)


def _one_map_for_all(window):
    """Takes the place of the maximum from the first channel for all channels."""
    return np.broadcast_to(_first(window)[:, :1], window.shape)


def _overwrites(grad_output, input, kernel_size, stride=None, padding=0):
    (K_h, K_w), (P_h, P_w), (H, W) = pair(kernel_size), pair(padding), input.shape[2:]
    S_h, S_w = pair(kernel_size if stride is None else stride)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=-np.inf)
    grad_padded = np.zeros(padded.shape, grad_output.dtype)
    for i, j in np.ndindex(grad_output.shape[2:]):
        here = np.s_[:, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
        first = _first(padded[here])
        grad_padded[here] = np.where(first, grad_output[:, :, [[i]], [[j]]], grad_padded[here])
    return grad_padded[:, :, P_h : P_h + H, P_w : P_w + W]


def _replaces_windows(grad_output, input, kernel_size, stride=None, padding=0):
    (K_h, K_w), (P_h, P_w), (H, W) = pair(kernel_size), pair(padding), input.shape[2:]
    S_h, S_w = pair(kernel_size if stride is None else stride)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=-np.inf)
    grad_padded = np.zeros(padded.shape, grad_output.dtype)
    for i, j in np.ndindex(grad_output.shape[2:]):
        here = np.s_[:, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
        grad_padded[here] = _first(padded[here]) * grad_output[:, :, [[i]], [[j]]]
    return grad_padded[:, :, P_h : P_h + H, P_w : P_w + W]


def _zero_padding(grad_output, input, kernel_size, stride=None, padding=0):
    P_h, P_w = pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    grad = max_pool2d_backward(grad_output, padded, kernel_size, stride)
    return grad[:, :, P_h : P_h + input.shape[2], P_w : P_w + input.shape[3]]


def _not_cropped(grad_output, input, kernel_size, stride=None, padding=0):
    P_h, P_w = pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=-np.inf)
    return max_pool2d_backward(grad_output, padded, kernel_size, stride)


def _minus_zero(grad_output, input, kernel_size, stride=None, padding=0):
    P_h, P_w = pair(padding)
    return _not_cropped(grad_output, input, kernel_size, stride, padding)[:, :, P_h:-P_h, P_w:-P_w]


def _ignores_padding(grad_output, input, kernel_size, stride=None, padding=0):
    (K_h, K_w), (S_h, S_w) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    rows, columns = (input.shape[2] - K_h) // S_h + 1, (input.shape[3] - K_w) // S_w + 1
    return max_pool2d_backward(grad_output[:, :, :rows, :columns], input, kernel_size, stride)


def _upstream_one(grad_output, input, kernel_size, stride=None, padding=0):
    return max_pool2d_backward(np.ones_like(grad_output), input, kernel_size, stride, padding)


def _tiles_only(grad_output, input, kernel_size, stride=None, padding=0):
    """Enlarges output and gradient and compares: right where windows tile the image without a rest or ties."""
    (K_h, K_w), (N, C, H, W) = pair(kernel_size), input.shape
    if H % K_h or W % K_w or grad_output.shape[2:] != (H // K_h, W // K_w):
        raise ValueError("operands could not be broadcast together")
    windows = input.reshape(N, C, H // K_h, K_h, W // K_w, K_w)
    mask = windows == windows.max(axis=(3, 5), keepdims=True)
    return (mask * grad_output[:, :, :, None, :, None]).reshape(input.shape)


task = Task(
    "07.max_pool2d_backward",
    {"windows": 1, "overlaps and gaps": 1, "ties": 2, "padding": 1, "any array": 1},
    max_pool2d_backward,
    cases,
    [
        Mistake(
            "gradient-to-every-maximum",
            _with_share(_shares.all_maxima),
            "Where a window has several equal maxima, each of them gets the whole gradient, so the window passes on "
            "more than it received. The first in row-major order gets it. (`x == max` marks all of them, argmax one.)",
        ),
        Mistake(
            "splits-ties",
            _with_share(_shares.split),
            "Equal maxima share the gradient. That is one possible subgradient; PyTorch, and this task, give it all "
            "to the first in row-major order.",
        ),
        Mistake(
            "last-maximum",
            _with_share(_last),
            "A tie goes to the last maximum. Compare with > and not ≥ while going through the window, so that the "
            "first one stays.",
        ),
        Mistake(
            "ties-column-major",
            _with_share(_column_major),
            "A tie goes to the first maximum down the columns; row-major order goes along the rows first.",
        ),
        Mistake(
            "overwrites-overlaps",
            _overwrites,
            "An entry that is the maximum of several windows keeps only the last one's gradient. They add up: += on "
            "zeros. (grad[index] += g with repeated indices adds once only; np.add.at adds every time.)",
        ),
        Mistake(
            "replaces-whole-windows",
            _replaces_windows,
            "Each window writes its zeros over what an earlier window has put there: add to the gradient, do not "
            "replace it.",
        ),
        Mistake(
            "pads-with-zeros",
            _zero_padding,
            "The input is padded with zeros, and where a window holds nothing positive the padding wins the "
            "gradient, which is lost then. Pad with −∞.",
            see="07#What the padding is made of",
        ),
        Mistake(
            "ignores-padding",
            _ignores_padding,
            "The windows start at the image's corner; with padding the first one starts P_h rows above and P_w "
            "columns left of it.",
        ),
        Mistake("forgets-to-crop", _not_cropped, "The result has the padded image's size: cut the padding off."),
        Mistake("empty-slice-at-zero", _minus_zero, "The slice [P:-P] is empty where P = 0. Cut with [P : P + H]."),
        Mistake(
            "stride-defaults-to-one",
            changing(max_pool2d_backward, stride=lambda given: 1 if given["stride"] is None else given["stride"]),
            "Without a stride the windows move by one pixel. For pooling the default is the kernel's size.",
        ),
        Mistake(
            "stride-defaults-to-two",
            changing(max_pool2d_backward, stride=lambda given: 2 if given["stride"] is None else given["stride"]),
            "Without a stride the windows move by 2, whatever their size. The default is the kernel's size.",
        ),
        Mistake(
            "ignores-stride",
            changing(max_pool2d_backward, stride=lambda given: None),
            "The windows always move by their own size: the argument stride is not used.",
        ),
        Mistake(
            "always-stride-one",
            changing(max_pool2d_backward, stride=lambda given: 1),
            "The windows always move by one pixel: place (i, j) starts at (i·S_h, j·S_w).",
        ),
        Mistake(
            "gradient-to-the-corner",
            _with_share(_shares.corner),
            "The gradient goes to each window's first entry and not to its maximum.",
        ),
        Mistake(
            "one-maximum-per-image",
            _with_share(_shares.first_of_all_channels),
            "The largest entry of all channels together gets the gradient of every channel. Each channel has its own "
            "maximum.",
        ),
        Mistake(
            "unravels-with-the-height",
            _with_share(_shares.unravelled_by_height),
            "The number of the maximum within its window is taken apart by the window's height. Row-major means "
            "number = u·K_w + v: u is number // K_w, v is number % K_w.",
        ),
        Mistake(
            "divides-by-window",
            _with_share(lambda window: _first(window) / (window.shape[2] * window.shape[3])),
            "The gradient is divided by the window's size, as in average pooling. Here the maximum gets all of it.",
        ),
        Mistake(
            "gradient-to-everyone",
            _with_share(_shares.everyone),
            "Every entry of a window gets its gradient. Only the maximum has any influence on the output.",
        ),
        Mistake(
            "spreads-evenly",
            _with_share(_shares.average),
            "The gradient is spread evenly: that is average pooling. Here only the maximum gets it.",
        ),
        Mistake("gradient-to-the-smallest", _with_share(_smallest), "The gradient goes to the smallest entry."),
        Mistake(
            "times-the-value",
            _with_share(_times_value),
            "The gradient is multiplied by the maximum itself. The output *is* that entry, so the derivative is 1.",
        ),
        Mistake("ignores-upstream", _upstream_one, "The upstream gradient is not used, as if it were 1 everywhere."),
        Mistake(
            "one-place-for-all-channels",
            _with_share(_one_map_for_all),
            "All channels use the place of the first channel's maximum; each has its own.",
        ),
        Mistake(
            "stride-axes-swapped",
            axes_swapped(max_pool2d_backward, "stride"),
            "A pair is (height, width): the first stride moves down, the second to the right.",
        ),
        Mistake(
            "kernel-axes-swapped",
            axes_swapped(max_pool2d_backward, "kernel_size"),
            "A pair is (height, width): the first number is the window's height.",
        ),
        Mistake(
            "padding-axes-swapped",
            axes_swapped(max_pool2d_backward, "padding"),
            "A pair is (height, width): the first padding goes above and below.",
        ),
        Mistake(
            "square-window",
            height_for_both(max_pool2d_backward, "kernel_size"),
            "The window's height is used for its width as well: a pair is (height, width).",
        ),
        Mistake(
            "pairs-not-handled",
            ints_only(max_pool2d_backward),
            "A pair (height, width) raises an error: kernel_size, stride and padding may each be an int or a pair.",
        ),
        Mistake(
            "tiles-only",
            _tiles_only,
            "Enlarging and comparing works where the windows tile the image. It cannot do other strides, padding, or "
            "a size that K does not divide, and it marks every one of several equal maxima.",
        ),
    ],
    see="07#Backward: one winner takes all",
    place=2,
)
