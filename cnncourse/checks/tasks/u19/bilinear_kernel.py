"""The kernel with which a transposed convolution interpolates."""

import numpy as np

from cnncourse.checks.author import Call, Task

task = Task(see="A start that interpolates")


@task.right
def bilinear_kernel(stride):
    """(K, K) with K = 2S − S % 2: the outer product of 1 − |distance to the middle| / S with itself."""
    K = 2 * stride - stride % 2
    hat = 1 - abs(np.arange(K) - (K - 1) / 2) / stride
    return np.outer(hat, hat)


@task.criterion(2)
def even_strides(rng):
    """The middle lies between two entries: K = 2S."""
    for stride in (2, 4, *(2 * int(half) for half in rng.integers(3, 16, 3))):
        yield Call(stride)


@task.criterion(2)
def odd_strides(rng):
    """The middle is an entry: K = 2S − 1; a stride of 1 has the kernel 1."""
    for stride in (1, 3, *(2 * int(half) + 1 for half in rng.integers(2, 16, 3))):
        yield Call(stride)


def hat(K, middle, reach):
    """1 − distance / reach, along one axis."""
    return 1 - np.abs(np.arange(K) - middle) / reach


def made(stride, size=lambda S: 2 * S - S % 2, middle=lambda K, S: (K - 1) / 2, reach=lambda K, S: S,
         join=np.outer):  # fmt: skip
    """Right with the options as they are."""
    K = size(stride)
    one = hat(K, middle(K, stride), reach(K, stride))
    return join(one, one)


def cone(a, b):
    """Falls with the distance in the plane."""
    S_a, S_b = 1 - a[:, None], 1 - b[None]
    return np.maximum(1 - np.hypot(S_a, S_b), 0)


task.options(made, {
    "always-twice": ({"size": lambda S: 2 * S}, "K is 2S for odd strides too. There it is 2S − 1, so that one entry is "
        "the middle."),
    "always-one-less": ({"size": lambda S: 2 * S - 1}, "K is 2S − 1 for even strides too. There it is 2S: the middle "
        "lies between two entries."),
    "even-and-odd-exchanged": ({"size": lambda S: 2 * S - 1 + S % 2}, "K is 2S − 1 for even strides and 2S for odd "
        "ones. It is the other way round."),
    "one-too-large": ({"size": lambda S: 2 * S + 1}, "K is 2S + 1, with zeros outermost. It is 2S for even and 2S − 1 "
        "for odd strides."),
    "zeros-around": ({"size": lambda S: 2 * S + 2 - S % 2}, "The kernel is two rows and columns larger than it need "
        "be."),
    "size-of-the-stride": ({"size": lambda S: S}, "K is S: neighbours do not overlap, and nothing can be "
        "interpolated."),
    "middle-too-far": ({"middle": lambda K, S: K / 2}, "The middle of K entries, counted from 0, is at (K − 1) / 2."),
    "middle-still-further": ({"middle": lambda K, S: (K + 1) / 2}, "The middle of K entries, counted from 0, is at "
        "(K − 1) / 2."),
    "middle-on-an-entry": ({"middle": lambda K, S: (K - 1) // 2}, "For even K the middle lies between two entries: "
        "(K − 1) / 2, not rounded."),
    "middle-above": ({"middle": lambda K, S: K // 2}, "For even K the middle lies between two entries: "
        "(K − 1) / 2, not rounded."),
    "falls-over-half-the-kernel": ({"reach": lambda K, S: K / 2}, "The hat falls to zero at K / 2 from the middle. It "
        "falls to zero at S, where the next input pixel is."),
    "falls-over-half-and-more": ({"reach": lambda K, S: (K + 1) / 2}, "The hat falls to zero at (K + 1) / 2 from the "
        "middle, which is S for odd strides only. It falls to zero at S, where the next input pixel is."),
    "falls-over-one-more": ({"reach": lambda K, S: S + 1}, "The hat falls to zero at S + 1. It falls to zero at S, "
        "where the next input pixel is."),
    "falls-to-zero-inside": ({"reach": lambda K, S: max((K - 1) / 2, 1)}, "The outermost entries are zero. The hat "
        "falls to zero at the distance S."),
    "smaller-of-both": ({"join": lambda a, b: np.minimum(a[:, None], b)}, "The smaller of the two hats is taken. "
        "Bilinear weights are their product."),
    "sum-of-both": ({"join": lambda a, b: (a[:, None] + b) / 2}, "The two hats are added. Bilinear weights are their "
        "product."),
    "cone": ({"join": cone}, "The weights fall with the distance in the plane. They are a product: rows times "
        "columns."),
    "one-axis": ({"join": lambda a, b: a}, "This is the hat along one axis. The kernel is its outer product with "
        "itself, (K, K)."),
    "one-axis-only": ({"join": lambda a, b: np.outer(np.ones(len(a)), b)}, "The kernel falls along one axis alone."),
    "diagonal": ({"join": lambda a, b: np.diag(a * b)}, "Only the diagonal is there."),
    "box": ({"join": lambda a, b: np.ones((len(a), len(b))) / 4}, "All entries are equal. That is the mean of the "
        "neighbours, not an interpolation."),
    "ones": ({"join": lambda a, b: np.ones((len(a), len(b)))}, "All entries are 1. They fall with the distance "
        "from the middle."),
    "sums-to-one": ({"join": lambda a, b: np.outer(a, b) / np.outer(a, b).sum()}, "The kernel is divided by its sum. A "
        "transposed convolution shares it out among S² outputs, and each needs the sum 1: the whole sum is S²."),
    "sums-to-stride": ({"join": lambda a, b: np.outer(a, b) / len(a)}, "The kernel is divided by K. Its sum is S²."),
    "largest-is-one": ({"join": lambda a, b: np.outer(a, b) / np.outer(a, b).max()}, "The kernel is divided by its "
        "largest entry. For even strides the middle lies between the entries, so that no entry is 1."),
    "squared": ({"join": lambda a, b: np.outer(a, b) ** 2}, "The hats are squared. Linear interpolation falls "
        "linearly."),
    "rooted": ({"join": lambda a, b: np.sqrt(np.outer(a, b))}, "There is a root. The kernel is the product of the two "
        "hats as they are."),
})  # fmt: skip


@task.mistake
def repeats_pixels(stride):
    """This kernel repeats each pixel S × S times. Interpolation needs a larger one, whose entries fall off."""
    return np.ones((stride, stride))


@task.mistake
def stride_2_only():
    """This is the kernel for a stride of 2, whatever the stride is."""
    return bilinear_kernel(2)


@task.mistake
def four_axes(right):
    """The kernel has the axes of a layer's weight. Wanted is (K, K)."""
    return right[None, None]
