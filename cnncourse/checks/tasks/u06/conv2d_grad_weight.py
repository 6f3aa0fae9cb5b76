"""Task 06.conv2d_grad_weight: a correlation of the input with the upstream gradient."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import axes_swapped, height_for_both, ints_only, pair


def conv2d_grad_weight(grad_output, input, kernel_size, stride=1, padding=0):
    """∂L/∂w[o, c, u, v] = Σ_n Σ_i Σ_j g[n, o, i, j] · x[n, c, i·S + u − P, j·S + v − P]."""
    return np.einsum("nohw,nchwuv->ocuv", grad_output, _windows(input, kernel_size, stride, padding))


def _windows(input, kernel_size, stride, padding):
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    return sliding_window_view(padded, pair(kernel_size), axis=(2, 3))[:, :, ::S_h, ::S_w]


def _drawn(rng, N, C_in, C_out, size, kernel_size, stride=1, padding=0, dtype=np.float64):
    """A random upstream gradient and a random input that fit each other."""
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    H_out, W_out = (size[0] + 2 * P_h - K_h) // S_h + 1, (size[1] + 2 * P_w - K_w) // S_w + 1
    return normal(rng, N, C_out, H_out, W_out, dtype=dtype), normal(rng, N, C_in, *size, dtype=dtype)


def cases(rng):
    """As many filters as channels; strides that leave rows unreached; padding wider in one direction."""
    for criterion, N, C_in, C_out, size, *options in (
        ("stride 1", 1, 1, 1, (5, 5), 3),
        ("stride 1", 1, 2, 3, (4, 6), 3),
        ("stride 1", 1, 3, 3, (6, 4), (3, 2)),
        ("stride 1", 1, 2, 2, (3, 5), (3, 5)),
        ("stride 1", 1, 3, 2, (4, 3), 1),
        ("batch", 3, 2, 4, (5, 4), 2),
        ("batch", 2, 3, 3, (6, 5), (2, 3)),
        ("stride", 2, 2, 3, (7, 7), 3, 2),
        ("stride", 2, 3, 2, (8, 7), 3, 2),
        ("stride", 1, 2, 2, (9, 8), (2, 3), (3, 1)),
        ("stride", 2, 1, 2, (6, 9), (3, 2), (2, 4)),
        ("padding", 2, 2, 3, (5, 4), 3, 1, 1),
        ("padding", 2, 3, 2, (4, 7), (2, 3), 1, (0, 2)),
        ("padding", 1, 2, 2, (8, 6), (4, 3), (3, 2), (2, 1)),
        ("padding", 2, 1, 1, (1, 1), 3, 2, 1),
    ):
        yield Case(criterion, *_drawn(rng, N, C_in, C_out, size, *options), *options)
    named = {"kernel_size": 3, "stride": (1, 2), "padding": (1, 0)}
    yield Case("any array", *_drawn(rng, 2, 2, 3, (5, 6), dtype=np.float32, **named), **named)
    g, x = _drawn(rng, 2, 2, 3, (5, 6), 2, 2)
    yield Case("any array", strided(g), fortran(x), 2, stride=2)
    yield Case("any array", readonly(g), strided(x), (2, 2), (2, 2))
    yield Case("any array", fortran(g), readonly(x), 2, 2, 0)


def _per_image(reduce):
    """A wrong answer that treats the images' gradients otherwise than by adding them up."""

    def wrong(grad_output, input, kernel_size, stride=1, padding=0):
        pairs = zip(grad_output, input, strict=True)
        return reduce([conv2d_grad_weight(g[None], x[None], kernel_size, stride, padding) for g, x in pairs])

    return wrong


def _result(change):
    """A wrong answer that changes the right gradient: change(grad_weight, grad_output)."""
    return lambda grad_output, input, kernel_size, stride=1, padding=0: change(
        conv2d_grad_weight(grad_output, input, kernel_size, stride, padding), grad_output
    )


def _ignores_stride(grad_output, input, kernel_size, stride=1, padding=0):
    H_out, W_out = grad_output.shape[2:]
    windows = _windows(input, kernel_size, 1, padding)[:, :, :H_out, :W_out]
    return np.einsum("nohw,nchwuv->ocuv", grad_output, windows)


def _one_stride(grad_output, input, kernel_size, stride=1, padding=0):
    S_h, S_w = pair(stride)
    H_out, W_out = grad_output.shape[2:]
    padded = _padded(input, padding, max(0, (S_h - S_w) * W_out))
    windows = _windows(padded, kernel_size, S_h, 0)[:, :, :H_out, :W_out]
    return np.einsum("nohw,nchwuv->ocuv", grad_output[..., : windows.shape[3]], windows)


