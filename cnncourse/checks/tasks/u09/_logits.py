"""Logits and labels for the two tasks about cross-entropy, and arguments that both treat wrongly."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case


def drawn(rng, N, C, scale=2.0, dtype=np.float64):
    """Logits of a size, and labels of every class."""
    return (scale * normal(rng, N, C)).astype(dtype), rng.integers(0, C, N)


def cases(rng):
    """Square and not, one image, two classes; logits far apart and far from zero; other arrays."""
    for N, C in [(5, 3), (4, 4), (1, 6), (7, 2), (3, 10)]:
        yield Case("values", *drawn(rng, N, C))
    yield Case("values", np.zeros((4, 10)), rng.integers(0, 10, 4))
    logits, labels = drawn(rng, 6, 4, 1000.0)
    yield Case("large logits", logits, labels)
    logits, labels = drawn(rng, 5, 4)
    yield Case("large logits", logits + 2000, labels)  # all far from zero, close to each other
    logits, labels = drawn(rng, 4, 5)
    yield Case("large logits", logits + 2000 * np.array([1, -1, 3, -2])[:, None], labels)  # rows far from each other
    yield Case("large logits", np.array([[0.0, -1e4, 1e4], [1e4, -1e4, 0.0]]), np.array([1, 2]))
    logits, labels = drawn(rng, 6, 5, dtype=np.float32)
    yield Case("any array", logits, labels)
    yield Case("any array", *(array[::-1] for array in drawn(rng, 5, 3)))
    logits, labels = drawn(rng, 4, 6)
    yield Case("any array", strided(logits), labels.astype(np.int32))
    yield Case("any array", fortran(logits), labels)
    yield Case("any array", readonly(logits), readonly(labels))


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


def one_hot(logits, labels):
    """(N, C), 1 at each row's label."""
    return (np.arange(logits.shape[1]) == labels[:, None]).astype(logits.dtype)


def log_softmax(logits, axis=1):
    """Stable logarithm of softmax."""
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
