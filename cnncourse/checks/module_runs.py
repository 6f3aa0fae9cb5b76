"""Running modules with drawn numbers in them: a learner's behind its door, a trusted one beside it.

`observe` runs a learner's module once. `expected` gives what a trusted module gives with the same numbers in the
arrays that play the same parts. Neither knows right from wrong: `modules` compares the two.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial

import numpy as np

from cnncourse.checks.module_arrays import Source, arrays_of, checksum, drawn_state, ranks, statistics
from cnncourse.checks.student import Failure, Outcome
from cnncourse.grading.inside import probes, protocol

# Of a module, whose described arrays need not be there in memory: where its head is free, as many as can be sent.
MOST_ARRAYS, MOST_NUMBERS, MOST_MORE = 2000, protocol.MAX_REQUEST // 4, 10_000_000


@dataclass
class Observation:
    """What one module gave: its arrays, the numbers that were in them, and the results of the runs.

    `first` is a run in training mode with ones in all buffers (None where there are no buffers), `last` the run that is
    judged, `again` the output of one more, in which chance may fall out otherwise, `alone` that for the first
    picture (see `observe`). `idle` arrays have no influence in training mode and no counterpart, such as the bias of a
    convolution in front of a batch norm: they hold zeros. `look` makes the same observation once more, and `experiment`
    one that tells arrays of one shape apart: most need none.
    """

    arrays: list = field(default_factory=list)
    state: dict = field(default_factory=dict)
    first: dict | None = None
    last: dict | None = None
    again: np.ndarray | None = None
    alone: np.ndarray | None = None
    double: bool = True
    idle: frozenset = frozenset()
    look: Callable | None = None
    experiment: Callable | None = None

    @cached_property
    def rank(self):
        """What `ranks` says of the arrays, None where there is no telling."""
        told = self.experiment()
        return told and told[0]

    def __getstate__(self):
        return {**vars(self), "look": None, "experiment": None, "rank": None}  # what was seen, not the way to it


@cache
def ready():
    """Load what PyTorch loads with its first gradient: seconds that should not count as an answer's."""
    import torch

    (2 * torch.zeros(1, requires_grad=True)).backward(torch.ones(1))  # a given gradient loads more than a scalar does


class Door:
    """The way to a learner's module, or to a trusted one: `script(case, steps)` gives an `Outcome`."""

    def __init__(self, call):
        self.call = call

    def script(self, case, steps, **how):
        """Construct the module with the case's arguments and follow the steps; what no module can give is a failure."""
        outcome = self.call(case.args, {**case.kwargs, "script": steps, "example": case.input, **how})
        if outcome.error is None and not _well_formed(steps, outcome.value):
            return Outcome(error=Failure("unsupported_value", "numbers that no module gives"), seconds=outcome.seconds)
        return outcome


def _well_formed(steps, results):
    """Whether each step has a result of its kind, every array in the shape that was described or loaded."""
    shapes = {}
    for step in steps:
        shapes |= {name: array.shape for name, array in step.get("state", {}).items()}
    if not isinstance(results, list) or len(results) != len(steps):
        return False
    if not all(_fits_step(*pair, shapes) for pair in zip(steps, results, strict=True)):
        return False
    runs = [result for step, result in zip(steps, results, strict=True) if step["do"] == "forward"]
    complete = all(shapes.keys() <= run["buffers"].keys() | run["grads"].keys() for run in runs if "grads" in run)
    return complete and all(run["buffers"].keys() == runs[0]["buffers"].keys() for run in runs)


def _fits_step(step, result, shapes):
    if step["do"] == "load":
        return result is None
    if not isinstance(result, dict):
        return False
    if step["do"] == "describe":
        held = [result.get("parameters"), result.get("buffers")]
        return all(isinstance(part, dict) and all(map(_is_shape, part.values())) for part in held)
    if step["do"] == "read":
        return all(isinstance(array, (np.ndarray, int, float, bool)) for array in result.values())
    arrays = [result.get("output"), *(result.get("inputs") or [None])]
    if not all(isinstance(array, np.ndarray) for array in arrays) or arrays[1].shape != step["inputs"][0].shape:
        return False
    return _are_fitting(result.get("buffers"), shapes) and _has_gradients(step, result, shapes)


def _is_shape(pair):
    shape, dtype = pair if isinstance(pair, (tuple, list)) and len(pair) == 2 else (None, None)
    return isinstance(dtype, str) and isinstance(shape, (tuple, list)) and all(isinstance(n, int) for n in shape)


def _are_fitting(arrays, shapes):
    return isinstance(arrays, dict) and all(
        np.shape(array) == shapes.get(name, np.shape(array)) and not isinstance(array, (str, list, dict))
        for name, array in arrays.items()
    )


