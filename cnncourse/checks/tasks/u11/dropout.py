"""Inverted dropout: what is kept makes up for what is left out."""

import numpy as np

from cnncourse.checks.author import Behaviour, Call, Draws, Task, after_relu, fortran, normal, readonly, strided
from cnncourse.checks.families import own_generator
from cnncourse.checks.tasks.u11._masks import problem

MISFIT = "The output should be x / (1 − p) where the mask is True, and 0 where it is False, and it is something else."
OTHER = {"output-does-not-fit": MISFIT, "low-precision": "float64 came in, and float32 was used on the way."}
task = Task(see="Dropout", observe=Draws(100), judged=Behaviour(problem, OTHER), repeats=0, seconds=20.0)


@task.right
def dropout(x, p, rng):
    """(x / (1 − p) where the mask is True, else 0; the mask)."""
    mask = rng.random(x.shape) >= p
    return x * mask / (1 - p), mask


@task.criterion(1)
def generator(rng):
    """All random numbers come from `rng`, and each call draws new ones."""
    yield Call(normal(rng, 6, 12), 0.4)


@task.criterion(2)
def output(rng):
    """Kept entries are divided by 1 − p, the others are zero: arrays of any shape, any p, and p = 0."""
    yield Call(normal(rng, 5, 7), 0.3)
    yield Call(normal(rng, 2, 3, 4, 5), 0.8)
    yield Call(after_relu(rng, 40), 0.25)
    yield Call(normal(rng, 3, 2, 4), 0.5)
    yield Call(normal(rng, 1, 6), 0.0)
    yield Call(np.array([[2.5]]), 0.6)


@task.criterion(2)
def mask(rng):
    """Each entry is kept with probability 1 − p, whatever becomes of the others and whatever its value."""
    yield Call(normal(rng, 8, 10), 0.3)
    yield Call(normal(rng, 3, 2, 4, 4), 0.75)
    yield Call(after_relu(rng, 6, 9), 0.5)
    yield Call(normal(rng, 50), 0.1)
    yield Call(normal(rng, 4, 4), 0.0)
    yield Call(np.array([[2.5]]), 0.6)  # nothing may be left


@task.criterion(1, "any array")
def arrays(rng):
    """float32 and float64 keep their accuracy; read-only arrays and arrays not stored row after row work too."""
    for kind in (lambda x: x.astype(np.float32), fortran, strided, readonly):
        yield Call(kind(normal(rng, 4, 3, 5)), 0.4)


def dropped(x, p, rng, draw=lambda x, p, rng: rng.random(x.shape) >= p, scale=lambda p, mask: 1 / (1 - p),
            out=lambda y, mask: (y, mask)):  # fmt: skip
    """Right with the options as they are."""
    mask = np.broadcast_to(draw(x, p, rng), x.shape)
    return out(x * mask * scale(p, mask), mask.copy())


def ranked(x, p, rng):
    """Drops the same number of entries in each call."""
    places = rng.permutation(x.size).reshape(x.shape)
    return places >= round(p * x.size)


task.options(dropped, {
    "not-scaled": ({"scale": lambda p, mask: 1},
        "The kept entries are not made larger. Dropout as published halves the weights at test time; the inverted form "
        "divides by 1 − p while it trains, and at test time nothing is left to do."),
    "multiplies-by-keep": ({"scale": lambda p, mask: 1 - p},
        "The kept entries are multiplied by 1 − p, which makes the sum smaller still. Divide by it."),
    "divides-by-p": ({"scale": lambda p, mask: 1 / max(p, 1e-9)},
        "The kept entries are divided by p, the chance of being dropped. Divide by the chance of being kept, 1 − p."),
    "multiplies-by-p": ({"scale": lambda p, mask: p}, "The kept entries are multiplied by p. Divide them by 1 − p."),
    "scaled-twice": ({"scale": lambda p, mask: 1 / (1 - p) ** 2}, "The kept entries are divided by 1 − p twice."),
    "divides-by-the-share-kept": ({"scale": lambda p, mask: 1 / max(mask.mean(), 1e-9)},
        "You divide by the share of entries that were kept in this call. That share is random; divide by 1 − p."),
    "p-is-the-chance-of-keeping": (
        {"draw": lambda x, p, rng: rng.random(x.shape) < p, "scale": lambda p, mask: 1 / max(p, 1e-9)},
        "p is taken for the chance of being kept. As in PyTorch, it is the chance of being dropped."),
    "keeps-with-p": ({"draw": lambda x, p, rng: rng.random(x.shape) < p},
        "Entries are kept with probability p and dropped with 1 − p. It is the other way round: rng.random(x.shape) >= "
        "p is True with probability 1 − p."),
    "mask-of-the-dropped": ({"out": lambda y, mask: (y, ~mask)},
        "The mask is True where an entry was dropped. True means kept."),
    "mask-of-numbers": ({"out": lambda y, mask: (y, mask.astype(y.dtype))},
        "The mask is an array of numbers 0 and 1. It should be boolean: compare, and keep the result as it is."),
    "mask-holds-the-scale": ({"out": lambda y, mask: (y, mask / 0.37)},
        "The mask holds the factors by which x is multiplied. It should be boolean, True where an entry is kept."),
    "mask-first": ({"out": lambda y, mask: (mask, y)}, "Output and mask are in the wrong order: the output is first."),
    "one-result-only": ({"out": lambda y, mask: y}, "Only one array is returned; the backward pass needs the mask."),
    "mask-from-the-output": ({"out": lambda y, mask: (y, y != 0)},
        "The mask is read from the output, where it is not zero. An entry that was zero already counts as dropped "
        "then. Return the mask that you drew."),
    "fixed-number": ({"draw": ranked}, "Each call drops the same number of entries, so that the entries depend on each "
        "other. Each is kept or dropped by a draw of its own."),
    "entries-share-a-draw": ({"draw": lambda x, p, rng: rng.random(x.shape[:-1] + (1,)) >= p},
        "One draw decides for a whole row or a whole map. Each entry has a draw of its own: rng.random(x.shape)."),
    "one-mask-for-all-images": ({"draw": lambda x, p, rng: rng.random(x.shape[1:]) >= p if x.ndim > 1 else
                                 rng.random(x.shape) >= p},
        "All images of the batch lose the same entries. Each entry has a draw of its own: rng.random(x.shape)."),
    "entries-depend": ({"draw": lambda x, p, rng: rng.random(x.shape) - 0.4 * rng.random() + 0.2 >= p},
        "The entries are not independent of each other. Each has a draw of its own: rng.random(x.shape)."),
    "wrong-chance": ({"draw": lambda x, p, rng: rng.random(x.shape) >= p**2},
        "Entries are not kept with probability 1 − p each. rng.random(x.shape) >= p has it."),
})  # fmt: skip


@task.mistake
def mask_not_used(right, x, p):
    """A mask is drawn, and the output has all entries: multiply x by the mask."""
    return x / (1 - p), right[1]


@task.mistake
def global_random_state(x, p):
    """np.random.… draws from NumPy's global state. Use the generator that you are given: rng.random(x.shape)."""
    mask = np.random.random(x.shape) >= p  # noqa: NPY002
    return x * mask / (1 - p), mask


own_generator(
    task, "mask",
    "Each call drops the same entries, as if a generator with a fixed seed were made in it. Use rng.",
)  # fmt: skip


@task.mistake
def changes_input(right, x):
    """x is changed in place (`x *= mask`); the layer in front still needs it. Write `x * mask`."""
    if x.flags.writeable:
        x[...] = right[0]
    return right
