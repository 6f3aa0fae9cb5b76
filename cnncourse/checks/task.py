"""What a task is: a reference, labelled cases, points by criterion, and known mistakes as code."""

import hashlib
import inspect
import pickle
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnncourse.checks import probes
from cnncourse.checks.compare import Difference, compare, show
from cnncourse.checks.diagnose import find_mistake, same
from cnncourse.checks.report import TaskReport
from cnncourse.checks.student import Failure, Outcome

# Beyond NumPy and the standard library; a task about PyTorch passes its own list.
BANNED = (
    "torch", "torchvision", "scipy", "skimage", "cv2", "PIL", "sklearn", "jax", "tensorflow", "keras", "numba",
    "pandas", "cupy", "cnncourse",
)  # fmt: skip


class Case:
    """One call that an answer must get right: Case("stride", x, w, stride=2).

    Parameters
    ----------
    criterion : which of the task's criteria this case belongs to; where it is the name of one part of the
        result (`Task.names`), only that part counts
    *args, **kwargs : the arguments of the call; arrays keep their memory layout (Fortran, strided, read-only)
    """

    def __init__(self, criterion, *args, **kwargs):
        self.criterion, self.args, self.kwargs = criterion, args, kwargs
        self.known = {}  # what trusted answers gave for this case, so that each runs once

    def once(self, key, compute):
        """What `compute()` gave the first time that `key` was asked for."""
        if key not in self.known:
            self.known[key] = compute()
        return self.known[key]

    def call_text(self, name):
        """The call as a learner would write it, arrays as <dtype shape>."""
        parts = [show(a) for a in self.args] + [f"{key}={show(value)}" for key, value in self.kwargs.items()]
        return f"{name}({', '.join(parts)})"


@dataclass
class Mistake:
    """A known wrong answer, as code.

    Parameters
    ----------
    slug : short name, words joined by hyphens
    answer : function with the task's signature that makes this mistake
    explanation : what went wrong and how to see it, for the learner
    see : where the lesson explains it: "02#cross-correlation"
    """

    slug: str
    answer: Any
    explanation: str
    see: str = ""


@dataclass
class Trial:
    """One case, what came of it, and how that differs from what was wanted (None where it is right)."""

    case: Case
    outcome: Outcome
    wanted: Any
    difference: Difference | None
    repeated: bool = False


