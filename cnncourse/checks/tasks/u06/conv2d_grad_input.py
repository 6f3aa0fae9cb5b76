"""Scatter each output's gradient over the window that it saw."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import PAIRS, any_array, fitting, geometries, pair, pairs, upstream, windows

task = Task(see="The gradient of the input")
OPTIONS = "Stride, padding, dilation, groups: three lines in one loop"  # the lesson's section


@task.right
def conv2d_grad_input(grad_output, weight, input_shape, stride=1, padding=0):
    """∂L/∂x[n, c, i·S + u − P, j·S + v − P] collects g[n, o, i, j] · w[o, c, u, v]."""
    places = windows(input_shape, weight.shape[2:], stride, padding)
    return places.crop(scattered(grad_output, weight, input_shape, places))


def add(old, new):
    """What is in the gradient after one more window."""
    return old + new


def scattered(grad_output, weight, input_shape, places, put=add, kernel=None):
    """The gradient of the padded input, one window after the other."""
    (K_h, K_w), (S_h, S_w) = kernel or places.kernel, places.stride
    padded = places.pad(np.zeros(input_shape, grad_output.dtype))
    for i, j in np.ndindex(grad_output.shape[2:]):
        here = np.s_[:, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
        padded[here] = put(padded[here], np.einsum("no,ocuv->ncuv", grad_output[:, :, i, j], weight))
    return padded


def drawn(rng, input_shape, C_out, kernel_size, *options):
    """A call with a random upstream gradient and random filters that fit an input's shape."""
    grad_output, _ = fitting(rng, input_shape, kernel_size, *(options or (1,)), channels=C_out)
    return Call(grad_output, normal(rng, C_out, input_shape[1], *pair(kernel_size)), input_shape, *options)


def reaches_all(shape, K, S, P):
    """Whether each pixel is in some window."""
    return S <= K and all((n + 2 * P - K) % S <= P for n in shape[2:])


@task.criterion(2, "stride 1")
def stride_1(rng):
    """Stride 1, no padding: windows overlap, and a pixel's contributions add up."""
    yield drawn(rng, (1, 1, 5, 5), 1, 3)
    yield drawn(rng, (2, 2, 4, 6), 3, 3)
    yield drawn(rng, (2, 3, 5, 4), 3, 2)
    yield drawn(rng, (2, 3, 3, 4), 2, 1)


@task.criterion(1)
def stride(rng):
    """Strides that divide, with windows that overlap or lie side by side."""
    yield drawn(rng, (2, 2, 7, 7), 3, 3, 2)
    yield drawn(rng, (2, 1, 6, 8), 2, 2, 2)
    for shape, *options in geometries(rng, 0):
        if reaches_all(shape, *options):
            yield drawn(rng, shape, 3, *options)


@task.criterion(1)
def unreached_pixels(rng):
    """Any stride, also where no window reaches some pixels, at the end or in between: their gradient is zero."""
    yield drawn(rng, (2, 2, 8, 6), 3, 3, 2)
    for shape, *options in geometries(rng, 0):
        yield drawn(rng, shape, 3, *options)


@task.criterion(1)
def padding(rng):
    """Padding, which is cut off again, also with a stride on odd and even sizes."""
    yield drawn(rng, (2, 2, 5, 4), 3, 3, 1, 1)
    yield drawn(rng, (2, 3, 4, 7), 2, 2, 1, 2)
    yield drawn(rng, (1, 2, 4, 5), 3, 1, 2, 1)
    for shape, *options in geometries(rng, 1, 2):
        yield drawn(rng, shape, 3, *options)
    yield drawn(rng, (2, 1, 1, 1), 1, 3, 2, 1)


@task.criterion(1)
def height_and_width(rng):
    """Kernels that are not square, and stride and padding given as pairs (height, width)."""
    for shape, *options in PAIRS:
        yield drawn(rng, shape, 3, *options)
    yield drawn(rng, (2, 1, 6, 9), 2, (3, 2), (3, 4))
    yield drawn(rng, (1, 2, 3, 5), 2, (3, 5))


