"""Each channel gets mean zero and spread one."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Normalising per channel", new_arrays=("images",))


@task.right
def normalize(images, mean, std):
    """(images − mean) / std, channel by channel."""
    return (images - mean[:, None, None]) / std[:, None, None]


def drawn(rng, *shape):
    """Images, and a mean and a standard deviation for each channel, all different."""
    return Call(normal(rng, *shape), rng.uniform(0.2, 0.8, shape[1]), rng.uniform(0.05, 0.4, shape[1]))


@task.criterion(2)
def values(rng):
    """Batches of any shape, also with as many columns as channels, where a wrong axis raises no error."""
    yield drawn(rng, 2, 3, 5, 4)
    yield drawn(rng, 3, 4, 2, 4)
    yield drawn(rng, 1, 1, 3, 2)
    yield drawn(rng, 3, 3, 3, 3)
    yield drawn(rng, 5, 2, 1, 1)
    yield Call(normal(rng, 2, 3, 2, 4), np.zeros(3), np.ones(3))  # the values stay, and the array is a new one


@any_array(task)
def arrays(rng):
    yield drawn(rng, 2, 3, 4, 5)
    yield drawn(rng, 4, 2, 3, 2)


@task.mistake
def changes_input(images, mean, std):
    """`-=` and `/=` write into the array that was passed in, so the caller's images are gone. The task asks for a new
    array: `images - …` makes one."""
    images -= mean[:, None, None]
    images /= std[:, None, None]
    return images


def along(images, mean, std, shape=(slice(None), None, None), formula=lambda x, m, s: (x - m) / s):
    """Another formula, or mean and std along another axis."""
    return formula(images, mean[shape], std[shape])


task.options(along, {
    "broadcasts-along-width": ({"shape": slice(None)},
        "NumPy lines up shapes from the right, so a mean of shape (C,) is applied along the *width*. Where W = C "
        "nothing complains. Give it the shape (C, 1, 1)."),
    "broadcasts-along-height": ({"shape": (slice(None), None)},
        "A mean of shape (C, 1) is applied along the height. One more axis is needed: (C, 1, 1)."),
    "broadcasts-along-batch": ({"shape": (slice(None), None, None, None)},
        "A mean of shape (C, 1, 1, 1) is applied along the batch. The channels are axis 1: (C, 1, 1)."),
    "first-channel-for-all": ({"shape": 0},
        "All channels are normalised by the first channel's mean and spread. Each has its own."),
    "first-std-for-all": ({"formula": lambda x, m, s: (x - m) / s[0]},
        "All channels are divided by the first channel's std. Each has its own."),
    "mixes-channels": ({"formula": lambda x, m, s: (x - m.mean()) / s.mean()},
        "All channels get the same mean and spread. Each has its own."),
    "forgets-std": ({"formula": lambda x, m, s: x - m},
        "The mean is subtracted, and the spread stays as it was: divide by std."),
    "forgets-mean": ({"formula": lambda x, m, s: x / s},
        "The spread is right, and the mean is still there: subtract it first."),
    "divides-first": ({"formula": lambda x, m, s: x / s - m},
        "You divide before subtracting, and so subtract a mean that is measured in other units: (x − mean) / std."),
    "forgets-brackets": ({"formula": lambda x, m, s: x - m / s},
        "Division binds tighter than subtraction: x − mean / std divides only the mean. Brackets: (x − mean) / std."),
    "multiplies-by-std": ({"formula": lambda x, m, s: (x - m) * s},
        "Multiplying by std makes a small spread smaller still. Divide."),
    "adds-mean": ({"formula": lambda x, m, s: (x + m) / s}, "The mean is added, and so doubled. Subtract it."),
    "undoes-normalising": ({"formula": lambda x, m, s: x * s + m},
        "That is the way back, from normalised to original. Wanted: (x − mean) / std."),
    "divides-by-variance": ({"formula": lambda x, m, s: (x - m) / s**2},
        "You divide by std², the variance. Dividing by std is what makes the spread one."),
    "divides-by-root-of-std": ({"formula": lambda x, m, s: (x - m) / np.sqrt(s)},
        "std is the standard deviation already; it needs no square root."),
    "clips": ({"formula": lambda x, m, s: np.clip((x - m) / s, -1, 1)},
        "Values beyond ±1 are cut off. Normalised values may be larger: with spread one, a third of them is."),
    "adds-epsilon": ({"formula": lambda x, m, s: (x - m) / (s + 1e-5)},
        "A small number is added to std. Batch normalisation does something like that; here std is used as it is."),
})  # fmt: skip


@task.mistake
def ignores_arguments(images):
    """You measure mean and std on these images. Use the ones that are passed in: test images are normalised with the
    training set's statistics."""
    space = (0, 2, 3)
    return (images - images.mean(space, keepdims=True)) / np.maximum(images.std(space, keepdims=True), 1e-12)
