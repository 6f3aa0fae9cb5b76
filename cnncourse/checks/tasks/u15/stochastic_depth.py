"""A residual block that is left out at random, for each image by itself."""

import numpy as np

from cnncourse.checks.author import Behaviour, Call, Draws, Task, fortran, normal, readonly
from cnncourse.checks.families import own_generator
from cnncourse.checks.tasks.u15._depth import problem

task = Task(see="From ResNet to ConvNeXt", observe=Draws(60), judged=Behaviour(problem), repeats=0, seconds=20.0)


@task.right
def stochastic_depth(x, branch, p, rng):
    """x + branch / (1 − p) with probability 1 − p, else x: one draw per image."""
    keep = rng.random(len(x)) >= p
    return x + branch * (keep / (1 - p))[:, None, None, None]


def drawn(rng, *shape, dtype=np.float64):
    """x and branch."""
    return normal(rng, *shape, dtype=dtype), normal(rng, *shape, dtype=dtype)


@task.criterion(1)
def generator(rng):
    """All random numbers come from `rng`, and each call draws new ones."""
    yield Call(*drawn(rng, 100, 1, 1, 2), 0.45)


@task.criterion(2)
def values(rng):
    """Each image is x or x + branch / (1 − p), as a whole; with p = 0 it is x + branch."""
    yield Call(*drawn(rng, 6, 3, 2, 4), 0.3)
    yield Call(*drawn(rng, 4, 4, 4, 4, dtype=np.float32), 0.8)
    yield Call(*(readonly(a) for a in drawn(rng, 1, 2, 3, 5)), 0.6)
    yield Call(*(fortran(a) for a in drawn(rng, 5, 2, 3, 2)), 0.0)


@task.criterion(1)
def chance(rng):
    """p is the probability to be dropped."""
    yield Call(*drawn(rng, 60, 1, 1, 2), 0.2)
    yield Call(*drawn(rng, 60, 2, 1, 1), 0.67)
    yield Call(*drawn(rng, 1, 2, 2, 3), 0.7)


@task.criterion(1)
def each_image_by_itself(rng):
    """What happens to one image says nothing about another, nor about the next call."""
    yield Call(*drawn(rng, 12, 1, 2, 3), 0.4)
    yield Call(*drawn(rng, 2, 2, 1, 2), 0.7)
    yield Call(*drawn(rng, 40, 1, 1, 2), 0.25)


def coins(n, p, rng):
    """True where an image is kept, right."""
    return rng.random(n) >= p


def rescaled(x, branch, keep, p):
    """Right."""
    return x + branch * keep / (1 - p)


def block(x, branch, p, rng, coins=coins, shape=lambda x: (len(x), 1, 1, 1), join=rescaled):
    """Right with the options as they are."""
    shape = shape(x)
    return join(x, branch, np.asarray(coins(int(np.prod(shape)), p, rng)).reshape(shape), p)


def at_least_one(n, p, rng):
    """Drawn again until some image is kept."""
    while not (keep := coins(n, p, rng)).any():
        pass
    return keep


