"""How a module starts, and whether objects and calls keep apart: what no loaded numbers show."""

import numpy as np

from cnncourse.checks.compare import Difference

STARTING = {
    "filters-equal": "All filters of a layer start with the same numbers. Then all learn the same: their gradients are "
    "equal, too. Start from random numbers, as PyTorch's layers do.",
    "starts-at-zero": "Weights start at zero, and their gradients there are zero as well, so that they never move. "
    "Start from random numbers, as PyTorch's layers do.",
    "shared-between-objects": "Two objects of the class hold the same parameters: what is loaded into one changes the "
    "other. Make the layers inside the constructor, not once outside.",
    "keeps-what-it-saw": "What comes out depends on the pictures of an earlier call: something stays in the object, "
    "such as a list that every call makes longer. Make it in forward.",
}


def start_and_sharing(door, case, arrays, state, double=True):
    """Make two objects of one construction: how does one start, and does each keep its own numbers, and no pictures?

    Parameters
    ----------
    door, case : the way to the module, and what to construct
    arrays, state : its arrays, and other numbers for them
    double : whether it can run in float64

    Returns
    -------
    (Outcome, Difference or None)
    """
    others = {name: -values for name, values in state.items()}
    inputs = [case.input.astype(np.float64 if double else np.float32)]
    load = {"do": "load", "state": {}, "double": double}
    run = {"do": "forward", "inputs": inputs, "training": True}
    further = run | {"inputs": [-inputs[0]], "training": False}
    steps = [
        load, {"do": "read"}, run, {"do": "describe", "object": 1}, load | {"state": state},
        load | {"state": others, "object": 1}, {"do": "read"}, further,
        load | {"state": state, "object": 1}, further | {"object": 1},
    ]  # fmt: skip
    outcome = door.script(case, steps)
    if outcome.error is not None:
        return outcome, Difference(outcome.error.kind, "")
    _, start, _, _, _, _, read, later, _, fresh = outcome.value
    weights, grads = [a for a in arrays if a.learned and len(a.key) > 1], {}
    if not all(start[a.name].any() for a in weights):  # some may move at the first step all the same
        outcome = door.script(case, [load, run | {"grad_output": 3, "short": True}])
        if outcome.error is not None:
            return outcome, Difference(outcome.error.kind, "")
        grads = outcome.value[1]["grads"]
    problem = starting_problem(weights, start, grads) or sharing_problem(state, read)
    problem = problem or keeping_problem(later["output"], fresh["output"])
    outcome.value = None
    return outcome, problem


def starting_problem(weights, start, grads):
    """A Difference where filters are equal to one another at the start, or stay at zero for ever."""
    for array in weights:
        rows = start[array.name].reshape(array.shape[0], -1)
        if not rows.any() and not grads.get(array.name):
            return Difference("starts-at-zero", f"All numbers of {array.name} start at zero, and have no gradient.")
        if len(rows) > 1 and len(array.key) > 2 and rows.any() and (rows == rows[0]).all():
            return Difference("filters-equal", f"All {len(rows)} filters of {array.name} start with the same numbers.")
    return None


def sharing_problem(loaded, read):
    """A Difference where numbers loaded into one object have changed another."""
    for name, values in loaded.items():
        if not np.allclose(read[name], values, rtol=1e-5, atol=0):
            text = f"What is loaded into {name} of one object changes that of another."
            return Difference("shared-between-objects", text)
    return None


def keeping_problem(later, fresh):
    """A Difference where an object that has seen pictures gives something else than one that has seen none."""
    size = float(np.nanmax(np.abs(fresh), initial=0.0))
    if later.shape == fresh.shape and np.allclose(later, fresh, rtol=0, atol=1e-4 * size, equal_nan=True):
        return None
    return Difference("keeps-what-it-saw", "In eval mode the output for a picture depends on the calls before.")
