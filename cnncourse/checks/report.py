"""What a learner is told: points by criterion, the first difference, the likely mistake, where to read."""

import builtins
from dataclasses import dataclass, field
from typing import Any

from cnncourse.checks.case import count_numbers
from cnncourse.checks.compare import describe
from cnncourse.checks.failures import FAILURES, STATUSES

LAST_LINE = "These were the visible checks; grading draws other inputs."


@dataclass
class Criterion:
    """One line of the points: name, points, points earned, cases right, cases in all, a sentence on what it asks."""

    name: str
    points: float
    earned: float
    right: int
    count: int
    about: str = ""


@dataclass
class TaskReport:
    """The result of judging one answer.

    Attributes
    ----------
    task : id of the task, "03.conv2d"
    score, max_score, passed : points
    status : "right", "partial", "wrong", "error", "timeout", "missing" or "refused"
    mistake : slug of the likely mistake, or None
    message : sentences for the learner; may show inputs and wanted values
    criteria : list of Criterion
    notes : remarks that cost nothing
    differences : the differences of the cases that failed, the first one first
    hidden : whether grading draws other inputs than these
    case : the arguments of the first call that went wrong, by name: `conv2d(**report.case)` makes it again
    """

    task: str
    score: float
    max_score: float
    status: str
    mistake: str | None = None
    message: str = ""
    criteria: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    differences: list = field(default_factory=list)
    explanation: str = ""
    see: str = ""
    failure_kinds: list = field(default_factory=list)
    error_text: str = ""
    hidden: bool = True
    case: dict | None = field(default=None, repr=False)

    @property
    def passed(self):
        """Whether every point is earned."""
        return self.score == self.max_score

    @classmethod
    def from_trials(cls, task, trials, finding):
        """Count points and put the sentences together."""
        failed = [t for t in trials if t.difference is not None]
        if finding is None:
            failed = _simplest_first(failed)
        criteria = [_count(task, name, points, trials) for name, points in task.points.items()]
        score = _tidy(sum(c.earned for c in criteria))
        kinds = [t.outcome.error.kind for t in failed if t.outcome.error is not None]
        report = cls(
            task.id, score, task.max_score, _status(score, task.max_score, failed, kinds),
            mistake=finding.slug if finding else None,
            criteria=criteria,
            notes=_notes(trials),
            differences=[t.difference for t in failed],
            explanation=finding.explanation if finding else "",
            see=(finding.see if finding else "") or task.see,
            failure_kinds=kinds,
            error_text=next((t.outcome.error.text for t in failed if t.outcome.error is not None), ""),
            case=failed[0].case.arguments(task.reference) if failed else None,
        )  # fmt: skip
        report.message = _message(task, failed, finding)
        return report

    def hidden_message(self):
        """What may be said about hidden cases: fixed sentences, no input, no expected value, no error text."""
        if self.passed:
            return "All hidden checks passed."
        sentences = []
        if self.status == "missing":
            sentences.append("Not attempted, or the name is missing.")
        lost = [c.name for c in self.criteria if c.earned < c.points]
        if self.status != "missing" and lost:
            sentences.append(f"Points were lost for: {', '.join(lost)}.")
        sentences += [FAILURES[kind].hidden for kind in dict.fromkeys(self.failure_kinds) if kind != "missing"]
        name = self.error_text.split(":", 1)[0]
        if "raised" in self.failure_kinds and isinstance(getattr(builtins, name, None), type):
            sentences.append(f"The error was a {name}.")
        if self.explanation:
            sentences.append(f"Likely mistake: {self.explanation}")
        if self.see:
            sentences.append(f"Read: {where(self.see)}.")
        return " ".join(sentences)

    def as_dict(self):
        """The report as plain data, for JSON."""
        return {
            "name": self.task, "score": self.score, "max_score": self.max_score, "status": self.status,
            "mistake": self.mistake, "message": self.message,
        }  # fmt: skip

    def __str__(self):
        return self.to_text()

    def __repr__(self):
        return self.to_text()

    def to_text(self):
        """The report for a terminal."""
        lines = [f"{STATUSES[self.status].mark} {self.task}: {self.score:g} of {self.max_score:g} points"]
        if self.status != "missing" and len(self.criteria) > 1:
            for c in self.criteria:
                mark = "✓" if c.earned == c.points else "✗"
                about = f". {c.about}" if c.about and c.earned < c.points else ""
                counts = f"{c.earned:g}/{c.points:g} ({c.right} of {c.count} cases right)"
                lines.append(f"  {mark} {c.name}: {counts}{about}")
        lines += [f"  {line}" for line in self.message.splitlines()]
        lines += [f"  Note: {note}" for note in self.notes]
        if self.passed and self.hidden:
            lines.append(f"  {LAST_LINE}")
        return "\n".join(lines)

    def _repr_html_(self):
        from cnncourse.checks.report_html import to_html

        return to_html(self)


