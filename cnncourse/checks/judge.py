"""How a task judges what it observes: by the reference's values, or by a behaviour that needs no reference."""

from collections.abc import Callable
from dataclasses import dataclass

from cnncourse.checks.compare import Difference, compare
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

    def find(self, task, trials):
        """The `Finding` that explains the failed trials, or None."""
        return find_mistake(task, trials)


@dataclass
class Behaviour:
    """The result must behave: `problem(case, value)` returns None or (slug, sentence).

    A slug that a known mistake has gets that mistake's explanation.
    """

    problem: Callable
    has_wanted = False
    exact_dtype = lists_allowed = False

    def difference(self, task, got, wanted, case):
        """The problem that there is, or None."""
        found = self.problem(case, got)
        return Difference(*found) if found else None

    def find(self, task, trials):
        """The known mistake whose slug the first failed case got."""
        slug = next((t.difference.slug for t in trials if t.difference is not None), None)
        known = next((m for m in task.mistakes if m.slug == slug), None)
        return Finding(slug, known.explanation, known.see or task.see) if known else find_mistake(task, trials)
