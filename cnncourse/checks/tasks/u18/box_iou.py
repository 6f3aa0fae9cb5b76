"""How much each box of one list overlaps each of another."""

import numpy as np

from cnncourse.checks.author import Call, Task
from cnncourse.checks.families import any_array
from cnncourse.checks.tasks.u18._boxes import around, boxes, iou, shared

task = Task(see="Intersection over union")


@task.right
def box_iou(boxes1, boxes2):
    """Area in common over area of both, which counts the area in common once."""
    a, b = boxes1[:, None], boxes2[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = np.maximum(sides, 0).prod(axis=2)
    size1, size2 = ((box[..., 2:] - box[..., :2]).prod(axis=2) for box in (a, b))
    union = size1 + size2 - common
    return common / np.where(union > 0, union, 1)


@task.criterion(2)
def values(rng):
    """Boxes that overlap, lie inside each other, are equal, touch, or lie apart along one axis or both."""
    drawn = boxes(rng, 5)
    yield Call(drawn, boxes(rng, 3))
    yield Call(around(rng, drawn, 2), drawn)
    yield Call(boxes(rng, 1), boxes(rng, 7, side=3))
    inner = np.concatenate([drawn[:, :2] + 0.1, drawn[:, 2:] - 0.1], axis=1)
    yield Call(drawn, np.concatenate([inner, drawn[::-1]]))
    beside = drawn + rng.uniform(30, 40, (5, 1)) * np.array([1, 0, 1, 0])
    touching = drawn[:, [2, 1, 2, 3]] + [0, 0, 2, 0]
    yield Call(drawn, np.concatenate([beside, beside[:, [1, 0, 3, 2]], beside + 30, touching]))
    yield Call(0.05 * boxes(rng, 4), 0.05 * boxes(rng, 4))


@task.criterion(1)
def nothing(rng):
    """No boxes in one list or both: an array (0, M), (N, 0) or (0, 0). Boxes without area have IoU 0 with all boxes;
    others in the same lists do not."""
    none, some = np.zeros((0, 4)), boxes(rng, 3)
    yield Call(none, some)
    yield Call(some, none)
    yield Call(none, none)
    lines, points = some[:, [0, 1, 0, 3]], some[:, [2, 3, 2, 3]]
    yield Call(np.concatenate([lines, some, points]), np.concatenate([points, some, lines]))


@any_array(task)
def arrays(rng):
    yield Call(boxes(rng, 4), boxes(rng, 6))


task.options(iou, {
    "intersection-not-clipped": ({"intersection": lambda a, b: shared(a, b, clip=lambda s: s.prod(axis=2))},
        "Boxes that lie apart along both axes have two negative sides, whose product is positive. Clip them at 0."),
    "clips-the-product": ({"intersection": lambda a, b: shared(a, b, clip=lambda s: s.prod(axis=2).clip(0))},
        "The product is clipped at 0, and two negative sides have a positive product. Clip each side before."),
    "inclusive-pixels": ({"intersection": lambda a, b: shared(a, b, pixel=1.0)},
        "1 is added to the sides in common, as if x1 and y1 were inside. In half-open boxes x1 − x0 is the width."),
    "only-y-clipped": (
        {"intersection": lambda a, b: shared(a, b, clip=lambda s: s[..., 0] * s[..., 1].clip(0))},
        "Only the height in common is clipped at 0. The width may be negative, too."),
    "only-x-clipped": (
        {"intersection": lambda a, b: shared(a, b, clip=lambda s: s[..., 0].clip(0) * s[..., 1])},
        "Only the width in common is clipped at 0. The height may be negative, too."),
    "sides-without-sign": ({"intersection": lambda a, b: shared(a, b, clip=lambda s: np.abs(s).prod(axis=2))},
        "The absolute value is taken of the sides in common. A negative side means that nothing is in common."),
    "common-area-taken-off-twice": ({"whole": lambda a, b, both: a + b - 2 * both},
        "What both boxes have in common is taken off twice. It is in both areas, and counts once."),
    "common-area-counted-twice": ({"whole": lambda a, b, both: a + b + 0 * both},
        "The areas are added up, and what both boxes have in common counts twice. Take it off once."),
    "dice-for-iou": ({"intersection": lambda a, b: 2 * shared(a, b), "whole": lambda a, b, both: a + b + 0 * both},
        "That is Dice, 2·I / (A + B). IoU is I / (A + B − I)."),
    "divides-by-the-first": ({"whole": lambda a, b, both: a + 0 * b},
        "The divisor is the first box's area: the share of it that is covered. The divisor is the area of the union."),
    "divides-by-the-second": ({"whole": lambda a, b, both: 0 * a + b},
        "The divisor is the second box's area: the share of it that is covered. The divisor is the area of the union."),
    "divides-by-the-smaller": ({"whole": lambda a, b, both: np.minimum(a, b)},
        "The divisor is the smaller area, so a small box inside a large one gets 1. The divisor is the union's area."),
    "divides-by-the-larger": ({"whole": lambda a, b, both: np.maximum(a, b)},
        "The divisor is the larger area. The union is larger still, unless one box holds the other."),
    "intersection-only": ({"whole": lambda a, b, both: np.ones_like(both)},
        "That is the area in common. Divide by the area of the union."),
})  # fmt: skip


@task.mistake
def corner_and_size(boxes1, boxes2):
    """The last two numbers are taken for width and height. They are x1 and y1, the other corner."""
    return iou(*(np.concatenate([b[:, :2], b[:, :2] + b[:, 2:]], axis=1) for b in (boxes1, boxes2)))


@task.mistake
def hull_for_union(boxes1, boxes2):
    """The divisor is the smallest box around both. The union leaves out what belongs to neither."""
    a, b = boxes1[:, None], boxes2[None]
    hull = (np.maximum(a[..., 2:], b[..., 2:]) - np.minimum(a[..., :2], b[..., :2])).prod(axis=2)
    return iou(boxes1, boxes2, whole=lambda *_: hull)


@task.mistake
def zero_over_zero(right, boxes1, boxes2):
    """Two boxes without area give 0/0, which is NaN. Here they have IoU 0."""
    size1, size2 = ((b[:, 2:] - b[:, :2]).prod(axis=1) for b in (boxes1, boxes2))
    return np.where((size1[:, None] == 0) & (size2 == 0), np.nan, right).astype(right.dtype)


@task.mistake
def one_with_itself(right, boxes1, boxes2):
    """Equal boxes get 1 even where they have no area. Without area there is nothing in common."""
    return np.where((boxes1[:, None] == boxes2).all(axis=2), 1, right).astype(right.dtype)


@task.mistake
def transposed(right):
    """Rows and columns are exchanged: row i belongs to box i of the *first* list."""
    return right.T


@task.mistake
def distance_for_overlap(right):
    """That is 1 − IoU, which is 0 for equal boxes. IoU is 1 for them."""
    return 1 - right


@task.mistake
def pairs_only(right):
    """Box i is compared with box i only. Each box of the first list is compared with each of the second: (N, M)."""
    return np.diagonal(right).copy()


@task.mistake
def inclusive_everywhere(boxes1, boxes2):
    """1 is added to all sides, as if x1 and y1 were inside. In half-open boxes x1 − x0 is the width."""
    return iou(*(boxes + np.array([0, 0, 1, 1], boxes.dtype) for boxes in (boxes1, boxes2)))


@task.mistake
def one_where_one_holds_the_other(right, boxes1, boxes2):
    """A box inside another gets 1. The union is the larger box, so IoU is the ratio of the areas."""
    a, b = boxes1[:, None], boxes2[None]
    holds = ((a[..., :2] <= b[..., :2]) & (a[..., 2:] >= b[..., 2:])).all(axis=2)
    return np.where(holds & (right > 0), 1, right).astype(right.dtype)


@task.mistake
def generalised(right, boxes1, boxes2):
    """That is the generalised IoU, which may be negative. Wanted is the plain one."""
    a, b = boxes1[:, None], boxes2[None]
    hull = (np.maximum(a[..., 2:], b[..., 2:]) - np.minimum(a[..., :2], b[..., :2])).prod(axis=2)
    sides = np.maximum(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0).prod(axis=2)
    union = (a[..., 2:] - a[..., :2]).prod(axis=2) + (b[..., 2:] - b[..., :2]).prod(axis=2) - sides
    with np.errstate(all="ignore"):
        return sides / union - (hull - union) / hull


@task.mistake
def one_without_area(right, boxes1, boxes2):
    """Any two boxes without area get 1. Without area there is nothing in common: 0."""
    size1, size2 = ((b[:, 2:] - b[:, :2]).prod(axis=1) for b in (boxes1, boxes2))
    return np.where((size1[:, None] == 0) & (size2 == 0), 1, right).astype(right.dtype)


@task.mistake
def x_sides_first(again, boxes1, boxes2):
    """The boxes are read as (x0, x1, y0, y1). They are (x0, y0, x1, y1)."""
    return again(boxes1=boxes1[:, [0, 2, 1, 3]], boxes2=boxes2[:, [0, 2, 1, 3]])


@task.mistake
def empty_row(right):
    """Without boxes the result has another shape. It is (N, M) whatever N and M are: np.zeros((len(boxes1), …))."""
    return right if len(right) else np.zeros(0)


@task.mistake
def width_for_height(boxes1, boxes2):
    """The areas are the square of the width. They are width times height."""
    return iou(boxes1, boxes2, whole=lambda a, b, both: (
        np.square(boxes1[:, 2] - boxes1[:, 0])[:, None] + np.square(boxes2[:, 2] - boxes2[:, 0]) - both))  # fmt: skip