def where(see):
    """Say where to read: "02#Kernels made by hand" is a section of lesson 02."""
    lesson, _, section = see.partition("#")
    return f"lesson {lesson}, “{section}”" if section else f"lesson {lesson}"


def _tidy(number):
    number = round(float(number), 6)
    return int(number) if number == int(number) else number


def _count(task, name, points, trials):
    mine = [t for t in trials if t.case.criterion == name]
    first = [t for t in mine if not t.repeated]
    forgiven = {"low-precision"} if task.precision not in ("", name) else set()
    right = sum(_slug(t) in (None, *forgiven) for t in first)
    earned = points if mine and all(_slug(t) in (None, *forgiven) for t in mine) else 0
    if mine and not earned and all(_slug(t) in (None, "changes-input", "shares-argument", *forgiven) for t in mine):
        earned = points / 2  # the values are right
    if name == task.precision and any(_slug(t) == "low-precision" for t in trials):
        earned = 0
    about = task.criteria[name][0] if name in task.criteria else ""
    return Criterion(name, points, earned, right, len(first), about)


def _slug(trial):
    return trial.difference.slug if trial.difference is not None else None


def _status(score, max_score, failed, kinds):
    slugs = {t.difference.slug for t in failed}
    if not failed:
        return "right"
    if slugs <= {"not_attempted", "missing"} and score == 0:
        return "missing"
    if "banned-library" in slugs and score == 0:
        return "refused"
    if score > 0:
        return "partial"
    if "timeout" in kinds:
        return "timeout"
    return "error" if len(kinds) == len(failed) else "wrong"


def _notes(trials):
    notes = []
    if any(t.outcome.printed for t in trials):
        notes.append("it prints; that costs no points, but a function that returns its result is easier to use.")
    if any(_is_wider(t.outcome.value, t.wanted) for t in trials if t.difference is None):
        notes.append("float32 came in and float64 went out: right, and twice the memory.")
    return notes


def _is_wider(got, wanted):
    parts = zip(got, wanted, strict=False) if isinstance(wanted, (tuple, list)) else [(got, wanted)]
    return any(
        str(getattr(g, "dtype", "")) == "float64" and str(getattr(w, "dtype", "")) == "float32" for g, w in parts
    )


def _simplest_first(failed):
    """Failed trials with the one first that is easiest to follow: a value rather than an error, few numbers."""
    if not failed or failed[0].difference.slug in ("not_attempted", "missing"):
        return failed

    def effort(trial):
        return trial.repeated, trial.outcome.error is not None, count_numbers((trial.case.args, trial.case.kwargs))

    first = min((t for t in failed if t.difference.slug not in ("not_attempted", "missing")), key=effort)
    return [first, *(t for t in failed if t is not first)]


def _message(task, failed, finding):
    if not failed:
        return ""
    first = failed[0]
    lines = []
    if first.difference.slug == "not_attempted":
        lines.append("Not attempted yet." if len({t.difference.slug for t in failed}) == 1 else "Not finished yet.")
        if first.outcome.error.text.partition(":")[2].strip():
            lines.append(first.outcome.error.text)
    elif first.difference.slug == "missing":
        lines.append(first.outcome.error.text or f"{task.name} is not defined.")
    else:
        again = ", once more" if first.repeated else ""
        lines.append(f"Tried: {first.case.call_text(task.name, task.reference)}{again}")
        lines.append(_what_happened(task, first))
    if finding and finding.explanation:
        lines.append(f"Likely mistake ({finding.slug}): {finding.explanation}")
    if task.see and first.difference.slug != "missing":
        lines.append(f"Read: {where((finding.see if finding else '') or task.see)}")
    return "\n".join(lines)


def _what_happened(task, trial):
    error = trial.outcome.error
    if error is None:
        return _capital(trial.difference.text)
    text = FAILURES[error.kind].told.format(
        error=error.text, name=task.name, signature=task.signature, seconds=task.seconds,
        wanted=_and_wanted(task, trial, error),
    )  # fmt: skip
    if error.line:
        place = (f" of {error.function}" if error.function else "") + (f", {error.cell}" if error.cell else "")
        text += f"\nIn your line {error.line}{place}" + (f": {error.source_line}" if error.source_line else "")
    return text


def _capital(sentence):
    return sentence[:1].upper() + sentence[1:]


def _and_wanted(task, trial, error):
    """What is wanted, where the error does not say it and there is one kind of result."""
    if "wanted" in error.text or not task.judged.has_wanted:
        return ""
    return f"; {_wanted_kind(trial.wanted)} is wanted"


def _wanted_kind(wanted: Any):
    return describe(wanted) if hasattr(wanted, "shape") or isinstance(wanted, tuple) else "a number"
