"""How far draws may stray: limits that a right answer crosses less than once in a hundred million."""

import numpy as np

SIGMAS = 6.0


def generator_problem(value):
    """What is wrong with how the draws use the generator, or None: (slug, sentence)."""
    first, second = value["draws"][:2]
    if value["global_state"]:
        return "global-random-state", "np.random's global state is used, not the generator rng."
    if _equal(first, second):
        return "same-every-time", "Two calls with one generator gave the same numbers."
    if not _equal(first, value["again"]):
        return "ignores-rng", "The same seed gave other numbers: not all random numbers come from rng."
    return another_seed_problem(value)


def another_seed_problem(value):
    """The same of draws that another seed does not change, as from a generator of one's own behind each rng."""
    other = value["other"]
    if all(_equal(*pair) for pair in zip(value["draws"], other, strict=False)):
        return "ignores-rng", "Another seed gave the same numbers: they do not come from rng."
    return None


def _equal(a, b):
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.array_equal(a, b)


def kind_problem(value, shape):
    """A draw that is no floating point array of the wanted shape, or None: (slug, sentence)."""
    for draw in value["draws"]:
        if draw is None:
            return "returns-none", "The result is None: is a `return` missing?"
        if not isinstance(draw, np.ndarray):
            return "wrong-kind", f"The result is a {type(draw).__name__}; wanted: an array of shape {shape}."
        if draw.shape != shape:
            return "wrong-shape", f"The result has shape {draw.shape}; wanted: {shape}."
        if draw.dtype.kind != "f" or draw.dtype.itemsize < 4:
            return "wrong-dtype", f"The result has dtype {draw.dtype}; wanted: floating point."
        if not np.isfinite(draw).all():
            return "not-finite", "The result holds NaN or infinity."
    return None


def uneven(counts, expected=None):
    """Whether counts differ more from `expected` (all alike if None) than chance allows: a χ² test."""
    counts = np.asarray(counts, float)
    expected = np.full(counts.shape, counts.mean()) if expected is None else expected
    free = counts.size - 1
    if free < 1:
        return False
    chi2 = ((counts - expected) ** 2 / expected).sum()
    third = 2 / (9 * free)  # Wilson and Hilferty 1931: the cube root is nearly normal
    return (chi2 / free) ** (1 / 3) > 1 - third + SIGMAS * np.sqrt(third)


def share_is_off(hits, count, probability):
    """Whether `hits` of `count` differ from what `probability` lets expect."""
    spread = np.sqrt(count * probability * (1 - probability))
    return abs(hits - count * probability) > SIGMAS * spread + 1
