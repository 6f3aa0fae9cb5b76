"""Judging a column and a row by their outer product."""

import numpy as np

from cnncourse.checks.author import Values
from cnncourse.checks.compare import compare


def vectors(answer):
    """The parts of an answer as arrays, none of them where they are no numbers."""
    parts = [np.asarray(part) for part in answer] if isinstance(answer, (list, tuple)) else []
    return parts if all(part.dtype.kind in "fiu" for part in parts) else []


class Product(Values):
    """Column and row may share out their scale and sign as they like: the outer product counts."""

    def difference(self, task, got, wanted, case):
        """How the outer product differs, None where it is right."""
        parts = vectors(got)
        if [part.shape for part in parts] != [part.shape for part in wanted]:
            return super().difference(task, got, wanted, case)
        with np.errstate(all="ignore"):
            product, right = np.outer(*parts), np.outer(*wanted)
        found = compare(product, right, scale=task.scale(case), what="the outer product of column and row")
        if found is not None and found.slug == "wrong-values" and self.as_good(product, right, case):
            return None
        return found

    def alike(self, task, one, other, case):
        """Whether the outer products of two wrong answers are the same."""
        shapes = [[part.shape for part in vectors(answer)] for answer in (one, other)]
        if shapes[0] != shapes[1] or [len(shape) for shape in shapes[0]] != [1, 1]:
            return super().alike(task, one, other, case)
        with np.errstate(all="ignore"):
            return super().alike(task, np.outer(*vectors(one)), np.outer(*vectors(other)), case)

    def as_good(self, product, right, case):
        """Whether a product with other values is as good an answer; here none is."""
        return False
