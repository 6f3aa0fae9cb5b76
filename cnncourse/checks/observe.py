"""What a task looks at: one call of a function, or many draws. (Modules and training: `modules`, `training`.)"""

from dataclasses import dataclass, replace

from cnncourse.checks.case import holds_array, pack, run_answer
from cnncourse.grading.inside import probes

FEW = 10  # as many small cases are not worth a call of their own


class Observer:
    """What all of them have in common.

    `needs_torch`: whether PyTorch must be there; `trains`: whether the one call may take minutes; `test_seeds`: on
    how many seeds the course's own tests try each known mistake.
    """

    needs_torch = trains = False
    test_seeds = 20

    def together(self, task, student, cases):
        """Outcomes of cases that one call answers, {index: outcome}."""
        return {}

    def further(self, task, student, trials):
        """What is looked at when all cases have been judged: a list of (case, (outcome, Difference or None))."""
        return []


@dataclass
class Calls(Observer):
    """One call per case, and its result."""

    probe: str = "function"

    def outcome(self, task, student, case):
        """What the learner's answer gives."""
        return student.call(task.name, self.probe, *pack(case), seconds=task.seconds)

    def together(self, task, student, cases):
        """Outcomes of the cases without arrays, {index: outcome}: hundreds of them cost one call.

        Empty where that call fails in any way: then each case is tried alone.
        """
        small = [i for i, case in enumerate(cases) if not holds_array((case.args, case.kwargs))]
        if self.probe != "function" or len(small) < FEW:
            return {}
        calls = [pack(cases[i]) for i in small]
        outcome = student.call(task.name, "several", (), {"calls": calls}, seconds=task.seconds)
        values = outcome.value
        if outcome.error is not None or outcome.changed or not isinstance(values, list) or len(values) != len(small):
            return {}
        each = outcome.seconds / len(small)
        return {i: replace(outcome, value=value, seconds=each) for i, value in zip(small, values, strict=True)}

    def trusted(self, answer, case):
        """What the reference or a known mistake gives."""
        return run_answer(answer, case)


@dataclass
class Draws(Observer):
    """Many calls per case with one generator, which is the last argument, and one more from the same seed.

    The observed value is {"draws": list of results, "again": the first draw once more from the same seed,
    "global_state": whether NumPy's global random state was used}.
    """

    times: int = 200

    def outcome(self, task, student, case):
        """What the learner's answer draws; a function that changes its argument starts the later draws from there."""
        return student.call(task.name, "random_draws", *self._packed(case), seconds=task.seconds)

    def trusted(self, answer, case):
        """What the reference or a known mistake draws."""
        return probes.run(answer, "random_draws", *self._packed(case))["value"]

    def _packed(self, case):
        args, kwargs = pack(case)
        return args, {**kwargs, "times": self.times, "seed": sum(map(ord, case.call_text(""))) + 1}
