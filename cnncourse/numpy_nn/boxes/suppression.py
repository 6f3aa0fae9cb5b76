"""Non-maximum suppression: of several boxes around one thing, keep the best.

Two things that overlap much are taken for one, too. Soft suppression lowers scores instead of dropping boxes.
"""

import numpy as np

from .overlap import box_iou, by_falling_score, check_boxes, check_scores

__all__ = ["nms", "soft_nms"]


def nms(boxes, scores, threshold, labels=None):
    """Return the indices of the boxes to keep, by falling score.

    Parameters
    ----------
    boxes : ndarray of float, (N, 4)
    scores : ndarray (N,)
        Of equal ones, the lower index comes first.
    threshold : float in [0, 1]
        A box goes whose IoU with a *kept* one of a higher score is greater than this.
    labels : ndarray of int (N,), optional
        Boxes of different classes leave each other alone.

    Returns
    -------
    ndarray of int

    Examples
    --------
    >>> boxes = np.array([[0.0, 0.0, 4.0, 4.0], [1.0, 0.0, 5.0, 4.0], [9.0, 9.0, 10.0, 10.0]])
    >>> nms(boxes, np.array([0.8, 0.9, 0.3]), 0.5)
    array([1, 2])
    """
    boxes = check_boxes("boxes", boxes)
    scores = check_scores(scores, boxes)
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold: expected a number in [0, 1], got {threshold}")
    rivals = box_iou(boxes, boxes) > threshold
    if labels is not None:
        labels = check_labels(labels, boxes)
        rivals &= labels[:, None] == labels
    kept = []
    for i in by_falling_score(scores):
        if not rivals[i, kept].any():
            kept.append(i)
    return np.array(kept, int)


def soft_nms(boxes, scores, sigma=0.5, threshold=None, lowest=0.001):
    """Take the best box again and again, and each time lower the scores of what overlaps it.

    The Gaussian form multiplies by exp(−IoU² / σ). With a `threshold` it is the linear form, which multiplies by
    1 − IoU where the IoU is greater than the threshold.

    Parameters
    ----------
    boxes : ndarray of float, (N, 4)
    scores : ndarray (N,)
        At least 0.
    sigma : float
        Of the Gaussian form, greater than 0.
    threshold : float in [0, 1], optional
    lowest : float
        A box whose score has fallen below this is dropped.

    Returns
    -------
    indices : ndarray of int
        In the order in which the boxes were taken.
    scores : ndarray of float
        What was left of their scores then.

    Source: N. Bodla, B. Singh, R. Chellappa, L. S. Davis, "Soft-NMS", ICCV 2017, equations 2 and 3. There the linear
    form begins at an IoU equal to the threshold; here it agrees with `nms`.
    """
    boxes = check_boxes("boxes", boxes)
    left = check_scores(scores, boxes).astype(float)
    if threshold is None and not sigma > 0:
        raise ValueError(f"sigma: expected a number greater than 0, got {sigma}")
    iou = box_iou(boxes, boxes)
    factors = np.exp(-(iou**2) / sigma) if threshold is None else np.where(iou > threshold, 1 - iou, 1.0)
    waiting = left >= lowest
    taken, rescored = [], []
    while waiting.any():
        best = int(np.where(waiting, left, -np.inf).argmax())
        taken.append(best)
        rescored.append(left[best])
        waiting[best] = False
        left[waiting] *= factors[best, waiting]
        waiting &= left >= lowest
    return np.array(taken, int), np.array(rescored, float)


def check_labels(labels, boxes, name="labels"):
    """Return labels as an array (N,), one for each box."""
    labels = np.asarray(labels)
    if labels.shape != (len(boxes),):
        raise ValueError(f"{name}: expected shape ({len(boxes)},), one for each box, got {labels.shape}")
    return labels
