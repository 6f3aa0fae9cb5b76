"""Task 01.channel_statistics: what normalising a data set needs to know."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, strided
from cnncourse.checks.task import Case, Mistake, Task


def channel_statistics(images):
    """Right answer."""
    mean = images.mean(axis=(0, 2, 3))
    centred = images - mean[:, None, None]
    return mean, np.sqrt((centred**2).mean(axis=(0, 2, 3)))


def batches(rng):
    """Batches whose images and channels differ in level and spread, so that no average can be mixed up."""
    level, spread = rng.uniform(0.2, 0.8, (3, 1, 1)), rng.uniform(0.05, 0.3, (4, 3, 1, 1))
    yield level + spread * normal(rng, 4, 3, 5, 7) + rng.uniform(-0.1, 0.1, (4, 1, 1, 1))
    yield (0.5 + 0.2 * normal(rng, 3, 2, 6, 4)).astype(np.float32)
    yield strided(rng.uniform(0, 1, (2, 5, 3, 4)))
    yield fortran(rng.uniform(-1, 3, (5, 4, 4, 4)))
    yield rng.uniform(0, 1, (1, 2, 3, 5))
    yield rng.uniform(0, 1, (6, 3, 1, 1))
    yield rng.uniform(0, 1, (2, 1, 9, 2)) * np.array([1.0, 0.1])[:, None, None, None]
    yield np.stack([rng.uniform(0, 1, (2, 4, 3)), np.full((2, 4, 3), 0.5)], axis=1)  # the second channel is flat
    yield rng.uniform(0.1, 1, (1, 1, 1, 1))


def cases(rng):
    """Every batch twice: once for the mean, once for the standard deviation."""
    for images in batches(rng):
        yield Case("mean", images)
        yield Case("std", images)


SPACE = (0, 2, 3)

mistakes = [
    Mistake(
        "divides-by-n-minus-1",
        lambda images: (images.mean(SPACE), images.std(SPACE, ddof=1) if images[:, 0].size > 1 else np.full(
            images.shape[1], np.nan
        )),
        "Your divisor is N·H·W − 1 (`ddof=1`, what `torch.std` does if not told otherwise). The task divides by N·H·W.",
    ),
    Mistake(
        "variance-for-std",
        lambda images: (images.mean(SPACE), images.var(SPACE)),
        "That is the variance. The standard deviation is its square root.",
    ),
    Mistake(
        "forgets-mean-in-std",
        lambda images: (images.mean(SPACE), np.sqrt((images**2).mean(SPACE))),
        "The spread is measured from the mean: subtract it before squaring.",
    ),
    Mistake(
        "mean-absolute-deviation",
        lambda images: (
            images.mean(SPACE),
            np.abs(images - images.mean(SPACE)[:, None, None]).mean(SPACE),
        ),
        "You average the absolute distances from the mean. The standard deviation is the root of the averaged squares.",
    ),
    Mistake(
        "averages-stds-of-images",
        lambda images: (images.mean(SPACE), images.std((2, 3)).mean(0)),
        "You average the standard deviations of single images. That misses how the images differ from each other: take "
        "all pixels of a channel together.",
    ),
    Mistake(
        "keeps-each-image",
        lambda images: (images.mean((2, 3)), images.std((2, 3))),
        "You get one value for each image and channel, (N, C). One value a channel is wanted: average over axis 0 too.",
    ),
    Mistake(
        "averages-images-only",
        lambda images: (images.mean(0), images.std(0)),
        "You average over the images, and keep a value for each pixel. One value a channel is wanted: axes 0, 2 and 3.",
    ),
    Mistake(
        "mixes-channels",
        lambda images: (np.full(images.shape[1], images.mean()), np.full(images.shape[1], images.std())),
        "All channels get the same value: you averaged over the channels as well. Leave axis 1 out.",
    ),
    Mistake(
        "one-number-for-all",
        lambda images: (float(images.mean()), float(images.std())),
        "`images.mean()` averages over everything. Name the axes to average over: all but the channels.",
    ),
    Mistake(
        "channels-taken-last",
        lambda images: (images.mean((0, 1, 2)), images.std((0, 1, 2))),
        "You average over axes 0, 1 and 2, as if the channels stood last. In (N, C, H, W) the channels are axis 1.",
        "01#Which axis comes first",
    ),
    Mistake(
        "rows-for-channels",
        lambda images: (images.mean((0, 1, 3)), images.std((0, 1, 3))),
        "You keep the rows (axis 2) and average over the channels. In (N, C, H, W) the channels are axis 1.",
        "01#Which axis comes first",
    ),
    Mistake(
        "images-for-channels",
        lambda images: (images.mean((1, 2, 3)), images.std((1, 2, 3))),
        "You average over channels and pixels, and keep one value for each *image*. One value a channel is wanted: "
        "leave axis 1 out, and average over axis 0.",
    ),
    Mistake(
        "adds-epsilon",
        lambda images: (images.mean(SPACE), images.std(SPACE) + 1e-3),
        "A small number is added to the standard deviation. That belongs where it is divided by, not here.",
    ),
    Mistake(
        "adds-epsilon-to-variance",
        lambda images: (images.mean(SPACE), np.sqrt(images.var(SPACE) + 1e-3)),
        "A small number is added to the variance. Batch normalisation does that; here the plain deviation is wanted.",
    ),
    Mistake(
        "median-for-mean",
        lambda images: (np.median(images, SPACE), images.std(SPACE)),
        "That is the median. The mean is the sum divided by the count.",
    ),
    Mistake(
        "sum-for-mean",
        lambda images: (images.sum(SPACE), images.std(SPACE)),
        "The sum is not divided by the number of values, N·H·W.",
    ),
    Mistake(
        "keeps-dimensions",
        lambda images: (images.mean(SPACE, keepdims=True), images.std(SPACE, keepdims=True)),
        "The values are right, the shape is (1, C, 1, 1) because of `keepdims`. Wanted: (C,).",
    ),
    Mistake(
        "std-before-mean",
        lambda images: channel_statistics(images)[::-1],
        "Both are right, in the wrong order: the mean comes first.",
    ),
    Mistake(
        "first-image-only",
        lambda images: channel_statistics(images[:1]),
        "Only the first image counts in your result. The statistics are those of all N images.",
    ),
]

task = Task(
    "01.channel_statistics",
    {"mean": 1, "std": 2},
    channel_statistics,
    cases,
    mistakes,
    names=("mean", "std"),
    see="01#Normalising per channel",
    place=2,
    lists_allowed=True,
)
