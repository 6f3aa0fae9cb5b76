"""Task 06.conv2d_grad_input: scatter each output's gradient over the window that it saw."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import axes_swapped, height_for_both, ints_only, pair


def conv2d_grad_input(grad_output, weight, input_shape, stride=1, padding=0):
    """∂L/∂x[n, c, i·S + u − P, j·S + v − P] collects g[n, o, i, j] · w[o, c, u, v]."""
    return _cropped(_scattered(grad_output, weight, input_shape, stride, padding), input_shape, padding)


def _scattered(grad_output, weight, input_shape, stride, padding):
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    grad_padded = np.pad(np.zeros(input_shape, grad_output.dtype), ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    for i, j in np.ndindex(grad_output.shape[2:]):
        window = grad_padded[:, :, i * S_h : i * S_h + weight.shape[2], j * S_w : j * S_w + weight.shape[3]]
        window += np.einsum("no,ocuv->ncuv", grad_output[:, :, i, j], weight)
    return grad_padded


def _cropped(padded, input_shape, padding):
    (H, W), (P_h, P_w) = input_shape[2:], pair(padding)
    return padded[:, :, P_h : P_h + H, P_w : P_w + W]


def _drawn(rng, input_shape, C_out, kernel_size, stride=1, padding=0, dtype=np.float64):
    """A random upstream gradient and random filters that fit an input's shape."""
    N, C, H, W = input_shape
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    H_out, W_out = (H + 2 * P_h - K_h) // S_h + 1, (W + 2 * P_w - K_w) // S_w + 1
    return normal(rng, N, C_out, H_out, W_out, dtype=dtype), normal(rng, C_out, C, K_h, K_w, dtype=dtype)


def cases(rng):
    """As many filters as channels; windows with gaps; pixels that no window reaches; wide padding."""
    for criterion, input_shape, C_out, kernel_size, *options in (
        ("stride 1", (1, 1, 5, 5), 1, 3),
        ("stride 1", (2, 2, 4, 6), 3, 3),
        ("stride 1", (2, 3, 5, 4), 3, (3, 2)),
        ("stride 1", (1, 2, 3, 5), 2, (3, 5)),
        ("stride 1", (2, 3, 3, 4), 2, 1),
        ("stride", (2, 2, 7, 7), 3, 3, 2),
        ("stride", (1, 2, 7, 9), 2, (2, 3), (2, 1)),
        ("stride", (2, 1, 6, 9), 2, (3, 2), (3, 4)),
        ("unreached pixels", (2, 2, 8, 6), 3, 3, 2),
        ("unreached pixels", (1, 3, 9, 8), 2, 2, (3, 4)),
        ("unreached pixels", (1, 2, 5, 6), 2, 1, 2),
        ("padding", (2, 2, 5, 4), 3, 3, 1, 1),
        ("padding", (2, 3, 4, 7), 2, (2, 3), 1, (0, 2)),
        ("padding", (1, 2, 8, 6), 2, (4, 3), (3, 2), (2, 1)),
        ("padding", (2, 1, 1, 1), 1, 3, 2, 1),
    ):
        g, w = _drawn(rng, input_shape, C_out, kernel_size, *options)
        yield Case(criterion, g, w, input_shape, *options)
    g, w = _drawn(rng, (2, 2, 5, 6), 3, 3, (1, 2), (1, 0), dtype=np.float32)
    yield Case("any array", g, w, input_shape=(2, 2, 5, 6), stride=(1, 2), padding=(1, 0))
    g, w = _drawn(rng, (2, 3, 5, 6), 2, 2, 2)
    yield Case("any array", strided(g), fortran(w), (2, 3, 5, 6), stride=2)
    yield Case("any array", fortran(g), readonly(w), (2, 3, 5, 6), (2, 2))
    yield Case("any array", readonly(g), strided(w), (2, 3, 5, 6), 2, 0)


