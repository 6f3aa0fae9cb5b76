"""Each input pixel puts down its kernel; where kernels overlap, they add up."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, images_apart, pair, pairs

task = Task(see="Back up: transposed convolution")


@task.right
def conv_transpose2d(input, weight, stride=1, padding=0):
    """y[n, o, i·S + u − P, j·S + v − P] collects x[n, c, i, j] · w[c, o, u, v]."""
    return cropped(laid(input, weight, pair(stride)), *pair(padding))


def add(old, new):
    """What is there after one more kernel."""
    return old + new


def laid(input, weight, stride, put=add):
    """All kernels put down, nothing cut off."""
    (N, _, H, W), (K_h, K_w), (S_h, S_w) = input.shape, weight.shape[2:], stride
    whole = np.zeros((N, weight.shape[1], (H - 1) * S_h + K_h, (W - 1) * S_w + K_w), input.dtype)
    for i, j in np.ndindex(H, W):
        here = np.s_[:, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
        whole[here] = put(whole[here], np.einsum("nc,couv->nouv", input[:, :, i, j], weight))
    return whole


def cropped(whole, P_h, P_w):
    """Without P rows and columns on each side."""
    return whole[:, :, P_h : whole.shape[2] - P_h, P_w : whole.shape[3] - P_w]


def drawn(rng, N, C_in, C_out, sides, kernel, *options):
    """Maps and a kernel."""
    return Call(normal(rng, N, C_in, *sides), normal(rng, C_in, C_out, *pair(kernel)), *options)


@task.criterion(2, "stride 1")
def stride_1(rng):
    """Stride 1, no padding: the output is larger than the input by K − 1."""
    yield drawn(rng, 2, 3, 2, (4, 5), 3)
    yield drawn(rng, 1, 1, 1, (3, 3), 2)
    yield drawn(rng, 3, 2, 4, (2, 6), 1)
    yield drawn(rng, 2, 3, 3, (3, 3), 3)


@task.criterion(2)
def stride(rng):
    """Strides up to 4, smaller than the kernel, as large, and larger, so that gaps stay zero."""
    for K, S in [(2, 2), (3, 2), (4, 2), (1, 2), (3, 3), (2, 3), (5, 4), (4, 3)]:
        yield drawn(rng, 2, 2, 3, (3, 4), K, S)
    yield drawn(rng, 1, 3, 3, (1, 1), 3, 2)


@task.criterion(2)
def padding(rng):
    """Padding, which is cut off the output on each side, with strides; also as much as the kernel is large."""
    for K, S, P in [(3, 1, 1), (4, 2, 1), (3, 2, 1), (5, 2, 2), (4, 3, 1), (3, 2, 2), (6, 3, 2)]:
        yield drawn(rng, 2, 3, 2, (4, 3), K, S, P)
    yield drawn(rng, 1, 2, 2, (3, 3), 4, stride_of(2), 1)
    yield drawn(rng, 2, 1, 2, (4, 3), 2, 3, 2)
    yield drawn(rng, 1, 2, 3, (4, 5), 1, 1, 1)


def stride_of(number):
    """A stride as a pair of equal numbers."""
    return (number, number)


@task.criterion(1)
def height_and_width(rng):
    """Kernels that are not square, stride and padding as pairs (height, width)."""
    yield drawn(rng, 2, 2, 3, (3, 4), (2, 4))
    yield drawn(rng, 1, 3, 2, (4, 3), (3, 2), (1, 3))
    yield drawn(rng, 2, 2, 2, (3, 5), 3, 2, (0, 1))
    yield drawn(rng, 2, 1, 3, (3, 3), (4, 5), (2, 3), (1, 2))
    yield drawn(rng, 1, 2, 1, (5, 4), (5, 3), 1, (2, 1))


@any_array(task)
def arrays(rng):
    yield drawn(rng, 2, 2, 3, (3, 4), 4, 2, 1)
    yield drawn(rng, 2, 3, 2, (3, 2), 2)


def changed(again, weight, change):
    """With another kernel."""
    return again(weight=change(weight))


task.options(changed, {
    "kernel-flipped": ({"change": lambda w: w[:, :, ::-1, ::-1]}, "The kernel is flipped. It is put down as it is: "
        "w[u, v] goes to row i·S + u and column j·S + v. (A correlation over spread pixels needs it flipped.)"),
    "kernel-transposed": ({"change": lambda w: w.swapaxes(2, 3)}, "Rows and columns of the kernel are exchanged."),
    "channels-exchanged": ({"change": lambda w: w.swapaxes(0, 1)}, "The weight is read as (C_out, C_in), as that of an "
        "ordinary convolution. Here it is (C_in, C_out)."),
    "mean-over-channels": ({"change": lambda w: w / len(w)}, "The input channels' contributions are averaged. They add "
        "up."),
})  # fmt: skip


def variant(input, weight, stride, padding, put=add, crop=cropped, spread=lambda S: S):
    """Right with the options as they are."""
    return crop(laid(input, weight, spread(pair(stride)), put), *pair(padding))


def minus(whole, P_h, P_w):
    """Cut with [P:-P]."""
    return whole[:, :, P_h:-P_h, P_w:-P_w]


task.options(variant, {
    "overwrites-overlaps": ({"put": lambda old, new: new}, "Where kernels overlap, the last one wins. They add up: += "
        "and not =."),
    "keeps-the-first": ({"put": lambda old, new: np.where(old, old, new)}, "Where kernels overlap, the first one "
        "stays. They add up."),
    "largest-of-the-overlap": ({"put": np.maximum}, "Where kernels overlap, the larger value wins. They add up."),
    "ignores-stride": ({"spread": lambda S: (1, 1)}, "The kernels are put down one pixel apart, whatever the stride."),
    "ignores-padding": ({"crop": lambda whole, P_h, P_w: whole}, "Nothing is cut off. Here padding makes the output "
        "*smaller*: P rows and columns on each side belong to the padding of the convolution that this transposes."),
    "padding-added": ({"crop": lambda whole, P_h, P_w: np.pad(whole, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))},
        "Zeros are added around the output. Padding is cut off: this layer goes the way back."),
    "cuts-one-side": ({"crop": lambda whole, P_h, P_w: whole[:, :, P_h:, P_w:]}, "Padding is cut off at the top and "
        "left alone. P means P on each of the four sides."),
    "cuts-at-the-end": ({"crop": lambda whole, P_h, P_w: whole[:, :, : whole.shape[2] - 2 * P_h,
                                                              : whole.shape[3] - 2 * P_w]},
        "All of the padding is cut off at the bottom and right. P means P on each side."),
    "cuts-the-end-once": ({"crop": lambda whole, P_h, P_w: whole[:, :, : whole.shape[2] - P_h,
                                                                 : whole.shape[3] - P_w]},
        "Padding is cut off at the bottom and right alone. P means P on each of the four sides."),
    "cuts-at-the-start": ({"crop": lambda whole, P_h, P_w: whole[:, :, 2 * P_h :, 2 * P_w :]},
        "All of the padding is cut off at the top and left. P means P on each side."),
    "cuts-twice-as-much": ({"crop": lambda whole, P_h, P_w: cropped(whole, 2 * P_h, 2 * P_w)},
        "2P rows and columns are cut off on each side. P on each side makes 2P in all."),
    "zeros-for-the-padding": ({"crop": lambda whole, P_h, P_w: np.pad(cropped(whole, P_h, P_w), (
                                  (0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))},
        "The border is set to zero. Padding is cut *off*, so the output is smaller."),
    "empty-slice-at-zero": ({"crop": minus}, "The slice [P:-P] is empty where P = 0. Cut with [P : size − P]."),
})  # fmt: skip


@task.mistake
def cuts_the_input(again, input, padding):
    """The padding is cut off the input. It is cut off the output."""
    return again(input=cropped(input, *pair(padding)), padding=0)


@task.mistake
def zeros_behind_the_last(input, weight, stride, padding):
    """There are S − 1 zeros behind the last pixel, too, so the output is S − 1 too large. They stand *between* pixels:
    (I − 1)·S + 1 places."""
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    whole = np.pad(laid(input, weight, (S_h, S_w)), ((0, 0), (0, 0), (0, S_h - 1), (0, S_w - 1)))
    return cropped(whole, P_h, P_w)


@task.mistake
def convolves(input, weight, stride, padding):
    """This is an ordinary convolution, which makes maps smaller. Here each input pixel puts down a whole kernel."""
    (S_h, S_w), (P_h, P_w) = pair(stride), pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weight.shape[2:], axis=(2, 3))[:, :, ::S_h, ::S_w]
    return np.einsum("nchwuv,couv->nohw", windows, weight)


@task.mistake
def less_padding_than_kernel(right, weight, padding):
    """K − 1 − P zeros are put around, and that is below zero where P is as large as the kernel. Then put none there,
    and cut off."""
    if any(P > K - 1 for P, K in zip(pair(padding), weight.shape[2:], strict=True)):
        raise ValueError("index can't contain negative values")
    return right


@task.mistake
def as_large_as_stride_says(input, right, stride):
    """The output is I·S high and wide. Its size is (I − 1)·S − 2P + K, whatever comes of it."""
    (S_h, S_w), (H, W) = pair(stride), right.shape[2:]
    wanted = input.shape[2] * S_h, input.shape[3] * S_w
    larger = np.pad(right, ((0, 0), (0, 0), (0, max(wanted[0] - H, 0)), (0, max(wanted[1] - W, 0))))
    return larger[:, :, : wanted[0], : wanted[1]]


@task.mistake
def repeats_pixels(again, input, weight, stride, padding):
    """Pixels are repeated S times, and then comes a convolution. Between the pixels belong S − 1 zeros, or the kernels
    are put down S apart."""
    (S_h, S_w), (H, W) = pair(stride), input.shape[2:]
    wide = input.repeat(S_h, axis=2).repeat(S_w, axis=3)
    return again(input=wide[:, :, : (H - 1) * S_h + 1, : (W - 1) * S_w + 1], stride=1)


@task.mistake
def averages_overlaps(again, input, weight, stride, padding, right):
    """Where kernels overlap, their mean is taken. They add up."""
    visits = again(input=np.ones_like(input[:, :1]), weight=np.ones_like(weight[:1]))
    return right / np.maximum(visits, 1)


@task.mistake
def first_channel_only(again, input, weight):
    """Only the first input channel is used. An output channel sums over all of them."""
    return again(input=input[:, :1], weight=weight[:1])


@task.mistake
def square_kernels_only(input, weight, stride, padding):
    """The kernel's height is used as its width. Read both: `K_h, K_w = weight.shape[2:]`."""
    K_h, K_w = weight.shape[2:]
    if K_h != K_w:
        raise ValueError("operands could not be broadcast together")
    return conv_transpose2d(input, weight, stride, padding)


pairs(task, "stride", "padding")
images_apart(task, "input")