task.options(block, {
    "each-entry-by-itself": ({"shape": lambda x: x.shape},
        "Single values are dropped, as in dropout. Here an image keeps its whole branch or loses it: one draw per "
        "image, of the shape (N, 1, 1, 1)."),
    "each-channel-by-itself": ({"shape": lambda x: (*x.shape[:2], 1, 1)},
        "Single channels are dropped. One draw per image decides on its whole branch: the shape (N, 1, 1, 1)."),
    "one-draw-for-all": ({"shape": lambda x: (1, 1, 1, 1)},
        "One draw decides for the whole batch. Each image has its own: draw N times."),
    "never-drops": ({"join": lambda x, branch, keep, p: x + branch},
        "No image is ever without its branch. In training it is left out with probability p."),
    "expectation-for-a-draw": ({"join": lambda x, branch, keep, p: x + (1 - p) * branch},
        "Nothing is drawn: (1 − p) · branch is what would remain on average. In training each image keeps its branch "
        "or loses it."),
    "always-drops": ({"join": lambda x, branch, keep, p: x}, "The branch is never added."),
    "not-rescaled": ({"join": lambda x, branch, keep, p: x + branch * keep},
        "The branch is added as it is. Divide it by 1 − p, so that the mean over many draws is x + branch."),
    "divides-by-p": ({"join": lambda x, branch, keep, p: x + branch * keep / (p or 1)},
        "The branch is divided by p. p is the probability of being *dropped*: divide by 1 − p."),
    "multiplies-by-the-share": ({"join": lambda x, branch, keep, p: x + branch * keep * (1 - p)},
        "The branch is multiplied by 1 − p. As fewer are kept, each must count for more: divide by 1 − p."),
    "multiplies-by-p": ({"join": lambda x, branch, keep, p: x + branch * keep * p},
        "The branch is multiplied by p. Divide it by 1 − p."),
    "divides-by-the-share-kept": (
        {"join": lambda x, branch, keep, p: x + branch * keep / max(keep.mean(), 1 / len(x))},
        "The branch is divided by the share of images that were kept in this batch. Divide by its expectation, 1 − p."),
    "input-dropped-too": ({"join": lambda x, branch, keep, p: (x + branch / (1 - p)) * keep},
        "A dropped image is zero. Only the branch is dropped; x stays: that is what the shortcut is for."),
    "rescales-the-sum": ({"join": lambda x, branch, keep, p: (x + branch) * keep / (1 - p)},
        "The sum of x and branch is divided by 1 − p. Only the branch is; x stays as it is."),
    "input-not-added": ({"join": lambda x, branch, keep, p: branch * keep / (1 - p)},
        "x is not added. The result is the sum of x and what is left of the branch."),
    "input-dropped-instead": ({"join": lambda x, branch, keep, p: x * keep / (1 - p) + branch},
        "x is dropped, and the branch stays. It is the other way round."),
    "another-sum": ({"join": lambda x, branch, keep, p: x - branch * keep / (1 - p)},
        "The images of the result are neither x nor x + branch / (1 − p)."),
    "keeps-with-probability-p": ({"coins": lambda n, p, rng: rng.random(n) < p if p else np.ones(n, bool)},
        "p is the probability of being *dropped*. Yours keeps an image with probability p."),
    "wrong-chance": ({"coins": lambda n, p, rng: rng.random(n) >= p / 2},
        "Another share of the images is dropped than p says. An image is kept where rng.random() >= p."),
    "drops-at-zero": ({"coins": lambda n, p, rng: rng.random(n) >= (p or 0.5)},
        "With p = 0 images are dropped. Then each of them keeps its branch."),
    "fixed-number": ({"coins": lambda n, p, rng: rng.permutation(n) >= round(n * p) if n > 1 else rng.random(n) >= p},
        "In each call the same number of images is dropped. Each image has its own chance, whatever the others do."),
    "one-always-kept": ({"coins": lambda n, p, rng: at_least_one(n, p, rng) if n > 1 else coins(n, p, rng)},
        "It never happens that all images are dropped. Each has its own chance, so that it must happen now and then."),
    "images-depend": ({"coins": lambda n, p, rng: np.repeat(coins(n, p, rng), 2)[:n]},
        "The images are not independent of each other: draw anew for each image in each call."),
})  # fmt: skip


own_generator(
    task, "result",
    "Each call drops the same images, as if a new generator with a fixed seed were made in it. Use rng.",
)  # fmt: skip


@task.mistake
def global_random_state(x, branch, p):
    """np.random.… draws from NumPy's global state. Use the generator that you are given: rng.random(…)."""
    return rescaled(x, branch, np.random.random(len(x)).reshape(-1, 1, 1, 1) >= p, p)  # noqa: NPY002


@task.mistake
def changes_input(right, x):
    """The caller's x is changed in place (`x += …`). Build a new array: `x + …`."""
    x[...] = right
    return x
