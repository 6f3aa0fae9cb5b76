"""What normalising a data set needs to know."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Normalising per channel", names=("mean", "std"), lists_allowed=True)
AXES = "Which axis comes first"
SPACE = (0, 2, 3)


@task.right
def channel_statistics(images):
    """Mean and standard deviation of each channel, over all images and pixels."""
    mean = images.mean(axis=(0, 2, 3))
    centred = images - mean[:, None, None]
    return mean, np.sqrt((centred**2).mean(axis=(0, 2, 3)))


def batches(rng):
    """Batches whose images and channels differ in level and spread, so that no average can be mixed up."""
    level, spread = rng.uniform(0.2, 0.8, (3, 1, 1)), rng.uniform(0.05, 0.3, (4, 3, 1, 1))
    yield Call(level + spread * normal(rng, 4, 3, 5, 7) + rng.uniform(-0.1, 0.1, (4, 1, 1, 1)))
    yield Call(rng.uniform(-1, 3, (5, 4, 4, 4)))
    yield Call(rng.uniform(0, 1, (1, 2, 3, 5)))
    yield Call(rng.uniform(0, 1, (6, 3, 1, 1)))
    yield Call(rng.uniform(0, 1, (2, 1, 9, 2)) * np.array([1.0, 0.1])[:, None, None, None])
    yield Call(rng.uniform(0.1, 1, (1, 1, 1, 1)))


@task.criterion(1)
def mean(rng):
    """The first of the two results."""
    yield from batches(rng)


@task.criterion(1)
def std(rng):
    """The second of the two results, also where channels hold one value only: there it is 0."""
    yield from batches(rng)
    levels = rng.uniform(0.1, 1, (40, 1, 1))  # mean(x²) − mean(x)² of such a channel may come out below zero
    flat = np.broadcast_to(levels, (2, 40, 4, 3)).copy()
    flat[:, 0] = 30 * normal(rng, 2, 4, 3)
    yield Call(flat)


@any_array(task)
def arrays(rng):
    yield Call(0.5 + 0.2 * normal(rng, 3, 2, 6, 4))
    yield Call(rng.uniform(0, 1, (2, 5, 3, 4)))


def measured(images, mean=np.mean, std=np.std, axes=SPACE):
    """Other statistics, or over other axes."""
    return mean(images, axis=axes), std(images, axis=axes)


def unbiased(images, axis):
    """The standard deviation with divisor n − 1."""
    count = np.float64(images[:, 0].size)
    return np.sqrt(images.var(axis=axis) * count / (count - 1))


def kept(statistic):
    """A statistic that keeps its axes."""
    return lambda images, axis: statistic(images, axis=axis, keepdims=True)


task.options(measured, {
    "divides-by-n-minus-1": ({"std": unbiased},
        "Your divisor is N·H·W − 1 (`ddof=1`, what `torch.std` does by default). The task divides by N·H·W."),
    "variance-for-std": ({"std": np.var}, "That is the variance. The standard deviation is its square root."),
    "forgets-mean-in-std": ({"std": lambda x, axis: np.sqrt((x**2).mean(axis))},
        "The spread is measured from the mean: subtract it before squaring."),
    "mean-absolute-deviation": ({"std": lambda x, axis: np.abs(x - x.mean(axis, keepdims=True)).mean(axis)},
        "You average the absolute distances from the mean. The standard deviation is the root of the averaged "
        "squares."),
    "averages-stds-of-images": ({"std": lambda x, axis: x.std((2, 3)).mean(0)},
        "You average the standard deviations of single images. That misses how the images differ from each other: take "
        "all pixels of a channel together."),
    "averages-variances-of-images": ({"std": lambda x, axis: np.sqrt(x.var((2, 3)).mean(0))},
        "You average the variances of single images. That misses how the images differ from each other: take all "
        "pixels of a channel together."),
    "one-mean-for-all": ({"std": lambda x, axis: np.sqrt(((x - x.mean()) ** 2).mean(axis))},
        "The spread is measured from the mean of all channels. Each channel has its own."),
    "root-of-a-negative-number": ({"std": lambda x, axis: np.sqrt((x**2).mean(axis) - x.mean(axis) ** 2)},
        "√(mean(x²) − mean(x)²) is right on paper. Where all values of a channel are equal, rounding can make the "
        "difference a little less than zero, and its root is NaN. Subtract the mean first, then square."),
    "adds-epsilon": ({"std": lambda x, axis: x.std(axis) + 1e-3},
        "A small number is added to the standard deviation. That belongs where it is divided by, not here."),
    "adds-epsilon-to-variance": ({"std": lambda x, axis: np.sqrt(x.var(axis) + 1e-3)},
        "A small number is added to the variance. Batch normalisation does that; here the plain deviation is wanted."),
    "median-for-mean": ({"mean": np.median}, "That is the median. The mean is the sum divided by the count."),
    "sum-for-mean": ({"mean": np.sum}, "The sum is not divided by the number of values, N·H·W."),
    "keeps-each-image": ({"axes": (2, 3)},
        "You get one value for each image and channel, (N, C). One value per channel is wanted: average over axis 0 "
        "too."),
    "averages-images-only": ({"axes": 0},
        "You average over the images, and keep a value for each pixel. One value per channel is wanted: axes 0, 2 "
        "and 3."),
    "channels-taken-last": ({"axes": (0, 1, 2)},
        "You average over axes 0, 1 and 2, as if the channels came last. In (N, C, H, W) the channels are axis 1.",
        AXES),
    "rows-for-channels": ({"axes": (0, 1, 3)},
        "You keep the rows (axis 2) and average over the channels. In (N, C, H, W) the channels are axis 1.", AXES),
    "images-for-channels": ({"axes": (1, 2, 3)},
        "You average over channels and pixels, and keep one value for each *image*. One value per channel is wanted: "
        "leave axis 1 out, and average over axis 0."),
    "keeps-dimensions": ({"mean": kept(np.mean), "std": kept(np.std)},
        "The values are right, the shape is (1, C, 1, 1) because of `keepdims`. Wanted: (C,)."),
})  # fmt: skip


@task.mistake
def mixes_channels(images):
    """All channels get the same value: you averaged over the channels as well. Leave axis 1 out."""
    return np.full(images.shape[1], images.mean()), np.full(images.shape[1], images.std())


@task.mistake
def one_number_for_all(images):
    """`images.mean()` averages over everything. Name the axes to average over: all but the channels."""
    return float(images.mean()), float(images.std())


@task.mistake(see=AXES)
def reshapes_channels_first(images):
    """`images.reshape(C, -1)` cuts the numbers into C parts in the order in which they are stored, image after image,
    so each part mixes channels. Move the channels to the front first: `images.transpose(1, 0, 2, 3).reshape(C, -1)`."""
    rows = images.reshape(images.shape[1], -1)
    return rows.mean(axis=1), rows.std(axis=1)


@task.mistake
def std_before_mean(right):
    """Both are right, in the wrong order: the mean comes first."""
    return right[::-1]


@task.mistake
def first_image_only(again, images):
    """Only the first image counts in your result. The statistics are those of all N images."""
    return again(images=images[:1])
