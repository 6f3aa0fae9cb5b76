"""What a task looks at: one call of a function, or many draws. (Modules and training: `modules`, `training`.)"""

from dataclasses import dataclass

from cnncourse.checks.case import pack, run_answer
from cnncourse.grading.inside import probes


@dataclass
class Calls:
    """One call per case, and its result."""

    probe: str = "function"

    def outcome(self, task, student, case):
        """What the learner's answer gives."""
        return student.call(task.name, self.probe, *pack(case), seconds=task.seconds)

    def trusted(self, answer, case):
        """What the reference or a known mistake gives."""
        return run_answer(answer, case)


@dataclass
class Draws:
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
