"""Judging a column and a row by their outer product."""

import numpy as np

from cnncourse.checks.author import Values
from cnncourse.checks.compare import compare


class Product(Values):
    """Column and row may share out their scale and sign as they like: the outer product counts."""

    def difference(self, task, got, wanted, case):
        """How the outer product differs, None where it is right."""
        parts = [np.asarray(part) for part in got] if isinstance(got, (list, tuple)) else []
        numbers = all(part.dtype.kind in "fiu" for part in parts)
        if not numbers or [part.shape for part in parts] != [part.shape for part in wanted]:
            return super().difference(task, got, wanted, case)
        with np.errstate(all="ignore"):
            product, right = np.outer(*parts), np.outer(*wanted)
        found = compare(product, right, scale=task.scale(case), what="the outer product of column and row")
        if found is not None and found.slug == "wrong-values" and self.as_good(product, right, case):
            return None
        return found

    def as_good(self, product, right, case):
        """Whether a product with other values is as good an answer; here none is."""
        return False