def _has_gradients(step, result, shapes):
    if step.get("grad_output") is None:
        return True
    grads, grad_inputs = result.get("grads"), result.get("grad_inputs")
    if not isinstance(grads, dict) or not isinstance(grad_inputs, list) or len(grad_inputs) != 1:
        return False
    there = {name: grad for name, grad in grads.items() if grad is not None}
    if step.get("short"):
        return all(isinstance(grad, float) for grad in there.values()) and _is_order(result.get("order"))
    first = grad_inputs[0]
    fits = first is None or (isinstance(first, np.ndarray) and first.shape == step["inputs"][0].shape)
    return fits and _are_fitting(there, shapes)


def _is_order(order):
    return isinstance(order, dict) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2
        and isinstance(pair[0], (list, tuple)) and all(isinstance(name, str) for name in pair[0])
        and isinstance(pair[1], int)
        for pair in order.values()
    )  # fmt: skip


def door_to(answer):
    """The door to a trusted class or function."""
    return Door(lambda args, kwargs: Outcome.from_plain(probes.run(answer, "module", args, kwargs)))


def describe(door, case):
    """The arrays of a module, or the `Outcome` of the attempt to construct it."""
    outcome = door.script(case, [{"do": "describe"}], keep=True)
    return arrays_of(outcome.value[0]) if outcome.error is None else outcome


def observe(door, case, wanted, upstream, double=True, alone=False):
    """Look at one module: an `Outcome` with an `Observation`, even where the module raises.

    Parameters
    ----------
    wanted : the arrays of a right module
    upstream : gradient of the output
    double : whether all is done in float64
    alone : whether the same call is made once more, and in eval mode the first picture is tried alone, too
    """
    arrays = describe(door, case)
    if isinstance(arrays, Outcome):
        return replace(arrays, value=Observation())
    right = [] if isinstance(wanted, Outcome) else wanted
    numbers, theirs = (sum(math.prod(array.shape) for array in side) for side in (arrays, right))
    if len(arrays) > MOST_ARRAYS or numbers > (MOST_NUMBERS if alone else 4 * theirs + MOST_MORE):
        return Outcome(Observation(), Failure("too_large", f"a module of {len(arrays):,} arrays, {numbers:,} numbers"))
    experiment, idle = cache(partial(apart, door, case, arrays, double)), frozenset()
    have, want = (Counter(a.key for a in side if a.learned) for side in (arrays, right))
    if any(have[key] > want[key] for key in have if len(key) < 2):
        _, silent = experiment() or (None, ())
        idle = frozenset(a.name for a in arrays if a.name in silent and len(a.key) < 2 and have[a.key] > want[a.key])
    state = drawn_state(arrays, case) | {a.name: np.zeros(a.shape, np.float32) for a in arrays if a.name in idle}
    outcome = door.script(case, steps_for(case, arrays, state, upstream, double, alone), kept=True)
    look = partial(observe, door, case, wanted, upstream, alone=alone)
    seen = Observation(arrays, state, double=double, idle=idle, look=look, experiment=experiment)
    if outcome.error is None:
        runs = [result for result in outcome.value if result is not None]  # a load gives None
        seen.first = runs.pop(0) if any(not a.learned for a in arrays) else None
        seen.last, (seen.again, seen.alone) = runs[0], ([run["output"] for run in runs[1:]] + [None, None])[:2]
    return replace(outcome, value=seen)


def steps_for(case, arrays, state, upstream, double, alone):
    """Load and run; where there are buffers, first in training mode, by which they can be told apart."""
    inputs = [case.input.astype(np.float64 if double else np.float32)]
    load = {"do": "load", "state": state, "double": double}
    run = {"do": "forward", "inputs": inputs, "training": case.training}
    runs = [run | {"grad_output": upstream}]
    if alone:
        runs.append(run)
        runs += [run | {"inputs": [inputs[0][:1]]}] if not case.training and len(case.input) > 1 else []
    if all(a.learned for a in arrays):
        return [load, *runs]
    ones = {a.name: np.ones(a.shape, np.float32) for a in arrays if not a.learned}
    return [load | {"state": state | ones}, run | {"training": True}, load, *runs]


