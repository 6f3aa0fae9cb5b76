"""Tasks whose answer is a PyTorch module: same numbers in, same outputs, gradients and statistics out.

The answer's arrays are exchanged by name and filled with drawn numbers. What it then gives, and the gradients under
a drawn upstream gradient, are compared with what the reference gives with the same numbers, worked out on this
side. Which array is which is first taken from the order of definition; if the numbers then disagree, it is found by
experiment (see `module_arrays`). An answer is right if the numbers agree under any assignment, so nothing need be
believed of its layers.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cnncourse.checks.compare import Difference
from cnncourse.checks.diagnose import Finding, find_mistake, same
from cnncourse.checks.module_arrays import enough, fits, shapes_difference
from cnncourse.checks.module_runs import (
    Door,
    Observation,
    apart,
    describe,
    door_to,
    drawn_upstream,
    expected,
    observe,
    raises,
    ready,
    shapes_of,
)
from cnncourse.checks.student import Outcome
from cnncourse.checks.task import Case, Task, Trial


class ModuleCase(Case):
    """One module built, loaded and run: ModuleCase("training", 4, 8, stride=2, input=x, training=True).

    Parameters
    ----------
    criterion, *args, **kwargs : as for `Case`; the arguments construct the module
    input : float32 array that goes through it
    training : whether in training mode
    backward : whether gradients are compared too, under a drawn upstream gradient
    small : a smaller input for the experiments that tell arrays apart; the input itself where it is None
    """

    def __init__(self, criterion, *args, input, training=False, backward=True, small=None, **kwargs):
        super().__init__(criterion, *args, **kwargs)
        self.input, self.training, self.backward = input, training, backward
        self.small = input if small is None else small

    def call_text(self, name, reference=None):
        """The construction, the input and the mode."""
        mode = "training" if self.training else "eval"
        return f"{super().call_text(name)} on <{self.input.dtype} {self.input.shape}>, in {mode} mode"


@dataclass
class ModuleTask(Task):
    """A PyTorch module to write. `reference` is a class or function that builds a right one.

    Further parameters
    ------------------
    alternatives : other right constructions; an answer is right if it equals the reference or one of them
    compared : function(answer, case, seen, assignment, upstream) → (given, wanted), what is compared of an observed
        module and a trusted one; None where the trusted one raises
    part : function(answer) → function that constructs the part of a trusted module whose arrays are assigned; the
        arrays of the rest are the learner's choice
    otherwise : function(trials) → slug of a known mistake that shows although it gives no numbers to compare, or None
    test_seeds : on how many seeds the course's own tests try each known mistake
    """

    probe: str = "module"
    banned: tuple = ()
    repeats: int = 0
    seconds: float = 20.0
    alternatives: tuple = ()
    compared: Callable = expected
    part: Callable | None = None
    otherwise: Callable = lambda trials: None
    test_seeds: int = 4

    def __post_init__(self):
        super().__post_init__()
        self.known = Trusted()

    def attempt(self, student, case, wanted=None):
        """Build the answer, run it with drawn numbers, and compare with each right construction."""
        ready()
        door = self._door(student)
        arrays = describe(door, case)
        if isinstance(arrays, Outcome):
            return _failed(case, Observation(arrays))
        trial = self._tried(door, case, arrays, double=True)
        if trial.difference is not None and trial.difference.slug in ("raised", "low-precision"):
            trial = self._tried(door, case, arrays, double=False)  # perhaps it makes float32 arrays, whatever comes in
        return trial

    def _tried(self, door, case, arrays, double):
        """One trial, with the arrays in the order of definition, then told apart by experiment."""
        seen = observe(door, case, arrays, self._upstream(case), double)
        if seen.outcome.error is not None:
            return _failed(case, seen)
        trial = self._compared(seen, case)
        told = apart(door, case, arrays) if trial.difference is not None and self._may_fit(arrays, case) else None
        if told is None:
            return trial
        rank, idle = told
        if idle := self._surplus(arrays, case, idle):
            seen = observe(door, case, arrays, self._upstream(case), double, idle)
            if seen.outcome.error is not None:
                return trial
        seen.rank = rank
        return self._compared(seen, case)

    def _repeat(self, student, trials, seed):
        """Two objects of one construction at once: do they start well, and does each keep its own numbers?"""
        case, right = trials[0].case, [t for t in trials if t.difference is None]
        if len(right) < len(trials):
            return []
        door, seen = self._door(student), right[0].observed
        arrays, state = seen.arrays, seen.state
        others = {name: -values for name, values in state.items()}
        steps = [
            {"do": "describe"}, {"do": "read"},
            {"do": "describe", "object": 1},
            {"do": "load", "state": state}, {"do": "load", "state": others, "object": 1}, {"do": "read"},
        ]  # fmt: skip
        outcome = door.script(case, steps)
        if outcome.error is not None:
            return [_failed(case, Observation(outcome, arrays))]
        problem = starting_problem(arrays, outcome.value[1]) or sharing_problem(state, outcome.value[-1])
        return [Trial(case, Outcome(problem), None, Difference(*problem) if problem else None, repeated=True)]

    def _door(self, student):
        return Door(lambda args, kwargs: student.call(self.name, self.probe, args, kwargs, seconds=self.seconds))

    def _right(self):
        return (self.reference, *self.alternatives)

    def _may_fit(self, arrays, case):
        """Whether the answer learns at least as many numbers as some right one."""
        return any(_count(arrays) >= _count(self._shapes(answer, case)) for answer in self._right())

    def _surplus(self, arrays, case, idle):
        """The idle vectors of those lengths of which there are more than wanted."""
        wanted = Counter(a.key for a in self._shapes(self.reference, case) if a.learned)
        have = Counter(a.key for a in arrays if a.learned)
        return frozenset(a.name for a in arrays if a.name in idle and len(a.key) < 2 and have[a.key] > wanted[a.key])

    def _compared(self, seen, case):
        """The trial of an observation: right under the first assignment that makes all numbers agree."""
        first = None
        for answer in self._right():
            for given, wanted in self._pairs(answer, seen, case):
                outcome = Outcome(given, seconds=seen.outcome.seconds)
                trial = ModuleTrial(case, outcome, wanted, self.compare(given, wanted, case), observed=seen)
                if trial.difference is None:
                    return trial
                first = first or trial
        if first:
            return first
        difference = shapes_difference(seen.arrays, self._shapes(self.reference, case))
        given = {"the shapes": str([a.shape for a in seen.arrays]), "the output": seen.last["output"]}
        return ModuleTrial(case, Outcome(given), None, difference, observed=seen)

    def _pairs(self, answer, seen, case):
        """(given, wanted) for each way of assigning the observed arrays to those of a trusted module."""
        theirs = self._shapes(answer, case)
        if isinstance(theirs, Outcome):
            return
        orders = [(None, None)]
        if seen.rank:
            orders.append((seen.rank, self.known.rank(self._counted(answer), case)))
        for rank, their_rank in orders:
            if rank and not their_rank:
                continue
            mine = [a for a in seen.arrays if a.name not in seen.idle]
            for assignment in fits(enough(mine, theirs, rank) if self.part else mine, theirs, rank, their_rank):
                pair = self.compared(answer, case, seen, assignment, self._upstream(case))
                if pair is not None:
                    yield pair

    def _counted(self, answer):
        """The constructor of what counts of a trusted answer."""
        return self.part(answer) if self.part else answer

    def _shapes(self, answer, case):
        return shapes_of(self._counted(answer), case)

    def _upstream(self, case):
        """A drawn gradient of the output's shape, or None."""
        if not case.backward:
            return None
        return case.once("upstream", lambda: drawn_upstream(self.reference, case))

    def value_of(self, answer, case):
        """Nothing can be wanted before an answer's numbers are known."""
        return None

    def _explain(self, trials):
        """Explained afresh for each answer: the values of a trial do not hold all that was observed."""
        return self._found(trials)

    def find(self, trials):
        """The known mistake that gives the same in all cases that were run, else what the arrays show."""
        if all(t.difference is None for t in trials):
            return None
        seen = [t for t in trials if isinstance(t, ModuleTrial)]
        for mistake in self.mistakes if seen else ():
            if all(self._same(mistake.answer, t) for t in seen):
                return Finding(mistake.slug, mistake.explanation, mistake.see or self.see)
        slug = self.otherwise(trials) or next(t.difference.slug for t in trials if t.difference is not None)
        if slug in STARTING:
            return Finding(slug, STARTING[slug], self.see)
        own = next((m for m in self.mistakes if m.slug == slug), None)
        return Finding(slug, own.explanation, own.see or self.see) if own else general_finding(self, trials)

    def _same(self, answer, trial):
        """Whether a known mistake gives what was observed: the same numbers, or from the same arrays an error, too."""
        case, seen, error = trial.case, trial.observed, trial.outcome.error
        theirs = shapes_of(answer, case)
        if error is None:
            scale = self.scale(case)
            return any(same(given, wanted, scale=scale) for given, wanted in self._pairs(answer, seen, case))
        if error.kind != "raised" or isinstance(theirs, Outcome):
            return error.kind == "raised" and not seen.arrays and isinstance(theirs, Outcome)
        alike = sorted(a.key for a in seen.arrays) == sorted(a.key for a in theirs)
        return alike and case.once(("raises", answer), lambda: raises(answer, case))


