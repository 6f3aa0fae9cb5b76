"""Tasks whose answer is random: judged by the distribution of many draws, not by values."""

from collections.abc import Callable
from dataclasses import dataclass

from cnncourse.checks import probes
from cnncourse.checks.compare import Difference
from cnncourse.checks.diagnose import Finding, find_mistake
from cnncourse.checks.task import Task, pack


@dataclass
class RandomTask(Task):
    """A function whose last argument is a NumPy generator.

    Each case is drawn `times` times; `judge_draws(case, value)` looks at {"draws": list, "again": the first
    draw once more from the same seed, "global_state": whether NumPy's global state was used} and returns None
    or a pair (slug, sentence). A slug that a known mistake has gets that mistake's explanation. Draw often
    enough that a right answer fails less than once in a million.
    """

    times: int = 200
    judge_draws: Callable = None
    repeats: int = 0

    def attempt(self, student, case, wanted=None):
        """Draw, then judge the draws."""
        args, kwargs = pack(case)
        kwargs = {**kwargs, "times": self.times, "seed": _seed(case)}
        outcome = student.call(self.name, "random_draws", args, kwargs, seconds=self.seconds)
        return self.trial(case, outcome, None)

    def judge(self, outcome, wanted, case):
        """A changed argument first: the later draws have started from it."""
        if outcome.error is None and outcome.changed:
            return Difference("changes-input", f"It changes its argument {outcome.changed[0]}.")
        return super().judge(outcome, wanted, case)

    def compare(self, got, wanted, case):
        """The difference that `judge_draws` finds."""
        problem = self.judge_draws(case, got)
        return Difference(*problem) if problem else None

    def value_of(self, answer, case):
        """The draws of a trusted answer."""
        kwargs = {**case.kwargs, "times": self.times, "seed": _seed(case)}
        return probes.run(answer, "random_draws", case.args, kwargs)["value"]

    def find(self, trials):
        """The known mistake whose slug the first failed case got."""
        slug = next((t.difference.slug for t in trials if t.difference is not None), None)
        known = next((m for m in self.mistakes if m.slug == slug), None)
        return Finding(slug, known.explanation, known.see or self.see) if known else find_mistake(self, trials)


def _seed(case):
    return sum(map(ord, case.call_text(""))) + 1
