"""Which true box each anchor stands for."""

import numpy as np

from cnncourse.checks.author import Call, Task, fortran, readonly, strided
from cnncourse.checks.tasks.u18._boxes import around, boxes, iou

task = Task(see="Anchors, matching, offsets", lists_allowed=True)


@task.right
def match_anchors(anchors, boxes, high, low):
    """The best box of each anchor, then the best anchor of each box."""
    overlaps = iou(anchors, boxes)
    if not overlaps.size:
        return np.full(len(anchors), -1)
    best = overlaps.max(axis=1)
    matches = np.where(best >= high, overlaps.argmax(axis=1), np.where(best < low, -1, -2))
    claims = {}
    for box, own in enumerate(overlaps.T):
        anchor = int(own.argmax())
        if own[anchor] > claims.get(anchor, [0.0])[0]:
            claims[anchor] = own[anchor], box
    for anchor, (_, box) in claims.items():
        matches[anchor] = box
    return matches


def laid(rng, count, each, shift=1.5, whole=False):
    """Anchors around boxes, and some elsewhere."""
    truth = boxes(rng, count, 16, whole)
    anchors = np.concatenate([around(rng, truth, each, shift), boxes(rng, 4, 16)])
    return (np.round(anchors) + [0, 0, 1, 1] if whole else anchors), truth


@task.criterion(2)
def values(rng):
    """Anchors above, between and below the thresholds; one box, many; equal thresholds."""
    sizes = [(3, 4, 0.6, 0.4), (2, 6, 0.7, 0.3), (5, 2, 0.5, 0.4), (1, 8, 0.5, 0.5), (4, 4, 0.8, 0.1)]
    for count, each, high, low in sizes:
        yield Call(*laid(rng, count, each), high, low)
        yield Call(*laid(rng, count, each, 3.0), high, low)
    yield Call(*laid(rng, 2, 3), 0.5, 0.25)


@task.criterion(2)
def claims(rng):
    """Each box claims its best anchor, whatever the IoU; boxes that claim one anchor; a claim on a matched anchor."""
    for _ in range(6):
        truth = boxes(rng, 4, 10)
        yield Call(np.concatenate([boxes(rng, 2, 10), truth[:1] + 0.3]), truth, 0.7, 0.3)
        yield Call(boxes(rng, 3, 10), truth, 0.95, 0.9)
        yield Call(np.array([[0.0, 0.0, 10.0, 10.0]]), truth[rng.permutation(4)], 0.5, 0.2)
    near = np.array([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 9.0]])
    yield Call(near[:1], near[::-1].copy(), 0.6, 0.3)
    yield Call(near, np.array([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 7.0]]), 0.6, 0.3)  # one claims the other's
    yield Call(near, np.array([[0.0, 0.0, 10.0, 8.0], [0.0, 0.0, 10.0, 9.5], [0.0, 0.0, 10.0, 9.1]]), 0.6, 0.3)


@task.criterion(1)
def edges(rng):
    """Equal IoU: the first box, the first anchor. IoU equal to a threshold. Boxes that no anchor touches. No boxes."""
    square = np.array([[0.0, 0.0, 4.0, 4.0]])
    parts = np.array([[0.0, 0.0, 4.0, 2.0], [0.0, 2.0, 4.0, 4.0], [0.0, 0.0, 4.0, 1.0], [0.0, 0.0, 4.0, 4.0]])
    yield Call(parts, square, 0.5, 0.25)
    yield Call(parts[[2, 0, 1]], square, 0.6, 0.5)
    yield Call(np.concatenate([square, square]), parts[:3], 0.5, 0.25)
    yield Call(np.concatenate([parts, parts]), np.concatenate([square, parts[:2]]), 0.5, 0.25)
    yield Call(parts[1:3], np.concatenate([parts[:2] + 50, square, square]), 0.7, 0.3)
    yield Call(np.concatenate([square + 20, parts]), np.concatenate([square, square + 60]), 0.7, 0.3)
    for _ in range(3):
        yield Call(*laid(rng, 4, 3, 2.0, whole=True), 0.5, 0.3)
    yield Call(boxes(rng, 3), np.zeros((0, 4)), 0.5, 0.4)
    yield Call(np.concatenate([parts[:1, [0, 1, 0, 3]], parts]), parts[:2], 0.5, 0.4)  # an anchor without area


@task.criterion(1, "any array")
def arrays(rng):
    """float32 and float64; read-only arrays and arrays that are not stored row after row work too."""
    for kind in (lambda x: x.astype(np.float32), fortran, strided, readonly):
        anchors, truth = laid(rng, 3, 4)
        yield Call(kind(anchors), kind(truth), 0.55, 0.35)


def last(values, axis):
    """The index of the last of the largest values."""
    return values.shape[axis] - 1 - np.flip(values, axis).argmax(axis)


def matched(
    anchors, boxes, high, low, above=np.greater_equal, below=np.less, between=-2, overlap=iou,
    pick=lambda o, axis: o.argmax(axis), pick_anchor=lambda o, axis: o.argmax(axis), claim=lambda o: o > 0,
    order=lambda best: np.lexsort((-np.arange(len(best)), best)), free=lambda stood: True,
    limits=lambda high, low: (high, low),
):  # fmt: skip
    """Right with the options as they are."""
    high, low = limits(high, low)
    overlaps = overlap(anchors, boxes)
    if not overlaps.size:
        return np.full(len(anchors), -1)
    best = overlaps.max(axis=1)
    matches = np.where(above(best, high), pick(overlaps, 1), np.where(below(best, low), -1, between))
    wanted, most = pick_anchor(overlaps, 0), overlaps.max(axis=0)
    first = matches.copy()
    for box in order(most) if order != "unmatched" else np.lexsort((-np.arange(len(most)), most)):
        if order == "unmatched" and box in first:
            continue
        if claim(most[box]) and free(matches[wanted[box]]):
            matches[wanted[box]] = box
    return matches


