"""How much two boxes overlap: the measure behind matching, suppression and average precision."""

import numpy as np

__all__ = ["box_area", "box_iou", "generalized_box_iou"]


def box_area(boxes):
    """Return (x1 − x0)·(y1 − y0) of each box: (N, 4) to (N,)."""
    boxes = check_boxes("boxes", boxes)
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def box_iou(boxes1, boxes2):
    """Return intersection over union of each box of the first array with each of the second.

    Parameters
    ----------
    boxes1 : ndarray of float, (N, 4)
    boxes2 : ndarray of float, (M, 4)
        N and M may be 0.

    Returns
    -------
    ndarray (N, M)
        In [0, 1]. A box without area has IoU 0 with every box, itself too, where torchvision gives NaN.

    Raises
    ------
    ValueError
        An array has another shape, or a box is inverted or holds NaN.

    Examples
    --------
    >>> box_iou(np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[1.0, 0.0, 3.0, 2.0], [2.0, 0.0, 3.0, 2.0]]))
    array([[0.33333333, 0.        ]])
    """
    intersection, union, _ = _measures(boxes1, boxes2)
    return _share(intersection, union)


def generalized_box_iou(boxes1, boxes2):
    """Return IoU − (hull − union) / hull, where the hull is the smallest box that holds both: (N, M), in [−1, 1].

    Unlike IoU, it says of boxes that do not touch how far apart they are. Without a hull's area it is 0.

    Source: H. Rezatofighi et al., "Generalized intersection over union", CVPR 2019, algorithm 1.
    """
    intersection, union, hull = _measures(boxes1, boxes2)
    return _share(intersection, union) - _share(hull - union, hull)


def _measures(boxes1, boxes2):
    """Return the areas of intersection, union and hull of every pair, each (N, M)."""
    a, b = check_boxes("boxes1", boxes1)[:, None], check_boxes("boxes2", boxes2)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    intersection = sides.clip(0).prod(axis=2)
    union = box_area(boxes1)[:, None] + box_area(boxes2) - intersection
    hull = (np.maximum(a[..., 2:], b[..., 2:]) - np.minimum(a[..., :2], b[..., :2])).prod(axis=2)
    return intersection, union, hull


def _share(part, whole):
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def check_boxes(name, boxes):
    """Return boxes as a float array (N, 4); refuse other shapes and boxes of negative size."""
    boxes = np.asarray(boxes)
    boxes = boxes if boxes.dtype in (np.float32, np.float64) else boxes.astype(float)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name}: expected shape (N, 4), got {boxes.shape}")
    wrong = ~(boxes[:, :2] <= boxes[:, 2:]).all(axis=1)
    if wrong.any():
        first = boxes[wrong.argmax()].tolist()
        raise ValueError(f"{name}: expected (x0, y0, x1, y1) with x0 ≤ x1 and y0 ≤ y1, got {first}")
    return boxes


def check_scores(scores, boxes):
    """Return scores as an array (N,) of floats, one for each box."""
    scores = np.asarray(scores)
    if scores.shape != (len(boxes),):
        raise ValueError(f"scores: expected shape ({len(boxes)},), one for each box, got {scores.shape}")
    if np.isnan(scores).any():
        raise ValueError("scores: expected numbers, got NaN")
    return scores


def by_falling_score(scores):
    """Return the indices that sort scores from high to low; of equal ones the lower index comes first."""
    return np.argsort(-np.asarray(scores, dtype=float), kind="stable")
