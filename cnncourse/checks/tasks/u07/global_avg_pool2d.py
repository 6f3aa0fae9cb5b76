"""One number per map."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Global and adaptive pooling")


@task.right
def global_avg_pool2d(input):
    """y[n, c] = mean over i, j of x[n, c, i, j]."""
    return input.mean(axis=(2, 3))


@task.criterion(1)
def values(rng):
    """Maps of any size, also of one pixel, and batches with as many images as channels and columns."""
    yield Call(normal(rng, 2, 3, 4, 5))
    yield Call(normal(rng, 4, 4, 4, 4))
    yield Call(normal(rng, 1, 5, 7, 2))
    yield Call(normal(rng, 3, 1, 2, 3))
    yield Call(normal(rng, 2, 3, 1, 1))


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 2, 3, 6, 5))


def reduced(input, reduce=np.mean, axes=(2, 3)):
    """Another number than the mean, or over other axes."""
    return reduce(input, axis=axes)


task.options(reduced, {
    "largest-for-mean": ({"reduce": np.max}, "This is global max pooling; wanted is the mean."),
    "sum-for-mean": ({"reduce": np.sum}, "This is the sum over each map: divide by H·W."),
    "median-for-mean": ({"reduce": np.median}, "This is the median of each map; wanted is the mean."),
    "averages-the-batch": ({"axes": (0, 2, 3)}, "The images are averaged as well. Each keeps its own row: (N, C)."),
    "averages-the-channels": ({"axes": (1, 2, 3)}, "The channels are averaged as well. Each keeps its own: (N, C)."),
    "axes-0-1": ({"axes": (0, 1)}, "The mean runs over images and channels. Height and width are axes 2 and 3."),
    "axes-1-2": ({"axes": (1, 2)}, "The mean runs over axes 1 and 2, as for images stored (N, H, W, C). Here height "
                 "and width are axes 2 and 3."),
    "axes-1-3": ({"axes": (1, 3)}, "The mean runs over channels and width. Height and width are axes 2 and 3."),
    "rows-only": ({"axes": 3}, "Only the rows are averaged: average over height too."),
    "columns-only": ({"axes": 2}, "Only the columns are averaged: average over width too."),
})  # fmt: skip


@task.mistake
def keeps_dimensions(right):
    """The result has shape (N, C, 1, 1), as PyTorch's adaptive pooling gives it; this task wants (N, C), ready for a
    linear layer."""
    return right[:, :, None, None]


@task.mistake
def divides_by_height_squared(right, input):
    """The divisor is H²; a map has H·W pixels."""
    return right * input.shape[3] / input.shape[2]


@task.mistake
def divides_by_width_squared(right, input):
    """The divisor is W²; a map has H·W pixels."""
    return right * input.shape[2] / input.shape[3]


@task.mistake
def divides_by_one_less(input):
    """The divisor is H·W − 1. That belongs to an unbiased variance; a mean divides by H·W."""
    return input.sum(axis=(2, 3)) / max(input[0, 0].size - 1, 1)


@task.mistake
def transposed(right):
    """The result is (C, N); wanted is (N, C)."""
    return right.T


@task.mistake
def averages_everything(right, input):
    """All maps get the mean of everything; each has its own."""
    return np.full_like(right, input.mean())


@task.mistake
def absolute_values(again, input):
    """Absolute values are averaged; the mean keeps the sign."""
    return again(input=np.abs(input))


@task.mistake
def first_pixel(input):
    """This is each map's first pixel; wanted is the mean."""
    return input[:, :, 0, 0]