@any_array(task)
def arrays(rng):
    yield drawn(rng, (2, 2, 5, 6), 3, 3, 2, 1)
    yield drawn(rng, (2, 3, 5, 6), 2, 2)


def other_weight(again, weight, change):
    """The gradient with another weight."""
    return again(weight=change(weight))


task.options(other_weight, {
    "correlates-without-flip": ({"change": lambda w: w[:, :, ::-1, ::-1]},
        "The kernel is the wrong way round. As a correlation of the (spread and padded) upstream gradient, the input's "
        "gradient needs the kernel flipped; as a scatter, g·w is put down as it is.",
        "The fast code: correlations again"),
    "flips-one-axis": ({"change": lambda w: w[:, :, ::-1]},
        "The kernel's rows are the wrong way round: flip both axes or (as a scatter) none."),
    "flips-the-other-axis": ({"change": lambda w: w[:, :, :, ::-1]},
        "The kernel's columns are the wrong way round: flip both axes or (as a scatter) none."),
    "kernel-transposed": ({"change": lambda w: w.swapaxes(2, 3)},
        "Rows and columns of the kernel are exchanged. What has to be exchanged is the first two axes."),
    "channels-not-exchanged": ({"change": lambda w: w.swapaxes(0, 1)},
        "Input and output channels of the weight are mixed up. Going back, the sum runs over the output channels: "
        "Σ_o g[n, o]·w[o, c]."),
})  # fmt: skip


def finished(grad_output, weight, input_shape, stride, padding, put=add, crop=None):
    """Windows put down by another rule, or another part of the padded gradient."""
    places = windows(input_shape, weight.shape[2:], stride, padding)
    padded = scattered(grad_output, weight, input_shape, places, put)
    return crop(padded, *places.padding, *places.image) if crop else places.crop(padded)


task.options(finished, {
    "overwrites-overlaps": ({"put": lambda old, new: np.where(old, old, new)},
        "Where windows overlap, one contribution wins. A pixel that several windows saw gets the sum of their "
        "gradients: += on zeros, not =."),
    "overwrites-window-by-window": ({"put": lambda old, new: new},
        "Where windows overlap, the last window wins. A pixel that several windows saw gets the sum of their "
        "gradients: += on zeros, not =."),
    "ignores-padding": ({"crop": lambda padded, P_h, P_w, H, W: padded[:, :, :H, :W]},
        "The windows are put down P rows and columns too far down and right: cut the padding off the result, rows "
        "P_h … P_h + H − 1.", OPTIONS),
    "forgets-to-crop": ({"crop": lambda padded, P_h, P_w, H, W: padded},
        "The result has the padded image's size: cut the padding off."),
    "empty-slice-at-zero": ({"crop": lambda padded, P_h, P_w, H, W: padded[:, :, P_h:-P_h, P_w:-P_w]},
        "The slice [P:-P] is empty where P = 0. Cut with [P : P + H]."),
})  # fmt: skip


@task.mistake
def averages_overlaps(right, again, grad_output, weight):
    """Overlapping contributions are averaged; a pixel's gradient is their sum."""
    visits = again(grad_output=np.ones_like(grad_output), weight=np.ones_like(weight)) / len(weight)
    return right / np.maximum(visits, 1)


def one_side(grad_output, weight, input_shape, stride, padding, axis):
    """Windows as high and as wide as the kernel is along one axis."""
    places, K = windows(input_shape, weight.shape[2:], stride, padding), weight.shape[axis]
    return places.crop(scattered(grad_output, weight, input_shape, places, kernel=(K, K)))


task.options(one_side, {
    "square-kernels-only": ({"axis": 3},
        "The kernel's width is used for its height as well, which fails for kernels that are not square. Read both: "
        "`K_h, K_w = weight.shape[2:]`."),
    "kernel-height-for-both": ({"axis": 2},
        "The kernel's height is used for its width as well, which fails for kernels that are not square. Read both: "
        "`K_h, K_w = weight.shape[2:]`."),
})  # fmt: skip


