"""Convolution as the distribution of X + Y."""

import numpy as np

from cnncourse.checks.author import Call, Task
from cnncourse.checks.families import any_array

task = Task(see="The same sum, in a game of dice", lists_allowed=True)


@task.right
def sum_distribution(p, q):
    """P(X + Y = s) is the sum of p[i] q[j] over i + j = s."""
    total = np.zeros(len(p) + len(q) - 1, dtype=p.dtype)
    for i in range(len(p)):
        total[i : i + len(q)] += p[i] * q
    return total


def dice(rng, *sides):
    """Loaded dice, far from symmetric: with fair ones a wrong direction would not show."""
    weights = [rng.uniform(0.05, 1, n) * np.linspace(1, 3, n) for n in sides]
    return Call(*(w / w.sum() for w in weights))


@task.criterion(1)
def equal_lengths(rng):
    """Two dice with the same number of sides, loaded or fair, down to one side."""
    for n in (6, 3, 1):
        yield dice(rng, n, n)
    yield Call(np.full(6, 1 / 6), np.full(6, 1 / 6))


@task.criterion(2)
def unequal_lengths(rng):
    """Dice with different numbers of sides, and numbers that cannot come up."""
    for n, m in ((4, 7), (3, 8), (8, 3), (5, 1), (1, 4)):
        yield dice(rng, n, m)
    yield Call(np.array([0, 0.25, 0.75]), np.array([0.5, 0, 0, 0.5]))


@any_array(task)
def arrays(rng):
    yield dice(rng, 5, 3)
    yield dice(rng, 4, 6)


def combined(p, q, combine):
    """The two distributions, put together by `combine`."""
    return combine(p, q)


DIRECTION = (
    "That is the distribution of a difference: one of the two runs the wrong way. For X + Y = s, j = s − i falls while "
    "i grows."
)
task.options(combined, {
    "difference-instead-of-sum": ({"combine": lambda p, q: np.convolve(p, q[::-1])}, DIRECTION),
    "difference-the-other-way": ({"combine": lambda p, q: np.convolve(p[::-1], q)}, DIRECTION),
    "joint-distribution": ({"combine": np.outer},
        "That is the table of all pairs (i, j). To get the distribution of the sum, add up the entries with the same "
        "i + j."),
    "flattened-table": ({"combine": lambda p, q: np.outer(p, q).ravel()},
        "That is the table of all pairs, written in one row. Add up the entries with the same i + j."),
    "same-size-output": ({"combine": lambda p, q: np.convolve(p, q, "same")},
        "The ends are cut off (`mode='same'`). Every possible sum counts: `mode='full'`."),
    "valid-only": ({"combine": lambda p, q: np.convolve(p, q, "valid")},
        "Only sums in the middle are left (`mode='valid'`). Every possible sum counts: `mode='full'`."),
    "adds-probabilities": ({"combine": lambda p, q: (p + q) / 2},
        "You average the two distributions. That is the distribution of picking one of X and Y by a coin, not of their "
        "sum."),
    "multiplies-elementwise": ({"combine": lambda p, q: p * q},
        "You multiply p[i] by q[i]. All pairs i, j with i + j = s make the sum s."),
    "first-law-twice": ({"combine": lambda p, q: np.convolve(p, p)},
        "That is the sum of two numbers that both have the distribution p. The second one has the distribution q."),
    "equal-lengths-only": ({"combine": lambda p, q: np.convolve(p, np.pad(q, (0, len(p)))[: len(p)])},
        "You take both to have p's length. They may differ."),
})  # fmt: skip


def rewritten(right, change):
    """The right probabilities, changed at last."""
    return change(right)


task.options(rewritten, {
    "reversed": ({"change": np.flip},
        "The right probabilities, counted from the largest sum down. Index s belongs to X + Y = s."),
    "one-too-many": ({"change": lambda r: np.append(r, 0)},
        "One value too many: X + Y runs from 0 to (n − 1) + (m − 1), which are n + m − 1 values."),
    "shifted-by-one": ({"change": lambda r: np.insert(r, 0, 0)[:-1]},
        "Every probability stands one place too far right. Index 0 belongs to X + Y = 0."),
    "loses-last-sum": ({"change": lambda r: r[:-1]},
        "The largest sum, (n − 1) + (m − 1), is missing: there are n + m − 1 values."),
    "cumulative": ({"change": np.cumsum},
        "Those are the probabilities of a sum of *at most* s. Wanted: of exactly s."),
})  # fmt: skip


@task.mistake
def wraps_around(p, q):
    """Large sums wrap around and are added to the small ones. Pad both to n + m − 1 before the FFT."""
    n = max(len(p), len(q))
    return np.fft.irfft(np.fft.rfft(p, n) * np.fft.rfft(q, n), n)


@task.mistake
def overwrites(right, p, q):
    """Each pair overwrites what earlier pairs with the same sum gave. Add them up with `+=`."""
    total = np.zeros_like(right)
    for i in range(len(p)):
        total[i : i + len(q)] = p[i] * q
    return total
