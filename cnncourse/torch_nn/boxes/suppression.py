"""Non-maximum suppression; see the NumPy twin."""

import torch

from .overlap import box_iou

__all__ = ["nms", "soft_nms"]


def nms(boxes, scores, threshold, labels=None):
    """Return the indices of the boxes to keep, by falling score: none has IoU > threshold with a better kept one.

    With `labels`, boxes of different classes leave each other alone. Of equal scores the lower index comes first.
    """
    check_scores(scores, boxes)
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold: expected a number in [0, 1], got {threshold}")
    rivals = box_iou(boxes, boxes) > threshold
    if labels is not None:
        rivals &= labels[:, None] == labels
    kept = []
    for i in scores.argsort(descending=True, stable=True).tolist():
        if not rivals[i, kept].any():
            kept.append(i)
    return torch.tensor(kept, dtype=torch.int64, device=boxes.device)


def soft_nms(boxes, scores, sigma=0.5, threshold=None, lowest=0.001):
    """Return (indices, scores) of the boxes, each taken after the scores around the ones before were lowered.

    Scores are multiplied by exp(−IoU² / σ), or with a `threshold` by 1 − IoU where the IoU is greater
    (Bodla et al. 2017).
    """
    check_scores(scores, boxes)
    if threshold is None and not sigma > 0:
        raise ValueError(f"sigma: expected a number greater than 0, got {sigma}")
    iou = box_iou(boxes, boxes)
    factors = torch.exp(-(iou**2) / sigma) if threshold is None else torch.where(iou > threshold, 1 - iou, 1)
    left, taken, rescored = scores.clone(), [], []
    waiting = left >= lowest
    while waiting.any():
        best = int(torch.where(waiting, left, -torch.inf).argmax())
        taken.append(best)
        rescored.append(left[best].clone())
        waiting[best] = False
        left = torch.where(waiting, left * factors[best], left)
        waiting &= left >= lowest
    return torch.tensor(taken, dtype=torch.int64, device=boxes.device), torch.stack([left[:0].sum(), *rescored])[1:]


def check_scores(scores, boxes):
    """Refuse scores that are not (N,), one for each box."""
    if scores.shape != (len(boxes),):
        raise ValueError(f"scores: expected shape ({len(boxes)},), one for each box, got {tuple(scores.shape)}")
