"""Tasks whose answer is a PyTorch module: same numbers in, same outputs, gradients and statistics out.

The answer's arrays are exchanged by name and filled with drawn numbers. What it then gives, and the gradients under
a drawn upstream gradient, are compared with what the reference gives with the same numbers, worked out on this
side. Which array is which is taken from the order of definition, or from the order in which they meet the image (see
`module_arrays`). An answer is right if the numbers agree under any assignment, so nothing need be believed of its
layers.
"""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cnncourse.checks.case import Case
from cnncourse.checks.compare import Difference, compare
from cnncourse.checks.diagnose import Finding, find_mistake
from cnncourse.checks.module_arrays import enough, fits, shapes_difference
from cnncourse.checks.module_door import Door, door_to, ready
from cnncourse.checks.module_runs import apart, drawn_upstream, expected, observe, raises, shapes_of
from cnncourse.checks.module_start import STARTING, start_and_sharing
from cnncourse.checks.observe import Observer
from cnncourse.checks.student import Outcome
from cnncourse.checks.task import Task


def module_task(see, double=True, **judged):
    """A task whose answer is a PyTorch module, tried in float64 or not; the rest are arguments of `SameModule`."""
    return Task(see=see, observe=Modules(double), judged=SameModule(**judged), banned=(), repeats=0, seconds=20.0)


def images(rng, *shape):
    """float32 pictures of noise that is not centred at zero."""
    return (0.3 + rng.standard_normal(shape)).astype(np.float32)


class ModuleCall(Case):
    """One module built, loaded and run: ModuleCall(4, 8, stride=2, input=x, training=True).

    Parameters
    ----------
    *args, **kwargs : the arguments that construct the module
    input : float32 array that goes through it
    training : whether in training mode
    gradients : whether those of the output with respect to everything are compared, too
    """

    differs = alone = None

    def __init__(self, *args, input, training=False, gradients=True, **kwargs):
        super().__init__("", *args, **kwargs)
        self.input, self.training, self.gradients = input, training, gradients

    def judged(self, differs=None):
        """This case, judged in a way of its own (see `SameModule`); all that come from one call are one look."""
        other = copy.copy(self)
        other.differs = differs
        return other

    def judged_alone(self, alone):
        """This case, judged by function(case, output) → what that output should be: for widths of 1, where a matrix and
        a bias have as many numbers, so that nothing tells which array is which."""
        self.alone = alone
        return self

    def call_text(self, name, reference=None):
        """The construction, the input and the mode."""
        mode = "training" if self.training else "eval"
        return f"{super().call_text(name)} on <{self.input.dtype} {self.input.shape}>, in {mode} mode"


@dataclass
class Modules(Observer):
    """Observes a module that is built, filled with drawn numbers and run (see `module_runs.Observation`)."""

    double: bool = True
    needs_torch = True
    test_seeds = 4

    def together(self, task, student, cases):
        """Cases that are one look (see `ModuleCall.judged`)."""
        looks = {}
        for i, case in enumerate(cases):
            looks.setdefault(id(case.known), []).append(i)
        found = {}
        for same in looks.values():
            if len(same) > 1:
                outcome = self.outcome(task, student, cases[same[0]])
                found |= {i: task.trial(cases[i], outcome, None) for i in same}
        return found

    def outcome(self, task, student, case):
        """What the learner's module gives."""
        ready()
        shapes, upstream = task.judged.shapes(task.reference, case), upstream_of(task, case)
        door, alone = door_of(task, student), task.judged.part is not None
        outcome = observe(door, case, shapes, upstream, self.double, alone)
        if self.double and outcome.error is not None and outcome.error.kind == "raised":
            single = observe(door, case, shapes, upstream, double=False, alone=alone)  # perhaps it makes float32 arrays
            outcome = outcome if single.error is not None else single
        return outcome

    def further(self, task, student, trials):
        """Where all is right: does it start well, and do two objects keep apart?"""
        if any(t.difference is not None for t in trials):
            return []
        largest = max(trials, key=lambda t: len(t.outcome.value.arrays))
        case, seen = largest.case, largest.outcome.value
        return [(case, start_and_sharing(door_of(task, student), case, seen.arrays, seen.state, seen.double))]


def door_of(task, student):
    """The way to the learner's module."""
    return Door(lambda args, kwargs: student.call(task.name, "module", args, kwargs, seconds=task.seconds))


def upstream_of(task, case):
    """A drawn gradient of the right output's shape, None where gradients are not compared."""
    return case.once("upstream", lambda: drawn_upstream(task.reference, case)) if case.gradients else None


def numbers_differ(answer, case, seen, assignment, upstream):
    """How an observed module's numbers differ from those of a trusted one that holds the same: a Difference or None."""
    difference = None
    for watched in (False,) if all(a.learned for a in seen.arrays) else (False, True):
        pair = expected(answer, case, seen, assignment, upstream, watched)
        if pair is None:
            return Difference("raises", "")
        difference = compare(*pair)
        if difference is None:
            return None
        difference.given, difference.right = pair
    return difference


def alone_differs(case, output):
    """How an output differs from what its case makes of it (see `ModuleCall.judged_alone`): a Difference or None."""
    wanted = case.alone(case, output)
    difference = compare(output, wanted)
    if difference:
        difference.given, difference.right = output, wanted
    return difference


def layers_differ(answer, case, seen, assignment, upstream):
    """The arrays alone: where there is an assignment, they are those of the trusted module."""
    return None


