"""Area under the envelope of precision over recall."""

import numpy as np

from cnncourse.checks.author import Call, Task, fortran, readonly, strided
from cnncourse.checks.tasks.u18._boxes import by_score

task = Task(see="What average precision is")


@task.right
def average_precision(scores, correct, count):
    """The mean, over all true boxes, of the best precision at the recall that finds them; 0 where none does."""
    hits = np.flatnonzero(correct[np.argsort(-scores, kind="stable")])
    if len(hits) == 0:
        return 0.0
    precision = np.arange(1, len(hits) + 1) / (hits + 1)
    return float(np.maximum.accumulate(precision[::-1]).sum() / count)


def ranked(rng, total, count, share=0.5):
    """Scores that all differ, and which of the detections are correct: good ones more often."""
    scores = rng.permutation(total) / total + 0.005
    correct = rng.random(total) < share * (0.5 + scores)
    correct[np.flatnonzero(correct)[count:]] = False
    return scores, correct, count


@task.criterion(2)
def values(rng):
    """Few detections and many, most of them right or wrong, true boxes that nothing found."""
    for total, count, share in [(12, 8, 0.5), (30, 10, 0.3), (8, 20, 0.7), (40, 25, 0.6), (6, 3, 0.4), (15, 9, 0.9)]:
        yield Call(*ranked(rng, total, count, share))
    yield Call(np.array([-0.3, -0.1, -0.2, -0.9]), np.array([True, False, True, False]), 3)
    yield Call(np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([True, False, False, True, True]), 5)
    yield Call(np.array([0.5, 0.6, 0.7]), np.array([True, True, False]), 2)


@task.criterion(1)
def edges(rng):
    """All right, all wrong, one detection, no detections, no true boxes."""
    scores = rng.random(6)
    yield Call(scores, np.ones(6, bool), 6)
    yield Call(scores, np.ones(6, bool), int(rng.integers(7, 40)))
    yield Call(scores, np.zeros(6, bool), 4)
    yield Call(scores, np.zeros(6, bool), 0)
    yield Call(np.zeros(0), np.zeros(0, bool), 3)
    yield Call(np.zeros(0), np.zeros(0, bool), 0)
    yield Call(np.array([0.4]), np.array([True]), 2)


@task.criterion(1)
def ties(rng):
    """Equal scores: the detection with the lower index comes first."""
    for _ in range(4):
        _, correct, count = ranked(rng, 12, 8)
        correct[rng.permutation(12)[:2]] = [True, False]
        yield Call(rng.integers(0, 3, 12) / 4, correct, max(count, int(correct.sum())))
    yield Call(np.full(5, 0.5), np.array([False, True, False, True, True]), 4)


@task.criterion(1, "any array")
def arrays(rng):
    """float32 and float64; read-only arrays and arrays that are not stored row after row work too."""
    for kind in (lambda x: x.astype(np.float32), fortran, strided, readonly):
        scores, correct, count = ranked(rng, 14, 9)
        yield Call(kind(scores), readonly(correct) if kind is readonly else correct, count)


def heights(precision):
    """The envelope."""
    return np.maximum.accumulate(precision[::-1])[::-1]


def under(precision, recall):
    """Area under steps that reach from the recall before to this one."""
    return (precision * np.diff(recall, prepend=0.0)).sum()


def at(points):
    """Mean of the envelope at some recalls."""

    def mean(precision, recall):
        return np.mean([precision[recall >= point].max(initial=0) for point in points])

    return mean


def area(
    scores, correct, count, order=by_score, envelope=heights, form=under, of=lambda n, found: n,
    total=lambda count, hits: count,
):  # fmt: skip
    """Right with the options as they are."""
    if not count or not len(scores):
        return 0.0
    hits = correct[order(scores)].astype(float)
    found = hits.cumsum()
    precision = found / of(np.arange(1, len(hits) + 1), found)
    return float(form(envelope(precision), found / max(total(count, hits.sum()), 1)))


def trapezoids(precision, recall):
    """Area under straight lines between the points at which the recall has grown."""
    grown = np.diff(recall, prepend=0.0) > 0
    x, y = np.concatenate([[0.0], recall[grown]]), np.concatenate([precision[:1], precision[grown]])
    return (np.diff(x) * (y[1:] + y[:-1]) / 2).sum()


