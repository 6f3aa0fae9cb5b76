"""How a task judges what it observes: by the reference's values, or by a behaviour that needs no reference."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from cnncourse.checks.compare import Difference, compare, is_flat_list, same
from cnncourse.checks.diagnose import Finding, find_mistake


@dataclass
class Values:
    """The result must equal the reference's.

    Parameters
    ----------
    exact_dtype : whether array results must have the reference's dtype exactly
    lists_allowed : whether a flat list of numbers may stand for a 1-D array
    """

    exact_dtype: bool = False
    lists_allowed: bool = False
    has_wanted = True

    def difference(self, task, got, wanted, case):
        """How a result differs from the wanted one, None where it is right."""
        part = task.names.index(case.criterion) if case.criterion in task.names else None
        return compare(
            got, wanted, names=task.names, exact_dtype=self.exact_dtype, lists_allowed=self.lists_allowed, only=part,
            scale=task.scale(case),
        )  # fmt: skip

    def alike(self, task, one, other, case):
        """Whether two wrong results are the same wrong answer."""
        listed = isinstance(one, (tuple, list)) and (not one or is_flat_list(one))
        if self.lists_allowed and listed and isinstance(other, np.ndarray):
            one = np.array(one, dtype=None if one else other.dtype)
        return same(one, other, self.exact_dtype, task.scale(case))

    def find(self, task, trials):
        """The `Finding` that explains the failed trials, or None."""
        return find_mistake(task, trials)


@dataclass
class Behaviour:
    """The result must behave: `problem(case, value)` returns None or (slug, sentence).

    A slug that a known mistake has gets that mistake's explanation; `explained` holds those of further slugs.
    """

    problem: Callable
    explained: dict = field(default_factory=dict)
    has_wanted = False
    exact_dtype = lists_allowed = False

    def difference(self, task, got, wanted, case):
        """The problem that there is, or None."""
        found = self.problem(case, got)
        return Difference(*found) if found else None

    alike = Values.alike

    def find(self, task, trials):
        """The known mistake whose slug a failed case got, the first such case counts."""
        slugs = [t.difference.slug for t in trials if t.difference is not None]
        known = next((m for slug in slugs for m in task.mistakes if m.slug == slug), None)
        if known:
            return Finding(known.slug, known.explanation, known.see or task.see)
        slug = next((slug for slug in slugs if slug in self.explained), None)
        if slug:
            return Finding(slug, self.explained[slug], task.see)
        return find_mistake(replace(task, mistakes=[]) if task.observe.needs_torch else task, trials)
