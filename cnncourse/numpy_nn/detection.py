"""A detector without anchors, apart from its network: what each place shall say, what it has said, and its faults.

Z. Tian, C. Shen, H. Chen, T. He, "FCOS: Fully convolutional one-stage object detection", ICCV 2019: each place of a map
says which thing it lies in and how far away that thing's four sides are. D. Bolya, S. Foley, J. Hays, J. Hoffman,
"TIDE: A general toolbox for identifying object detection errors", ECCV 2020: six kinds of faults, and what each costs.
"""

from dataclasses import dataclass

import numpy as np

from .boxes import box_area, box_iou, nms
from .boxes.overlap import by_falling_score, check_boxes
from .boxes.suppression import check_labels

__all__ = ["FAULTS", "Faults", "detection_targets", "detections", "mended", "place_centres", "sort_faults"]

FAULTS = ("place", "class", "both", "duplicate", "background")


def place_centres(height, width, stride):
    """Return x and y of the middle of each place of a map, in pixels of the picture: two arrays (height, width)."""
    return np.meshgrid((np.arange(width) + 0.5) * stride, (np.arange(height) + 0.5) * stride)


def detection_targets(boxes, labels, height, width, stride, radius=1.5):
    """Return what each place of a map shall say of one picture: (5, height, width) of float32.

    Parameters
    ----------
    boxes : ndarray of float, (M, 4)
    labels : ndarray of int, (M,)
    height, width, stride : int
        Of the map.
    radius : float
        A place stands for a box if it lies inside of it and not further than this from its centre along either axis, in
        places. Of several such boxes it stands for the smallest.

    Returns
    -------
    ndarray
        First the class, −1 for background; then the distances to the left, upper, right and lower side, in pixels.
    """
    boxes = check_boxes("boxes", boxes)
    labels = check_labels(labels, boxes)
    x, y = place_centres(height, width, stride)
    targets = np.zeros((5, height, width), np.float32)
    targets[0] = -1
    for m in by_falling_score(box_area(boxes)):  # the smallest comes last and stays
        x0, y0, x1, y1 = boxes[m]
        sides = np.stack([x - x0, y - y0, x1 - x, y1 - y])
        off = np.maximum(np.abs(sides[0] - sides[2]), np.abs(sides[1] - sides[3])) / 2  # from the centre
        here = (sides.min(axis=0) > 0) & (off < radius * stride)
        targets[0][here] = labels[m]
        targets[1:, here] = sides[:, here]
    return targets


def detections(output, stride, lowest=0.05, threshold=0.5, most=100):
    """Turn the maps of a detector into boxes.

    Parameters
    ----------
    output : ndarray of float, (N, classes + 4, H, W)
        At each place a logit for each class, and the logarithms of four distances in places.
    stride : int
    lowest : float
        The score from which on a class at a place counts.
    threshold : float
        Of the suppression, in each class.
    most : int
        Only the best of each picture come back.

    Returns
    -------
    list of (boxes (M, 4), labels (M,), scores (M,)), by falling score
    """
    output = np.asarray(output)
    if output.ndim != 4 or output.shape[1] < 5:
        raise ValueError(f"output: expected shape (N, classes + 4, H, W), got {output.shape}")
    x, y = place_centres(*output.shape[2:], stride)
    found = []
    for maps in output.astype(np.float64):
        scores = 0.5 + 0.5 * np.tanh(maps[:-4] / 2)
        labels, i, j = np.nonzero(scores >= lowest)
        left, up, right, down = stride * np.exp(maps[-4:, i, j])
        boxes = np.stack([x[i, j] - left, y[i, j] - up, x[i, j] + right, y[i, j] + down], axis=1)
        kept = nms(boxes, scores[labels, i, j], threshold, labels)[:most]
        found.append((boxes[kept], labels[kept], scores[labels, i, j][kept]))
    return found


@dataclass
class Faults:
    """What is wrong in one picture.

    Attributes
    ----------
    kinds : ndarray of str (N,)
        Of each detection: "correct" or one of `FAULTS`.
    nearest : ndarray of int (N,)
        The true box that it means: the one that it found, or overlaps most; −1 for background.
    missed : ndarray of bool (M,)
        True boxes that no detection found, nor would find with the right class or place.
    """

    kinds: np.ndarray
    nearest: np.ndarray
    missed: np.ndarray


def sort_faults(found, truth, high=0.5, low=0.1):
    """Say of each detection of one picture whether it is correct, and if not, why.

    Parameters
    ----------
    found : (boxes, labels, scores)
    truth : (boxes, labels)
    high : float
        The IoU from which on a detection of the right class is correct.
    low : float
        Up to this IoU a detection has nothing to do with a true box.

    Returns
    -------
    Faults
        "place": the right class, IoU from `low` to `high`. "class": another class, IoU of at least `high`. "duplicate":
        all would be right, but a better score has found the same. "background": no IoU above `low`. "both": the rest,
        which has neither the class nor the place.
    """
    boxes, labels, scores = found
    true_boxes, true_labels = truth
    iou = box_iou(boxes, np.asarray(true_boxes, float))
    kinds, nearest = np.full(len(boxes), "background", "<U10"), np.full(len(boxes), -1)
    alike = np.asarray(labels)[:, None] == np.asarray(true_labels)
    free = np.ones(iou.shape[1], bool)
    for i in by_falling_score(scores):
        own, other = np.where(alike[i], iou[i], 0), np.where(alike[i], 0, iou[i])
        fitting = np.where(free, own, 0)
        if fitting.max(initial=0) >= high:
            kinds[i], nearest[i] = "correct", fitting.argmax()
            free[nearest[i]] = False
        elif low < own.max(initial=0) < high:
            kinds[i], nearest[i] = "place", own.argmax()
        elif other.max(initial=0) >= high:
            kinds[i], nearest[i] = "class", other.argmax()
        elif own.max(initial=0) >= high:
            kinds[i], nearest[i] = "duplicate", own.argmax()
        elif other.max(initial=0) > low:
            kinds[i], nearest[i] = "both", other.argmax()
    near = nearest[np.isin(kinds, ("place", "class"))]
    return Faults(kinds, nearest, free & ~np.isin(np.arange(len(free)), near))


def mended(found, truth, kind, **thresholds):
    """Return (found, truth) of one picture as if there were no fault of a kind.

    A wrong class or place becomes right where nothing else has found that true box; otherwise, and for all other kinds,
    the detection is left out. With "missed", true boxes that were missed are left out.
    """
    boxes, labels, scores = found
    true_boxes, true_labels = truth
    faults = sort_faults(found, truth, **thresholds)
    if kind == "missed":
        return found, (true_boxes[~faults.missed], true_labels[~faults.missed])
    if kind not in FAULTS:
        raise ValueError(f"kind: expected one of {', '.join(FAULTS)} or missed, got {kind!r}")
    boxes, labels = boxes.copy(), labels.copy()
    taken = set(faults.nearest[faults.kinds == "correct"].tolist())
    kept = faults.kinds != kind
    for i in by_falling_score(scores):
        j = int(faults.nearest[i])
        if not kept[i] and kind in ("place", "class") and j not in taken:
            kept[i] = True
            taken.add(j)
            boxes[i] = true_boxes[j] if kind == "place" else boxes[i]
            labels[i] = true_labels[j]
    return (boxes[kept], labels[kept], scores[kept]), truth
