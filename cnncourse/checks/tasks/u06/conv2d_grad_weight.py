"""The gradient of a convolution's weight: a correlation of the input with the upstream gradient."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.checks.author import Call, Task
from cnncourse.checks.families import (
    PAIRS,
    any_array,
    batch_sum,
    fitting,
    geometries,
    padding_backward,
    pair,
    pairs,
    upstream,
)  # fmt: skip

task = Task(see="The gradient of a shared weight")
OPTIONS = "Stride, padding, dilation, groups: three lines in one loop"  # the lesson's section


@task.right
def conv2d_grad_weight(grad_output, input, kernel_size, stride=1, padding=0):
    """∂L/∂w[o, c, u, v] = Σ_n Σ_i Σ_j g[n, o, i, j] · x[n, c, i·S + u − P, j·S + v − P]."""
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    windows = sliding_window_view(padded, pair(kernel_size), axis=(2, 3))[:, :, ::S_h, ::S_w]
    return np.einsum("nohw,nchwuv->ocuv", grad_output, windows)


def drawn(rng, input_shape, c_out, kernel_size, *options):
    """A call with a random upstream gradient and a random input that fit each other."""
    return Call(*fitting(rng, input_shape, kernel_size, *(options or (1,)), channels=c_out), kernel_size, *options)


@task.criterion(1)
def one_image(rng):
    """One image, stride 1, no padding."""
    yield drawn(rng, (1, 1, 5, 5), 1, 3)
    yield drawn(rng, (1, 2, 4, 6), 3, 3)
    yield drawn(rng, (1, 3, 6, 4), 3, 2)
    yield drawn(rng, (1, 3, 4, 3), 2, 1)


@task.criterion(1)
def batch(rng):
    """Several images, whose contributions add up."""
    yield drawn(rng, (3, 2, 5, 4), 4, 2)
    yield drawn(rng, (2, 3, 6, 5), 3, 3)


@task.criterion(1)
def stride(rng):
    """A stride of 2 or 3, also where it leaves rows and columns that no window reached."""
    yield drawn(rng, (2, 2, 7, 7), 3, 3, 2)
    yield drawn(rng, (2, 3, 8, 7), 2, 3, 2)
    for shape, *options, _ in geometries(rng, 0):
        yield drawn(rng, shape, 3, *options)


@task.criterion(1)
def padding(rng):
    """Padding, also together with a stride."""
    yield drawn(rng, (2, 2, 5, 4), 3, 3, 1, 1)
    yield drawn(rng, (2, 3, 4, 7), 2, 2, 1, 2)
    yield drawn(rng, (2, 1, 1, 1), 1, 3, 2, 1)
    yield drawn(rng, (1, 2, 4, 5), 3, 1, 2, 1)
    for shape, *options in geometries(rng, 1, 2):
        yield drawn(rng, shape, 3, *options)


@task.criterion(1, "pairs")
def some_pairs(rng):
    """kernel_size, stride and padding given as pairs (height, width)."""
    for shape, *options in PAIRS:
        yield drawn(rng, shape, 3, *options)


@any_array(task)
def arrays(rng):
    g, x = fitting(rng, (2, 2, 5, 6), 3, 2, 1, channels=3)
    yield Call(g, x, kernel_size=3, stride=2, padding=1)


# Sums over images and places.


@task.mistake
def mean_over_places(right, grad_output):
    """The contributions of the output places are averaged. A shared weight's gradient is their sum: the chain rule adds
    up every way by which the weight reaches the loss. With the mean, the step would depend on the size of the image."""
    return right / grad_output[0, 0].size


@task.mistake
def mean_over_places_and_batch(right, grad_output):
    """The contributions of all images and places are averaged; they add up."""
    return right / grad_output[:, 0].size


batch_sum(task, "grad_output", "input")
upstream(task)


@task.mistake
def overwrites_places(again, grad_output):
    """Only the last image's last place counts. In a loop over places the gradient needs += and not =."""
    last = np.zeros_like(grad_output)
    last[-1, :, -1, -1] = grad_output[-1, :, -1, -1]
    return again(grad_output=last)


