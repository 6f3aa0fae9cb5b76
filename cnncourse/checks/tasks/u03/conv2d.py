"""Stride, padding, dilation and groups, as PyTorch has them."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import PAIRS, any_array, geometries, images_apart, padding_variants, pair, pairs

task = Task(see="Stride")
LAYER = "02#Channels, filters, bias: the convolution layer"
GROUPS = "Groups, depthwise, 1×1: which channels meet"


@task.right
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """One matrix product per group for each kernel entry."""
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = pair(stride), pair(padding), pair(dilation)
    n, c_in, height, width = input.shape
    c_out, _, k_h, k_w = weight.shape
    h_out = (height + 2 * p_h - d_h * (k_h - 1) - 1) // s_h + 1
    w_out = (width + 2 * p_w - d_w * (k_w - 1) - 1) // s_w + 1
    wide = np.pad(input, [(0, 0), (0, 0), (p_h, p_h), (p_w, p_w)])
    wide = wide.reshape(n, groups, c_in // groups, *wide.shape[2:])
    filters = weight.reshape(groups, c_out // groups, c_in // groups, k_h, k_w)
    output = np.zeros((n, groups, c_out // groups, h_out, w_out), dtype=input.dtype)
    for i in range(k_h):
        for j in range(k_w):
            rows = slice(i * d_h, i * d_h + s_h * (h_out - 1) + 1, s_h)
            columns = slice(j * d_w, j * d_w + s_w * (w_out - 1) + 1, s_w)
            output += np.einsum("goc,ngchw->ngohw", filters[:, :, :, i, j], wide[:, :, :, rows, columns])
    output = output.reshape(n, c_out, h_out, w_out)
    return output if bias is None else output + bias[:, None, None]


def drawn(rng, image, kernel, bias=False, **options):
    """A call with random values; `bias` is whether there is one."""
    return Call(normal(rng, *image), normal(rng, *kernel), *([normal(rng, kernel[0])] if bias else []), **options)


@task.criterion(1)
def plain(rng):
    """No options, with and without a bias, of which some may be zero."""
    yield drawn(rng, (2, 3, 6, 5), (4, 3, 3, 2), bias=True)
    yield drawn(rng, (3, 2, 4, 3), (3, 2, 1, 3))
    yield drawn(rng, (1, 1, 3, 5), (1, 1, 3, 5), bias=True)
    yield Call(normal(rng, 1, 2, 4, 4), normal(rng, 3, 2, 2, 2), normal(rng, 3) * [1, 0, 1])


@task.criterion(1)
def stride(rng):
    """A stride of 2 or 3, also where it does not divide, with odd and even sizes."""
    yield drawn(rng, (2, 2, 7, 9), (3, 2, 3, 3), stride=2)
    yield drawn(rng, (1, 3, 9, 8), (2, 3, 2, 3), bias=True, stride=3)
    yield drawn(rng, (1, 2, 5, 4), (2, 2, 5, 4), stride=3)
    for shape, K, S, _ in geometries(rng, 0):
        yield drawn(rng, shape, (2, 2, K, K), stride=S)


@task.criterion(1, "padding")
def some_padding(rng):
    """Zeros around the image, also more of them than the kernel is wide, also with a stride on odd and even sizes."""
    yield drawn(rng, (2, 2, 5, 4), (3, 2, 3, 3), padding=1)
    yield drawn(rng, (1, 2, 4, 6), (2, 2, 3, 2), bias=True, padding=3)
    yield drawn(rng, (1, 1, 1, 1), (2, 1, 3, 3), padding=1)
    yield drawn(rng, (1, 2, 4, 5), (3, 2, 1, 1), stride=2, padding=1)
    for shape, K, S, P in geometries(rng, 1, 2):
        yield drawn(rng, shape, (3, 2, K, K), stride=S, padding=P)


@task.criterion(1)
def dilation(rng):
    """Taps that are 2 or 3 pixels apart."""
    yield drawn(rng, (2, 2, 8, 9), (3, 2, 3, 3), dilation=2)
    yield drawn(rng, (1, 3, 9, 7), (2, 3, 2, 3), bias=True, dilation=3)
    yield drawn(rng, (1, 2, 9, 8), (4, 2, 2, 3), stride=2, padding=3, dilation=3)
    yield drawn(rng, (2, 2, 5, 6), (3, 2, 3, 3), padding=2, dilation=2)
    yield drawn(rng, (1, 2, 9, 8), (2, 2, 3, 2), stride=2, dilation=2)


@task.criterion(1)
def groups(rng):
    """Channels in groups, up to one channel per group, with one or several filters each."""
    yield drawn(rng, (2, 4, 5, 6), (6, 2, 3, 3), bias=True, groups=2)
    yield drawn(rng, (1, 6, 4, 5), (3, 2, 2, 3), groups=3)
    yield drawn(rng, (2, 3, 5, 4), (3, 1, 3, 3), groups=3)
    yield drawn(rng, (1, 2, 4, 4), (6, 1, 2, 2), bias=True, groups=2)
    yield drawn(rng, (2, 4, 3, 5), (4, 2, 1, 1), groups=2)
    yield drawn(rng, (2, 3, 4, 5), (3, 1, 3, 3), padding=1, groups=3)
    yield drawn(rng, (1, 4, 7, 6), (4, 2, 2, 3), stride=2, groups=2)
    yield drawn(rng, (1, 4, 6, 7), (2, 2, 3, 2), dilation=2, groups=2)


@task.criterion(0.5, "pairs")
def some_pairs(rng):
    """stride, padding and dilation given as pairs (height, width)."""
    for shape, kernel_size, stride, padding in PAIRS:
        yield drawn(rng, shape, (2, shape[1], *pair(kernel_size)), stride=stride, padding=padding)
    yield drawn(rng, (1, 3, 9, 7), (2, 3, 2, 3), bias=True, dilation=(3, 2))
    yield drawn(rng, (2, 1, 6, 8), (2, 1, 3, 2), dilation=(1, 4))
    together = {"stride": (2, 3), "padding": (1, 2), "dilation": (2, 1), "groups": 2}
    yield drawn(rng, (2, 4, 7, 9), (6, 2, 3, 2), bias=True, **together)


@any_array(task, points=0.5)
def arrays(rng):
    yield drawn(rng, (2, 4, 6, 7), (4, 2, 3, 3), bias=True, stride=2, padding=1, dilation=1, groups=2)
    yield drawn(rng, (1, 2, 5, 6), (3, 2, 3, 2), padding=1)


@task.mistake(see="02#Cross-correlation and convolution")
def flips_kernel(again, weight):
    """You computed true convolution. Deep learning's convolution is cross-correlation: the kernel is laid on as it
    is."""
    return again(weight=weight[:, :, ::-1, ::-1])


@task.mistake(see="02#The sliding window, by hand")
def transposes_kernel(again, weight):
    """Rows and columns of the kernel have changed places."""
    return again(weight=weight.swapaxes(2, 3))


@task.mistake(see=LAYER)
def adds_bias_twice(again, bias):
    """The bias is added twice."""
    return again(bias=None if bias is None else 2 * bias)


@task.mistake(see=LAYER)
def bias_along_width(again, bias):
    """NumPy lines up shapes from the right, so a bias of shape (C_out,) lands on the *width*. Give it the shape (C_out,
    1, 1)."""
    return again(bias=None) + (0 if bias is None else bias)


task.options(conv2d, {
    "forgets-bias": ({"bias": None}, "The bias is never added.", LAYER),
    "ignores-stride": ({"stride": 1}, "The stride is not used: the window moves by S pixels at a time."),
    "ignores-padding": ({"padding": 0}, "The padding is not used: P zeros on each side."),
    "ignores-dilation": ({"dilation": 1},
        "The dilation is not used: neighbouring taps of the kernel are D pixels apart.", "Dilation"),
    "ignores-groups": ({"groups": 1},
        "With groups, a weight is (C_out, C_in // groups, K_h, K_w): each filter sees only the channels of its group.",
        GROUPS),
})  # fmt: skip


# Padding and stride.


padding_variants(
    task, leave_out=["ignores-padding"], called={"pads-with-the-edge": "repeats-border", "rounds-up": "rounds-size-up"},
    see="How many windows fit?",
)  # fmt: skip


@task.mistake(see="How many windows fit?")
def starts_at_stride(again, input, stride, padding):
    """Your first window starts at S − 1. It starts at 0, then S, then 2S."""
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    wide = np.pad(input, [(0, 0), (0, 0), (P_h, P_h + S_h - 1), (P_w, P_w + S_w - 1)])
    return again(input=wide[:, :, S_h - 1 :, S_w - 1 :], padding=0)


pairs(task, "stride", "padding", "dilation")
images_apart(task, "input")


@task.mistake(see="Dilation")
def counts_zeros_between_taps(again, dilation):
    """You leave D pixels between neighbouring taps. Dilation D means a step of D from tap to tap."""
    return again(dilation=tuple(d + (d > 1) for d in pair(dilation)))


@task.mistake(see="Dilation")
def swaps_stride_and_dilation(again, stride, dilation):
    """Stride and dilation have changed places: S moves the window, D spreads its taps."""
    return again(stride=dilation, dilation=stride)


# Groups.


@task.mistake(see=GROUPS)
def first_group_for_all(again, input, groups):
    """All groups read the first group's channels. Group g reads channels g·C_in/G to (g + 1)·C_in/G − 1."""
    return again(input=np.tile(input[:, : input.shape[1] // groups], (1, groups, 1, 1)))


def dealt(array, groups):
    """The channels in the order 0, G, 2G, …, 1, G + 1, …: as if they were dealt to the groups in turn."""
    return array[:, np.arange(array.shape[1]).reshape(-1, groups).T.ravel()]


@task.mistake(see=GROUPS)
def interleaves_groups(again, input, groups):
    """You deal the input channels out in turn. A group is a block of neighbouring channels."""
    return again(input=dealt(input, groups))


@task.mistake(see=GROUPS)
def interleaves_outputs(right, groups):
    """The outputs of the groups are dealt out in turn. Those of group 0 come first, then those of group 1."""
    return dealt(right, right.shape[1] // groups)
