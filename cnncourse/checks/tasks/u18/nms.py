"""Of several boxes around one thing, keep the best."""

import numpy as np

from cnncourse.checks.author import Call, fortran, readonly, strided
from cnncourse.checks.tasks.u18._boxes import around, boxes, by_score, iou, shared
from cnncourse.checks.tasks.u18._indices import IndexTask

task = IndexTask(see="One thing, many boxes")


@task.right
def nms(boxes, scores, threshold):
    """Take the best of those that are left, again and again, and drop what overlaps it."""
    overlaps = iou(boxes, boxes)
    left, kept = np.argsort(-scores, kind="stable"), []
    while len(left):
        best, others = left[0], left[1:]
        kept.append(int(best))
        left = others[overlaps[best, others] <= threshold]
    return np.array(kept, dtype=np.int64)


def crowd(rng, things=3, each=4):
    """Boxes in bunches, and scores that all differ."""
    found = around(rng, boxes(rng, things), each)
    return found, rng.permutation(len(found)) / len(found) + 0.01


@task.criterion(2)
def values(rng):
    """Bunches of boxes, few and many, under low and high thresholds."""
    for threshold in (0.1, 0.3, 0.5, 0.5, 0.7, 0.9):
        yield Call(*crowd(rng), threshold)
    yield Call(*crowd(rng, 6, 5), 0.4)
    yield Call(*crowd(rng, 1, 8), 0.45)
    found, scores = crowd(rng, 4, 4)
    yield Call(found, scores - 5, 0.35)
    yield Call(boxes(rng, 1), np.array([0.2]), 0.5)


@task.criterion(1)
def chains(rng):
    """A box that is dropped drops no other: A drops B, and C, which overlaps only B, stays."""
    for step in (3.0, 4.0, 4.5):
        row = np.array([[0.0, 0.0, 10.0, 6.0]]) + step * np.arange(6)[:, None] * np.array([1, 0, 1, 0])
        scores = np.sort(rng.uniform(0.1, 1, 6))[::-1]
        order = rng.permutation(6)
        yield Call(row[order], scores[order], 0.3)
        yield Call(row, scores[[0, 2, 1, 4, 3, 5]], 0.3)


@task.criterion(1)
def ties(rng):
    """Equal scores: the lower index comes first. IoU equal to the threshold, no area, no boxes."""
    found, _ = crowd(rng, 3, 4)
    yield Call(found, rng.integers(1, 3, 12) / 4, 0.3)
    yield Call(crowd(rng, 8, 4)[0], np.full(32, 0.5), 0.4)
    yield Call(crowd(rng, 8, 4)[0], rng.integers(1, 3, 32) / 4, 0.6)
    half = np.array([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 2.0], [0.0, 0.0, 2.0, 2.0], [10.0, 10.0, 11.0, 11.0]])
    yield Call(half, np.array([0.9, 0.8, 0.7, 0.6]), 0.5)
    yield Call(half[::-1].copy(), np.array([0.9, 0.8, 0.7, 0.6]), 0.5)
    yield Call(found, np.full(12, 0.25), 1.0)
    yield Call(np.zeros((0, 4)), np.zeros(0), 0.5)
    for line in ([0, 1, 0, 3], [0, 3, 2, 3]):  # one box without area: it overlaps none
        yield Call(np.concatenate([found[:2, line][:1], found[:6]]), rng.permutation(7) / 7, 0.4)


@task.criterion(1, "any array")
def arrays(rng):
    """float32 and float64; read-only arrays and arrays that are not stored row after row work too."""
    for kind in (lambda x: x.astype(np.float32), fortran, strided, readonly):
        found, scores = crowd(rng)
        yield Call(kind(found), kind(scores), 0.45)


def suppress(
    boxes, scores, threshold, overlap=iou, order=by_score, drops=np.greater, by_kept=True, result=np.array,
    rivals_of=lambda kept: kept, limit=lambda threshold: threshold,
):  # fmt: skip
    """Right with the options as they are."""
    overlaps, kept, seen = overlap(boxes, boxes), [], []
    threshold = limit(threshold)
    for i in order(scores).tolist():
        rivals = rivals_of(kept if by_kept else seen)
        if not any(drops(overlaps[i, j], threshold) for j in rivals):
            kept.append(i)
        seen.append(i)
    return result(kept).astype(np.int64)