def _each_place(write, swapped=False):
    """Go through the output places with a wrong rule: write(window of the padded gradient, contribution)."""

    def wrong(grad_output, weight, input_shape, stride=1, padding=0):
        N, C, H, W = input_shape
        (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
        grad_padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w), grad_output.dtype)
        for i, j in np.ndindex(grad_output.shape[2:]):
            window = grad_padded[:, :, i * S_h : i * S_h + weight.shape[2], j * S_w : j * S_w + weight.shape[3]]
            write(window, np.einsum("no,ocuv->ncuv", grad_output[:, :, i, j], weight))
        return _cropped(grad_padded, input_shape, padding)

    return wrong


def _overwrite(window, contribution):
    window[...] = contribution


def _by_offset(grad_output, weight, input_shape, stride=1, padding=0):
    N, C, H, W = input_shape
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    H_out, W_out = grad_output.shape[2:]
    padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w), grad_output.dtype)
    for u, v in np.ndindex(weight.shape[2:]):
        part = np.einsum("nohw,oc->nchw", grad_output, weight[:, :, u, v])
        padded[:, :, u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w] = part
    return _cropped(padded, input_shape, padding)


def _with_weight(change):
    """A wrong answer that does the right thing with another weight."""
    return lambda grad_output, weight, input_shape, stride=1, padding=0: conv2d_grad_input(
        grad_output, change(weight), input_shape, stride, padding
    )


def _averaged(grad_output, weight, input_shape, stride=1, padding=0):
    grad_input = conv2d_grad_input(grad_output, weight, input_shape, stride, padding)
    visits = conv2d_grad_input(np.ones_like(grad_output), np.ones_like(weight), input_shape, stride, padding)
    return grad_input / np.maximum(visits / len(weight), 1)


def _ignores_stride(grad_output, weight, input_shape, stride=1, padding=0):
    return conv2d_grad_input(grad_output, weight, input_shape, 1, padding)


def _ignores_padding(grad_output, weight, input_shape, stride=1, padding=0):
    N, C, H, W = input_shape
    P_h, P_w = pair(padding)
    return _scattered(grad_output, weight, (N, C, H + 2 * P_h, W + 2 * P_w), stride, 0)[:, :, :H, :W]


def _minus_zero(grad_output, weight, input_shape, stride=1, padding=0):
    P_h, P_w = pair(padding)
    return _scattered(grad_output, weight, input_shape, stride, padding)[:, :, P_h:-P_h, P_w:-P_w]


def _reached_only(grad_output, weight, input_shape, stride=1, padding=0):
    """The size that the transposed convolution's formula gives: (H_out − 1)·S − 2P + K."""
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    rows = (grad_output.shape[2] - 1) * S_h - P_h + weight.shape[2]
    columns = (grad_output.shape[3] - 1) * S_w - P_w + weight.shape[3]
    padded = _scattered(grad_output, weight, input_shape, stride, padding)
    return padded[:, :, P_h : max(rows, P_h), P_w : max(columns, P_w)]


def _from_the_end(grad_output, weight, input_shape, stride=1, padding=0):
    N, C, H, W = input_shape
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    rest = (H + 2 * P_h - weight.shape[2]) % S_h, (W + 2 * P_w - weight.shape[3]) % S_w
    padded = _scattered(grad_output, weight, input_shape, stride, padding)
    return _cropped(np.roll(padded, rest, axis=(2, 3)), input_shape, padding)


def _negative_indices(grad_output, weight, input_shape, stride=1, padding=0):
    """Without the test i·S + u − P ≥ 0, a negative index writes at the other end."""
    (H, W), (P_h, P_w) = input_shape[2:], pair(padding)
    padded = _scattered(grad_output, weight, input_shape, stride, padding)
    grad_input = np.zeros(input_shape, grad_output.dtype)
    for row, column in np.ndindex(H + P_h, W + P_w):
        if row - P_h >= -H and column - P_w >= -W:
            grad_input[:, :, row - P_h, column - P_w] += padded[:, :, row, column]
    return grad_input


