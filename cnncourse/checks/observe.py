"""What a task looks at: one call of a function, or many draws. (Modules and training: `modules`, `training`.)"""

from dataclasses import dataclass, replace

from cnncourse.checks.case import count_numbers, holds_array, pack, run_answer
from cnncourse.checks.module_door import ready
from cnncourse.grading.inside import probes

FEW = 10  # as many cases are not worth a call of their own


class Observer:
    """What all of them have in common.

    `needs_torch`: whether PyTorch must be there; `trains`: whether the one call may take minutes; `test_seeds`: on
    how many seeds the course's own tests try each known mistake.
    """

    needs_torch = trains = False
    test_seeds = 20

    def together(self, task, student, cases):
        """Trials of cases that need no call of their own, {index: Trial}."""
        return {}

    def further(self, task, student, trials):
        """What is looked at when all cases have been judged: a list of (case, (outcome, Difference or None))."""
        return []


class WithTorch(Observer):
    """What a probe returns that hands PyTorch's objects to the answer; a kind says which, and what it is told."""

    needs_torch = True
    probe = ""

    def told(self, case):
        """The probe's arguments and keywords."""
        raise NotImplementedError

    def outcome(self, task, student, case):
        """What the learner's answer gives, and leaves behind."""
        ready()
        return student.call(task.name, self.probe, *self.told(case), seconds=task.seconds)

    def trusted(self, answer, case):
        """What the reference or a known mistake gives, and leaves behind; raises what it raises."""
        seen = probes.run(answer, self.probe, *self.told(case))
        if seen["error"]:
            raise RuntimeError(seen["error"]["text"])
        return seen["value"]


@dataclass
class Calls(Observer):
    """One call per case, and its result."""

    probe: str = "function"

    def outcome(self, task, student, case):
        """What the learner's answer gives."""
        return student.call(task.name, self.probe, *pack(case), seconds=task.seconds)

    def together(self, task, student, cases):
        """Trials of cases that need no call of their own, {index: Trial}: a message for each would cost more.

        Those without arrays are always tried together. Those with arrays where the largest, tried alone, is right and
        quick, and they count only where all are right; else each case is tried alone.
        """
        if self.probe != "function":
            return {}
        free = [i for i, case in enumerate(cases) if not case.has_functions]
        small = [i for i in free if not cases[i].has_arrays]
        ready = self._several(task, student, cases, small)
        if any(trial.difference is not None and holds_array(trial.wanted) for trial in ready.values()):
            ready = {}  # results that are arrays may be one array: alone, each shows what it was when it came
        others = [i for i in free if i not in small]
        if len(others) < FEW:
            return ready
        largest = max(others, key=lambda i: count_numbers((cases[i].args, cases[i].kwargs)))
        ready[largest] = first = task.attempt(student, cases[largest])
        others.remove(largest)
        if first.difference is not None or first.outcome.seconds * len(others) > task.seconds / 4:
            return ready
        found = self._several(task, student, cases, others)
        return ready | (found if all(trial.difference is None for trial in found.values()) else {})

    def _several(self, task, student, cases, chosen):
        """Trials of the chosen cases from one call, {index: Trial}; empty where it fails in any way."""
        if len(chosen) < FEW:
            return {}
        kwargs = {"calls": [pack(cases[i]) for i in chosen], "watched": len(chosen)}
        outcome = student.call(task.name, "several", (), kwargs, seconds=task.seconds)
        values = outcome.value
        if outcome.error is not None or outcome.changed or not isinstance(values, list) or len(values) != len(chosen):
            return {}
        each = [replace(outcome, value=value, seconds=outcome.seconds / len(chosen)) for value in values]
        return {i: task.trial(cases[i], one, task.wanted(cases[i])) for i, one in zip(chosen, each, strict=True)}

    def trusted(self, answer, case):
        """What the reference or a known mistake gives."""
        return run_answer(answer, case)


@dataclass
class Draws(Observer):
    """Many calls per case with one generator, which is the last argument, and one more from the same seed.

    The observed value is {"draws": list of results, "again": the first draw once more from the same seed, "other": some
    draws from another seed,
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
