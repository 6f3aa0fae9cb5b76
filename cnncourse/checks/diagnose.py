"""Find the mistake that explains a wrong answer: first among the task's known ones, then in general."""

import itertools
from dataclasses import dataclass

import numpy as np

from cnncourse.checks.case import count_numbers
from cnncourse.checks.failures import FAILURES, worst
from cnncourse.checks.general import general_slug, general_text
from cnncourse.checks.mistakes import Mistake, combined
from cnncourse.grading.inside import probes

SLIPS = ("NameError", "UnboundLocalError", "AttributeError", "ImportError", "ModuleNotFoundError")
KEPT = ("remembers-calls", "shares-results", "shares-argument")
PAIRS = 600  # of known mistakes that are tried together: with some arrays that takes a tenth of a second


@dataclass(frozen=True)
class Raised:
    """That a known mistake gives no value, and the name of its exception."""

    kind: str

    def agrees_with(self, error):
        """Whether an answer's error may be the same one. A slip, such as a name that is not there, is no other's."""
        kind = error.text.partition(":")[0]
        return kind == self.kind or kind not in SLIPS


@dataclass
class Finding:
    """The likely mistake, which explains every case: its slug, an explanation, where to read."""

    slug: str
    explanation: str
    see: str = ""


def find_mistake(task, trials):
    """The `Finding` that explains the failed trials of a task best, or None."""
    failed = [t for t in trials if t.difference is not None]
    if not failed or all(t.difference.slug in ("not_attempted", "missing") for t in failed):
        return None
    if all(map(_writes_leaf, failed)):
        return _general(task, "writes-into-input")
    if any(t.difference.slug == "changes-input" for t in failed) and all(_writes_input(t) for t in failed):
        return _general(task, "changes-input")
    for slug in ("banned-library", *KEPT):
        if any(t.difference.slug == slug for t in failed) and (
            slug == "banned-library" or all(t.difference.slug == slug for t in failed)
        ):
            return _general(task, slug)
    first = [t for t in failed if not t.repeated] or failed
    known = _exact_known(task, [t for t in trials if not t.repeated], first)
    if known:
        return Finding(known.slug, known.explanation, known.see or task.see)
    if all(t.difference.slug == "low-precision" for t in first):
        return _general(task, "low-precision")
    slug = _failure_slug(first)
    if slug:
        return _general(task, slug)
    pair = _exact_pair(task, [t for t in trials if not t.repeated], first)
    if pair:
        one, other = pair
        text = f"Two mistakes at once. First: {one.explanation} Second: {other.explanation}"
        return Finding(f"{one.slug}+{other.slug}", text, one.see or other.see or task.see)
    slug = general_slug(first)
    if slug:
        return _general(task, slug)
    slug = next(t.difference.slug for t in first if t.difference.slug != "low-precision")  # not all are, see above
    slug = FAILURES[slug].slug if slug in FAILURES else slug
    return None if slug in ("wrong-values", "wrong-value") else _general(task, slug)


def _writes_input(trial):
    """Whether all that is wrong is that an argument changed, or could not be changed (cases lock some arrays)."""
    error = trial.outcome.error
    locked = error is not None and "read-only" in error.text
    return trial.difference.slug == "changes-input" or locked or _writes_leaf(trial)


def _writes_leaf(trial):
    """Whether a module's input was to be changed in place, which PyTorch refuses where its gradient is wanted."""
    error = trial.outcome.error
    return error is not None and "leaf" in error.text and "in-place operation" in error.text


def _general(task, slug):
    own = next((m for m in task.mistakes if m.slug == slug), None)
    if own:
        return Finding(slug, own.explanation, own.see or task.see)
    return Finding(slug, general_text(slug, task.parameters()), task.see)


def _failure_slug(failed):
    """The common kind where no failed call gave a value."""
    kinds = {t.outcome.error.kind for t in failed if t.outcome.error is not None}
    if all(t.outcome.error is not None for t in failed) and kinds - {"not_attempted"}:
        return FAILURES[worst(kinds)].slug
    return None


# ---- known mistakes


def _exact_known(task, trials, failed):
    """The first known mistake that agrees with every trial, failed and right ones."""
    right = [t for t in trials if t.difference is None]
    return next((m for m in task.mistakes if all(_agrees(task, m, t) for t in (*failed, *right))), None)


def _exact_pair(task, trials, failed):
    """The first two known mistakes that, made together, agree with every trial; where it takes both of them."""
    order = sorted(failed, key=_size) + [t for t in trials if t.difference is None]
    tried = 0
    single = all(_is_single(t.outcome.value) for t in failed)
    for one, other in _pairs([m for m in task.mistakes if single or m.slug != "low-precision"]):
        answer = combined(one, other)
        tried += answer is not None
        if tried > PAIRS:
            return None
        if answer is not None and all(_agrees(task, Mistake("", answer, ""), t, keep=False) for t in order):
            return one, other
    return None


def _is_single(value):
    """Whether all numbers of a result have digits of single precision alone."""
    if isinstance(value, (tuple, list)):
        return all(map(_is_single, value))
    array = np.asarray(value)
    return array.dtype.kind != "f" or bool((array == array.astype(np.float32)).all())


def _pairs(mistakes):
    """All pairs: first those of one implementation, whose order does not matter, then all others in both orders."""
    functions = {m.slug: getattr(m.answer, "function", m.answer) for m in mistakes}
    yield from ((a, b) for a, b in itertools.combinations(mistakes, 2) if functions[a.slug] is functions[b.slug])
    yield from ((a, b) for a, b in itertools.permutations(mistakes, 2) if functions[a.slug] is not functions[b.slug])


def _size(trial):
    """How many numbers the arguments of a trial hold."""
    return count_numbers((trial.case.args, trial.case.kwargs))


def _agrees(task, mistake, trial, keep=True):
    """Whether a known mistake gives what the answer gave; with `keep` its result is remembered with the case."""
    error = trial.outcome.error
    if error is not None and error.kind not in ("raised", "too_large"):
        return False
    if keep:
        value = given(task, mistake, trial.case)
    else:
        value = _given(task, mistake, trial.case)
    if error is not None or isinstance(value, Raised):
        return error is not None and isinstance(value, Raised) and value.agrees_with(error)
    if isinstance(trial.wanted, float):  # a count may be an int in one and a float in the other
        value, got = (float(x) if type(x) is int else x for x in (value, trial.outcome.value))
    else:
        got = trial.outcome.value
    try:
        if trial.difference is not None and task.compare(value, trial.wanted, trial.case) is None:
            return False  # a mistake that makes no difference here does not explain one
    except Exception:
        return False
    return task.judged.alike(task, got, value, trial.case)


def _given(task, mistake, case):
    """What a known mistake gives for a case, `Raised` where it raises or gives more than a report carries."""
    try:
        value = task.value_of(mistake.answer, case)
        if isinstance(value, int):
            probes.plain(value)  # an answer's enormous number is refused, and so is this one
        return value
    except Exception as problem:
        return Raised(type(problem).__name__)


def given(task, mistake, case):
    """What a known mistake gives for a case, worked out once."""
    return case.once(("mistake", mistake.answer), lambda: _given(task, mistake, case))
