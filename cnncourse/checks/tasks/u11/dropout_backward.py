"""The way back through dropout: where something came through."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, upstream

task = Task(see="Dropout")


@task.right
def dropout_backward(grad_output, mask, p):
    """The upstream gradient where the mask is True, divided by 1 − p; 0 elsewhere."""
    return grad_output * mask / (1 - p)


def drawn(rng, p, *shape):
    """An upstream gradient, a mask and p."""
    return Call(normal(rng, *shape), rng.random(shape) >= p, p)


@task.criterion(2)
def values(rng):
    """Arrays of any shape, any p, masks that keep everything or nothing."""
    for p, shape in [(0.3, (4, 5)), (0.8, (2, 3, 4, 3)), (0.5, (6,)), (0.0, (3, 4)), (0.65, (3, 3)), (0.25, (1, 1, 7))]:
        yield drawn(rng, p, *shape)
    yield Call(normal(rng, 3, 2), np.ones((3, 2), bool), 0.4)
    yield Call(normal(rng, 2, 4), np.zeros((2, 4), bool), 0.4)


@any_array(task)
def arrays(rng):
    yield drawn(rng, 0.4, 4, 3, 5)


def backward(grad_output, mask, p, scale=lambda p, mask: 1 / (1 - p), gate=lambda mask, g: mask):
    """Right with the options as they are."""
    with np.errstate(all="ignore"):
        return grad_output * gate(mask, grad_output) * scale(p, mask)


task.options(backward, {
    "scale-forgotten": ({"scale": lambda p, mask: 1},
        "The factor 1 / (1 − p) is missing. The forward pass multiplies each kept entry by it, so its gradient is "
        "multiplied by it as well."),
    "multiplies-by-keep": ({"scale": lambda p, mask: 1 - p},
        "The gradient is multiplied by 1 − p. The forward pass divides by it, and so does the backward pass."),
    "divides-by-p": ({"scale": lambda p, mask: 1 / p}, "You divide by p. The forward pass divides by 1 − p."),
    "scaled-twice": ({"scale": lambda p, mask: 1 / (1 - p) ** 2}, "1 − p divides twice. Once is right."),
    "divides-by-the-share-kept": ({"scale": lambda p, mask: 1 / mask.mean()},
        "You divide by the share of True in the mask. The forward pass divides by 1 − p, which is a constant."),
    "mask-turned-round": ({"gate": lambda mask, g: ~mask},
        "The gradient passes where entries were dropped. True means kept: there it passes."),
    "mask-not-used": ({"gate": lambda mask, g: 1},
        "The mask is not used. A dropped entry has no effect on the output, so its gradient is zero."),
    "mask-and-scale-not-used": ({"gate": lambda mask, g: 1, "scale": lambda p, mask: 1},
        "The upstream gradient comes back as it is. It must be masked, and divided by 1 − p."),
    "gate-of-the-gradient": ({"gate": lambda mask, g: g > 0},
        "The gradient passes where it is positive. The mask says where it passes."),
    "relu-on-the-gradient": ({"gate": lambda mask, g: mask & (g > 0)},
        "Negative gradients are set to zero. Dropout passes both signs wherever the mask is True."),
})  # fmt: skip
upstream(task)


@task.mistake
def keeps_kept_entries_only(grad_output, mask, p):
    """grad_output[mask] is a flat list of the kept entries. The gradient has x's shape, with zeros where entries were
    dropped."""
    return grad_output[mask] / (1 - p)


@task.mistake
def changes_input(right, grad_output):
    """The values are right, but grad_output is changed in place. Write `grad_output * mask`, not `grad_output *= mask`,
    and not `grad_output[~mask] = 0`."""
    grad_output[...] = right
    return right
