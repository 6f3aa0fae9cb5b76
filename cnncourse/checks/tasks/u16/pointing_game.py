"""How often a map's maximum lies in the object's box."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal, readonly, strided, tied

task = Task(see="Explanations judged")


@task.right
def pointing_game(maps, boxes):
    """The share of maps whose first maximum in row-major order lies in its box."""
    N, H, W = maps.shape
    y, x = np.divmod(maps.reshape(N, H * W).argmax(axis=1), W)
    x0, y0, x1, y1 = boxes.T
    return float(((x0 <= x) & (x < x1) & (y0 <= y) & (y < y1)).mean())


def around(rng, maps):
    """Boxes whose sides often touch the maximum: half of them hold it just so, the others just not."""
    N, H, W = maps.shape
    boxes = np.empty((N, 4))
    for n, one in enumerate(maps):
        y, x = divmod(int(one.argmax()), W)
        low, high = rng.integers(0, 2, size=2), rng.integers(1, 3, size=2)
        x0, y0, x1, y1 = x - low[0], y - low[1], x + high[0], y + high[1]
        if rng.random() < 0.55:  # pushed away by one of the four sides
            right, below, left, above = np.arange(4) == rng.integers(4)
            x0, x1 = (x + 1, x + 3) if right else (x - 2, x) if left else (x0, x1)
            y0, y1 = (y + 1, y + 3) if below else (y - 2, y) if above else (y0, y1)
        boxes[n] = x0, y0, x1, y1
    return boxes


@task.criterion(2)
def boxes_that_touch(rng):
    """Points at the sides of their boxes: x0 and y0 belong to the box, x1 and y1 do not. Maps square and not."""
    for shape in [(30, 4, 7), (40, 7, 4), (50, 5, 5), (25, 9, 3), (45, 3, 8)]:
        maps = normal(rng, *shape)
        yield Call(maps, around(rng, maps))
    corner, size = rng.integers(0, 6, (60, 2)), rng.integers(1, 4, (60, 2))  # anywhere: most hold neither x nor y
    yield Call(normal(rng, 60, 7, 8), np.hstack([corner, corner + size]).astype(float))


@task.criterion(1)
def several_maxima(rng):
    """Of equal maxima the first one counts, row after row."""
    for shape in [(40, 4, 6), (50, 6, 4), (40, 5, 5)]:
        maps = tied(rng, *shape)
        yield Call(maps, around(rng, maps))
    flat = np.full((4, 3, 5), 2.0)
    yield Call(flat, np.array([[0, 0, 1, 1], [1, 0, 5, 3], [0, 1, 5, 3], [0, 0, 5, 3.0]]))


@task.criterion(1)
def any_numbers(rng):
    """One map, maps of negative numbers, boxes of whole numbers or with fractions, arrays in any layout."""
    one = normal(rng, 1, 4, 5)
    yield Call(one, around(rng, one))
    below = -5 - np.abs(normal(rng, 30, 5, 4))
    yield Call(readonly(below), around(rng, below).astype(np.int64))
    single = normal(rng, 35, 6, 5, dtype=np.float32)
    yield Call(strided(single), around(rng, single).astype(np.float32))
    yield Call(np.asfortranarray(single), around(rng, single) - 0.5)
    yield Call(below, around(rng, below) + 0.75)


def played(maps, boxes, *, score=lambda m: m, last=False, inside=None, order=(0, 1, 2, 3), swap=False, count=np.mean):
    """Right with the options as they are."""
    N, H, W = maps.shape
    flat = score(maps).reshape(N, -1)
    index = flat.shape[1] - 1 - flat[:, ::-1].argmax(axis=1) if last else flat.argmax(axis=1)
    y, x = np.divmod(index, H if swap == "height" else W)
    x, y = (y, x) if swap is True else (x, y)
    x0, y0, x1, y1 = boxes[:, order].T
    return float(count((inside or half_open)(x, y, x0, y0, x1, y1)))


def half_open(x, y, x0, y0, x1, y1):
    """Right."""
    return (x0 <= x) & (x < x1) & (y0 <= y) & (y < y1)


task.options(played, {
    "row-for-x": ({"swap": True},
        "Rows are compared with x0 and x1: x is the column of the maximum, y its row, and a box is (x0, y0, x1, y1)."),
    "divides-by-the-height": ({"swap": "height"},
        "The flat index is split by the height. In row-major order a row has W entries: divmod(index, W)."),
    "closed-boxes": ({"inside": lambda x, y, x0, y0, x1, y1: (x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1)},
        "x1 and y1 count as inside. The boxes are half open: x < x1 and y < y1."),
    "open-boxes": ({"inside": lambda x, y, x0, y0, x1, y1: (x0 < x) & (x < x1) & (y0 < y) & (y < y1)},
        "x0 and y0 count as outside. The boxes are half open: x0 ≤ x and y0 ≤ y."),
    "open-at-the-wrong-end": ({"inside": lambda x, y, x0, y0, x1, y1: (x0 < x) & (x <= x1) & (y0 < y) & (y <= y1)},
        "The boxes are open at x0 and y0, and closed at x1 and y1. It is the other way round."),
    "columns-only": ({"inside": lambda x, y, x0, y0, x1, y1: (x0 <= x) & (x < x1)},
        "Only x is compared. The point must lie between y0 and y1 as well."),
    "rows-only": ({"inside": lambda x, y, x0, y0, x1, y1: (y0 <= y) & (y < y1)},
        "Only y is compared. The point must lie between x0 and x1 as well."),
    "rows-or-columns": (
        {"inside": lambda x, y, x0, y0, x1, y1: ((x0 <= x) & (x < x1)) | ((y0 <= y) & (y < y1))},
        "It is enough for you that one of x and y fits. Both must."),
    "sizes-for-corners": (
        {"inside": lambda x, y, x0, y0, w, h: (x0 <= x) & (x < x0 + w) & (y0 <= y) & (y < y0 + h)},
        "The last two numbers are read as width and height. They are x1 and y1, the other corner."),
    "x0-x1-y0-y1": ({"order": [0, 2, 1, 3]}, "The box is read as (x0, x1, y0, y1). It is (x0, y0, x1, y1)."),
    "last-maximum": ({"last": True}, "Of equal maxima the last one counts. The first in row-major order does."),
    "minimum": ({"score": np.negative}, "The minimum of the map is taken. Wanted is its maximum."),
    "largest-absolute-value": ({"score": np.abs}, "The largest absolute value is taken. Wanted is the maximum."),
    "x1-counts": ({"inside": lambda x, y, x0, y0, x1, y1: (x0 <= x) & (x <= x1) & (y0 <= y) & (y < y1)},
        "x1 counts as inside. The boxes are half open: x < x1 and y < y1."),
    "y1-counts": ({"inside": lambda x, y, x0, y0, x1, y1: (x0 <= x) & (x < x1) & (y0 <= y) & (y <= y1)},
        "y1 counts as inside. The boxes are half open: x < x1 and y < y1."),
    "ends-too-early": (
        {"inside": lambda x, y, x0, y0, x1, y1: (x0 <= x) & (x < x1 - 1) & (y0 <= y) & (y < y1 - 1)},
        "x1 − 1 and y1 − 1 count as outside. The boxes are half open: x < x1 and y < y1."),
    "middle-of-the-pixel": (
        {"inside": lambda x, y, x0, y0, x1, y1: half_open(x + 0.5, y + 0.5, x0, y0, x1, y1)},
        "Half a pixel is added to the point. It is (column, row) as it is."),
    "boxes-cut-to-whole-numbers": (
        {"inside": lambda x, y, *box: half_open(x, y, *(np.asarray(side).astype(int) for side in box))},
        "The boxes are cut to whole numbers. Compare with their sides as they are."),
    "per-cent": ({"count": lambda hits: 100 * hits.mean()}, "The result is in per cent. A share lies between 0 and 1."),
    "number-of-hits": ({"count": np.sum}, "The hits are counted. Wanted is their share: divide by N."),
    "misses": ({"count": lambda hits: 1 - hits.mean()}, "That is the share of maps that miss their box."),
    "first-map-only": ({"count": lambda hits: hits[0]},
        "Only the first map counts. Wanted is the share over all maps."),
})  # fmt: skip


@task.mistake
def column_major(again, maps, boxes):
    """Of equal maxima the first one column after column is taken. Row-major order goes along the rows."""
    return again(maps=maps.transpose(0, 2, 1), boxes=boxes[:, [1, 0, 3, 2]])


@task.mistake
def one_map_for_all(again, maps):
    """All maps are searched together: the maximum of the whole array is compared with every box."""
    n = int(maps.argmax()) // maps[0].size
    return again(maps=np.repeat(maps[n : n + 1], len(maps), axis=0))


@task.mistake
def any_maximum(maps, boxes):
    """It is a hit for you if any of several equal maxima lies in the box. Only the first one counts."""
    y, x = np.indices(maps.shape[1:])
    inside = np.stack([half_open(x, y, *box) for box in boxes])
    return float(((maps == maps.max(axis=(1, 2), keepdims=True)) & inside).any(axis=(1, 2)).mean())


@task.mistake
def rows_and_columns_apart(maps, boxes):
    """Row and column of the maximum are looked for one by one, and of several maxima may belong to two."""
    y, x = maps.max(axis=2).argmax(axis=1), maps.max(axis=1).argmax(axis=1)
    return float(half_open(x, y, *boxes.T).mean())


@task.mistake
def first_box_for_all(again, maps, boxes):
    """All maps are compared with the first box. Each has its own."""
    return again(boxes=np.repeat(boxes[:1], len(maps), axis=0))


@task.mistake
def largest_of_all_maps(maps, boxes):
    """The maximum of all maps together is looked for, and only its map counts. Each map has its own maximum."""
    n, y, x = np.unravel_index(maps.argmax(), maps.shape)
    return float(half_open(x, y, *boxes[n]))


@task.mistake
def maximum_in_the_box(maps, boxes):
    """The maximum inside the box is compared with that of the map, so that any of several equal maxima is a hit."""
    hits = []
    for one, box in zip(maps, np.asarray(boxes).astype(int), strict=True):
        part = one[box[1] : box[3], box[0] : box[2]]
        hits.append(part.size > 0 and part.max() == one.max())
    return float(np.mean(hits))


@task.mistake
def share_of_the_sum(maps, boxes):
    """That is the share of each map's sum that lies in the box. The pointing game looks at the largest value only."""
    y, x = np.indices(maps.shape[1:])
    inside = np.stack([half_open(x, y, *box) for box in boxes])
    return float(((maps * inside).sum(axis=(1, 2)) / maps.sum(axis=(1, 2))).mean())
