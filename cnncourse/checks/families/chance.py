"""Answers that draw random numbers, and not from the generator that they are given."""

import numpy as np


def own_generator(task, drawn, same):
    """Mistakes with a generator of one's own: a new one in each call, or one with a fixed seed.

    Parameters
    ----------
    task : Task whose right answer is known and takes `rng`
    drawn : what the same rng should give again, as a noun
    same : the explanation of the fixed seed
    """
    task.add_mistake(
        "ignores-rng", lambda again: again(rng=np.random.default_rng()),
        "The random numbers come from a generator of your own, so the same rng does not give the same "
        f"{drawn}. Use rng.",
    )  # fmt: skip
    task.add_mistake("same-every-time", lambda again: again(rng=np.random.default_rng(0)), same)
