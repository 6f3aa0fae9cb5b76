"""Task 01.normalize: each channel gets mean zero and spread one."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def normalize(images, mean, std):
    """Right answer."""
    return (images - mean[:, None, None]) / std[:, None, None]


def statistics(rng, channels, dtype=np.float64):
    """A mean and a standard deviation for each channel, all different."""
    return rng.uniform(0.2, 0.8, channels).astype(dtype), rng.uniform(0.05, 0.4, channels).astype(dtype)


def cases(rng):
    """As many columns as channels too: there a wrong axis does not raise, it gives wrong numbers."""
    yield Case("values", normal(rng, 2, 3, 5, 4), *statistics(rng, 3))
    yield Case("values", normal(rng, 3, 4, 2, 4), *statistics(rng, 4))
    yield Case("values", normal(rng, 1, 1, 3, 2), *statistics(rng, 1))
    yield Case("values", normal(rng, 3, 3, 3, 3), *statistics(rng, 3))
    yield Case("values", normal(rng, 5, 2, 1, 1), *statistics(rng, 2))
    yield Case("precision and memory", normal(rng, 2, 3, 4, 5, dtype=np.float32), *statistics(rng, 3, np.float32))
    yield Case("precision and memory", strided(normal(rng, 2, 2, 3, 6)), *statistics(rng, 2))
    yield Case("precision and memory", fortran(normal(rng, 4, 3, 2, 5)), *statistics(rng, 3))
    yield Case("precision and memory", readonly(normal(rng, 2, 3, 2, 2)), *statistics(rng, 3))


def in_place(images, mean, std):
    """Wrong answer: works in the caller's array."""
    images -= mean[:, None, None]
    images /= std[:, None, None]
    return images


def own_statistics(images, mean, std):
    """Wrong answer: measures the batch instead of using what it was given."""
    space = (0, 2, 3)
    return (images - images.mean(space, keepdims=True)) / np.maximum(images.std(space, keepdims=True), 1e-12)


mistakes = [
    Mistake(
        "changes-input",
        in_place,
        "`-=` and `/=` write into the array that was passed in, so the caller's images are gone. The task asks for a "
        "new array: `images - …` makes one.",
    ),
    Mistake(
        "broadcasts-along-width",
        lambda images, mean, std: (images - mean) / std,
        "NumPy lines up shapes from the right, so a mean of shape (C,) is applied along the *width*. Where W = C "
        "nothing complains. Give it the shape (C, 1, 1).",
    ),
    Mistake(
        "broadcasts-along-height",
        lambda images, mean, std: (images - mean[:, None]) / std[:, None],
        "A mean of shape (C, 1) is applied along the height. One more axis is needed: (C, 1, 1).",
    ),
    Mistake(
        "broadcasts-along-batch",
        lambda images, mean, std: (images - mean[:, None, None, None]) / std[:, None, None, None],
        "A mean of shape (C, 1, 1, 1) is applied along the batch. The channels are axis 1: (C, 1, 1).",
    ),
    Mistake(
        "forgets-std",
        lambda images, mean, std: images - mean[:, None, None],
        "The mean is subtracted, and the spread stays as it was: divide by std.",
    ),
    Mistake(
        "forgets-mean",
        lambda images, mean, std: images / std[:, None, None],
        "The spread is right, and the mean is still there: subtract it first.",
    ),
    Mistake(
        "divides-first",
        lambda images, mean, std: images / std[:, None, None] - mean[:, None, None],
        "You divide before subtracting, and so subtract a mean that is measured in other units: (x − mean) / std.",
    ),
    Mistake(
        "forgets-brackets",
        lambda images, mean, std: images - mean[:, None, None] / std[:, None, None],
        "Division binds tighter than subtraction: x − mean / std divides only the mean. Brackets: (x − mean) / std.",
    ),
    Mistake(
        "multiplies-by-std",
        lambda images, mean, std: (images - mean[:, None, None]) * std[:, None, None],
        "Multiplying by std makes a small spread smaller still. Divide.",
    ),
    Mistake(
        "adds-mean",
        lambda images, mean, std: (images + mean[:, None, None]) / std[:, None, None],
        "The mean is added, and so doubled. Subtract it.",
    ),
    Mistake(
        "undoes-normalising",
        lambda images, mean, std: images * std[:, None, None] + mean[:, None, None],
        "That is the way back, from normalised to original. Wanted: (x − mean) / std.",
    ),
    Mistake(
        "divides-by-variance",
        lambda images, mean, std: (images - mean[:, None, None]) / std[:, None, None] ** 2,
        "You divide by std², the variance. Dividing by std is what makes the spread one.",
    ),
    Mistake(
        "divides-by-root-of-std",
        lambda images, mean, std: (images - mean[:, None, None]) / np.sqrt(std[:, None, None]),
        "std is the standard deviation already; it needs no square root.",
    ),
    Mistake(
        "mixes-channels",
        lambda images, mean, std: (images - mean.mean()) / std.mean(),
        "All channels get the same mean and spread. Each has its own.",
    ),
    Mistake(
        "first-channel-for-all",
        lambda images, mean, std: (images - mean[0]) / std[0],
        "All channels are normalised by the first channel's mean and spread. Each has its own.",
    ),
    Mistake(
        "first-std-for-all",
        lambda images, mean, std: (images - mean[:, None, None]) / std[0],
        "All channels are divided by the first channel's std. Each has its own.",
    ),
    Mistake(
        "clips",
        lambda images, mean, std: np.clip((images - mean[:, None, None]) / std[:, None, None], -1, 1),
        "Values beyond ±1 are cut off. Normalised values may be larger: with spread one, a third of them is.",
    ),
    Mistake(
        "ignores-arguments",
        own_statistics,
        "You measure mean and std on these images. Use the ones that are passed in: test images are normalised "
        "with the training set's statistics.",
    ),
    Mistake(
        "adds-epsilon",
        lambda images, mean, std: (images - mean[:, None, None]) / (std[:, None, None] + 1e-5),
        "A small number is added to std. Batch normalisation does something like that; here std is used as it is.",
    ),
]

task = Task(
    "01.normalize",
    {"values": 2, "precision and memory": 1},
    normalize,
    cases,
    mistakes,
    see="01#Normalising per channel",
    place=3,
)
