"""What a task is: a right answer, criteria that draw cases, known mistakes; how it is observed and judged."""

import hashlib
import inspect
import pickle
import zlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cnncourse.checks.case import Case, count_numbers, pack, run_answer
from cnncourse.checks.compare import TOLERANCE, Difference
from cnncourse.checks.failures import FAILURES
from cnncourse.checks.judge import Values
from cnncourse.checks.memory import call_again, notice_stale
from cnncourse.checks.mistakes import Mistake, WrongAnswer, sentence_of, slug_of
from cnncourse.checks.observe import Calls
from cnncourse.checks.report import TaskReport
from cnncourse.checks.student import Failure, Outcome
from cnncourse.grading.inside.values import SCALARS

__all__ = ["Case", "Mistake", "Task", "Trial", "pack", "run_answer"]  # older task files import them from here

# Beyond NumPy and the standard library.
BANNED = (
    "torch", "torchvision", "scipy", "skimage", "cv2", "PIL", "sklearn", "jax", "tensorflow", "keras", "numba",
    "pandas", "cupy", "cnncourse",
)  # fmt: skip

MAX_NUMBERS = 1_000_000  # beyond four times the right ones: a result of more is not looked at
TORCH_ALLOWED = tuple(name for name in BANNED if name not in ("torch", "torchvision"))  # where it may be used


@dataclass
class Trial:
    """One case, what came of it, and how that differs from what was wanted (None where it is right)."""

    case: Case
    outcome: Outcome
    wanted: Any
    difference: Difference | None
    repeated: bool = False


