"""Cases for the focal loss and its gradient, and numerically safe parts of them."""

import numpy as np

from cnncourse.checks.author import Call, normal
from cnncourse.checks.families import any_array


def drawn(rng, *shape, size=2.0):
    """Logits, and targets of which a third is 1."""
    return size * normal(rng, *shape), (rng.random(shape) < 0.35).astype(float)


def criteria(task):
    """Give both tasks their criteria."""

    @task.criterion(2)
    def values(rng):
        """Arrays of any number of axes, alpha and gamma as given, from 0 on."""
        yield Call(*drawn(rng, 7))
        yield Call(*drawn(rng, 2, 3, 4, 2))
        yield Call(*drawn(rng, 4, 4), 0.6, 1.5)
        for alpha, gamma in [(0.25, 0.0), (0.0, 2.0), (1.0, 1.0), (0.9, 0.5), (0.5, 5.0), (0.4, 3.0)]:
            yield Call(*drawn(rng, 3, 5), alpha=alpha, gamma=gamma)
        logits = normal(rng, 6)
        yield Call(logits, np.ones(6), 0.3, 2.0)
        yield Call(logits, np.zeros(6), 0.3, 2.0)
        yield Call(np.zeros(4), np.array([0.0, 1.0, 1.0, 0.0]), 0.7, 1.0)

    @task.criterion(2)
    def large_logits(rng):
        """Logits up to ±1,000, in float32 too, right and wrong by much: finite, and right."""
        for gamma in (0.0, 0.5, 1.0, 2.0):
            far = np.array([1000.0, -1000.0, 100.0, -100.0, 40.0, -40.0, 1000.0, -1000.0])
            yield Call(far, np.array([0.0, 1, 0, 1, 0, 1, 1, 0]), 0.3, gamma)
            yield Call(far[1:].astype(np.float32), np.array([1, 0, 1, 0, 1, 0, 1], np.float32), 0.3, gamma)
            yield Call(far[:6], np.array([1.0, 0, 1, 0, 1, 0]), 0.3, gamma)
        yield Call(*drawn(rng, 20, size=300.0))

    @any_array(task)
    def arrays(rng):
        yield Call(*drawn(rng, 3, 6))


def towards(logits, targets, alpha):
    """z, the logit of what is true; its weight; ±1."""
    sign = 2 * targets - 1
    return sign * logits, alpha * targets + (1 - alpha) * (1 - targets), sign


def log_sigmoid(z):
    """ln σ(z), without overflow."""
    return -np.logaddexp(0, -z)


def naive_log(z):
    """ln σ(z) as it is written."""
    with np.errstate(all="ignore"):
        return np.log(1 / (1 + np.exp(-z)))


def log_with_eps(z):
    """ln(σ(z) + 1e-8)."""
    with np.errstate(all="ignore"):
        return np.log(1 / (1 + np.exp(-z)) + 1e-8)


def wrong_share(logits, floor=0.0):
    """1 − σ(logit), cut off at `floor` and 1 − `floor`."""
    with np.errstate(all="ignore"):
        return 1 - np.clip(1 / (1 + np.exp(-logits)), floor, 1 - floor)
