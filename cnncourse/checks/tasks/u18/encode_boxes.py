"""What leads from an anchor to a box: four numbers that mean the same for large and small anchors."""

import numpy as np

from cnncourse.checks.author import Task
from cnncourse.checks.tasks.u18 import _offsets
from cnncourse.checks.tasks.u18._boxes import boxes as drawn
from cnncourse.checks.tasks.u18._offsets import parts

task = Task(see="Anchors, matching, offsets")


@task.right
def encode_boxes(boxes, anchors):
    """Distance of the centres in sides of the anchor, and the logarithms of the ratios of the sides."""
    size, size_a = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    centre, centre_a = boxes[:, :2] + size / 2, anchors[:, :2] + size_a / 2
    return np.concatenate([(centre - centre_a) / size_a, np.log(size / size_a)], axis=1)


_offsets.criteria(task, drawn, lambda rng, count: drawn(rng, count) * 10.0 ** np.array([[3], [-3], [2], [0]])[:count])


def offsets(
    boxes, anchors, of=parts, by=lambda b, a: a, ratio=lambda b, a: np.log(b / a), order=(0, 1, 2, 3), both=None,
    result=lambda four: four,
):  # fmt: skip
    """Right with the options as they are; `both` is a way to see the parts of boxes and anchors."""
    (x, y, w, h), (x_a, y_a, w_a, h_a) = (both or of)(boxes), (both or parts)(anchors)
    four = [(x - x_a) / by(w, w_a), (y - y_a) / by(h, h_a), ratio(w, w_a), ratio(h, h_a)]
    return result(np.stack([four[k] for k in order], axis=1))


task.options(offsets, {
    "divides-by-the-box": ({"by": lambda b, a: b},
        "The distance of the centres is divided by the box's own sides. Divide by the anchor's: only they are known "
        "when the offsets are turned into a box."),
    "distance-in-pixels": ({"by": lambda b, a: np.ones_like(a)},
        "The distance of the centres is left in pixels. Divide it by the anchor's sides, so that it means the same for "
        "large and small anchors."),
    "logarithm-missing": ({"ratio": lambda b, a: b / a},
        "The ratios of the sides are there without their logarithm. Then only positive outputs would be valid sizes."),
    "logarithm-of-the-difference": ({"ratio": lambda b, a: np.log(np.abs(b - a) + 1)},
        "The logarithm is taken of a difference. It is of the ratio of the sides."),
    "difference-for-ratio": ({"ratio": lambda b, a: (b - a) / a},
        "The difference of the sides over the anchor's is not the logarithm of their ratio; near 0 they are alike."),
    "ratio-upside-down": ({"ratio": lambda b, a: np.log(a / b)},
        "The ratio is anchor over box. It is box over anchor: positive where the box is larger."),
    "base-two": ({"ratio": lambda b, a: np.log2(b / a)}, "The logarithm has base 2. Take the natural one, np.log."),
    "with-variances": ({"by": lambda b, a: 0.1 * a, "ratio": lambda b, a: np.log(b / a) / 0.2},
        "The offsets are divided by 0.1 and 0.2, the \"variances\" of SSD. Here there are none."),
    "inclusive-sides": ({"of": lambda b: (*parts(b)[:2], parts(b)[2] + 1, parts(b)[3] + 1)},
        "The box's sides are x1 − x0 + 1. The boxes are half open: x1 − x0."),
    "corners-for-centres": ({"of": lambda b: (b[:, 0], b[:, 1], *parts(b)[2:])},
        "The box's corner is compared with the anchor's centre. Its centre is (x0 + x1) / 2."),
    "distance-of-the-corners": ({"both": lambda b: (b[:, 0], b[:, 1], *parts(b)[2:])},
        "The distance of the first corners is taken. Take that of the centres, (x0 + x1) / 2."),
    "centres-not-halved": ({"both": lambda b: (b[:, 0] + b[:, 2], b[:, 1] + b[:, 3], *parts(b)[2:])},
        "The distance of the centres is twice as large: a centre is (x0 + x1) / 2, and the divisor is the whole side."),
    "half-sides-for-centres": ({"both": lambda b: (*(side / 2 for side in parts(b)[2:]), *parts(b)[2:])},
        "Half a side is taken for the centre. The centre is half a side behind x0, or (x0 + x1) / 2."),
    "centres-cut-to-whole-numbers": (
        {"both": lambda b: ((b[:, 0] + b[:, 2]) // 2, (b[:, 1] + b[:, 3]) // 2, *parts(b)[2:])},
        "// cuts the centres to whole numbers. Divide by 2 with /."),
    "inclusive-sides-of-both": ({"both": lambda b: (*parts(b)[:2], parts(b)[2] + 1, parts(b)[3] + 1)},
        "The sides are x1 − x0 + 1. The boxes are half open: x1 − x0."),
    "width-for-height": ({"both": lambda b: (*parts(b)[:2], parts(b)[2], parts(b)[2])},
        "The width is taken for the height, too. The height is y1 − y0."),
    "base-ten": ({"ratio": lambda b, a: np.log10(b / a)}, "The logarithm has base 10. Take the natural one, np.log."),
    "one-added-in-the-logarithm": ({"ratio": lambda b, a: np.log1p(b / a)},
        "np.log1p adds 1 to the ratio. It is np.log."),
    "wrong-way": ({"by": lambda b, a: -a},
        "The distance goes from the box to the anchor. It is the box's centre minus the anchor's."),
    "without-sign": ({"result": np.abs}, "The absolute value is taken. Offsets have a sign."),
    "y-first": ({"order": (1, 0, 3, 2)}, "The order is y, x, height, width. It is x, y, width, height."),
    "sizes-first": ({"order": (2, 3, 0, 1)}, "The sizes come first. The centres do: dx, dy, dw, dh."),
    "axes-in-turn": ({"order": (0, 2, 1, 3)}, "The order is dx, dw, dy, dh. It is dx, dy, dw, dh."),
})  # fmt: skip


@task.mistake
def from_box_to_anchor(again, boxes, anchors):
    """The offsets lead from the box to the anchor. The anchor is known; they lead from it to the box."""
    return again(boxes=anchors, anchors=boxes)


@task.mistake
def sides_exchanged(boxes, anchors):
    """The distance along x is divided by the height, and that along y by the width. It is the other way round."""
    (x, y, w, h), (x_a, y_a, w_a, h_a) = parts(boxes), parts(anchors)
    return np.stack([(x - x_a) / h_a, (y - y_a) / w_a, np.log(w / w_a), np.log(h / h_a)], axis=1)


@task.mistake
def width_for_both_distances(right, boxes, anchors):
    """Both distances are divided by the width. That along y is divided by the height."""
    w, h = parts(anchors)[2:]
    return np.concatenate([right[:, :1], right[:, 1:2] * (h / w)[:, None], right[:, 2:]], axis=1)


@task.mistake
def first_anchor_for_all(again, boxes, anchors):
    """All boxes are compared with the first anchor. Row i belongs to anchor i."""
    return again(anchors=np.repeat(anchors[:1], len(boxes), axis=0))


@task.mistake
def each_with_each(again, boxes, anchors):
    """Each box is compared with each anchor. Row i of the boxes belongs to row i of the anchors: (N, 4)."""
    n, m = len(boxes), len(anchors)
    return again(boxes=np.repeat(boxes, m, axis=0), anchors=np.tile(anchors, (n, 1))).reshape(n, m, 4)
