"""Anchors: boxes laid over the picture beforehand, from which a detector gives offsets.

S. Ren, K. He, R. Girshick, J. Sun, "Faster R-CNN", NeurIPS 2015, section 3.1.
"""

import numpy as np

from .overlap import box_iou, check_boxes

__all__ = ["decode_boxes", "encode_boxes", "grid_anchors", "match_anchors"]


def grid_anchors(height, width, stride, sizes, ratios=(1.0,)):
    """Return the anchors of a map (height, width): (height · width · A, 4), A = len(sizes) · len(ratios).

    Parameters
    ----------
    height, width : int
        Of the map.
    stride : int
        Pixels of the picture for each place of the map. The centres are at (j + ½, i + ½) · stride.
    sizes : floats
        Square roots of the anchors' areas, in pixels.
    ratios : floats
        Height over width.

    Returns
    -------
    ndarray of float64
        Row by row, then along the row, then by ratio, then by size: as the outputs (A, height, width) of a
        convolution, transposed to (height, width, A).

    Examples
    --------
    >>> grid_anchors(1, 2, 8, [4])
    array([[ 2.,  2.,  6.,  6.],
           [10.,  2., 14.,  6.]])
    """
    roots = np.sqrt(np.asarray(ratios, float))[:, None]
    heights, widths = (roots * sizes).ravel(), (np.asarray(sizes, float) / roots).ravel()
    if not (np.isfinite(heights) & (heights > 0) & (widths > 0)).all():
        raise ValueError(f"sizes and ratios: expected numbers greater than 0, got {sizes} and {ratios}")
    halves = np.stack([-widths, -heights, widths, heights], axis=1) / 2
    y, x = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
    centres = stride * np.stack([x, y, x, y], axis=2)
    return (centres[:, :, None] + halves).reshape(-1, 4)


def encode_boxes(boxes, anchors):
    """Return the offsets that lead from anchors to boxes, row by row: (N, 4) and (N, 4) to (N, 4).

    ((cx − cx_a) / w_a, (cy − cy_a) / h_a, ln(w / w_a), ln(h / h_a)), where a stands for the anchor: the same for a
    large and a small one, and any number is a valid size.

    Raises
    ------
    ValueError
        The shapes differ, or a side is not greater than 0.
    """
    cx, cy, w, h = _centres_and_sides("boxes", boxes)
    cx_a, cy_a, w_a, h_a = _centres_and_sides("anchors", anchors)
    if cx.shape != cx_a.shape:
        raise ValueError(f"anchors: expected one for each of {len(cx)} boxes, got {len(cx_a)}")
    return np.stack([(cx - cx_a) / w_a, (cy - cy_a) / h_a, np.log(w / w_a), np.log(h / h_a)], axis=1)


def decode_boxes(offsets, anchors):
    """Return the boxes to which offsets lead from anchors: the inverse of `encode_boxes`."""
    cx_a, cy_a, w_a, h_a = _centres_and_sides("anchors", anchors)
    if np.shape(offsets) != (len(cx_a), 4):
        raise ValueError(f"offsets: expected shape ({len(cx_a)}, 4), four for each anchor, got {np.shape(offsets)}")
    dx, dy, dw, dh = np.asarray(offsets).T
    cx, cy, w, h = cx_a + dx * w_a, cy_a + dy * h_a, w_a * np.exp(dw), h_a * np.exp(dh)
    return np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], axis=1)


def match_anchors(anchors, boxes, high, low):
    """Say of each anchor which true box it stands for.

    Parameters
    ----------
    anchors : ndarray of float, (A, 4)
    boxes : ndarray of float, (M, 4)
        The true boxes; M may be 0.
    high, low : float
        0 < low ≤ high.

    Returns
    -------
    ndarray of int (A,)
        The index of the box with the largest IoU (the first of equals) where that is at least `high`; −1, background,
        where it is less than `low`; −2, left out, between. Then each box claims its best anchor (the first of equals),
        if they overlap at all, whatever stood there. Of two boxes that claim one anchor, the one with the larger IoU
        gets it, then the lower index.
    """
    if not 0 < low <= high:
        raise ValueError(f"high and low: expected 0 < low ≤ high, got {high} and {low}")
    iou = box_iou(anchors, boxes)  # (A, M)
    if iou.size == 0:
        return np.full(len(iou), -1)
    best = iou.max(axis=1)
    matches = np.where(best >= high, iou.argmax(axis=1), np.where(best < low, -1, -2))
    claimed, overlaps = iou.argmax(axis=0), iou.max(axis=0)
    for box in np.lexsort((-np.arange(len(overlaps)), overlaps)):  # the best claim comes last and stays
        if overlaps[box] > 0:
            matches[claimed[box]] = box
    return matches


def _centres_and_sides(name, boxes):
    x0, y0, x1, y1 = check_boxes(name, boxes).T
    if not ((x1 > x0) & (y1 > y0)).all():
        raise ValueError(f"{name}: expected sides greater than 0, got a box without area")
    return (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