@dataclass
class SameModule:
    """The module must do what the reference does with the same numbers.

    Parameters
    ----------
    alternatives : other right constructions; an answer is right if it equals the reference or one of them
    differs : function(trusted answer, case, seen, assignment, upstream) → Difference or None
    part : function(trusted answer) → function that constructs the part whose arrays are assigned; those of the rest are
        the learner's choice
    """

    alternatives: tuple = ()
    differs: Callable = numbers_differ
    part: Callable | None = None
    has_wanted = exact_dtype = lists_allowed = False

    def shapes(self, answer, case):
        """The arrays of a trusted module that must be assigned; an Outcome where it cannot be constructed."""
        return shapes_of(self._counted(answer), case)

    def difference(self, task, seen, wanted, case):
        """How an observed module differs from every right one, None where it equals one of them."""
        if case.alone:
            return alone_differs(case, seen.last["output"])
        differs = case.differs or self.differs
        difference = self._difference(task, seen, case, differs)
        by_chance = difference is not None and _distance(difference) < 0.5  # in float32 a ReLU may open so
        if by_chance and not (seen.double or task.observe.double):
            exact = seen.look(double=True)
            if exact.error is None:
                seen.become(exact.value)
                difference = self._difference(task, seen, case, differs)
        if difference is not None and seen.double and _distance(difference) < 0.01:
            single = seen.look(double=False)  # perhaps it makes float32 arrays
            if single.error is None and self._difference(task, single.value, case, differs) is None:
                return None
        return difference

    def _difference(self, task, seen, case, differs):
        """The smallest difference from any right module under any assignment."""
        differences = []
        for answer in (task.reference, *self.alternatives):
            for assignment in self._assignments(answer, seen, case):
                differences.append(differs(answer, case, seen, assignment, upstream_of(task, case)))
                if differences[-1] is None:
                    return None
        if differences:
            return min(differences, key=_distance)
        return shapes_difference(seen.arrays, self.shapes(task.reference, case))

    def _assignments(self, answer, seen, case):
        """The ways of assigning the observed arrays to those of a trusted module."""
        theirs = self.shapes(answer, case)
        if isinstance(theirs, Outcome):
            return
        mine, tried = [a for a in seen.arrays if a.name not in seen.idle], []
        for ranked in (False, True):
            rank = seen.rank if ranked else None
            their_rank = rank_of(self._counted(answer), case, seen.double) if rank else None
            if ranked and not their_rank:
                return
            for assignment in fits(enough(mine, theirs, rank) if self.part else mine, theirs, rank, their_rank):
                if assignment not in tried:
                    tried.append(assignment)
                    yield assignment

    def _counted(self, answer):
        return self.part(answer) if self.part else answer

    def find(self, task, trials):
        """The known mistake that gives the same in all cases that were run, else what the arrays show."""
        slugs = [t.difference.slug for t in trials if t.difference is not None]
        if not slugs or set(slugs) <= {"not_attempted", "missing"}:
            return None
        seen = [t for t in trials if t.outcome.value is not None and not t.repeated and not t.case.alone]
        seen.sort(key=lambda t: t.case.gradients)  # a run without them takes a third of the time
        for mistake in task.mistakes if seen and not set(slugs) & set(STARTING) else ():
            if all(self._same(task, mistake.answer, t) for t in seen):
                return Finding(mistake.slug, mistake.explanation, mistake.see or task.see)
        own = next((m for m in task.mistakes if m.slug == slugs[0]), None)
        text = own.explanation if own else STARTING.get(slugs[0])
        return Finding(slugs[0], text, (own and own.see) or task.see) if text else general_finding(task, trials)

    def _same(self, task, answer, trial):
        """Whether a known mistake gives what was observed: the same numbers, or from the same arrays an error, too."""
        case, seen, error = trial.case, trial.outcome.value, trial.outcome.error
        theirs = shapes_of(answer, case)
        if error is None:
            upstream = upstream_of(task, case)
            assignments = self._assignments(answer, seen, case)
            found = (self.differs(answer, case, seen, assignment, upstream) for assignment in assignments)
            return any(difference is None or difference.slug == "low-precision" for difference in found)
        if error.kind != "raised" or isinstance(theirs, Outcome):
            return error.kind == "raised" and not seen.arrays and isinstance(theirs, Outcome)
        alike = sorted(a.key for a in seen.arrays) == sorted(a.key for a in theirs)
        own = case.once(("raises", answer), lambda: raises(answer, case)) if alike else None
        return own is not None and _sense(own) == _sense(error.text)


def _sense(text):
    """What an error says, its sizes left out (but not its dimensions): two modules may fail at different layers."""
    return re.sub(r"(?<!dimension )\b\d+\b", "#", text.partition("\n")[0])


def _distance(difference):
    """How far the arrays of a difference are apart, as a share of their size; infinity where there are none."""
    got, wanted = difference.got, difference.wanted
    if got is None or wanted is None or got.shape != wanted.shape or not wanted.any():
        return np.inf
    return float(np.nan_to_num(np.abs(got - wanted).max() / np.abs(wanted).max(), nan=np.inf))


def rank_of(answer, case, double):
    """`ranks` of a trusted module's arrays, None where it raises."""
    told = case.once(("rank", answer, double), lambda: apart(door_to(answer), case, shapes_of(answer, case), double))
    return told and told[0]


def general_finding(task, trials):
    """What can be said of failed trials that no known mistake explains, from the values that first disagreed."""
    plain = [
        replace(t, outcome=Outcome(t.difference.given, t.outcome.error), wanted=t.difference.right)
        for t in trials if t.difference is not None
    ]  # fmt: skip
    return find_mistake(replace(task, mistakes=[]), plain)
