"""Integers of eight bits as weights again."""

import numpy as np

from cnncourse.checks.author import Call, Task
from cnncourse.checks.families import any_array

task = Task(see="Eight bits")


@task.right
def dequantize(q, scale):
    """Each output channel times its scale."""
    return q * scale.reshape(-1, *[1] * (q.ndim - 1))


def stored(rng, *shape):
    """Integers and scales."""
    return rng.integers(-127, 128, shape).astype(np.int8), rng.uniform(0.3, 3, shape[0])


@task.criterion(2)
def values(rng):
    """Convolutions, linear layers, one filter; as many channels in as out."""
    yield Call(*stored(rng, 4, 3, 3, 2))
    yield Call(*stored(rng, 1, 2, 3, 3))
    yield Call(*stored(rng, 5, 1, 1, 1))
    yield Call(*stored(rng, 5, 4))
    yield Call(*stored(rng, 6, 2, 5))
    yield Call(*stored(rng, 3, 3, 3, 3))
    yield Call(*stored(rng, 4, 4))
    yield Call(np.full((2, 1, 2, 2), -128, np.int8), np.array([1.0, 0.5]))


@any_array(task)
def arrays(rng):
    yield Call(*stored(rng, 4, 2, 3, 3))
    yield Call(*stored(rng, 3, 5))


def restored(q, scale, *, axis=0, join=np.multiply, wide=np.float64, scales=lambda s: s):
    """Right with the options as they are."""
    scale = scales(scale)
    shape = [1] * q.ndim
    shape[axis] = -1
    fits = len(scale) == q.shape[axis] or len(scale) == 1
    column = scale.reshape(shape) if fits else scale.reshape(-1, *[1] * (q.ndim - 1))
    return join(q.astype(wide), column)


task.options(restored, {
    "divides-by-scale": ({"join": np.divide}, "The integers are divided by the scale. w ≈ scale · q."),
    "adds-scale": ({"join": np.add}, "The scale is added. w ≈ scale · q."),
    "scale-of-the-columns": ({"axis": -1},
        "The scales run along the last axis. They belong to the first: reshape them to (C_out, 1, 1, 1)."),
    "scale-of-the-inputs": ({"axis": 1},
        "The scales run along axis 1, the input channels. They belong to axis 0, the output channels."),
    "first-scale-for-all": ({"scales": lambda s: s[:1]}, "All channels get the first scale. Each has its own."),
    "largest-scale-for-all": ({"scales": lambda s: np.array([s.max()])}, "All channels get the largest scale. Each "
    "has its own."),
    "mean-scale-for-all": ({"scales": lambda s: np.array([s.mean()])}, "All channels get the mean of the scales. "
    "Each has its own."),
    "scales-reversed": ({"scales": lambda s: s[::-1]}, "The scales are in the reversed order."),
    "scale-squared": ({"scales": np.square}, "The scale enters twice. w ≈ scale · q."),
    "times-127": ({"scales": lambda s: 127 * s}, "The scale is multiplied by 127. That has been divided out when it "
    "was made."),
    "divided-by-127": ({"scales": lambda s: s / 127}, "The scale is divided by 127 once more. It is the step itself."),
    "scale-forgotten": ({"scales": np.ones_like}, "The integers come back as they are. Multiply each channel by its "
    "scale."),
})  # fmt: skip


@task.mistake
def lines_up_from_the_right(q, scale):
    """`q * scale` lines up the shapes from the right, so the scales run along the last axis or fit nowhere. The scale
    needs the shape (C_out, 1, 1, 1)."""
    return q * scale


@task.mistake
def four_axes_only(q, scale):
    """The scale always gets four axes, and a linear layer's weight has two. It needs as many axes as q."""
    return q * scale[:, None, None, None]


@task.mistake
def two_axes_only(q, scale):
    """The scale always gets two axes, and a filter bank has four. It needs as many axes as q."""
    return q * scale[:, None]


@task.mistake
def shifted_up(right, scale, q):
    """128 is added. The integers are symmetric: 0 stands for 0."""
    return right + 128 * scale.reshape(-1, *[1] * (q.ndim - 1))


@task.mistake
def unsigned(again, q):
    """The integers are read as unsigned, so −1 is 255. q has its sign."""
    return again(q=q.astype(np.uint8))


@task.mistake
def rounds(right):
    """The weights are rounded to integers. scale · q has digits behind the point."""
    return np.round(right)


@task.mistake
def overflows(q, right):
    """The product is stored as int8 and overflows. Let NumPy make floats of it."""
    return right.astype(np.int64).astype(np.int8)


@task.mistake
def absolute_values(right):
    """The signs of the integers are lost."""
    return np.abs(right)


@task.mistake
def shifted(right, scale, q):
    """128 is subtracted. The integers are symmetric: 0 stands for 0."""
    return right - 128 * scale.reshape(-1, *[1] * (q.ndim - 1))
