"""Looking at an answer to 10.LeNet5 once, for all criteria."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cnncourse.checks.module_arrays import arrays_of, draw
from cnncourse.checks.module_door import ready
from cnncourse.checks.module_start import start_and_sharing
from cnncourse.checks.modules import door_of
from cnncourse.checks.observe import Observer
from cnncourse.checks.tasks.u10._lenet_follow import follow


@dataclass
class Seen:
    """What one LeNet gave: its arrays, the numbers in them, and the results of the runs, in float64 where it can."""

    arrays: list
    numbers: dict
    results: list
    images: np.ndarray
    double: bool

    @cached_property
    def problems(self):
        """{criterion: (slug, sentence)}; a criterion that is not there is right."""
        return follow(self.arrays, self.numbers, self.results, self.images, 1e-5 if self.double else 3e-3)


def problem(case, seen):
    """None, or (slug, sentence)."""
    return seen.problems.get(case.criterion)


@dataclass
class Looks(Observer):
    """Observes one network filled with drawn numbers, for all cases: they show the same images."""

    needs_torch = True

    def together(self, task, student, cases):
        """One look for all."""
        ready()
        outcome = look(door_of(task, student), cases[0])
        return {i: task.trial(case, outcome, task.wanted(case)) for i, case in enumerate(cases)}

    def further(self, task, student, trials):
        """Where all is right: does it start well, and do two objects keep apart?"""
        if any(t.difference is not None for t in trials):
            return []
        case, seen = trials[0].case, trials[0].outcome.value
        return [(case, start_and_sharing(door_of(task, student), case, seen.arrays, seen.numbers, seen.double))]


def look(door, case):
    """Fill the answer's arrays with drawn numbers and run it: an `Outcome` with what was `Seen`."""
    images = case.input
    described = door.script(case, [{"do": "describe"}, {"do": "read"}], keep=True)
    if described.error is not None:
        return described
    arrays, start = arrays_of(described.value[0]), described.value[1]
    rng = np.random.default_rng(int(abs(images[0]).sum() * 1e6) % 2**32)
    state = {a.name: s for a, s in zip(arrays, draw(arrays, rng).values(), strict=True) if a.learned}
    numbers = {a.name: start[a.name] for a in arrays} | state  # buffers stay: masks, codes
    outcome = door.script(case, script(numbers, images, double=True), kept=True)
    double = outcome.error is None
    if not double:
        outcome = door.script(case, script(numbers, images, double=False))
    if outcome.error is not None:
        return outcome
    return replace(outcome, value=Seen(arrays, numbers, outcome.value[1:], images, double))


def script(numbers, images, double):
    """The whole batch twice, one image alone, training mode, and each image's gradients by themselves."""
    images = images.astype(np.float64 if double else np.float32)
    forward = {"do": "forward", "inputs": [images]}
    steps = [{"do": "load", "state": numbers, "double": double}, forward, forward]
    steps += [{"do": "forward", "inputs": [images[:1]]}, forward | {"training": True}]
    steps.append({"do": "load", "state": numbers})
    for n in range(len(images)):
        upstream = np.zeros((len(images), 10))
        upstream[n] = np.random.default_rng(n).uniform(0.5, 1.5, 10) * (-1) ** np.arange(10)
        steps.append(forward | {"grad_output": upstream})
    return steps