@dataclass(repr=False)
class Task:
    """A function to write, judged on drawn cases.

    A task file makes one and gives it a right answer, criteria and mistakes by the decorators `right`, `criterion` and
    `mistake`; the id follows from the file. `tasks/u02/sobel_magnitude.py` is an example.

    Parameters
    ----------
    see : section of the unit's lesson that treats it ("03#Stride" names another lesson)
    names : names of the parts of a tuple result; a criterion called like one of them looks at that part only
    observe, judged : what is looked at, and how it is judged (see `observe` and `judge`)
    exact_dtype, lists_allowed : see `judge.Values`
    banned : libraries (or "library.function") that an answer must not call
    seconds : time limit for one call
    repeats : how many right calls are made once more, with other values; 0 where keeping something is allowed
    new_arrays : names of arguments that no result may share memory with, because the exercise asks for new arrays
    """

    id: str = ""
    points: dict = field(default_factory=dict)
    reference: Any = None
    cases: Any = None
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
    new_arrays: tuple = ()
    observe: Any = None
    judged: Any = None
    precision: str = ""  # the criterion that arithmetic in float32 costs; elsewhere such values count as right
    criteria: dict = field(default_factory=dict)  # name: (sentence, function(rng) that yields calls)

    def __post_init__(self):
        self.unit, _, self.name = self.id.partition(".")
        self.drawn = {}
        self.cases = self.cases or self._cases
        self.observe = self.observe or Calls(self.probe)
        self.judged = self.judged or Values(self.exact_dtype, self.lists_allowed)
        self.names = self.names or ()
        if self.reference is not None:
            self.signature = self.signature or f"{self.name}{inspect.signature(self.reference)}"

    def __repr__(self):
        return f"<{type(self).__name__} {self.id}>"

    # ---- how a task file builds it

    def right(self, reference):
        """Decorator: this is the right answer; the task is called like it, in the unit of its file."""
        self.reference = reference
        self.unit, self.name = reference.__module__.split(".")[-2].removeprefix("u"), reference.__name__
        self.id = f"{self.unit}.{self.name}"
        self.signature = f"{self.name}{inspect.signature(reference)}"
        self.see = self._section(self.see)
        return reference

    def criterion(self, points, name=None):
        """Decorator for a function(rng) that yields the calls of one criterion.

        The function's name says what is judged, its docstring says it to the learner in a sentence.
        """

        def add(function):
            title = name or function.__name__.replace("_", " ")
            self.points[title] = points
            self.criteria[title] = sentence_of(function), function
            return function

        return add

    def mistake(self, function=None, *, see=""):
        """Decorator for a wrong answer (see `mistakes.WrongAnswer`): name and docstring are slug and explanation."""
        if function is None:
            return lambda function: self.mistake(function, see=see)
        self.add_mistake(slug_of(function), function, sentence_of(function), see=see)
        return function

    def options(self, function, table):
        """Mistakes of one implementation: {slug: (options that make `function` go wrong, explanation[, see])}."""
        for slug, (options, explanation, *see) in table.items():
            self.add_mistake(slug, function, explanation, options, *see)

    def add_mistake(self, slug, function, explanation, options=None, see=""):
        """Add one mistake; families use this."""
        if self.reference is None:
            raise TypeError(f"{slug}: the right answer (@task.right) must come before the mistakes")
        answer = WrongAnswer(function, self.reference, options or {})
        self.mistakes.append(Mistake(slug, answer, explanation, self._section(see)))

    def parameters(self):
        """The names of the arguments."""
        return inspect.signature(self.reference).parameters

    def _section(self, see):
        return see if not see or "#" in see else f"{self.unit}#{see}"

    def _cases(self, rng):
        for name, (_, function) in self.criteria.items():
            for call in function(rng):
                call.criterion = name
                yield call

    # ---- how it is judged

    @property
    def max_score(self):
        """The points of all criteria."""
        return sum(self.points.values())

    def draw(self, seed):
        """The cases of one seed, as a list; the same ones again where they were the last to be drawn."""
        key = int(seed)
        if key not in self.drawn:
            while len(self.drawn) > 1:  # a seed and its successor are all that one answer needs
                del self.drawn[next(iter(self.drawn))]
            rng = np.random.default_rng([abs(int(seed)), zlib.crc32(self.id.encode())])
            self.drawn[key] = list(self.cases(rng))
        return self.drawn[key]

    def wanted(self, case):
        """What a right answer gives for a case."""
        if not self.judged.has_wanted:
            return None
        return case.once(("value", self.reference), lambda: self.value_of(self.reference, case))

    def value_of(self, answer, case):
        """What a trusted answer (reference or known mistake) gives for a case."""
        return self.observe.trusted(answer, case)

    def find(self, trials):
        """The `Finding` that explains the failed trials, or None."""
        return self.judged.find(self, trials)

    def compare(self, got, wanted, case):
        """Difference between a result and the wanted one, None where it is right."""
        return self.judged.difference(self, got, wanted, case)

    def scale(self, case):
        """Results below this size are rounding, seen from the size of the arguments."""
        return TOLERANCE["scale"] * case.once("size", lambda: _size((case.args, case.kwargs)))

    def evaluate(self, student, seed=0):
        """Judge a student's answer on the cases of `seed`.

        Returns
        -------
        TaskReport
        """
        trials, cases = [], self.draw(seed)
        ready = self.observe.together(self, student, cases)
        # By criterion, what became of a call that did not come back.
        lost = {trial.case.criterion: trial.outcome.error.kind for trial in ready.values() if _is_stuck(trial)}
        for index, case in enumerate(cases):
            if index in ready:
                trials.append(ready[index])
            elif len(lost) >= 2 or case.criterion in lost:
                kind = lost.get(case.criterion) or [*lost.values()][-1]
                trials.append(Trial(case, Outcome(error=Failure(kind)), None, Difference(kind, FAILURES[kind].not_run)))
                continue
            else:
                trials.append(self.attempt(student, case))
            if _is_stuck(trials[-1]):
                lost[case.criterion] = trials[-1].outcome.error.kind
        notice_stale(trials)
        if not lost:
            trials += call_again(self, student, trials, seed, ready)
            for case, (outcome, difference) in self.observe.further(self, student, trials):
                trials.append(Trial(case, outcome, None, difference, repeated=True))
        return TaskReport.from_trials(self, trials, self._explain(trials))

    def _explain(self, trials):
        """The finding; the same answers once more (a notebook loaded in another way) mean the same mistake."""
        if all(t.difference is None for t in trials):
            return self._found(trials)
        slugs = [t.difference and t.difference.slug for t in trials]
        seen = [(t.outcome.value, t.outcome.error, t.outcome.changed) for t in trials]
        given = hashlib.sha256(pickle.dumps((slugs, seen)))
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
        return self.trial(case, self.observe.outcome(self, student, case), wanted)

    def trial(self, case, outcome, wanted):
        """One case and its outcome, judged; a result that is far too large is not kept."""
        numbers = count_numbers(outcome.value)
        if self.judged.has_wanted and numbers > 4 * count_numbers(wanted) + MAX_NUMBERS:
            outcome = replace(outcome, value=None, error=Failure("too_large", f"{numbers:,} numbers"))
        return Trial(case, outcome, wanted, self.judge(outcome, wanted, case))

    def judge(self, outcome, wanted, case):
        """How an outcome differs from what was wanted, None where it is right."""
        if outcome.error is not None:
            return Difference(outcome.error.kind, "")
        if banned := self.banned_calls(outcome):
            return Difference("banned-library", f"It calls {', '.join(banned)}.")
        changed = outcome.changed and not self.judged.has_wanted  # later draws have started from the changed argument
        difference = None if changed else self.compare(outcome.value, wanted, case)
        if difference is None and outcome.changed:
            return Difference("changes-input", f"It changes its argument {outcome.changed[0]}.")
        return difference

    def banned_calls(self, outcome):
        """The noticed calls that this task does not allow."""
        return [name for name in outcome.used if any(name == b or name.startswith(b + ".") for b in self.banned)]


def _is_stuck(trial):
    return trial.outcome.error is not None and bool(FAILURES[trial.outcome.error.kind].not_run)


def _size(value):
    """The largest absolute value in the floating point arrays of an argument: what rounding is relative to."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
        return float(np.abs(value).max())
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, (list, tuple)):
        return 0.0
    return max((_size(item) for item in value if type(item) not in SCALARS), default=0.0)
