"""Gradients under an upstream gradient, and common ways to get them wrong."""

import numpy as np


def upstream(task, name="grad_output", *, sign=True):
    """Mistakes with the gradient that comes from above: not used, or (`sign`) with the wrong sign."""

    def ignores_upstream(again, given):
        return again(**{name: np.ones_like(given[name])})

    def wrong_sign(right):
        return tuple(-part for part in right) if isinstance(right, tuple) else -right

    task.add_mistake(
        "ignores-upstream", ignores_upstream,
        "The upstream gradient is not used, as if it were 1 everywhere: each output's contribution must be multiplied "
        "by the gradient of that output.",
    )  # fmt: skip
    if sign:
        task.add_mistake(
            "wrong-sign", wrong_sign,
            "The sign is wrong. The minus of gradient descent belongs to the step, not to the gradient.",
        )  # fmt: skip
