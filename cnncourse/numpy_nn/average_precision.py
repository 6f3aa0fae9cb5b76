"""Average precision: how good a detector's boxes are, in the five forms that are called by that name.

form "raw"          area under precision over recall as it is
form "11 points"    mean of the envelope at recall 0, 0.1, …, 1: PASCAL VOC until 2009
form "envelope"     area under the envelope, all points: PASCAL VOC from 2010 on
form "101 points"   mean of the envelope at recall 0, 0.01, …, 1: COCO's AP50, for IoU 0.5
the last one at `COCO_THRESHOLDS`, and the mean over them: COCO's AP

For one detector they are five different numbers. M. Everingham et al., "The PASCAL visual object classes challenge",
IJCV 88 (2010), section 4.2; T.-Y. Lin et al., "Microsoft COCO", ECCV 2014.
"""

import numpy as np

from .boxes.overlap import box_iou, by_falling_score, check_boxes, check_scores
from .boxes.suppression import check_labels

__all__ = [
    "COCO_THRESHOLDS", "FORMS", "average_precision", "envelope", "match_detections", "mean_average_precision",
    "precision_recall", "ranked_detections",
]  # fmt: skip

FORMS = ("raw", "11 points", "envelope", "101 points")
COCO_THRESHOLDS = np.linspace(0.5, 0.95, 10)  # of IoU; COCO's own floating-point numbers


def match_detections(boxes, scores, truth, threshold, last=False):
    """Say which detections of one picture and class are correct.

    By falling score (of equal ones the lower index first), each takes the *free* true box with the largest IoU, if
    that is at least `threshold`. This is COCO's rule. In VOC's, a detection whose best true box is taken is wrong,
    even where another one is free.

    Parameters
    ----------
    boxes : ndarray of float, (N, 4)
    scores : ndarray (N,)
    truth : ndarray of float, (M, 4)
    threshold : float in (0, 1]
    last : bool
        Of true boxes with equal IoU take the last, as COCO's program does, instead of the first.

    Returns
    -------
    ndarray of bool (N,)
        In the order of `boxes`. A second detection of one thing is wrong.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold: expected a number greater than 0 and at most 1, got {threshold}")
    iou = box_iou(np.asarray(boxes, float), np.asarray(truth, float))
    scores = check_scores(scores, iou)
    correct = np.zeros(len(iou), bool)
    free = np.ones(iou.shape[1], bool)
    for i in by_falling_score(scores):
        overlaps = np.where(free, iou[i], -1.0)
        if overlaps.max(initial=-1) >= threshold:
            j = len(overlaps) - 1 - overlaps[::-1].argmax() if last else overlaps.argmax()
            correct[i], free[j] = True, False
    return correct


def precision_recall(scores, correct, count):
    """Return precision and recall after the first, the first two, … detections, by falling score: two arrays (N,).

    Parameters
    ----------
    scores : ndarray (N,)
        Of equal ones the lower index comes first.
    correct : ndarray of bool (N,)
    count : int
        The number of true boxes, found or not.
    """
    correct = np.asarray(correct, bool)
    order = by_falling_score(check_scores(scores, correct))
    found = np.cumsum(correct[order])
    if count < found.max(initial=0):
        raise ValueError(f"count: expected at least the {found[-1]} true boxes that were found, got {count}")
    return found / np.arange(1, len(found) + 1), found / max(count, 1)


def envelope(precision):
    """Return the largest precision at each recall or a greater one: what it falls to, without the teeth."""
    return np.maximum.accumulate(np.asarray(precision)[::-1])[::-1]


def average_precision(scores, correct, count, form="envelope"):
    """Return the average precision of one class at one IoU threshold.

    Parameters
    ----------
    scores, correct, count
        As of `precision_recall`, of all pictures together.
    form : "raw", "11 points", "envelope" or "101 points"
        See the module's text.

    Returns
    -------
    float
        In [0, 1]; 0 if there are no true boxes or no detections.

    Examples
    --------
    >>> [round(average_precision([0.9, 0.8, 0.7], [False, True, True], 3, form), 3) for form in FORMS]
    [0.389, 0.424, 0.444, 0.442]
    """
    if form not in FORMS:
        raise ValueError(f"form: expected one of {', '.join(map(repr, FORMS))}; got {form!r}")
    precision, recall = precision_recall(scores, correct, count)
    if form in ("raw", "envelope"):
        heights = precision if form == "raw" else envelope(precision)
        return float(np.sum(heights * np.diff(recall, prepend=0.0)))
    # COCO's hundredths are i · 0.01 with its rounding; a tenth is the nearest number to i / 10, as the recall is
    points = np.linspace(0, 1, 101) if form == "101 points" else np.arange(11) / 10
    heights = np.append(envelope(precision), 0.0)  # 0 where no detection reaches that recall
    return float(heights[np.searchsorted(recall, points)].mean())


def ranked_detections(detections, truth, label, threshold=0.5, most=100, last=False):
    """Match the detections of one class in every picture; return (scores, correct, count) of all together.

    Parameters
    ----------
    detections : list of (boxes, labels, scores)
        One for each picture: (N, 4), (N,), (N,).
    truth : list of (boxes, labels)
        One for each picture: (M, 4), (M,).
    label : int
        The class.
    threshold : float in (0, 1]
        Of IoU.
    most : int
        Only the best of each picture and class count; COCO takes 100.
    last : bool
        As in `match_detections`.
    """
    if len(detections) != len(truth):
        raise ValueError(f"truth: expected one for each of {len(detections)} pictures, got {len(truth)}")
    scores, correct, count = [np.zeros(0)], [np.zeros(0, bool)], 0
    for (boxes, labels, own), (true_boxes, true_labels) in zip(detections, truth, strict=True):
        boxes, true_boxes = check_boxes("detections", boxes), check_boxes("truth", true_boxes)
        mine = np.flatnonzero(check_labels(labels, boxes) == label)
        wanted = true_boxes[check_labels(true_labels, true_boxes) == label]
        own = check_scores(own, boxes)
        best = mine[by_falling_score(own[mine])[:most]]
        scores.append(own[best])
        correct.append(match_detections(boxes[best], own[best], wanted, threshold, last))
        count += len(wanted)
    return np.concatenate(scores), np.concatenate(correct), count


def mean_average_precision(detections, truth, thresholds=0.5, form="envelope", most=100):
    """Return the mean of the average precision over IoU thresholds and the classes that occur in the truth.

    With `COCO_THRESHOLDS` and form "101 points" it is COCO's AP, with 0.5 and this form COCO's AP50. Then equally
    good matches are decided as COCO's program does.

    Parameters
    ----------
    detections, truth, most
        As of `ranked_detections`.
    thresholds : float or floats
    form
        As of `average_precision`.

    Returns
    -------
    float
        0 if there is no true box at all.
    """
    labels = np.unique(np.concatenate([np.zeros(0, int), *(np.asarray(own, int) for _, own in truth)]))
    values = [
        average_precision(*ranked_detections(detections, truth, label, threshold, most, form == "101 points"), form)
        for label in labels
        for threshold in np.atleast_1d(thresholds)
    ]
    return float(np.mean(values)) if values else 0.0
