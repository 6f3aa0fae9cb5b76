"""Which detections of a picture are correct."""

import numpy as np

from cnncourse.checks.author import Call, Task, fortran, readonly, strided
from cnncourse.checks.tasks.u18._boxes import around, boxes, by_score, iou

task = Task(see="What average precision is", lists_allowed=True)


@task.right
def match_detections(boxes, scores, truth, threshold):
    """Each detection, best first, takes the free true box that it overlaps most."""
    overlaps = iou(boxes, truth)
    correct = np.zeros(len(boxes), bool)
    for i in np.argsort(-scores, kind="stable") if len(truth) else ():
        j = overlaps[i].argmax()
        if overlaps[i, j] >= threshold:
            correct[i] = True
            overlaps[:, j] = -np.inf
    return correct


def found(rng, things=3, each=3, shift=1.0):
    """Detections around true boxes, their scores, and the true boxes, some of which overlap."""
    truth = boxes(rng, things, 10)
    seen = around(rng, truth, each, shift)
    return seen, rng.permutation(len(seen)) / len(seen), truth


@task.criterion(2)
def values(rng):
    """Several detections of each thing, true boxes that overlap, low and high thresholds."""
    sizes = [(3, 3, 1.0, 0.5), (2, 5, 2.0, 0.5), (4, 2, 0.5, 0.75), (1, 6, 1.5, 0.4), (5, 3, 2.0, 0.1)]
    for things, each, shift, threshold in sizes:
        yield Call(*found(rng, things, each, shift), threshold)
        seen, scores, truth = found(rng, things, each, shift)
        close = np.concatenate([truth, truth + rng.uniform(0, 1.5, (len(truth), 1))])
        yield Call(seen, scores - 3, close, threshold)
    yield Call(*found(rng, 6, 2), 0.3)


@task.criterion(1)
def taken(rng):
    """The best true box is taken: the next best that is free counts (COCO's rule, and not PASCAL VOC's)."""
    for gap in (1.0, 1.5, 2.0):
        truth = np.array([[0.0, 0.0, 10.0, 10.0], [gap, 0.0, 10.0 + gap, 10.0]])
        seen = np.concatenate([truth[:1], truth[:1] + 0.2, truth[:1] - 0.1, truth[:1] + [0, 1, 0, 1]])
        order = rng.permutation(4)
        yield Call(seen[order], rng.permutation(4) / 4.0, truth[rng.permutation(2)], 0.5)
    down = np.array([[0.0, 0.0, 10.0, 10.0], [0.0, 3.0, 10.0, 13.0], [0.0, 2.5, 10.0, 12.5], [0.0, 6.0, 10.0, 16.0]])
    yield Call(down[2:], np.array([0.3, 0.6]), down[:2], 0.5)  # the pair with the largest IoU is not the first


@task.criterion(1)
def edges(rng):
    """Equal scores and equal IoU: the first. IoU equal to the threshold counts. No true boxes, no detections."""
    seen, _, truth = found(rng)
    yield Call(seen, np.full(len(seen), 0.5), truth, 0.4)
    for many, _, true in (found(rng, 5, 15), found(rng, 4, 20)):
        yield Call(many, rng.integers(0, 2, len(many)) / 2, true, 0.4)
        yield Call(many, np.full(len(many), 0.25), true, 0.3)
    yield Call(seen, rng.integers(0, 2, len(seen)) / 2, truth, 0.3)
    square, halves = np.array([[0.0, 0.0, 4.0, 4.0]]), np.array([[0.0, 0.0, 4.0, 2.0], [0.0, 2.0, 4.0, 4.0]])
    yield Call(halves, np.array([0.4, 0.6]), square, 0.5)
    yield Call(np.concatenate([square, halves[:1]]), np.array([0.9, 0.8]), halves, 0.5)
    yield Call(np.concatenate([square, halves[1:]]), np.array([0.9, 0.8]), halves, 0.5)
    few, some, all_of_them = found(rng, 5, 1, 0.5)
    yield Call(few[:3], some[:3], all_of_them, 0.3)
    yield Call(seen, rng.random(len(seen)), np.zeros((0, 4)), 0.5)
    yield Call(np.zeros((0, 4)), np.zeros(0), truth, 0.5)


@task.criterion(1, "any array")
def arrays(rng):
    """float32 and float64; read-only arrays and arrays that are not stored row after row work too."""
    for kind in (lambda x: x.astype(np.float32), fortran, strided, readonly):
        seen, scores, truth = found(rng)
        yield Call(kind(seen), kind(scores), kind(truth), 0.45)


def judged(
    boxes, scores, truth, threshold, order=by_score, enough=np.greater_equal, overlap=iou, twice=False, voc=False,
    pick=np.argmax, blocks=False,
):  # fmt: skip
    """Right with the options as they are."""
    overlaps = overlap(boxes, truth)
    correct, free = np.zeros(len(boxes), bool), np.ones(len(truth), bool)
    for i in order(scores) if len(truth) else ():
        row = overlaps[i] if voc else np.where(free, overlaps[i], -1)
        j = pick(row)
        if enough(row[j], threshold) and free[j]:
            correct[i], free[j] = True, twice
        elif blocks:
            free[j] = False
    return correct


