"""Questions with checked answers: a number to work out, or a letter to choose."""

from dataclasses import dataclass, field
from typing import Any

from cnncourse.checks.compare import TOLERANCE
from cnncourse.checks.diagnose import Finding
from cnncourse.checks.mistakes import sentence_of
from cnncourse.checks.report import Criterion, TaskReport, where


def question(see, points=1):
    """Decorator for a function that computes a question's right answer; its docstring is said to a right answer.

    It becomes a `Question` of the unit of its file, named like it; give it its foreseen wrong answers as
    `answer_x.wrong = {wrong answer: (slug, explanation)}`.
    """

    def make(function):
        unit = function.__module__.split(".")[-2].removeprefix("u")
        see_also = see if "#" in see else f"{unit}#{see}"
        return Question(f"{unit}.{function.__name__}", function(), sentence_of(function), points=points, see=see_also)

    return make


@dataclass
class Question:
    """A question whose answer is a number or one of some lettered choices.

    Parameters
    ----------
    id : unit and name, "03.answer_cost"; the name is that of the function which returns the answer, or of a
        variable which holds it
    answer : the right number (within 0.1 % for floats, exact for ints), or the right letter
    why : said to a right answer
    wrong : dict from a wrong answer to (slug, explanation)
    points : points for the right answer
    see : where the lesson treats it
    place : order within the unit
    """

    id: str
    answer: Any
    why: str
    wrong: dict = field(default_factory=dict)
    points: float = 1
    see: str = ""
    place: int = 90

    def __post_init__(self):
        self.unit, self.name = self.id.split(".", 1)

    @property
    def max_score(self):
        """The points of the question."""
        return self.points

    def evaluate(self, student, seed=0):
        """Judge the learner's answer; the seed makes no difference.

        Returns
        -------
        TaskReport
        """
        outcome = student.call(self.name, "variable", (), {}, seconds=5.0)
        kind = outcome.error.kind if outcome.error else None
        if kind in ("not_attempted", "missing") or (kind is None and outcome.value is None):
            return self._report(0, "missing", "Not answered yet: return your answer in place of the error.")
        if kind is not None:
            return self._report(0, "error", self._wanted_kind(), kinds=[kind])
        given = self._tidy(outcome.value)
        if given is None:
            return self._report(0, "wrong", self._wanted_kind(), Finding("wrong-kind", self._wanted_kind()))
        if self._equal(given, self.answer):
            return self._report(self.points, "right", self.why)
        for value, (slug, text) in self.wrong.items():
            if self._equal(given, value):
                return self._report(0, "wrong", text, Finding(slug, text))
        if isinstance(self.answer, float) and given == float(f"{self.answer:.2g}"):
            text = "Two digits of it are right. Give three at least."
            return self._report(0, "wrong", text, Finding("too-few-digits", text))
        return self._report(0, "wrong", f"{given} is not right. {self._hint()}")

    def _hint(self):
        return f"Read {where(self.see)}." if self.see else "Work it out once more, step by step."

    def _wanted_kind(self):
        if isinstance(self.answer, str):
            return f"The answer is one letter in quotes, one of {', '.join(self.letters())}."
        return "The answer is one number." if isinstance(self.answer, float) else "The answer is one whole number."

    def letters(self):
        """The letters of a question with choices."""
        return sorted({self.answer, *self.wrong})

    def _tidy(self, value):
        """The given answer as the kind that is wanted, or None."""
        if isinstance(self.answer, str):
            letter = value.strip().strip("().").lower() if isinstance(value, str) else None
            return letter if letter in self.letters() else None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return value

    @staticmethod
    def _equal(a, b):
        if isinstance(b, float):
            return abs(a - b) <= TOLERANCE["question"] * abs(b)
        return a == b

    def _report(self, score, status, message, finding=None, kinds=()):
        criterion = Criterion("answer", self.points, score, int(score == self.points), 1)
        return TaskReport(
            self.id, score, self.points, status, mistake=finding.slug if finding else None, message=message,
            criteria=[criterion], explanation=finding.explanation if finding else "", see=self.see,
            failure_kinds=list(kinds), hidden=False,
        )  # fmt: skip
