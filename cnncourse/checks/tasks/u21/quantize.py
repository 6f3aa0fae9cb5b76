"""Weights as integers of eight bits, with one scale per output channel."""

import numpy as np

from cnncourse.checks.author import Call, Task, Values, fortran, normal, readonly, strided
from cnncourse.checks.compare import same


class EightBits(Values):
    """Whether numbers beyond 127 are cut off or wrap around does not tell wrong answers apart."""

    def alike(self, task, one, other, case):
        """Whether two results are the same answer."""
        if super().alike(task, one, other, case):
            return True
        if not all(isinstance(result, (tuple, list)) and len(result) == 2 for result in (one, other)):
            return False
        (q, scale), (other_q, other_scale), (weight,) = one, other, case.args
        if not same(scale, other_scale, exact_dtype=True) or np.shape(scale) != weight.shape[:1]:
            return False
        with np.errstate(all="ignore"):
            inside = np.abs(weight.T / scale).T < 127
        known = all(isinstance(a, np.ndarray) and a.dtype == np.int8 and a.shape == weight.shape for a in (q, other_q))
        return known and bool((q == other_q)[inside].all())


task = Task(see="Eight bits", names=("q", "scale"), judged=EightBits(exact_dtype=True))


@task.right
def quantize(weight):
    """q = round(w / scale), halves to even, with scale = max |w| / 127 of each output channel, 1 where that would "
    "be 0."""
    scale = np.abs(weight).reshape(len(weight), -1).max(axis=1) / 127
    scale[scale == 0] = 1
    return np.round(weight / scale.reshape(-1, *[1] * (weight.ndim - 1))).astype(np.int8), scale


def filters(rng, *shape):
    """Weights whose channels differ in size by far."""
    return normal(rng, *shape) * rng.permutation(4.0 ** np.arange(shape[0])).reshape(-1, *[1] * (len(shape) - 1))


def shapes(rng):
    """Convolutions, linear layers, one filter, square shapes."""
    yield Call(filters(rng, 4, 3, 3, 2))
    yield Call(filters(rng, 3, 3, 3, 3))
    yield Call(filters(rng, 5, 4))
    yield Call(filters(rng, 4, 4))
    yield Call(filters(rng, 1, 2, 3, 3))
    yield Call(filters(rng, 3, 1, 1, 1))
    yield Call(filters(rng, 6, 2, 5))
    yield Call(-np.abs(filters(rng, 3, 2, 2, 2)))


task.criterion(2, "q")(shapes)
task.criterion(2, "scale")(shapes)


@task.criterion(1)
def zeros(rng):
    """A channel of zeros has the scale 1."""
    weight = filters(rng, 4, 2, 3, 3)
    weight[1] = 0
    yield Call(weight)
    yield Call(np.zeros((2, 3)))


@task.criterion(1)
def halves(rng):
    """Halves are rounded to the even integer."""
    for scale in (1.0, 0.25, 8.0):
        weight = rng.integers(-120, 120, (3, 2, 3, 3)) + 0.5
        weight[:, 0, 0, 0] = (127, -127, 127)
        yield Call(scale * weight)


@task.criterion(1)
def any_array(rng):
    """float32 and float64, read-only arrays and such that are not stored row after row; the scale has the weight's "
    "dtype."""
    for kind in (np.float32, strided, fortran, readonly):
        yield Call(kind(filters(rng, 4, 3, 2, 2)))


def eight_bits(weight, *, peak=lambda rows: np.abs(rows).max(axis=1), divisor=127, zero=1.0, rounding=np.round,
               rows=lambda w: w.reshape(len(w), -1), kind=np.int8, report=lambda s: s, limit=127):  # fmt: skip
    """Right with the options as they are."""
    scale = np.broadcast_to(peak(rows(weight)) / divisor, len(weight)).astype(weight.dtype)
    scale[scale == 0] = zero
    with np.errstate(all="ignore"):
        q = rounding(weight / scale.reshape(-1, *[1] * (weight.ndim - 1)))
    return np.clip(np.nan_to_num(q), -limit - 1, limit).astype(kind), report(scale)