def _padded(input, padding, more=0):
    P_h, P_w = pair(padding)
    return np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w + more)))


def _ignores_padding(grad_output, input, kernel_size, stride=1, padding=0):
    windows = _windows(input, kernel_size, stride, 0)
    rows, columns = windows.shape[2:4]
    return np.einsum("nohw,nchwuv->ocuv", grad_output[:, :, :rows, :columns], windows)


def _too_large(grad_output, input, kernel_size, stride=1, padding=0):
    """Slides the spread-out upstream gradient over the whole input, rest included."""
    (S_h, S_w), (N, C_out, H_out, W_out) = pair(stride), grad_output.shape
    spread = np.zeros((N, C_out, (H_out - 1) * S_h + 1, (W_out - 1) * S_w + 1), grad_output.dtype)
    spread[:, :, ::S_h, ::S_w] = grad_output
    windows = sliding_window_view(_padded(input, padding), spread.shape[2:], axis=(2, 3))
    return np.einsum("nohw,ncuvhw->ocuv", spread, windows)


def _last_windows(grad_output, input, kernel_size, stride=1, padding=0):
    (K_h, K_w), (S_h, S_w) = pair(kernel_size), pair(stride)
    H_out, W_out = grad_output.shape[2:]
    rows, columns = (H_out - 1) * S_h + K_h, (W_out - 1) * S_w + K_w
    return conv2d_grad_weight(grad_output, _padded(input, padding)[:, :, -rows:, -columns:], kernel_size, stride)


def _edge_padding(grad_output, input, kernel_size, stride=1, padding=0):
    P_h, P_w = pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), mode="edge")
    return conv2d_grad_weight(grad_output, padded, kernel_size, stride)


def _ignores_upstream(grad_output, input, kernel_size, stride=1, padding=0):
    windows = _windows(input, kernel_size, stride, padding)
    return np.einsum("nohw,nchwuv->ocuv", np.ones_like(grad_output), windows)


def _last_place(grad_output, input, kernel_size, stride=1, padding=0):
    last = np.zeros_like(grad_output)
    last[-1, :, -1, -1] = grad_output[-1, :, -1, -1]
    return conv2d_grad_weight(last, input, kernel_size, stride, padding)


def _first_channel(grad_output, input, kernel_size, stride=1, padding=0):
    return conv2d_grad_weight(grad_output, np.repeat(input[:, :1], input.shape[1], 1), kernel_size, stride, padding)


def _mixes_channels(grad_output, input, kernel_size, stride=1, padding=0):
    total = np.repeat(input.sum(axis=1, keepdims=True), input.shape[1], axis=1)
    return conv2d_grad_weight(grad_output, total, kernel_size, stride, padding)


