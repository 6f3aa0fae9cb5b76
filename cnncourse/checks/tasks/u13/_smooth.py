"""Logits, labels and smoothing for two tasks, and targets that are wrong in one way."""

import numpy as np

from cnncourse.checks.author import Call
from cnncourse.checks.families import any_array
from cnncourse.checks.tasks.u09._logits import drawn, one_hot


def criteria(task):
    """Give a task about smoothed labels its criteria."""

    @task.criterion(2)
    def values(rng):
        """Much smoothing, little and none; batches square and not, one image, two classes, one class."""
        for N, C, s in [(5, 3, 0.1), (4, 4, 0.3), (1, 6, 0.2), (7, 2, 0.9), (3, 10, 0.05), (6, 5, 0.5), (2, 1, 0.4)]:
            yield Call(*drawn(rng, N, C), s)
        yield Call(*drawn(rng, 4, 3), smoothing=0.0)
        yield Call(np.zeros((4, 10)), rng.integers(0, 10, 4), 0.1)

    @task.criterion(1)
    def large_logits(rng):
        """Logits in the thousands: far from each other, far from zero, rows far from each other."""
        yield Call(*drawn(rng, 6, 4, 1000.0), 0.1)
        logits, labels = drawn(rng, 5, 4)
        yield Call(logits + 2000, labels, 0.2)
        yield Call(logits + 2000 * np.array([1, -1, 3, -2, 2])[:, None], labels, 0.1)
        yield Call(np.array([[0.0, -1e4, 1e4], [1e4, -1e4, 0.0]]), np.array([1, 2]), 0.0)

    @any_array(task)
    def arrays(rng):
        yield Call(*drawn(rng, 6, 5), 0.1)
        logits, labels = drawn(rng, 4, 6)
        yield Call(logits, labels.astype(np.int32), 0.3)


def target(logits, labels, s):
    """(1 − s) · one-hot + s / C."""
    return (1 - s) * one_hot(logits, labels) + s / logits.shape[1]


def share_among_the_others(logits, labels, s):
    """1 − s at the label, s / (C − 1) elsewhere."""
    y = one_hot(logits, labels)
    return (1 - s) * y + s * (1 - y) / max(logits.shape[1] - 1, 1)


TARGETS = {  # slug: (target, explanation)
    "not-smoothed": (lambda z, y, s: one_hot(z, y), "`smoothing` is not used: that is plain cross-entropy."),
    "share-among-the-others": (share_among_the_others,
        "The label gets 1 − s, and s is shared among the C − 1 others. Here s is shared among all C, the label "
        "included: it gets 1 − s + s / C."),
    "label-without-its-share": (lambda z, y, s: (1 - s) * one_hot(z, y) + s / z.shape[1] * (1 - one_hot(z, y)),
        "The label gets 1 − s only. It has a share of s as well, so that the targets add up to 1."),
    "label-not-lowered": (lambda z, y, s: one_hot(z, y) + s / z.shape[1],
        "The label keeps its 1, and s / C is added. It should be (1 − s) of it, so that the targets add up to 1."),
    "smoothing-not-shared": (lambda z, y, s: (1 - s) * one_hot(z, y) + s,
        "Each class gets s. It gets s / C: the shares add up to s."),
    "nothing-for-the-others": (lambda z, y, s: (1 - s) * one_hot(z, y),
        "Only the label's share is lowered; what is taken from it goes to all classes, s / C each."),
    "parts-exchanged": (lambda z, y, s: s * one_hot(z, y) + (1 - s) / z.shape[1],
        "s and 1 − s have changed places: the label gets s."),
    "divided-by-images": (lambda z, y, s: (1 - s) * one_hot(z, y) + s / len(z),
        "s is divided by N, the number of images. It is shared among the C classes."),
    "labels-from-one": (lambda z, y, s: target(z, (y - 1) % z.shape[1], s),
        "The label c is taken for column c − 1. Classes are numbered from 0."),
}  # fmt: skip