task.options(suppress, {
    "dropped-boxes-drop-others": ({"by_kept": False},
        "A box that was dropped drops others. Only boxes that are kept do."),
    "lowest-score-first": ({"order": lambda s: np.argsort(s, kind="stable")},
        "The boxes are gone through from the lowest score to the highest. The best box comes first."),
    "ties-to-the-higher-index": ({"order": lambda s: np.argsort(s, kind="stable")[::-1]},
        "Of equal scores the higher index comes first: a rising sort, reversed, does that. Sort by −score, stably."),
    "order-given": ({"order": lambda s: np.arange(len(s))},
        "The boxes are gone through as they come. Sort them by falling score first."),
    "drops-at-the-threshold": ({"drops": np.greater_equal},
        "A box whose IoU equals the threshold is dropped. Only a larger IoU drops."),
    "keeps-what-overlaps": ({"drops": np.less_equal},
        "What overlaps little is dropped, and what overlaps much is kept. It is the other way round."),
    "keeps-what-overlaps-more": ({"drops": np.less},
        "What overlaps little is dropped, and what overlaps much is kept. It is the other way round."),
    "sorted-indices": ({"result": lambda kept: np.sort(np.array(kept))},
        "The indices are in rising order. They are wanted by falling score."),
    "rising-score": ({"result": lambda kept: np.array(kept)[::-1]},
        "The indices are in the order of rising scores. They are wanted by falling score."),
    "first-only": ({"result": lambda kept: np.array(kept)[:1]},
        "Only the best box of all is kept. Go on with those that it does not drop."),
    "best-box-only": ({"rivals_of": lambda kept: kept[:1]},
        "Each box is compared with the best one only. Compare it with all that are kept."),
    "last-kept-only": ({"rivals_of": lambda kept: kept[-1:]},
        "Each box is compared with the last one only that was kept. Compare it with all that are kept."),
    "neighbours-only": ({"by_kept": False, "rivals_of": lambda seen: seen[-1:]},
        "Each box is compared with the one before it only. Compare it with all that are kept."),
    "threshold-not-used": ({"limit": lambda threshold: 0.5}, "The threshold is not used: it is always 0.5."),
    "one-minus-threshold": ({"limit": lambda threshold: 1 - threshold},
        "1 − threshold is compared with. A box goes if its IoU is greater than the threshold itself."),
    "three-at-most": ({"result": lambda kept: np.array(kept)[:3]},
        "There are never more than three boxes. Keep all that none of the kept ones drops."),
    "covered-share-for-iou": ({"overlap": lambda a, b: iou(a, b, whole=lambda s, t, both: np.minimum(s, t))},
        "The overlap is divided by the smaller area. IoU divides by the area of the union."),
    "inclusive-pixels": ({"overlap": lambda a, b: iou(a, b, lambda c, d: shared(c, d, 1.0))},
        "1 is added to the sides in common. The boxes are half open: x1 − x0 is the width."),
})  # fmt: skip


@task.mistake
def keeps_all(scores):
    """Nothing is dropped: the boxes are only sorted."""
    return by_score(scores).astype(np.int64)


@task.mistake
def mask_for_indices(right, scores):
    """That is a mask, one bool per box. The indices of the boxes that are kept are wanted, by falling score."""
    return np.isin(np.arange(len(scores)), right)


@task.mistake
def places_in_the_order(right, scores):
    """These are places in the sorted list. Wanted are the indices of the boxes as they were given."""
    return np.flatnonzero(np.isin(by_score(scores), right))


@task.mistake
def boxes_for_indices(right, boxes):
    """These are the boxes that are kept. Their indices are wanted."""
    return boxes[right]


@task.mistake
def whole_numbers_as_floats(right):
    """The indices are floats. Indices are whole numbers: a list of ints, or dtype=int."""
    return right.astype(float)


@task.mistake
def scores_at_the_threshold(right, scores, threshold):
    """The threshold is used for the scores as well. It is one of the IoU only."""
    return right[scores[right] > threshold]


@task.mistake
def negative_scores_left_out(right, scores):
    """Boxes whose score is 0 or less are lost: does 0 stand for a box that is gone? Scores may be any numbers."""
    return right[scores[right] > 0]


@task.mistake
def boxes_without_area_left_out(right, boxes):
    """Boxes without area are lost. They overlap nothing, so nothing drops them."""
    return right[((boxes[:, 2:] - boxes[:, :2]) > 0).all(axis=1)[right]]


@task.mistake
def dropped_boxes(right, scores):
    """These are the boxes that are dropped. Wanted are those that are kept."""
    return np.array([i for i in by_score(scores) if i not in right], np.int64)


@task.mistake
def one_drop_each(boxes, scores, threshold):
    """Each box that is kept drops one other at most. It drops all that overlap it."""
    overlaps, left, kept = iou(boxes, boxes), by_score(scores).tolist(), []
    while left:
        kept.append(left.pop(0))
        gone = next((j for j in left if overlaps[kept[-1], j] > threshold), None)
        left = [j for j in left if j != gone]
    return np.array(kept, np.int64)


@task.mistake
def removed_while_walking(boxes, scores, threshold):
    """Boxes are removed from the list that the loop walks over, which then skips the next one. Build a new list."""
    overlaps, left, kept = iou(boxes, boxes), by_score(scores).tolist(), []
    while left:
        kept.append(left.pop(0))
        for j in left:
            if overlaps[kept[-1], j] > threshold:
                left.remove(j)
    return np.array(kept, np.int64)


@task.mistake
def inclusive_everywhere(again, boxes):
    """1 is added to all sides, as if x1 and y1 were inside. In half-open boxes x1 − x0 is the width."""
    return again(boxes=boxes + np.array([0, 0, 1, 1], boxes.dtype))
