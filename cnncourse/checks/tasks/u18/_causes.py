"""What a detector with a low average precision has gone through, as its lists for several sets of pictures show it."""

import numpy as np

from cnncourse.checks.tasks.u18._detected import Malformed, counted, measure, precision, regular
from cnncourse.checks.training import preparations
from cnncourse.data.compose import background
from cnncourse.numpy_nn.boxes import box_iou, nms

LOOKED_AT = 60  # unseen pictures whose lists are read in other ways
FEW = 40  # pictures of each further set
CLEAR = 0.05  # of average precision: reading right lists in another way gains less
BY_HEART = 0.2  # of average precision: two sets of as few pictures differ by less
PREPARATIONS = preparations(0.45, 0.25)


def further_images(images, unseen, rng):
    """The sets of pictures whose lists tell something, by name; "bare" are photographs without a garment."""
    bare = np.stack([background(rng, "test", images.shape[-1]) for _ in range(FEW)]).transpose(0, 3, 1, 2)
    prepared = {name: prepare(unseen[:FEW]) for name, prepare in PREPARATIONS.items()}
    return {"first": images[:FEW], "last": images[-FEW:], "bare": bare / np.float32(255), **prepared}


def resized(boxes, factor, axes=(0, 1)):
    """Boxes with sides that are longer by a factor, around the same centres; axes (1, 0) exchanges width and height."""
    centre, half = (boxes[:, :2] + boxes[:, 2:]) / 2, factor * (boxes[:, 2:] - boxes[:, :2])[:, axes] / 2
    return np.hstack([centre - half, centre + half])


READINGS = {  # slug: ways to read the boxes; where one is clearly better, that is what they are
    "x-and-y-exchanged": [lambda b: b[:, [1, 0, 3, 2]], lambda b: resized(b, 1, (1, 0))],
    "centre-and-sides": [lambda b: np.hstack([b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2])],
    "corner-and-sides": [lambda b: np.hstack([b[:, :2], b[:, :2] + b[:, 2:]])],
    "other-units": [lambda b, factor=factor: factor * b for factor in (2, 4, 8, 16, 32)],
    "half-the-sides": [lambda b: resized(b, 2)],
    "twice-the-sides": [lambda b: resized(b, 0.5)],
    "moved": [lambda b, by=by: b + by for by in (-4, -2, 2, 4)],
}


def diagnose(case, trained):
    """The slug of what was done, None where the lists show nothing."""
    found, truth = counted(trained.outputs[:LOOKED_AT]), case.truth[:LOOKED_AT]
    scores, labels = (np.concatenate([one[part] for one in found]) for part in (2, 1))
    if len(scores) == 0:
        return "nothing-found"
    if len(scores) > LOOKED_AT and np.ptp(scores) == 0:
        return "scores-alike"
    base = precision(found, truth)
    reached = {slug: max(precision(_read(found, way), truth) for way in ways) for slug, ways in READINGS.items()}
    reached["scores-turned"] = precision([(b, own, -s) for b, own, s in found], truth)
    reached["several-for-one"] = precision([_thinned(*one) for one in found], truth)
    others = [(boxes, own - 1, s) for boxes, own, s in found], _renumbered(found, truth)
    reached["classes-renumbered"] = max(precision(lists, truth) for lists in others)
    if np.ptp(labels) == 0:
        reached["one-class-for-all"] = precision(found, [(boxes, labels[0] + 0 * own) for boxes, own in truth])
    best = max(reached, key=reached.get)
    if reached[best] > base + CLEAR:
        return best
    prepared = max(_reached(trained.also[name], truth[:FEW]) for name in PREPARATIONS)
    if prepared > precision(found[:FEW], truth[:FEW]) + CLEAR:
        return "prepares-images-outside"
    boxes, classes = case.args[1:]
    first, last = (
        _reached(trained.also[name], [*zip(boxes[part], classes[part], strict=True)])
        for name, part in (("first", slice(FEW)), ("last", slice(-FEW, None)))
    )
    if first > last + BY_HEART:
        return "sees-few-images"
    return "background-reported" if _reports_background(found, truth, trained.also["bare"]) else None


def _read(found, way):
    return [(way(boxes), *rest) for boxes, *rest in found]


def _reached(given, truth):
    """The average precision of lists for further pictures, which may be anything."""
    try:
        return measure(given, truth)
    except Malformed:
        return 0.0


def _thinned(boxes, labels, scores):
    kept = nms(regular(boxes), scores, 0.5, labels)
    return boxes[kept], labels[kept], scores[kept]


def _renumbered(found, truth):
    """The lists with each class called what the garments are most often, for which its boxes have the best score."""
    votes = {}
    for (boxes, labels, _), (true_boxes, true_labels) in zip(found, truth, strict=True):
        fits = box_iou(true_boxes, regular(boxes)) >= 0.5
        for j in np.flatnonzero(fits.any(axis=1)):
            votes.setdefault(labels[fits[j].argmax()], []).append(true_labels[j])  # they are in order of their scores
    names = {label: np.bincount(own).argmax() for label, own in votes.items()}
    return [(boxes, np.array([names.get(k, -1) for k in labels]), scores) for boxes, labels, scores in found]


def _reports_background(found, truth, bare):
    """Whether boxes fit garments, and pictures without a garment often get higher scores than scenes do."""
    pairs = zip(found, truth, strict=True)
    best = [box_iou(true_boxes, regular(one[0])).max(axis=1, initial=0) for one, (true_boxes, _) in pairs]
    if np.mean(np.concatenate(best) >= 0.5) < 0.3:
        return False
    try:
        highest, highest_bare = ([scores.max(initial=0) for _, _, scores in lists] for lists in (found, counted(bare)))
    except Malformed:
        return False
    return np.mean(np.array(highest_bare)[:, None] > highest) > 0.1
