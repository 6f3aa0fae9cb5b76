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
from cnncourse.checks.module_door import door_to
from cnncourse.checks.student import Failure, Outcome
from cnncourse.grading.inside import protocol

# Of a module, whose described arrays need not be there in memory: where its head is free, as many as can be sent.
MOST_ARRAYS, MOST_NUMBERS, MOST_MORE = 2000, protocol.MAX_REQUEST // 4, 10_000_000


@dataclass
class Observation:
    """What one module gave: its arrays, the numbers that were in them, and the results of the runs.

    `last` is the run that is judged, `again` the output of one more, in which chance may fall out otherwise, `alone`
    that for the first picture (see `observe`). `idle` arrays have no influence in training mode and no counterpart,
    such as the bias of a convolution in front of a batch norm: they hold zeros. `look` makes the same observation once
    more. Two further experiments, `order` and `training`, tell arrays of one shape apart; most answers need neither.
    """

    arrays: list = field(default_factory=list)
    state: dict = field(default_factory=dict)
    last: dict | None = None
    again: np.ndarray | None = None
    alone: np.ndarray | None = None
    double: bool = True
    idle: frozenset = frozenset()
    look: Callable | None = None
    order: Callable | None = None
    training: Callable | None = None

    @cached_property
    def rank(self):
        """`ranks` of the arrays, None where there is no telling."""
        told = self.order()
        return told and told[0]

    @cached_property
    def first(self):
        """The buffers after a call in training mode with ones in all of them, None where it raises."""
        return self.training()

    def become(self, other):
        """Be another observation of the same module."""
        vars(self).clear()
        vars(self).update(vars(other))

    def __getstate__(self):
        way = dict.fromkeys(("look", "order", "training", "rank", "first"))
        return {**vars(self), **way}  # what was seen, not the way to it


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
    order, idle = cache(partial(apart, door, case, arrays, double)), frozenset()
    have, want = (Counter(a.key for a in side if a.learned) for side in (arrays, right))
    if any(have[key] > want[key] for key in have if len(key) < 2):
        _, silent = order() or (None, ())
        idle = frozenset(a.name for a in arrays if a.name in silent and len(a.key) < 2 and have[a.key] > want[a.key])
    state = drawn_state(arrays, case) | {a.name: np.zeros(a.shape, np.float32) for a in arrays if a.name in idle}
    outcome = door.script(case, steps_for(case, state, upstream, double, alone), kept=True)
    look = partial(observe, door, case, wanted, upstream, alone=alone)
    training = partial(after_training, door, case, state, [a for a in arrays if not a.learned], double)
    seen = Observation(arrays, state, double=double, idle=idle, look=look, order=order, training=training)
    if outcome.error is None:
        seen.last, *more = outcome.value[1:]
        seen.again, seen.alone = ([run["output"] for run in more] + [None, None])[:2]
    return replace(outcome, value=seen)


def steps_for(case, state, upstream, double, alone):
    """Load and run."""
    inputs = [case.input.astype(np.float64 if double else np.float32)]
    load = {"do": "load", "state": state, "double": double}
    run = {"do": "forward", "inputs": inputs, "training": case.training}
    runs = [run | {"grad_output": upstream}]
    if alone:
        runs.append(run)
        runs += [run | {"inputs": [inputs[0][:1]]}] if not case.training and len(case.input) > 1 else []
    return [load, *runs]


def after_training(door, case, state, buffers, double):
    """What `buffers` of ones hold after a call in training mode, by which they can be told apart; None if it raises."""
    ones = {a.name: np.ones(a.shape, np.float32) for a in buffers}
    inputs = [case.input.astype(np.float64 if double else np.float32)]
    load = {"do": "load", "state": state | ones, "double": double}
    outcome = door.script(case, [load, {"do": "forward", "inputs": inputs, "training": True}])
    return outcome.value[1]["buffers"] if outcome.error is None else None


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


def expected(answer, case, seen, assignment, upstream, watched=False):
    """What an observed module gave and what a trusted one gives with its numbers, named by the latter's arrays.

    Parameters
    ----------
    assignment : dict from the names of the trusted module's parameters to the `Source`s of their numbers (see `fits`)
    watched : whether buffers are told apart by a call in training mode, and not by the order of their definition

    Returns
    -------
    (given, wanted), or None where the trusted module raises
    """
    theirs = shapes_of(answer, case)
    inputs = [case.input.astype(np.float64 if seen.double else np.float32)]
    learned = {a.name: assignment[a.name].take(seen.state, a.shape) for a in theirs if a.learned}
    run = {"do": "forward", "inputs": inputs, "training": case.training, "grad_output": upstream}
    load = {"do": "load", "state": learned, "double": seen.double}
    door, buffers = door_to(answer), [a for a in theirs if not a.learned]
    sources, key = {}, ("run", answer, seen.double, digest(learned))
    if buffers and not all(a.learned for a in seen.arrays):
        watch = partial(after_training, door, case, learned, buffers, seen.double)
        after = case.once((*key, "first"), watch) if watched else {}
        if after is None:
            return None
        sources, ones = _buffer_sources(seen, buffers, after), {a.name: np.ones(a.shape, np.float32) for a in buffers}
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
    """By what they hold `after` a call in training mode; those without a match in the order of definition."""
    sources = {}
    if after and seen.first:
        mine = {a.name: seen.first[a.name] for a in seen.arrays if not a.learned}
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
