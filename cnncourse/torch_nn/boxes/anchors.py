"""Anchors (Ren et al. 2015, section 3.1); see the NumPy twin."""

import torch

from .overlap import box_iou, check_boxes

__all__ = ["decode_boxes", "encode_boxes", "grid_anchors", "match_anchors"]


def grid_anchors(height, width, stride, sizes, ratios=(1.0,), dtype=None, device=None):
    """Return the anchors of a map (height, width): (height · width · A, 4), A = len(sizes) · len(ratios)."""
    options = {"dtype": dtype or torch.get_default_dtype(), "device": device}
    sizes, roots = torch.tensor(sizes, **options), torch.tensor(ratios, **options).sqrt()[:, None]
    if not ((sizes > 0).all() and (roots > 0).all()):
        raise ValueError(f"sizes and ratios: expected numbers greater than 0, got {sizes} and {ratios}")
    heights, widths = (roots * sizes).flatten(), (sizes / roots).flatten()
    halves = torch.stack([-widths, -heights, widths, heights], dim=1) / 2
    y, x = torch.meshgrid(
        torch.arange(height, **options) + 0.5, torch.arange(width, **options) + 0.5, indexing="ij"
    )  # fmt: skip
    centres = stride * torch.stack([x, y, x, y], dim=2)
    return (centres[:, :, None] + halves).reshape(-1, 4)


def encode_boxes(boxes, anchors):
    """Return ((cx − cx_a) / w_a, (cy − cy_a) / h_a, ln(w / w_a), ln(h / h_a)), row by row: (N, 4)."""
    cx, cy, w, h = _centres_and_sides("boxes", boxes)
    cx_a, cy_a, w_a, h_a = _centres_and_sides("anchors", anchors)
    if cx.shape != cx_a.shape:
        raise ValueError(f"anchors: expected one for each of {len(cx)} boxes, got {len(cx_a)}")
    return torch.stack([(cx - cx_a) / w_a, (cy - cy_a) / h_a, (w / w_a).log(), (h / h_a).log()], dim=1)


def decode_boxes(offsets, anchors):
    """Return the boxes to which offsets lead from anchors: the inverse of `encode_boxes`."""
    cx_a, cy_a, w_a, h_a = _centres_and_sides("anchors", anchors)
    if offsets.shape != (len(cx_a), 4):
        raise ValueError(f"offsets: expected shape ({len(cx_a)}, 4), four for each anchor, got {tuple(offsets.shape)}")
    dx, dy, dw, dh = offsets.unbind(dim=1)
    cx, cy, w, h = cx_a + dx * w_a, cy_a + dy * h_a, w_a * dw.exp(), h_a * dh.exp()
    return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=1)


def match_anchors(anchors, boxes, high, low):
    """Return for each anchor the index of its true box, −1 for background, −2 for what is left out: (A,).

    An anchor takes the box with the largest IoU where that is at least `high`, is background where it is less than
    `low`, and then each box claims its best anchor; the larger IoU wins a claim, then the lower index.
    """
    if not 0 < low <= high:
        raise ValueError(f"high and low: expected 0 < low ≤ high, got {high} and {low}")
    iou = box_iou(anchors, boxes)  # (A, M)
    if iou.numel() == 0:
        return torch.full((len(anchors),), -1, device=anchors.device)
    best, index = iou.max(dim=1).values, _first_largest(iou, 1)
    matches = torch.where(best >= high, index, torch.where(best < low, -1, -2))
    claimed, overlaps = _first_largest(iou, 0), iou.max(dim=0).values
    # by rising IoU, and of equal ones the higher index first: the best claim comes last and stays
    for box in reversed(overlaps.argsort(descending=True, stable=True).tolist()):
        if overlaps[box] > 0:
            matches[claimed[box]] = box
    return matches


def _first_largest(values, dim):
    """Return the index of the first of the largest values; `argmax` may return any of them."""
    return (values == values.max(dim=dim, keepdim=True).values).int().argmax(dim=dim)


def _centres_and_sides(name, boxes):
    check_boxes(name, boxes)
    x0, y0, x1, y1 = boxes.unbind(dim=1)
    if not ((x1 > x0) & (y1 > y0)).all():
        raise ValueError(f"{name}: expected sides greater than 0, got a box without area")
    return (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