task.options(eight_bits, {
    "one-scale-for-all": ({"rows": lambda w: w.reshape(1, -1)},
        "All channels share one scale, so small filters get few of the 255 steps. Each output channel has its own."),
    "one-scale-as-a-number": ({"rows": lambda w: w.reshape(1, -1), "report": lambda s: s[0]},
        "There is one scale, a number. Each output channel has its own: an array (C_out,)."),
    "largest-not-absolute": ({"peak": lambda rows: rows.max(axis=1)},
        "The largest weight decides, without its sign being dropped first. A negative one may be larger: max |w|."),
    "range-of-the-weights": ({"peak": lambda rows: np.ptp(rows, axis=1) / 2},
        "Half the range from smallest to largest is taken. The scale is symmetric: max |w| / 127."),
    "range-in-255-steps": ({"peak": lambda rows: np.ptp(rows, axis=1), "divisor": 255},
        "The range from smallest to largest is cut into 255 steps. The scale is symmetric: max |w| / 127."),
    "spread-for-peak": ({"peak": lambda rows: 3 * rows.std(axis=1)},
        "The standard deviation decides, and larger weights are cut off. The scale is max |w| / 127."),
    "mean-for-peak": ({"peak": lambda rows: np.abs(rows).mean(axis=1)},
        "The mean of |w| decides, so most weights are cut off. The scale is max |w| / 127."),
    "divides-by-128": ({"divisor": 128}, "The largest weight becomes 128, and int8 ends at 127: divide by 127."),
    "divides-by-255": ({"divisor": 255}, "255 is the number of steps on both sides of 0. Each side has 127."),
    "divides-by-256": ({"divisor": 256}, "256 is the number of values of a byte. Each side of 0 has 127."),
    "truncates": ({"rounding": np.trunc}, "astype cuts off the digits: 2.9 becomes 2. Round first."),
    "rounds-down": ({"rounding": np.floor}, "The quotients are rounded down. Take the nearest integer."),
    "rounds-up": ({"rounding": np.ceil}, "The quotients are rounded up. Take the nearest integer."),
    "halves-up": ({"rounding": lambda x: np.floor(x + 0.5)},
        "Halves are rounded up, which moves the mean of many. np.round takes the even one of both neighbours."),
    "halves-away-from-zero": ({"rounding": lambda x: np.trunc(x + np.copysign(0.5, x))},
        "Halves are rounded away from zero. np.round takes the even one of both neighbours."),
    "stays-float": ({"kind": float}, "The integers are stored as floats, so nothing is saved: .astype(np.int8)."),
    "int64": ({"kind": np.int64}, "The integers take 8 bytes each: .astype(np.int8)."),
    "unsigned": ({"kind": np.uint8, "rounding": lambda x: np.round(x) % 256, "limit": 255}, "uint8 has no negative "
    "numbers: .astype(np.int8)."),
    "inverse-scale": ({"report": lambda s: 1 / s}, "The scale is upside down: w ≈ scale · q, so scale = max |w| / "
    "127."),
    "scale-keeps-axes": ({"report": lambda s: s[:, None]}, "The scale has more axes than one. Its shape is (C_out,)."),
    "zero-channel-scale-0": ({"zero": 0.0}, "A channel of zeros has the scale 0, which gives 0 / 0, or one "
        "next to 0. Its scale is 1."),
    "zero-channel-peak-1": ({"zero": 1 / 127}, "For a channel of zeros the largest |w| is taken for 1, so its scale is "
        "1/127. The scale itself is 1 there."),
    "peak-for-scale": ({"report": lambda s: 127 * s}, "The second result is max |w|. The scale is a 127th of it."),
})  # fmt: skip


@task.mistake
def per_input_channel(again, weight):
    """Each *input* channel has a scale (axis 1). Wanted is one per output channel, axis 0."""
    q, scale = again(weight=np.ascontiguousarray(weight.swapaxes(0, 1)))
    return q.swapaxes(0, 1), scale


@task.mistake
def scale_lines_up_from_the_right(right, weight):
    """`weight / scale` lines up the shapes from the right, so the scales run along the last axis or fit nowhere. The
    scale needs the shape (C_out, 1, 1, 1)."""
    return np.round(weight / right[1]).astype(np.int8), right[1]


@task.mistake
def four_axes_only(right, weight):
    """The scale always gets four axes, and a linear layer's weight has two. It needs as many axes as the weight."""
    return np.round(weight / right[1][:, None, None, None]).astype(np.int8), right[1]


@task.mistake
def scale_first(right):
    """The results are in the wrong order: q first, then the scale."""
    return right[::-1]