def _repeats(grad_output, weight, input_shape, stride=1, padding=0):
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    rows, columns = input_shape[2] + 2 * P_h - weight.shape[2] + 1, input_shape[3] + 2 * P_w - weight.shape[3] + 1
    wide = np.repeat(np.repeat(grad_output, S_h, axis=2), S_w, axis=3)[:, :, :rows, :columns]
    return conv2d_grad_input(wide, weight, input_shape, 1, padding)


def _first_image(grad_output, weight, input_shape, stride=1, padding=0):
    one = conv2d_grad_input(grad_output[:1], weight, (1, *input_shape[1:]), stride, padding)
    return np.repeat(one, input_shape[0], axis=0)


def _batch_summed(grad_output, weight, input_shape, stride=1, padding=0):
    return conv2d_grad_input(grad_output, weight, input_shape, stride, padding).sum(axis=0, keepdims=True)


def _batch_mean(grad_output, weight, input_shape, stride=1, padding=0):
    return conv2d_grad_input(grad_output, weight, input_shape, stride, padding) / len(grad_output)


def _filters_mean(grad_output, weight, input_shape, stride=1, padding=0):
    return conv2d_grad_input(grad_output, weight, input_shape, stride, padding) / len(weight)


def _ignores_upstream(grad_output, weight, input_shape, stride=1, padding=0):
    return conv2d_grad_input(np.ones_like(grad_output), weight, input_shape, stride, padding)