task.options(matched, {
    "no-claims": ({"claim": lambda o: False},
        "Boxes claim no anchor. A box whose best anchor stays below `high` would never be learned."),
    "claims-without-overlap": ({"claim": lambda o: True},
        "A box that no anchor touches claims one all the same. Only a box with some overlap claims."),
    "claims-from-low": ({"claim": lambda o: o >= 0.2},
        "A box claims only where the overlap is large enough. It claims whatever the IoU, if there is any."),
    "claims-only-free-anchors": ({"free": lambda stood: stood < 0},
        "A claim gives way to what stands there. It replaces what stood there."),
    "the-last-claim-wins": ({"order": lambda best: np.arange(len(best))},
        "Of two boxes that claim one anchor the last wins. The one with the larger IoU does."),
    "the-first-claim-wins": ({"order": lambda best: np.arange(len(best))[::-1]},
        "Of two boxes that claim one anchor the first wins. The one with the larger IoU does."),
    "the-smaller-claim-wins": ({"order": lambda best: np.argsort(-best, kind="stable")},
        "Of two boxes that claim one anchor the one with the smaller IoU wins. The larger does."),
    "equal-claims-to-the-last": ({"order": lambda best: np.argsort(best, kind="stable")},
        "Of two boxes that claim one anchor with equal IoU the higher index wins. The lower does."),
    "nothing-left-out": ({"between": -1},
        "Anchors between the thresholds are background (−1). They are left out: −2."),
    "no-background": ({"below": lambda best, low: best < 0},
        "There is no background: all anchors below `high` get −2. Those below `low` get −1."),
    "claims-only-of-boxes-without-anchor": ({"order": "unmatched"},
        "Only boxes that no anchor got in the first round claim one. Each box claims its best anchor."),
    "one-half-and-two-fifths-always": ({"limits": lambda high, low: (0.5, 0.4)},
        "high and low are not used: they are always 0.5 and 0.4."),
    "thresholds-exchanged": ({"limits": lambda high, low: (low, high)},
        "high and low have changed places."),
    "high-is-exclusive": ({"above": np.greater}, "An IoU equal to `high` does not match. It does: ≥ high."),
    "low-is-inclusive": ({"below": np.less_equal}, "An IoU equal to `low` is background. Only less than `low` is."),
    "last-of-equal-boxes": ({"pick": last}, "Of boxes with equal IoU the last is taken. Take the first."),
    "last-of-equal-anchors": ({"pick_anchor": last},
        "Of anchors with equal IoU a box claims the last. It claims the first."),
    "covered-share-for-iou": ({"overlap": lambda a, b: iou(a, b, whole=lambda s, t, both: np.minimum(s, t))},
        "The overlap is divided by the smaller area. IoU divides by the area of the union."),
})  # fmt: skip


@task.mistake
def background_and_left_out_exchanged(right):
    """Background is −1, and what is left out is −2; here it is the other way round."""
    return np.where(right == -1, -2, np.where(right == -2, -1, right))


@task.mistake
def left_out_without_boxes(right, boxes):
    """Without boxes the anchors are left out (−2). They are background: −1."""
    return right if len(boxes) else np.full_like(right, -2)


@task.mistake
def background_and_left_out_exchanged_where_boxes_are(right, boxes):
    """Background is −1, and what is left out is −2; here it is the other way round."""
    return np.where(right == -1, -2, np.where(right == -2, -1, right)) if len(boxes) else right


@task.mistake
def claims_from_the_lower_threshold(anchors, boxes, high, low):
    """A box claims only where its IoU is at least `low`. It claims whatever the IoU, if there is any."""
    return matched(anchors, boxes, high, low, claim=lambda o: o >= low)


@task.mistake
def thresholds_after_the_claims(right, anchors, boxes, high, low):
    """The thresholds are asked for claimed anchors as well. A claim counts whatever the IoU."""
    best = iou(anchors, boxes).max(axis=1, initial=0)
    return np.where(best >= high, right, np.where(best < low, -1, -2))


@task.mistake
def substitutes(anchors, boxes, high, low):
    """A box whose anchor is claimed by another gets its next best one. The loser gets no substitute."""
    overlaps, matches = iou(anchors, boxes), matched(anchors, boxes, high, low, claim=lambda o: False)
    taken, best = set(), overlaps.max(axis=0, initial=0)
    for box in np.lexsort((np.arange(len(best)), -best)):
        for anchor in np.argsort(-overlaps[:, box], kind="stable"):
            if overlaps[anchor, box] > 0 and anchor not in taken:
                taken.add(anchor)
                matches[anchor] = box
                break
    return matches


@task.mistake
def claims_all_equal_anchors(anchors, boxes, high, low):
    """Of anchors with equal IoU a box claims all. It claims the first."""
    overlaps, matches = iou(anchors, boxes), matched(anchors, boxes, high, low, claim=lambda o: False)
    best = overlaps.max(axis=0, initial=0)
    for box in np.lexsort((-np.arange(len(best)), best)):
        if best[box] > 0:
            matches[overlaps[:, box] == best[box]] = box
    return matches


@task.mistake
def inclusive_pixels(again, anchors, boxes):
    """1 is added to all sides, as if x1 and y1 were inside. In half-open boxes x1 − x0 is the width."""
    return again(**{name: part + np.array([0, 0, 1, 1], part.dtype) for name, part in (
        ("anchors", anchors), ("boxes", boxes))})  # fmt: skip