task.options(judged, {
    "duplicates-count": ({"twice": True},
        "A thing may be found several times. Each true box is taken by one detection; a second one is wrong."),
    "rule-of-voc": ({"voc": True},
        "A detection whose best true box is taken is wrong by VOC's rule. Here it takes the best *free* one."),
    "order-given": ({"order": lambda s: np.arange(len(s))},
        "The detections are matched in the order given. The highest score chooses first."),
    "lowest-score-first": ({"order": lambda s: np.argsort(s, kind="stable")},
        "The lowest score chooses first. The highest does."),
    "ties-to-the-higher-index": ({"order": lambda s: np.argsort(s, kind="stable")[::-1]},
        "Of equal scores the higher index chooses first. Sort by −score, stably."),
    "threshold-is-exclusive": ({"enough": np.greater}, "An IoU equal to the threshold does not count. It does: ≥."),
    "last-of-equal-boxes": ({"pick": lambda row: len(row) - 1 - row[::-1].argmax()},
        "Of true boxes with equal IoU the last is taken. Take the first."),
    "any-box-that-suffices": ({"pick": lambda row: int(np.argmax(row >= 0.3)) if (row >= 0.3).any() else row.argmax()},
        "The first true box with enough overlap is taken. Take the one with the largest."),
    "misses-take-boxes": ({"blocks": True},
        "A detection with too little overlap takes a true box all the same. Only a correct one does."),
    "covered-share-for-iou": ({"overlap": lambda a, b: iou(a, b, whole=lambda s, t, both: np.minimum(s, t))},
        "The overlap is divided by the smaller area. IoU divides by the area of the union."),
})  # fmt: skip


@task.mistake
def by_falling_score(right, scores):
    """The result is in the order of falling scores. It is wanted in the order in which the detections were given."""
    return right[by_score(scores)]


@task.mistake
def one_per_true_box(boxes, truth, threshold):
    """The true boxes choose their best detection, whatever the scores. The detections choose, best score first."""
    correct = np.zeros(len(boxes), bool)
    for row in iou(truth, boxes):
        if len(row) and row.max() >= threshold:
            correct[row.argmax()] = True
    return correct


@task.mistake
def wrong_ones(right):
    """True stands for the wrong detections. It stands for the correct ones."""
    return ~right


@task.mistake
def count_for_mask(right):
    """That is how many are correct. Wanted is True or False for each detection."""
    return int(right.sum())


@task.mistake
def threshold_not_used(again):
    """The threshold is not used: it is always 0.5."""
    return again(threshold=0.5)


@task.mistake
def first_box_that_suffices(boxes, scores, truth, threshold):
    """The first free true box with enough overlap is taken. Take the one with the largest."""
    return judged(boxes, scores, truth, threshold,
                  pick=lambda row: int(np.argmax(row >= threshold)) if (row >= threshold).any() else row.argmax())


@task.mistake
def true_boxes_choose_in_turn(boxes, truth, threshold):
    """The true boxes choose their best free detection, whatever the scores. The detections choose, best score first."""
    correct = np.zeros(len(boxes), bool)
    for row in iou(truth, boxes):
        row = np.where(correct, -1, row)
        if len(row) and row.max() >= threshold:
            correct[row.argmax()] = True
    return correct


@task.mistake
def best_pairs_first(boxes, truth, threshold):
    """The pair with the largest IoU of all is matched first. The detection with the highest score chooses first."""
    overlaps, correct = iou(boxes, truth), np.zeros(len(boxes), bool)
    while overlaps.size and overlaps.max() >= threshold:
        i, j = np.unravel_index(overlaps.argmax(), overlaps.shape)
        correct[i] = True
        overlaps[i], overlaps[:, j] = -1, -1
    return correct


@task.mistake
def ends_at_the_first_miss(boxes, scores, truth, threshold):
    """Nothing is correct after the first wrong detection: is there a break in the loop? Go on with the next."""
    correct, rank = judged(boxes, scores, truth, threshold), by_score(scores)
    wrong = np.flatnonzero(~correct[rank])
    correct[rank[wrong[:1].sum() if len(wrong) else len(rank):]] = False
    return correct


@task.mistake
def inclusive_pixels(again, boxes, truth):
    """1 is added to all sides, as if x1 and y1 were inside. In half-open boxes x1 − x0 is the width."""
    return again(boxes=boxes + np.array([0, 0, 1, 1], boxes.dtype), truth=truth + np.array([0, 0, 1, 1], truth.dtype))


@task.mistake
def numbers_for_truth_values(right):
    """These are numbers, 0 and 1. Wanted are True and False: an array of dtype bool."""
    return right.astype(int)