@task.mistake
def divides_by_kernel_size(right):
    """Everything is divided by K_h·K_w. The contributions add up, without any divisor."""
    return right / right[0, 0].size


# Axes.


@task.mistake
def flips_the_kernel(right):
    """The gradient comes out back to front. The forward pass is a cross-correlation, so the weight's gradient is one
    too: entry (u, v) collects x at (i·S + u, j·S + v). The flip belongs to the input's gradient."""
    return right[:, :, ::-1, ::-1]


@task.mistake
def flips_the_upstream(again, grad_output):
    """The upstream gradient is flipped. Output place (i, j) belongs to the window at (i·S_h, j·S_w), and not to the
    mirrored one."""
    return again(grad_output=grad_output[:, :, ::-1, ::-1])


@task.mistake
def channels_swapped(right):
    """The first two axes are exchanged: the gradient has the weight's shape, (C_out, C_in, K_h, K_w)."""
    return right.swapaxes(0, 1)


@task.mistake
def kernel_transposed(right):
    """Rows and columns of the kernel's gradient are exchanged."""
    return right.swapaxes(2, 3)


@task.mistake
def first_channel_only(again, input):
    """Every input channel's gradient is computed from the first channel of the input."""
    return again(input=np.repeat(input[:, :1], input.shape[1], axis=1))


@task.mistake
def channels_mixed(again, input):
    """The input channels are summed first, so all of them get the same gradient. w[o, c] only meets channel c."""
    return again(input=np.repeat(input.sum(axis=1, keepdims=True), input.shape[1], axis=1))


# Stride and padding.


@task.mistake(see=OPTIONS)
def ignores_stride(again, stride, grad_output, input, kernel_size, padding):
    """Output place (i, j) is paired with the window at (i, j), whatever the stride. It saw the window at
    (i·S_h, j·S_w)."""
    rows, columns = (n - 1 + k for n, k in zip(grad_output.shape[2:], pair(kernel_size), strict=True))
    return again(input=padded(input, padding)[:, :, :rows, :columns], stride=1, padding=0)


padding_backward(task, crops=False, see=OPTIONS)
pairs(task, "kernel_size", "stride", "padding")


def padded(input, padding, **how):
    """The input with its padding, zeros if nothing else is said."""
    (P_h, P_w) = pair(padding)
    return np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), **how)


@task.mistake(see=OPTIONS)
def unreached_rows_counted(grad_output, input, stride, padding):
    """Where the stride leaves a remainder, the result is larger than the kernel. Rows and columns that no window
    reached count nothing: take only the first K_h × K_w entries."""
    (S_h, S_w), (N, C_out, H_out, W_out) = pair(stride), grad_output.shape
    spread = np.zeros((N, C_out, (H_out - 1) * S_h + 1, (W_out - 1) * S_w + 1))
    spread[:, :, ::S_h, ::S_w] = grad_output
    windows = sliding_window_view(padded(input, padding), spread.shape[2:], axis=(2, 3))
    return np.einsum("nohw,ncuvhw->ocuv", spread, windows)


@task.mistake(see=OPTIONS)
def windows_from_the_end(again, grad_output, input, kernel_size, stride, padding):
    """Where the stride leaves a remainder, the windows are lined up with the end of the image. They start at its
    beginning; what remains at the end is not reached."""
    sides = zip(grad_output.shape[2:], pair(kernel_size), pair(stride), strict=True)
    rows, columns = ((n - 1) * S + K for n, K, S in sides)
    return again(input=padded(input, padding)[:, :, -rows:, -columns:], padding=0)


@task.mistake
def pads_with_the_edge(again, input, padding):
    """The padding repeats the image's edge; it should be zeros."""
    return again(input=padded(input, padding, mode="edge"), padding=0)
