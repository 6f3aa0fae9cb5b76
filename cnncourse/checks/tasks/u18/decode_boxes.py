"""The box to which four offsets lead from an anchor."""

import numpy as np

from cnncourse.checks.author import Task, normal
from cnncourse.checks.tasks.u18 import _offsets
from cnncourse.checks.tasks.u18._offsets import parts

task = Task(see="Anchors, matching, offsets")


@task.right
def decode_boxes(offsets, anchors):
    """Move the anchor's centre, multiply its sides, go back to two corners."""
    size_a = anchors[:, 2:] - anchors[:, :2]
    centre = anchors[:, :2] + size_a / 2 + offsets[:, :2] * size_a
    half = size_a * np.exp(offsets[:, 2:]) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def far(rng, count):
    """Offsets to boxes that are hundreds of times as large, or as small."""
    return rng.choice([-1, 1], (count, 4)) * rng.uniform(5, 6.5, (count, 4))


_offsets.criteria(task, lambda rng, count: normal(rng, count, 4), far)


def corners(x, y, w, h):
    """x0, y0, x1, y1."""
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def decoded(offsets, anchors, of=parts, by=lambda a: a, grow=np.exp, order=(0, 1, 2, 3), to=corners):
    """Right with the options as they are."""
    x_a, y_a, w_a, h_a = of(anchors)
    dx, dy, dw, dh = offsets[:, order].T
    return np.stack(to(x_a + dx * by(w_a), y_a + dy * by(h_a), w_a * grow(dw), h_a * grow(dh)), axis=1)


task.options(decoded, {
    "exponential-missing": ({"grow": lambda d: d},
        "The offset multiplies the side as it is. It is a logarithm: the side is multiplied by exp(dw)."),
    "one-plus-offset": ({"grow": lambda d: 1 + d},
        "The side is multiplied by 1 + dw, which may be negative. It is multiplied by exp(dw)."),
    "base-two": ({"grow": np.exp2}, "The offset is taken as a power of 2. It is one of e: np.exp."),
    "clamped": ({"grow": lambda d: np.exp(np.minimum(d, 1.0))}, "Large offsets are cut off. Here there is no limit."),
    "clamped-as-in-torchvision": ({"grow": lambda d: np.exp(np.minimum(d, np.log(1000 / 16)))},
        "Large offsets are cut off. Here there is no limit."),
    "minus-in-the-exponent": ({"grow": lambda d: np.exp(-d)},
        "The side is multiplied by exp(−dw). It is exp(dw): positive offsets make it larger."),
    "moved-the-wrong-way": ({"by": lambda a: -a}, "The centre is moved by −dx widths. It is moved by +dx."),
    "shift-in-pixels": ({"by": np.ones_like},
        "The centre is moved by dx pixels. It is moved by dx widths of the anchor."),
    "with-variances": ({"by": lambda a: 0.1 * a, "grow": lambda d: np.exp(0.2 * d)},
        "The offsets are multiplied by 0.1 and 0.2, the \"variances\" of SSD. Here there are none."),
    "centres-and-sizes": ({"to": lambda *box: box},
        "That is (cx, cy, w, h). Wanted are the corners (x0, y0, x1, y1)."),
    "corner-and-size": ({"to": lambda x, y, w, h: (x - w / 2, y - h / 2, w, h)},
        "That is (x0, y0, w, h). Wanted are both corners, (x0, y0, x1, y1)."),
    "whole-sides": ({"to": lambda x, y, w, h: (x - w, y - h, x + w, y + h)},
        "The corners are a whole side away from the centre, and the box is twice as large. It is half a side."),
    "centre-as-corner": ({"to": lambda x, y, w, h: (x, y, x + w, y + h)},
        "The centre is used as the first corner. The corner is half a side before it."),
    "corner-for-centre": ({"of": lambda a: (a[:, 0], a[:, 1], *parts(a)[2:])},
        "The anchor's corner is moved as if it were its centre, which is (x0 + x1) / 2."),
    "corner-for-corner": ({"of": lambda a: (a[:, 0], a[:, 1], *parts(a)[2:]),
                           "to": lambda x, y, w, h: (x, y, x + w, y + h)},
        "The anchor's first corner is moved, and the box begins there, half the old side before it. The offsets "
        "move the centre, and the box begins half the new side before it."),
    "centre-cut-to-whole-numbers": (
        {"of": lambda a: ((a[:, 0] + a[:, 2]) // 2, (a[:, 1] + a[:, 3]) // 2, *parts(a)[2:])},
        "// cuts the centre to whole numbers. Divide by 2 with /."),
    "second-corner-first": ({"to": lambda x, y, w, h: (x - w / 2, x + w / 2, y - h / 2, y + h / 2)},
        "The result is (x0, x1, y0, y1). Wanted is (x0, y0, x1, y1)."),
    "y-first": ({"order": (1, 0, 3, 2)}, "The offsets are read as dy, dx, dh, dw. They are dx, dy, dw, dh."),
    "sizes-first": ({"order": (2, 3, 0, 1)}, "The offsets are read as dw, dh, dx, dy. They are dx, dy, dw, dh."),
    "axes-in-turn": ({"order": (0, 2, 1, 3)}, "The offsets are read as dx, dw, dy, dh. They are dx, dy, dw, dh."),
    "inclusive-corner": ({"to": lambda x, y, w, h: (x - w / 2, y - h / 2, x + w / 2 - 1, y + h / 2 - 1)},
        "1 is taken off the second corner, as if it were inside. The boxes are half open."),
})  # fmt: skip


@task.mistake
def y_before_x(right):
    """The corners are (y0, x0, y1, x1). x comes first."""
    return right[:, [1, 0, 3, 2]]


@task.mistake
def moved_by_the_new_side(offsets, anchors):
    """The centre is moved by dx widths of the *new* box. It is moved by widths of the anchor."""
    x, y, w, h = parts(anchors)
    dx, dy, dw, dh = offsets.T
    return np.stack(corners(x + dx * w * np.exp(dw), y + dy * h * np.exp(dh), w * np.exp(dw), h * np.exp(dh)), axis=1)


@task.mistake
def rounded(right):
    """The boxes are rounded to whole pixels. Leave them as they come."""
    return np.round(right)


@task.mistake
def cut_at_zero(right):
    """Negative corners are set to 0. Nothing is cut off."""
    return np.maximum(right, 0)


@task.mistake
def width_for_both_shifts(again, offsets, anchors):
    """Both shifts are counted in widths. That along y is counted in heights."""
    w, h = parts(anchors)[2:]
    return again(offsets=offsets * np.stack([np.ones_like(w), w / h, np.ones_like(w), np.ones_like(w)], axis=1))


@task.mistake
def exponential_added(offsets, anchors):
    """exp(dw) is added to the side. The side is multiplied by it."""
    x, y, w, h = parts(anchors)
    dx, dy, dw, dh = offsets.T
    return np.stack(corners(x + dx * w, y + dy * h, w + np.exp(dw), h + np.exp(dh)), axis=1)
