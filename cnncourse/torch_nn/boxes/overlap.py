"""How much two boxes overlap; see the NumPy twin."""

import torch

__all__ = ["box_area", "box_iou", "generalized_box_iou"]


def box_area(boxes):
    """Return (x1 − x0)·(y1 − y0) of each box: (N, 4) to (N,)."""
    check_boxes("boxes", boxes)
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def box_iou(boxes1, boxes2):
    """Return intersection over union of each box of (N, 4) with each of (M, 4): (N, M); 0 for boxes without area."""
    intersection, union, _ = _measures(boxes1, boxes2)
    return _share(intersection, union)


def generalized_box_iou(boxes1, boxes2):
    """Return IoU − (hull − union) / hull (Rezatofighi et al. 2019): (N, M)."""
    intersection, union, hull = _measures(boxes1, boxes2)
    return _share(intersection, union) - _share(hull - union, hull)


def _measures(boxes1, boxes2):
    """Return the areas of intersection, union and hull of every pair, each (N, M)."""
    check_boxes("boxes1", boxes1)
    check_boxes("boxes2", boxes2)
    a, b = boxes1[:, None], boxes2[None]
    sides = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    intersection = sides.clamp(min=0).prod(dim=2)
    union = box_area(boxes1)[:, None] + box_area(boxes2) - intersection
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(dim=2)
    return intersection, union, hull


def _share(part, whole):
    return torch.where(whole > 0, part / torch.where(whole > 0, whole, 1), 0)  # no 0 / 0, whose gradient is NaN


def check_boxes(name, boxes):
    """Refuse anything but float boxes (N, 4) of sizes that are not negative."""
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not boxes.is_floating_point():
        raise ValueError(f"{name}: expected floats of shape (N, 4), got {boxes.dtype} of {tuple(boxes.shape)}")
    if not (boxes[:, :2] <= boxes[:, 2:]).all():
        raise ValueError(f"{name}: expected (x0, y0, x1, y1) with x0 ≤ x1 and y0 ≤ y1")