STARTING = {
    "filters-equal": "All filters of a layer start with the same numbers. Then all learn the same: their gradients are "
    "equal, too. Start from random numbers, as PyTorch's layers do.",
    "shared-between-objects": "Two objects of the class hold the same parameters: what is loaded into one changes the "
    "other. Make the layers inside the constructor, not once outside.",
}


def starting_problem(arrays, start):
    """(slug, sentence) where a layer's filters are equal to one another at the start."""
    for array in arrays:
        rows = start[array.name].reshape(array.shape[0] if array.shape else 1, -1)
        if array.learned and len(array.key) > 2 and len(rows) > 1 and rows.any() and (rows == rows[0]).all():
            return "filters-equal", f"All {len(rows)} filters of {array.name} start with the same numbers."
    return None


def sharing_problem(loaded, read):
    """(slug, sentence) where numbers loaded into one object have changed another."""
    for name, values in loaded.items():
        if not np.allclose(read[name], values, rtol=1e-5, atol=0):
            return "shared-between-objects", f"What is loaded into {name} of one object changes that of another."
    return None


@dataclass
class ModuleTrial(Trial):
    """A trial and what was observed in it."""

    observed: Observation | None = None


class Trusted:
    """What is known of trusted modules whatever their numbers are: how their arrays are told apart."""

    def __init__(self):
        self.ranks = {}

    def rank(self, answer, case):
        """`ranks` of a trusted module's arrays, None where it raises."""
        key = answer, repr((case.args, case.kwargs)), case.small.shape
        if key not in self.ranks:
            told = apart(door_to(answer), case, shapes_of(answer, case))
            self.ranks[key] = told and told[0]
        return self.ranks[key]


def _failed(case, seen):
    return ModuleTrial(case, seen.outcome, None, Difference(seen.outcome.error.kind, ""), observed=seen)


def _count(arrays):
    return sum(int(np.prod(a.shape)) for a in arrays if a.learned)


def general_finding(task, trials):
    """What can be said of failed trials that no known mistake explains."""
    return find_mistake(replace(task, mistakes=[]), trials)
