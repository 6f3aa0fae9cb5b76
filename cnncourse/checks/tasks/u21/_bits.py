"""The result must have the reference's very bits: tolerances would hide how halves are rounded, and the sign of 0."""

from dataclasses import dataclass

import numpy as np

from cnncourse.checks.author import Difference, Values
from cnncourse.checks.compare import compare


@dataclass
class Bits(Values):
    """Arrays of float32, entry by entry the same; one NaN is as good as another."""

    exact_dtype: bool = True

    def difference(self, task, got, wanted, case):
        """How a result differs from the wanted one, None where it is right."""
        found = compare(got, wanted, exact_dtype=True)
        if getattr(got, "dtype", wanted.dtype) != wanted.dtype and got.shape == wanted.shape:
            return Difference("wrong-dtype", f"the result has dtype {got.dtype}; wanted: {wanted.dtype}.", got, wanted)
        if found is not None and found.slug not in ("wrong-values", "low-precision"):
            return found
        wrong = (got.view(np.uint32) != wanted.view(np.uint32)) & ~(np.isnan(got) & np.isnan(wanted))
        if not wrong.any():
            return None
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        given, right = float(got[place]), float(wanted[place])
        text = f"the result holds {given!r} at {place}; wanted there: {right!r}."
        return Difference("wrong-values", text, got, wanted, wrong)