@dataclass
class Task:
    """A function to write, judged on drawn cases against a reference.

    Parameters
    ----------
    id : unit and name, "03.conv2d"; the name is also that of the function
    points : dict from criterion to points
    reference : function that gives the right answer
    cases : function(rng) that yields `Case`s
    mistakes : known mistakes; listed first wins where two explain an answer equally well
    signature : the function's signature as a learner should write it; taken from the reference if empty
    names : names of the parts of a tuple result
    see : where the lesson treats it
    place : order within the unit
    exact_dtype : whether array results must have the reference's dtype exactly
    lists_allowed : whether a flat list of numbers may stand for a 1-D array
    banned : libraries (or "library.function") that an answer must not call
    seconds : time limit for one call
    probe : the probe that makes the call (see `probes`)
    """

    id: str
    points: dict
    reference: Any
    cases: Any
    mistakes: list = field(default_factory=list)
    signature: str = ""
    names: tuple = ()
    see: str = ""
    place: int = 50
    exact_dtype: bool = False
    lists_allowed: bool = False
    banned: tuple = BANNED
    seconds: float = 5.0
    probe: str = "function"
    repeats: int = 3

    def __post_init__(self):
        self.unit, self.name = self.id.split(".", 1)
        self.drawn = {}
        self.signature = self.signature or f"{self.name}{inspect.signature(self.reference)}"

    @property
    def max_score(self):
        """The points of all criteria."""
        return sum(self.points.values())

    def draw(self, seed):
        """The cases of one seed, as a list; the same ones again where they were the last to be drawn."""
        key = int(seed), self.cases
        if key not in self.drawn:
            while len(self.drawn) > 1:  # a seed and its successor are all that one answer needs
                del self.drawn[next(iter(self.drawn))]
            rng = np.random.default_rng([abs(int(seed)), zlib.crc32(self.id.encode())])
            self.drawn[key] = list(self.cases(rng))
        return self.drawn[key]

    def wanted(self, case):
        """What a right answer gives for a case."""
        return case.once(("value", self.reference), lambda: self.value_of(self.reference, case))

    def value_of(self, answer, case):
        """What a trusted answer (reference or known mistake) gives for a case."""
        return run_answer(answer, case)

    def find(self, trials):
        """The `Finding` that explains the failed trials, or None."""
        return find_mistake(self, trials)

    def compare(self, got, wanted, case):
        """Difference between a result and the wanted one, None where it is right."""
        part = self.names.index(case.criterion) if case.criterion in self.names else None
        return compare(
            got, wanted, names=self.names, exact_dtype=self.exact_dtype, lists_allowed=self.lists_allowed, only=part,
            scale=self.scale(case),
        )  # fmt: skip

    def scale(self, case):
        """Results below this size are rounding, seen from the size of the arguments."""
        return 0.01 * _size((case.args, case.kwargs))

    def evaluate(self, student, seed=0):
        """Judge a student's answer on the cases of `seed`.

        Returns
        -------
        TaskReport
        """
        trials, lost = [], {}  # criterion: what became of a call that did not come back
        for case in self.draw(seed):
            if len(lost) >= 2 or case.criterion in lost:
                kind = lost.get(case.criterion) or [*lost.values()][-1]
                trials.append(Trial(case, Outcome(error=Failure(kind)), None, Difference(kind, _NOT_RUN[kind])))
                continue
            trials.append(self.attempt(student, case))
            if _is_stuck(trials[-1]):
                lost[case.criterion] = trials[-1].outcome.error.kind
        if not lost:
            trials += self._repeat(student, trials, seed)
        return TaskReport.from_trials(self, trials, self._explain(trials))

    def _explain(self, trials):
        """The finding; the same answers once more (a notebook loaded in another way) mean the same mistake."""
        if all(t.difference is None for t in trials):
            return self._found(trials)
        given = hashlib.sha256(pickle.dumps([(t.outcome.value, t.outcome.error, t.outcome.changed) for t in trials]))
        return trials[0].case.once(("finding", given.digest()), lambda: self._found(trials))

    def _found(self, trials):
        """An explanation that fails on strange values must not cost anyone their score."""
        try:
            with np.errstate(all="ignore"):
                return self.find(trials)
        except (ArithmeticError, ValueError, TypeError, IndexError, MemoryError):
            return None

    def attempt(self, student, case, wanted=None):
        """Call the answer on one case and compare."""
        if wanted is None:
            wanted = self.wanted(case)
        outcome = student.call(self.name, self.probe, *pack(case), seconds=self.seconds)
        return self.trial(case, outcome, wanted)

    def trial(self, case, outcome, wanted):
        """One case and its outcome, judged."""
        return Trial(case, outcome, wanted, self.judge(outcome, wanted, case))

    def judge(self, outcome, wanted, case):
        """How an outcome differs from what was wanted, None where it is right."""
        if outcome.error is not None:
            return Difference(outcome.error.kind, "")
        if banned := self.banned_calls(outcome):
            return Difference("banned-library", f"It calls {', '.join(banned)}.")
        difference = self.compare(outcome.value, wanted, case)
        if difference is None and outcome.changed:
            return Difference("changes-input", f"It changes its argument {outcome.changed[0]}.")
        return difference

    def banned_calls(self, outcome):
        """The noticed calls that this task does not allow."""
        return [name for name in outcome.used if any(name == b or name.startswith(b + ".") for b in self.banned)]

    def _repeat(self, student, trials, seed):
        """Some of the right calls again, in another order, then the like of them with other values.

        An answer must remember nothing: not how often it was called, and not its results by the arguments' shapes.
        """
        right = [i for i, t in enumerate(trials) if t.difference is None]
        order = [right[k] for k in np.random.default_rng([abs(int(seed)), 1]).permutation(len(right))[: self.repeats]]
        again = [self.attempt(student, trials[i].case, trials[i].wanted) for i in order]
        for trial in again:
            trial.repeated = True
            if trial.difference is not None and trial.outcome.error is None:
                _remembers(trial, "The same call was right before.")
        others = self.draw(int(seed) + 1)
        for i in order if len(others) == len(trials) else ():
            trial = self.attempt(student, others[i])
            stale = trial.difference is not None and same(trial.outcome.value, trials[i].wanted)
            if stale:
                _remembers(trial, "It gives what was right for an earlier call with the same shapes and other values.")
            trial.repeated = stale or trial.difference is None
            again.append(trial)
        return again


def _remembers(trial, sentence):
    text = trial.difference.text
    trial.difference.slug, trial.difference.text = "remembers-calls", f"{sentence} {text[:1].upper()}{text[1:]}"


_NOT_RUN = {
    "timeout": "Not run, because an earlier call took too long.",
    "died": "Not run, because an earlier call ended the process.",
}


def _is_stuck(trial):
    return trial.outcome.error is not None and trial.outcome.error.kind in _NOT_RUN


def _size(value):
    """The largest absolute value in the floating point arrays of an argument: what rounding is relative to."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
        return float(np.abs(value).max())
    if isinstance(value, dict):
        value = list(value.values())
    return max(map(_size, value), default=0.0) if isinstance(value, (list, tuple)) else 0.0


def run_answer(answer, case):
    """Call a trusted answer (reference or known mistake) on a case's arguments as a learner's answer gets them."""
    args, kwargs = probes.unpack(pack(case))
    with np.errstate(all="ignore"):
        return answer(*args, **kwargs)


def pack(case):
    """The arguments of a case as plain values; memory layouts that a pipe would lose are written down."""
    return tuple(_pack(a) for a in case.args), {key: _pack(value) for key, value in case.kwargs.items()}


def _pack(value):
    if isinstance(value, np.ndarray) and value.size > 1:
        layout = None
        if not value.flags.writeable:
            layout = "readonly"
        elif not value.flags.c_contiguous:
            layout = "fortran" if value.flags.f_contiguous else "strided"
        return {"__layout__": layout, "array": np.ascontiguousarray(value)} if layout else value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(_pack(item) for item in value)
    return value