task = Task(
    "06.conv2d_grad_input",
    {"stride 1": 2, "stride": 1, "unreached pixels": 1, "padding": 2, "any array": 1},
    conv2d_grad_input,
    cases,
    [
        Mistake(
            "correlates-without-flip",
            _with_weight(lambda w: w[:, :, ::-1, ::-1]),
            "The kernel lies the wrong way round. As a correlation of the (spread and padded) upstream gradient, the "
            "input's gradient needs the kernel flipped; as a scatter, g·w is put down as it is.",
            see="06#The fast code: correlations again",
        ),
        Mistake(
            "flips-one-axis",
            _with_weight(lambda w: w[:, :, ::-1]),
            "The kernel's rows lie the wrong way round: flip both axes or (as a scatter) none.",
        ),
        Mistake(
            "flips-the-other-axis",
            _with_weight(lambda w: w[:, :, :, ::-1]),
            "The kernel's columns lie the wrong way round: flip both axes or (as a scatter) none.",
        ),
        Mistake(
            "kernel-transposed",
            _with_weight(lambda w: w.swapaxes(2, 3)),
            "Rows and columns of the kernel are exchanged. What has to be exchanged is the first two axes.",
        ),
        Mistake(
            "channels-not-exchanged",
            _with_weight(lambda w: w.swapaxes(0, 1)),
            "Input and output channels of the weight are mixed up. Going back, the sum runs over the output channels: "
            "Σ_o g[n, o]·w[o, c].",
        ),
        Mistake(
            "overwrites-overlaps",
            _by_offset,
            "Where windows overlap, the last contribution wins. A pixel that several windows saw gets the sum of "
            "their gradients: += on zeros, not =.",
        ),
        Mistake(
            "overwrites-window-by-window",
            _each_place(_overwrite),
            "Where windows overlap, the last window wins. A pixel that several windows saw gets the sum of their "
            "gradients: += on zeros, not =.",
        ),
        Mistake(
            "averages-overlaps", _averaged, "Overlapping contributions are averaged; a pixel's gradient is their sum."
        ),
        Mistake(
            "ignores-stride",
            _ignores_stride,
            "The windows are put down one pixel apart, whatever the stride: place (i, j) saw the window at "
            "(i·S_h, j·S_w). As a correlation: put S − 1 zeros between the upstream gradient's entries.",
            see="06#Stride, padding, dilation, groups: three lines in one loop",
        ),
        Mistake(
            "ignores-padding",
            _ignores_padding,
            "The windows are put down P rows and columns too far down and right: cut the padding off the result, "
            "rows P_h … P_h + H − 1.",
            see="06#Stride, padding, dilation, groups: three lines in one loop",
        ),
        Mistake(
            "forgets-to-crop",
            (
                lambda grad_output, weight, input_shape, stride=1, padding=0: _scattered(
                    grad_output, weight, input_shape, stride, padding
                )
            ),
            "The result has the padded image's size: cut the padding off.",
        ),
        Mistake("empty-slice-at-zero", _minus_zero, "The slice [P:-P] is empty where P = 0. Cut with [P : P + H]."),
        Mistake(
            "unreached-pixels-missing",
            _reached_only,
            "Where the stride leaves a rest, the result is smaller than the input. Pixels that no window reached "
            "have gradient zero: take the size from input_shape.",
            see="06#Stride, padding, dilation, groups: three lines in one loop",
        ),
        Mistake(
            "negative-index-wraps",
            _negative_indices,
            "What belongs to the padding above and to the left is added at the bottom and right: a negative index does "
            "not fail in Python. Leave out i·S + u − P < 0, or scatter into a padded array and cut.",
        ),
        Mistake(
            "repeats-instead-of-spreading",
            _repeats,
            "The upstream gradient is enlarged by repeating. Between the entries belong S − 1 zeros: the output "
            "has no value there, so no gradient either.",
        ),
        Mistake(
            "first-filter-only",
            lambda grad_output, weight, input_shape, stride=1, padding=0: conv2d_grad_input(
                grad_output[:, :1], weight[:1], input_shape, stride, padding
            ),
            "Only the first filter counts; a pixel reaches the loss through every filter, so their gradients add up.",
        ),
        Mistake(
            "windows-from-the-end",
            _from_the_end,
            "Where the stride leaves a rest, the zeros stand at the beginning. The windows start at the top left; the "
            "rest that they do not reach is at the bottom and right.",
        ),
        Mistake(
            "stride-axes-swapped",
            axes_swapped(conv2d_grad_input, "stride"),
            "A pair is (height, width): the first stride moves down, the second to the right.",
        ),
        Mistake(
            "padding-axes-swapped",
            axes_swapped(conv2d_grad_input, "padding"),
            "A pair is (height, width): the first padding goes above and below.",
        ),
        Mistake(
            "one-stride-for-both",
            height_for_both(conv2d_grad_input, "stride"),
            "The first stride is used along both axes: a pair is (height, width).",
        ),
        Mistake(
            "one-padding-for-both",
            height_for_both(conv2d_grad_input, "padding"),
            "The first padding is used along both axes: a pair is (height, width).",
        ),
        Mistake(
            "pairs-not-handled",
            ints_only(conv2d_grad_input),
            "A pair (height, width) raises an error: stride and padding may each be an int or a pair.",
        ),
        Mistake("first-image-only", _first_image, "Every image gets the first image's gradient."),
        Mistake(
            "sums-over-the-batch",
            _batch_summed,
            "The images' gradients are summed. That is right for the weight, which they share; each image has its "
            "own input gradient.",
        ),
        Mistake(
            "mean-over-the-batch",
            _batch_mean,
            "Everything is divided by the batch's size: if L is a mean, grad_output holds that factor already.",
        ),
        Mistake(
            "mean-over-filters",
            _filters_mean,
            "The filters' contributions are averaged; a pixel reaches the loss through every filter, so they add up.",
        ),
        Mistake(
            "ignores-upstream", _ignores_upstream, "The upstream gradient is not used, as if it were 1 everywhere."
        ),
        Mistake(
            "wrong-sign",
            lambda grad_output, weight, input_shape, stride=1, padding=0: (
                -conv2d_grad_input(grad_output, weight, input_shape, stride, padding)
            ),
            "The sign is wrong. The minus of gradient descent belongs to the step, not to the gradient.",
        ),
    ],
    see="06#The gradient of the input",
    place=3,
)
