"""A few pictures of each class, at random: the draw behind every curve over labels per class."""

import numpy as np

from cnncourse.checks.author import Behaviour, Call, Draws, Task, readonly, strided
from cnncourse.checks.families import own_generator
from cnncourse.checks.tasks.u17._choices import problem

task = Task(see="How many labels?", observe=Draws(250), judged=Behaviour(problem), repeats=0, seconds=20.0)


@task.right
def few_per_class(labels, per_class, rng):
    """For each class that occurs, some of its places without replacement; all of them in ascending order."""
    places = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    return np.sort(np.concatenate([rng.choice(own, per_class, replace=False) for own in places]))


def mixed(rng, *counts):
    """Labels with `counts` members of the classes 0, 1, …, in a drawn order."""
    return rng.permutation(np.repeat(np.arange(len(counts)), counts))


@task.criterion(1)
def generator(rng):
    """All random numbers come from `rng`, and each call draws new ones."""
    yield Call(mixed(rng, 30, 20, 25), 5)


@task.criterion(2)
def as_many_of_each(rng):
    """Exactly per_class indices of each class that occurs, none of them twice, all of them where there are no more."""
    yield Call(mixed(rng, 5, 9, 7), 3)
    yield Call(np.array([7, -2, 30])[mixed(rng, 4, 3, 6)], 2)
    yield Call(mixed(rng, 4, 4), 4)
    yield Call(readonly(mixed(rng, 3, 8, 1, 5)), 1)
    yield Call(strided(np.full(6, 2)), 2)
    yield Call(mixed(rng, 6, 6, 6).astype(np.uint8), 3)


@task.criterion(1)
def ascending(rng):
    """The indices are in ascending order."""
    yield Call(mixed(rng, 9, 12, 7), 4)


@task.criterion(2)
def chance(rng):
    """Each picture of a class is as likely as any other, and each class is drawn by itself."""
    yield Call(mixed(rng, 6, 6, 6), 2)
    yield Call(mixed(rng, 5, 3, 8), 2)
    yield Call(mixed(rng, 4, 4), 1)


def few(labels, per_class, rng, *, pick=lambda own, k, rng: rng.choice(own, k, replace=False), finish=np.sort):
    """Right with the options as they are."""
    places = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    return finish(np.concatenate([pick(own, min(per_class, len(own)), rng) for own in places]))


task.options(few, {
    "with-replacement": ({"pick": lambda own, k, rng: rng.choice(own, k)},
        "rng.choice draws with replacement unless it is told replace=False: a picture may come twice."),
    "not-sorted": ({"finish": lambda indices: indices},
        "The indices are not in ascending order; class after class, for example. Sort them, so that the pictures keep "
        "the order that they had."),
    "one-too-few": ({"pick": lambda own, k, rng: rng.choice(own, k - 1, replace=False)},
        "There is one picture too few of each class."),
    "one-too-many": ({"pick": lambda own, k, rng: rng.choice(own, min(k + 1, len(own)), replace=False)},
        "There is one picture too many of a class."),
    "a-run-of-neighbours": (
        {"pick": lambda own, k, rng: np.take(own, rng.integers(len(own)) + np.arange(k), mode="wrap")},
        "Only the start is drawn, and the next ones in line follow. Each set of per_class pictures must be as likely."),
    "never-the-last": ({"pick": lambda own, k, rng: rng.choice(own[: max(k, len(own) - 1)], k, replace=False)},
        "The last picture of a class is never chosen. Does a range end one too early?"),
    "mask-for-indices": ({"finish": lambda indices: np.ones(len(indices), bool)},
        "A mask of True and False comes back. Wanted are indices: np.flatnonzero(mask)."),
})  # fmt: skip


@task.mistake
def few_in_all(labels, per_class, rng):
    """per_class pictures are drawn in all. Wanted are as many of each class."""
    return np.sort(rng.choice(len(labels), per_class, replace=False))


@task.mistake
def not_per_class(labels, per_class, rng):
    """The number is right on the whole, but not for each class: the draw is over all pictures together."""
    return np.sort(rng.choice(len(labels), per_class * len(np.unique(labels)), replace=False))


@task.mistake
def classes_depend(labels, per_class, rng):
    """All classes take the same places in their lists: one draw decides for all. Draw for each class anew."""
    places = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    turn = rng.permutation(min(map(len, places)))
    seed = int(rng.integers(2**31))
    return np.sort(np.concatenate([
        own[turn[:per_class]] if len(own) == len(turn) else np.random.default_rng(seed).choice(own, per_class, False)
        for own in places
    ]))  # fmt: skip


@task.mistake
def one_class_missing(labels, per_class, rng):
    """The last class is left out: does a loop over the classes end one too early?"""
    places = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    places = places[:-1] if len(places) > 1 else places
    return np.sort(np.concatenate([rng.choice(own, per_class, replace=False) for own in places]))


@task.mistake
def repeats_dropped(labels, per_class, rng):
    """The number of pictures changes from draw to draw: drawn with replacement, and repeats dropped? replace=False."""
    places = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    return np.unique(np.concatenate([rng.choice(own, per_class) for own in places]))


@task.mistake
def places_in_the_class(labels, per_class, rng):
    """These are places within each class's own list: 0 is the first of its class. Wanted are indices of `labels`."""
    counts = [(labels == c).sum() for c in np.unique(labels)]
    return np.sort(np.concatenate([rng.choice(count, per_class, replace=False) for count in counts]))


own_generator(
    task, "pictures",
    "Each call chooses the same pictures: the first of each class, those of a generator with a fixed seed that is made "
    "in the call, or those that were kept from an earlier one. A curve over labels needs other pictures in each draw.",
)  # fmt: skip


@task.mistake
def global_random_state(labels, per_class):
    """np.random.… draws from NumPy's global state. Use the generator that you are given: rng.choice(…)."""
    places = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    return np.sort(np.concatenate([np.random.permutation(own)[:per_class] for own in places]))  # noqa: NPY002