def apart(door, case, arrays, double=True):
    """`ranks` of a module's arrays, from one run; None where it raises or nothing comes back."""
    training = any(not a.learned for a in arrays)
    state = drawn_state(arrays, case) | {a.name: np.ones(a.shape, np.float32) for a in arrays if not a.learned}
    # Vectors near one: behind a norm each ReLU cuts something off, and without norms no layer is silent by chance.
    state |= {a.name: 1 + 0.05 * np.tanh(state[a.name]) for a in arrays if a.learned and len(a.key) < 2}
    load = {"do": "load", "state": state, "double": double}
    inputs = [case.input.astype(np.float64 if double else np.float32)]
    run = {"do": "forward", "inputs": inputs, "training": training, "grad_output": 3, "short": True}
    outcome = door.script(case, [load, run])
    if outcome.error is not None or not any(outcome.value[1]["grads"].values()):
        return None
    return ranks(arrays, outcome.value[1])


def shapes_of(answer, case):
    """The arrays of a trusted module; an `Outcome` where it cannot be constructed."""
    return case.once(("shapes", answer), lambda: describe(door_to(answer), case))


def drawn_upstream(answer, case):
    """A gradient of the shape of a trusted module's output."""
    step = {"do": "forward", "inputs": [case.input], "training": case.training}
    shape = door_to(answer).script(case, [step]).value[0]["output"].shape
    return np.random.default_rng([1, checksum(case)]).standard_normal(shape).astype(np.float32)


def raises(answer, case):
    """The text of the error that a trusted module raises on a case, or None."""
    step = {"do": "forward", "inputs": [case.input], "training": case.training}
    error = door_to(answer).script(case, [step]).error
    return None if error is None else error.text


def expected(answer, case, seen, assignment, upstream):
    """What an observed module gave and what a trusted one gives with its numbers, named by the latter's arrays.

    Parameters
    ----------
    assignment : dict from the names of the trusted module's parameters to the `Source`s of their numbers (see `fits`)

    Returns
    -------
    (given, wanted), or None where the trusted module raises
    """
    theirs, training = shapes_of(answer, case), {"training": True}
    inputs = [case.input.astype(np.float64 if seen.double else np.float32)]
    learned = {a.name: assignment[a.name].take(seen.state, a.shape) for a in theirs if a.learned}
    run = {"do": "forward", "inputs": inputs, "training": case.training, "grad_output": upstream}
    load = {"do": "load", "state": learned, "double": seen.double}
    door, buffers = door_to(answer), [a for a in theirs if not a.learned]
    sources, key = {}, ("run", answer, seen.double, digest(learned))
    if buffers and seen.first is not None:
        ones = {a.name: np.ones(a.shape, np.float32) for a in buffers}
        steps = [load | {"state": learned | ones}, {"do": "forward", "inputs": inputs} | training]
        first = case.once((*key, "first"), lambda: door.script(case, steps))
        if first.error is not None:
            return None
        sources = _buffer_sources(seen, buffers, first.value[-1]["buffers"])
        taken = {a.name: sources[a.name].take(seen.state, a.shape) for a in buffers if a.name in sources}
        load = load | {"state": learned | ones | taken}
    result = case.once((*key, digest(load["state"])), lambda: door.script(case, [load, run]))
    if result.error is not None:
        return None
    own = {a.name: Source(((a.name, None, None),)) for a in theirs}
    return _named(seen.last, theirs, assignment | sources), _named(result.value[-1], theirs, own)


def digest(state):
    """A fingerprint of numbers: whatever a learner calls them, what comes of them is the same."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(array) for array in state.values())).digest()


def _buffer_sources(seen, buffers, after):
    """By what they hold after a call in training mode; those without a match in the order of definition."""
    mine = {a.name: seen.first["buffers"][a.name] for a in seen.arrays if not a.learned}
    sources = statistics(mine, {a.name: after[a.name] for a in buffers})
    used = {part for source in sources.values() for part, _, _ in source.parts}
    left = [a for a in seen.arrays if not a.learned and a.name not in used]
    for array in buffers:
        other = next((a for a in left if a.key == array.key), None)
        if array.name not in sources and other is not None:
            left.remove(other)
            sources[array.name] = Source(((other.name, None, None),))
    return sources


def _named(result, theirs, sources):
    """The numbers that count, by names that a learner can read."""
    values = {"the output": result["output"]}
    if "grads" in result:
        values["the gradient of the input"] = _or_zeros(result["grad_inputs"][0], result["inputs"][0].shape)
    values["the input after the call"] = result["inputs"][0]
    for array in theirs:
        if array.name not in sources:
            continue
        source = sources[array.name]
        if not array.learned:
            values[f"{array.name} after the call"] = source.take(result["buffers"], array.shape)
        elif "grads" in result:
            values[f"the gradient of {array.name}"] = _or_zeros(source.take(result["grads"], array.shape), array.shape)
    return values


def _or_zeros(array, shape):
    return np.zeros(shape) if array is None else array
