"""The way to a PyTorch module, a learner's or a trusted one: steps go in, numbers of the right form come out."""

from functools import cache

import numpy as np

from cnncourse.checks.student import Failure, Outcome
from cnncourse.grading.inside import probes


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
