"""Task 07.global_avg_pool2d: one number per map."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def global_avg_pool2d(input):
    """y[n, c] = mean over i, j of x[n, c, i, j]."""
    return input.mean(axis=(2, 3))


def cases(rng):
    """Oblong maps, maps of one pixel, and all axes of one size, where a wrong axis shows in the numbers alone."""
    yield Case("values", normal(rng, 2, 3, 4, 5))
    yield Case("values", normal(rng, 4, 4, 4, 4))
    yield Case("values", normal(rng, 1, 5, 7, 2))
    yield Case("values", normal(rng, 3, 1, 2, 3))
    yield Case("values", normal(rng, 2, 3, 1, 1))
    yield Case("any array", normal(rng, 2, 3, 6, 5, dtype=np.float32))
    yield Case("any array", strided(normal(rng, 2, 2, 3, 4)))
    yield Case("any array", fortran(normal(rng, 3, 2, 4, 3)))
    yield Case("any array", readonly(normal(rng, 2, 2, 3, 3)))


task = Task(
    "07.global_avg_pool2d",
    {"values": 1, "any array": 1},
    global_avg_pool2d,
    cases,
    [
        Mistake(
            "keeps-dimensions",
            lambda input: input.mean(axis=(2, 3), keepdims=True),
            "The result has shape (N, C, 1, 1), as PyTorch's adaptive pooling gives it; this task wants (N, C), "
            "ready for a linear layer.",
        ),
        Mistake(
            "largest-for-mean", lambda input: input.max(axis=(2, 3)), "This is global max pooling; wanted is the mean."
        ),
        Mistake("sum-for-mean", lambda input: input.sum(axis=(2, 3)), "This is the sum over each map: divide by H·W."),
        Mistake(
            "divides-by-height-squared",
            lambda input: input.sum(axis=(2, 3)) / input.shape[2] ** 2,
            "The divisor is H²; a map has H·W pixels.",
        ),
        Mistake(
            "divides-by-width-squared",
            lambda input: input.sum(axis=(2, 3)) / input.shape[3] ** 2,
            "The divisor is W²; a map has H·W pixels.",
        ),
        Mistake(
            "averages-the-batch",
            lambda input: input.mean(axis=(0, 2, 3)),
            "The images are averaged as well. Each keeps its own row: (N, C).",
        ),
        Mistake(
            "averages-the-channels",
            lambda input: input.mean(axis=(1, 2, 3)),
            "The channels are averaged as well. Each keeps its own column: (N, C).",
        ),
        Mistake(
            "axes-0-1",
            lambda input: input.mean(axis=(0, 1)),
            "The mean runs over images and channels, axes 0 and 1. Height and width are axes 2 and 3.",
        ),
        Mistake(
            "axes-1-2",
            lambda input: input.mean(axis=(1, 2)),
            "The mean runs over axes 1 and 2, as for images stored (N, H, W, C). Here height and width are axes "
            "2 and 3.",
        ),
        Mistake(
            "axes-1-3",
            lambda input: input.mean(axis=(1, 3)),
            "The mean runs over channels and width. Height and width are axes 2 and 3.",
        ),
        Mistake("transposed", lambda input: input.mean(axis=(2, 3)).T, "The result is (C, N); wanted is (N, C)."),
        Mistake("rows-only", lambda input: input.mean(axis=3), "Only the rows are averaged: average over height too."),
        Mistake(
            "columns-only", lambda input: input.mean(axis=2), "Only the columns are averaged: average over width too."
        ),
        Mistake(
            "averages-everything",
            lambda input: np.full(input.shape[:2], input.mean()),
            "All maps get the mean of everything; each has its own.",
        ),
        Mistake(
            "absolute-values",
            lambda input: np.abs(input).mean(axis=(2, 3)),
            "Absolute values are averaged; the mean keeps the sign.",
        ),
        Mistake(
            "median-for-mean",
            lambda input: np.median(input, axis=(2, 3)),
            "This is the median of each map; wanted is the mean.",
        ),
        Mistake("first-pixel", lambda input: input[:, :, 0, 0], "This is each map's first pixel; wanted is the mean."),
        Mistake(
            "divides-by-one-less",
            lambda input: input.sum(axis=(2, 3)) / max(input[0, 0].size - 1, 1),
            "The divisor is H·W − 1. That belongs to an unbiased variance; a mean divides by H·W.",
        ),
    ],
    see="07#Global and adaptive pooling",
    place=5,
)
