"""Comparing the gradients of large modules without looking at millions of numbers."""

import numpy as np

from cnncourse.checks.compare import Difference, compare
from cnncourse.checks.module_runs import expected


def lightly_differ(answer, case, seen, assignment, upstream):
    """As `numbers_differ`; of each parameter's gradient, one number per row is compared: its product with noise."""
    pair = expected(answer, case, seen, assignment, upstream)
    if pair is None:
        return Difference("raises", "")
    given, wanted = ({name: _light(name, values) for name, values in side.items()} for side in pair)
    difference = compare(given, wanted)
    if difference is not None:
        difference.given, difference.right = given, wanted
    return difference


def _light(name, values):
    if not name.startswith("the gradient of ") or name == "the gradient of the input" or values.ndim < 2:
        return values
    rows = values.reshape(len(values), -1)
    return rows @ np.random.default_rng(rows.shape[1]).standard_normal(rows.shape[1], np.float32)