# Stride and padding.


@task.mistake(see=OPTIONS)
def ignores_stride(again):
    """The windows are put down one pixel apart, whatever the stride: place (i, j) saw the window at (i·S_h, j·S_w). As
    a correlation: put S − 1 zeros between the upstream gradient's entries."""
    return again(stride=1)


def remainders(input_shape, weight, stride, padding):
    """How many rows and columns at the end no window reaches."""
    places = windows(input_shape, weight.shape[2:], stride, padding)
    sides = zip(places.image, places.padding, places.kernel, places.stride, strict=True)
    return [(n + 2 * P - K) % S for n, P, K, S in sides]


@task.mistake(see=OPTIONS)
def unreached_pixels_missing(right, input_shape, weight, stride, padding):
    """Where the stride leaves a remainder, the result is smaller than the input. Pixels that no window reached have
    gradient zero: take the size from input_shape."""
    rows, columns = remainders(input_shape, weight, stride, padding)
    return right[:, :, : input_shape[2] - rows, : input_shape[3] - columns]


@task.mistake
def windows_from_the_end(grad_output, input_shape, weight, stride, padding):
    """Where the stride leaves a remainder, the zeros are at the beginning. The windows start at the top left; what they
    do not reach is at the bottom and right."""
    places = windows(input_shape, weight.shape[2:], stride, padding)
    padded = scattered(grad_output, weight, input_shape, places)
    return places.crop(np.roll(padded, remainders(input_shape, weight, stride, padding), axis=(2, 3)))


@task.mistake
def negative_index_wraps(grad_output, weight, input_shape, stride, padding):
    """What belongs to the padding above and to the left is added at the bottom and right: a negative index does not
    fail in Python. Leave out i·S + u − P < 0, or scatter into a padded array and cut."""
    places = windows(input_shape, weight.shape[2:], stride, padding)
    padded = scattered(grad_output, weight, input_shape, places)
    (H, W), (P_h, P_w), gradient = places.image, places.padding, np.zeros(input_shape, grad_output.dtype)
    for row, column in np.ndindex(H + P_h, W + P_w):
        if row - P_h >= -H and column - P_w >= -W:
            gradient[:, :, row - P_h, column - P_w] += padded[:, :, row, column]
    return gradient


@task.mistake
def repeats_instead_of_spreading(again, grad_output, input_shape, weight, stride, padding):
    """The upstream gradient is enlarged by repeating. Between the entries belong S − 1 zeros: the output has no value
    there, so no gradient either."""
    rows, columns = windows(input_shape, weight.shape[2:], 1, padding).output
    wide = grad_output.repeat(pair(stride)[0], axis=2).repeat(pair(stride)[1], axis=3)
    return again(grad_output=wide[:, :, :rows, :columns], stride=1)


pairs(task, "stride", "padding")


# Filters and images.


@task.mistake
def first_filter_only(again, grad_output, weight):
    """Only the first filter counts; a pixel reaches the loss through every filter, so their gradients add up."""
    return again(grad_output=grad_output[:, :1], weight=weight[:1])


@task.mistake
def first_image_only(again, grad_output):
    """Every image gets the first image's gradient."""
    return again(grad_output=np.broadcast_to(grad_output[:1], grad_output.shape))


@task.mistake
def sums_over_the_batch(right):
    """The images' gradients are summed. That is right for the weight, which they share; each image has its own input
    gradient."""
    return right.sum(axis=0, keepdims=True)


@task.mistake
def mean_over_the_batch(right):
    """Everything is divided by the batch's size: if L is a mean, grad_output holds that factor already."""
    return right / len(right)


@task.mistake
def mean_over_filters(right, weight):
    """The filters' contributions are averaged; a pixel reaches the loss through every filter, so they add up."""
    return right / len(weight)


upstream(task)