task = Task(
    "06.conv2d_grad_weight",
    {"stride 1": 2, "batch": 1, "stride": 1, "padding": 1, "any array": 1},
    conv2d_grad_weight,
    cases,
    [
        Mistake(
            "mean-over-places",
            _result(lambda w, g: w / (g.shape[2] * g.shape[3])),
            "The contributions of the output places are averaged. A shared weight's gradient is their sum: the chain "
            "rule adds up every way by which the weight reaches the loss. With the mean, the step would depend on "
            "the size of the image.",
        ),
        Mistake(
            "mean-over-places-and-batch",
            _result(lambda w, g: w / (g.size / g.shape[1])),
            "The contributions of all images and places are averaged; they add up.",
        ),
        Mistake(
            "mean-over-the-batch",
            _result(lambda w, g: w / len(g)),
            "The images' gradients are averaged. If L is a mean over the batch, grad_output holds the 1/N already; "
            "here they add up.",
        ),
        Mistake(
            "batch-not-summed",
            _per_image(np.concatenate),
            "The images' gradients stand one after the other; the weight is the same for all images, so they add up.",
        ),
        Mistake(
            "one-gradient-per-image",
            _per_image(np.stack),
            "There is one gradient per image; the weight is the same for all images, so they add up.",
        ),
        Mistake(
            "first-image-only",
            _per_image(lambda parts: parts[0]),
            "Only the first image counts: every image adds to the gradient.",
        ),
        Mistake(
            "last-image-only",
            _per_image(lambda parts: parts[-1]),
            "Only the last image counts: in a loop over images the gradient needs += and not =.",
        ),
        Mistake(
            "flips-the-kernel",
            _result(lambda w, g: w[:, :, ::-1, ::-1]),
            "The gradient comes out back to front. The forward pass is a cross-correlation, so the weight's gradient "
            "is one too: entry (u, v) collects x at (i·S + u, j·S + v). The flip belongs to the input's gradient.",
        ),
        Mistake(
            "overwrites-places",
            _last_place,
            "Only the last image's last place counts: in a loop over places the gradient needs += and not =.",
        ),
        Mistake(
            "flips-the-upstream",
            lambda grad_output, input, kernel_size, stride=1, padding=0: conv2d_grad_weight(
                grad_output[:, :, ::-1, ::-1], input, kernel_size, stride, padding
            ),
            "The upstream gradient is flipped: output place (i, j) belongs to the window at (i·S_h, j·S_w), and not to "
            "the mirrored one.",
        ),
        Mistake(
            "divides-by-kernel-size",
            _result(lambda w, g: w / (w.shape[2] * w.shape[3])),
            "Everything is divided by K_h·K_w. The contributions add up, without any divisor.",
        ),
        Mistake(
            "channels-swapped",
            _result(lambda w, g: w.swapaxes(0, 1)),
            "The first two axes are exchanged: the gradient has the weight's shape, (C_out, C_in, K_h, K_w).",
        ),
        Mistake(
            "kernel-transposed",
            _result(lambda w, g: w.swapaxes(2, 3)),
            "Rows and columns of the kernel's gradient are exchanged.",
        ),
        Mistake(
            "ignores-stride",
            _ignores_stride,
            "Output place (i, j) is paired with the window at (i, j), whatever the stride. It saw the window at "
            "(i·S_h, j·S_w).",
            see="06#Stride, padding, dilation, groups: three lines in one loop",
        ),
        Mistake(
            "ignores-padding",
            _ignores_padding,
            "The input is not padded, so output place (i, j) is paired with a window P rows and columns too far "
            "down and right. Pad first, as in the forward pass.",
            see="06#Stride, padding, dilation, groups: three lines in one loop",
        ),
        Mistake(
            "one-stride-for-both", _one_stride, "The first stride is used along both axes: a pair is (height, width)."
        ),
        Mistake(
            "square-kernel",
            height_for_both(conv2d_grad_weight, "kernel_size"),
            "The kernel's height is used for its width as well: a pair is (height, width).",
        ),
        Mistake(
            "stride-axes-swapped",
            axes_swapped(conv2d_grad_weight, "stride"),
            "A pair is (height, width): the first stride moves down, the second to the right.",
        ),
        Mistake(
            "padding-axes-swapped",
            axes_swapped(conv2d_grad_weight, "padding"),
            "A pair is (height, width): the first padding goes above and below, the second left and right.",
        ),
        Mistake(
            "kernel-axes-swapped",
            axes_swapped(conv2d_grad_weight, "kernel_size"),
            "A pair is (height, width): the first number is the kernel's height.",
        ),
        Mistake(
            "pairs-not-handled",
            ints_only(conv2d_grad_weight),
            "A pair (height, width) raises an error: kernel_size, stride and padding may each be an int or a pair.",
        ),
        Mistake(
            "unreached-rows-counted",
            _too_large,
            "Where the stride leaves a rest, the result is larger than the kernel. Rows and columns that no window "
            "reached count nothing: take only the first K_h × K_w entries.",
            see="06#Stride, padding, dilation, groups: three lines in one loop",
        ),
        Mistake(
            "windows-from-the-end",
            _last_windows,
            "Where the stride leaves a rest, the windows are lined up with the end of the image. They start at its "
            "beginning; the rest at the end is not reached.",
            see="06#Stride, padding, dilation, groups: three lines in one loop",
        ),
        Mistake("pads-with-the-edge", _edge_padding, "The padding repeats the image's edge; it should be zeros."),
        Mistake(
            "ignores-upstream",
            _ignores_upstream,
            "The upstream gradient is not used, as if it were 1 everywhere: each window must be weighted by the "
            "gradient of the output that it made.",
        ),
        Mistake(
            "first-channel-only",
            _first_channel,
            "Every input channel's gradient is computed from the first channel of the input.",
        ),
        Mistake(
            "channels-mixed",
            _mixes_channels,
            "The input channels are summed first, so all of them get the same gradient. w[o, c] only meets channel c.",
        ),
        Mistake(
            "wrong-sign",
            _result(lambda w, g: -w),
            "The sign is wrong. The minus of gradient descent belongs to the step, not to the gradient.",
        ),
    ],
    see="06#The gradient of a shared weight",
    place=2,
)