task.options(area, {
    "no-envelope": ({"envelope": lambda p: p},
        "That is the area under the raw curve, teeth and all. Each precision counts as the best at its recall or a "
        "larger one."),
    "envelope-from-the-left": ({"envelope": np.maximum.accumulate},
        "The running maximum goes from the left, over smaller recalls. It goes from the right, over larger ones."),
    "envelope-from-below": ({"envelope": lambda p: np.minimum.accumulate(p)},
        "A running minimum is taken from the left. The envelope is a running maximum from the right."),
    "eleven-points": ({"form": at(np.linspace(0, 1, 11))},
        "That is the mean at recall 0, 0.1, … 1, the old form. Wanted is the area under the envelope, all points."),
    "hundred-and-one-points": ({"form": at(np.linspace(0, 1, 101))},
        "That is COCO's mean at 101 recalls. Wanted is the area under the envelope, all points."),
    "trapezoids": ({"form": trapezoids},
        "The points are joined by straight lines. The envelope is a staircase: at each recall the height is that of "
        "the next point."),
    "mean-of-precisions": ({"form": lambda p, r: p.mean()},
        "That is the mean over the detections. Weigh each precision by how much its detection adds to the recall."),
    "recall-of-what-was-found": ({"total": lambda count, hits: hits},
        "The recall is a share of the true boxes that were found. It is a share of all: `count`."),
    "recall-of-the-detections": (
        {"total": lambda count, hits: 10**9, "form": lambda p, r: under(p, r * 10**9 / len(r))},
        "The correct ones are divided by the number of detections. The recall is a share of the `count` true boxes."),
    "order-given": ({"order": lambda s: np.arange(len(s))},
        "The detections count in the order given. Sort them by falling score first."),
    "lowest-score-first": ({"order": lambda s: np.argsort(s, kind="stable")},
        "The detections count from the lowest score on. The highest comes first."),
    "ties-to-the-higher-index": ({"order": lambda s: np.argsort(s, kind="stable")[::-1]},
        "Of equal scores the higher index comes first. Sort by −score, stably."),
    "precision-from-zero": ({"of": lambda n, found: n + 1},
        "Precision after n detections is divided by n + 1. Divide by n: the first detection alone has 1 or 0."),
    "odds-for-precision": ({"of": lambda n, found: np.maximum(n - found, 1)},
        "The correct ones are divided by the wrong ones. Precision is their share of all detections so far."),
    "raw-trapezoids": (
        {"envelope": lambda p: p, "form": lambda p, r: under((np.append(1, p[:-1]) + p) / 2, r)},
        "The points of the raw curve are joined by straight lines. Wanted is the area under the envelope."),
    "without-the-first-step": ({"form": lambda p, r: (p[1:] * np.diff(r)).sum()},
        "The first step is missing, from recall 0 to the first point: np.diff(recall, prepend=0)."),
    "recall-only": ({"form": lambda p, r: r[-1]},
        "That is the recall in the end. The area needs the precision, too."),
    "held-to-recall-one": ({"form": lambda p, r: under(p, r) + (1 - r[-1]) * p[-1]},
        "The envelope is drawn on to a recall of 1. It is 0 beyond the largest recall."),
    "mean-of-products": ({"form": lambda p, r: (p * r).mean()},
        "Precision times recall is averaged. Weigh each precision by how much its detection adds to the recall."),
    "best-harmonic-mean": (
        {"envelope": lambda p: p, "form": lambda p, r: (2 * p * r / np.maximum(p + r, 1e-9)).max()},
        "That is the best F1. Wanted is the area under the envelope."),
    "not-divided": ({"total": lambda count, hits: 1},
        "The precisions are summed. Each correct detection is a step of 1 / count: divide by count."),
    "best-precision-only": ({"form": lambda p, r: p.max()},
        "That is the best precision. The area needs the recall, too."),
    "last-point-only": ({"form": lambda p, r: p[-1] * r[-1]},
        "Only the last point counts: precision times recall in the end. The area is over the whole curve."),
})  # fmt: skip


@task.mistake
def one_without_true_boxes(right, count):
    """Without true boxes the result is 1. Here it is 0."""
    return 1.0 if count == 0 else right


@task.mistake
def nan_without_true_boxes(right, count):
    """Without true boxes the recall is 0/0, NaN. The result is 0 then."""
    return float("nan") if count == 0 else right


@task.mistake
def per_cent(right):
    """The result is given in per cent. It is a number from 0 to 1."""
    return 100 * right


@task.mistake
def equal_scores_together(scores, correct, count):
    """Detections with equal scores count as one point of the curve. They count one by one, the lower index first."""
    if not count or not len(scores):
        return 0.0
    order = by_score(scores)
    last = np.append(np.diff(scores[order]) != 0, True)
    found = correct[order].cumsum()
    precision = (found / np.arange(1, len(order) + 1))[last]
    return float(under(heights(precision), found[last] / count))
