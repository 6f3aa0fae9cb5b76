"""Logits and labels for the two tasks about cross-entropy, and softmax in several right and wrong ways."""

import numpy as np

from cnncourse.checks.author import Call, normal
from cnncourse.checks.families import any_array


def criteria(task):
    """Give a task about cross-entropy its criteria."""

    @task.criterion(2)
    def values(rng):
        """Batches square and not, one image, two classes, and logits that are all equal."""
        for N, C in [(5, 3), (4, 4), (1, 6), (7, 2), (3, 10), (2, 1)]:
            yield Call(*drawn(rng, N, C))
        yield Call(np.zeros((4, 10)), rng.integers(0, 10, 4))

    @task.criterion(1)
    def large_logits(rng):
        """Logits in the thousands: far from each other, far from zero, rows far from each other."""
        yield Call(*drawn(rng, 6, 4, 1000.0))
        logits, labels = drawn(rng, 5, 4)
        yield Call(logits + 2000, labels)
        logits, labels = drawn(rng, 4, 5)
        yield Call(logits + 2000 * np.array([1, -1, 3, -2])[:, None], labels)
        yield Call(np.array([[0.0, -1e4, 1e4], [1e4, -1e4, 0.0]]), np.array([1, 2]))

    @any_array(task)
    def arrays(rng):
        yield Call(*drawn(rng, 6, 5))
        logits, labels = drawn(rng, 4, 6)
        yield Call(logits, labels.astype(np.int32))


def drawn(rng, N, C, scale=2.0):
    """Logits of a size, and labels of every class."""
    return scale * normal(rng, N, C), rng.integers(0, C, N)


def softmax(logits, axis=1):
    """Stable softmax."""
    e = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def naive_softmax(logits):
    """Overflows for large logits."""
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True)


def softmax_by_one_maximum(logits):
    """Subtracts the largest logit of the whole batch: rows far below it vanish."""
    return naive_softmax(logits - logits.max())


def log_softmax_by_one_maximum(logits):
    """The same, with log Σ exp in place of the softmax."""
    shifted = logits - logits.max()
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def one_hot(logits, labels):
    """(N, C), 1 at each row's label."""
    return (np.arange(logits.shape[1]) == labels[:, None]).astype(logits.dtype)


def log_softmax(logits, axis=1):
    """Stable logarithm of softmax."""
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


LOGARITHM_OF_THE_SUM = {  # known mistakes of whatever takes `log_p`
    "logarithm-overflows": ({"log_p": lambda z: z - np.log(np.exp(z).sum(axis=1, keepdims=True))},
        "exp of a large logit is infinite, and so is the logarithm of the sum; of very small ones it is log 0. "
        "Subtract each row's largest logit from the whole row first."),
    "one-maximum-in-the-logarithm": ({"log_p": log_softmax_by_one_maximum},
        "The largest logit of the whole batch is subtracted. Of a row whose logits lie far below it, log Σ exp is log "
        "0: subtract each row's own maximum."),
}  # fmt: skip
