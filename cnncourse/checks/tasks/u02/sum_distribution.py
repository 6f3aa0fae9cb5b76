"""Task 02.sum_distribution: convolution as the law of X + Y."""

import numpy as np

from cnncourse.checks.draw import readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def sum_distribution(p, q):
    """Right answer: P(X + Y = s) is the sum of p[i] q[j] over i + j = s."""
    law = np.zeros(len(p) + len(q) - 1, dtype=p.dtype)
    for i in range(len(p)):
        law[i : i + len(q)] += p[i] * q
    return law


def loaded_die(rng, n, dtype=np.float64):
    """A distribution on 0, …, n − 1, far from symmetric."""
    weights = rng.uniform(0.05, 1, n) * np.linspace(1, 3, n)
    return (weights / weights.sum()).astype(dtype)


def cases(rng):
    """Loaded dice: of fair ones, which are symmetric, a wrong direction would not show."""
    yield Case("equal lengths", loaded_die(rng, 6), loaded_die(rng, 6))
    yield Case("equal lengths", loaded_die(rng, 3), loaded_die(rng, 3))
    yield Case("equal lengths", np.full(6, 1 / 6), np.full(6, 1 / 6))
    yield Case("equal lengths", loaded_die(rng, 1), loaded_die(rng, 1))
    yield Case("unequal lengths", loaded_die(rng, 4), loaded_die(rng, 7))
    yield Case("unequal lengths", loaded_die(rng, 8), loaded_die(rng, 3))
    yield Case("unequal lengths", loaded_die(rng, 5), loaded_die(rng, 1))
    yield Case("unequal lengths", loaded_die(rng, 1), loaded_die(rng, 4))
    yield Case("unequal lengths", np.array([0, 0.25, 0.75]), np.array([0.5, 0, 0, 0.5]))
    yield Case("precision and memory", loaded_die(rng, 5, np.float32), loaded_die(rng, 3, np.float32))
    yield Case("precision and memory", strided(loaded_die(rng, 4)), readonly(loaded_die(rng, 6)))


def cut(p, q, mode):
    """np.convolve in another mode."""
    return np.convolve(p, q, mode)


def circular(p, q):
    """Wrong answer: sums wrap around at the longer length."""
    n = max(len(p), len(q))
    return np.fft.irfft(np.fft.rfft(p, n) * np.fft.rfft(q, n), n)


def padded(p, other):
    """Zeros up to the length of the sum."""
    return np.concatenate([p, np.zeros(max(other - 1, 0))])


def overwrite(p, q):
    """Wrong answer: = for +=."""
    law = np.zeros(len(p) + len(q) - 1)
    for i in range(len(p)):
        law[i : i + len(q)] = p[i] * q
    return law


mistakes = [
    Mistake(
        "difference-instead-of-sum",
        lambda p, q: sum_distribution(p, q[::-1]),
        "That is the distribution of a difference: one of the two runs the wrong way. For X + Y = s, j = s − i "
        "falls while i grows.",
    ),
    Mistake(
        "difference-the-other-way",
        lambda p, q: sum_distribution(p[::-1], q),
        "That is the distribution of a difference: one of the two runs the wrong way. For X + Y = s, j = s − i "
        "falls while i grows.",
    ),
    Mistake(
        "reversed",
        lambda p, q: sum_distribution(p, q)[::-1],
        "The right probabilities, counted from the largest sum down. Index s belongs to X + Y = s.",
    ),
    Mistake(
        "one-too-many",
        lambda p, q: np.append(sum_distribution(p, q), 0),
        "One value too many: X + Y runs from 0 to (n − 1) + (m − 1), which are n + m − 1 values.",
    ),
    Mistake(
        "shifted-by-one",
        lambda p, q: np.insert(sum_distribution(p, q), 0, 0)[:-1],
        "Every probability stands one place too far right. Index 0 belongs to X + Y = 0.",
    ),
    Mistake(
        "loses-last-sum",
        lambda p, q: sum_distribution(p, q)[:-1],
        "The largest sum, (n − 1) + (m − 1), is missing: there are n + m − 1 values.",
    ),
    Mistake(
        "joint-distribution",
        np.outer,
        "That is the table of all pairs (i, j). To get the law of the sum, add up the entries with the same i + j.",
    ),
    Mistake(
        "flattened-table",
        lambda p, q: np.outer(p, q).ravel(),
        "That is the table of all pairs, written in one row. Add up the entries with the same i + j.",
    ),
    Mistake(
        "same-size-output",
        lambda p, q: cut(p, q, "same"),
        "The ends are cut off (`mode='same'`). Every possible sum counts: `mode='full'`.",
    ),
    Mistake(
        "valid-only",
        lambda p, q: cut(p, q, "valid"),
        "Only sums in the middle are left (`mode='valid'`). Every possible sum counts: `mode='full'`.",
    ),
    Mistake(
        "wraps-around",
        circular,
        "Large sums wrap around and are added to the small ones. Pad both to n + m − 1 before the FFT.",
    ),
    Mistake(
        "adds-probabilities",
        lambda p, q: (p + q) / 2,
        "You average the two distributions. That is the law of picking one of X and Y by a coin, not of their sum.",
    ),
    Mistake(
        "multiplies-elementwise",
        lambda p, q: p * q,
        "You multiply p[i] by q[i]. All pairs i, j with i + j = s make the sum s.",
    ),
    Mistake(
        "first-law-twice",
        lambda p, q: sum_distribution(p, p),
        "That is the sum of two numbers with the law p. The second one has the law q.",
    ),
    Mistake(
        "cumulative",
        lambda p, q: np.cumsum(sum_distribution(p, q)),
        "Those are the probabilities of a sum of *at most* s. Wanted: of exactly s.",
    ),
    Mistake(
        "overwrites",
        overwrite,
        "Each pair overwrites what earlier pairs with the same sum gave. Add them up with `+=`.",
    ),
    Mistake(
        "equal-lengths-only",
        lambda p, q: sum_distribution(p, padded(q, 1 + len(p) - len(q))[: len(p)]),
        "You take both to have p's length. They may differ.",
    ),
    Mistake(
        "low-precision",
        lambda p, q: sum_distribution(p.astype(np.float32), q.astype(np.float32)),
        "float64 came in, and the sums were stored as float32.",
    ),
]


task = Task(
    "02.sum_distribution",
    {"equal lengths": 1, "unequal lengths": 2, "precision and memory": 1},
    sum_distribution,
    cases,
    mistakes,
    see="02#The same sum, in a game of dice",
    place=4,
    lists_allowed=True,
)
