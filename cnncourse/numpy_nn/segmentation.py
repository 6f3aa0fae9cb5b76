"""Segmentation: how good it is, and a loss that does not flatter a network that says background everywhere.

The measures come from the confusion matrix, whose rows are the truth. For one class, Dice = 2 · IoU / (1 + IoU), so
both put networks in the same order; this does not hold for their means over classes or pictures.
"""

import numpy as np

from .functional._arguments import check_floats
from .functional._reduction import reduce_backward

__all__ = [
    "boundary", "boundary_iou", "class_dice", "class_iou", "confusion_matrix", "dice_loss", "dice_loss_backward",
    "mean_iou", "pixel_accuracy",
]  # fmt: skip


def confusion_matrix(target, prediction, num_classes, ignore_index=255):
    """Count the pixels of every true class (rows) by the class that they were given (columns).

    Parameters
    ----------
    target, prediction : ndarray of int, any shape
        0 to num_classes − 1. Pixels whose target is `ignore_index` are left out, whatever the prediction says there.
    num_classes : int
    ignore_index : int

    Returns
    -------
    ndarray of int64, (num_classes, num_classes)
    """
    target, prediction = np.asarray(target), np.asarray(prediction)
    if target.shape != prediction.shape:
        raise ValueError(f"prediction: expected the target's shape {target.shape}, got {prediction.shape}")
    counted = target != ignore_index
    truth, given = target[counted].astype(np.int64), prediction[counted].astype(np.int64)
    for name, classes in (("target", truth), ("prediction", given)):
        if classes.size and not 0 <= classes.min() <= classes.max() < num_classes:
            span = f"{classes.min()} … {classes.max()}"
            raise ValueError(f"{name}: expected classes 0 … {num_classes - 1}, got {span}")
    pairs = np.bincount(truth * num_classes + given, minlength=num_classes**2)
    return pairs.reshape(num_classes, num_classes)


def pixel_accuracy(confusion):
    """Return the share of pixels that got their true class; high where one class covers most of the picture."""
    confusion = np.asarray(confusion)
    return float(np.trace(confusion) / confusion.sum()) if confusion.sum() else float("nan")


def class_iou(confusion):
    """Return intersection over union of each class: (classes,), NaN where it is neither true nor predicted."""
    both, true, predicted = _counts(confusion)
    return _share(both, true + predicted - both)


def class_dice(confusion):
    """Return 2 · intersection over the sum of both sizes, for each class; NaN where it is in neither."""
    both, true, predicted = _counts(confusion)
    return _share(2 * both, true + predicted)


def mean_iou(confusion):
    """Return the mean of `class_iou` over the classes that are true or predicted somewhere."""
    iou = class_iou(confusion)
    if np.isnan(iou).all():
        raise ValueError("confusion: expected at least one pixel, got none")
    return float(np.nanmean(iou))


def _counts(confusion):
    confusion = np.asarray(confusion)
    return np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)


def _share(part, whole):
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def boundary(mask, width=1):
    """Return the pixels of a bool mask (H, W) that are at most `width` steps, diagonal ones too, from a pixel outside.

    Outside of the picture counts as outside of the mask.
    """
    mask = np.asarray(mask, bool)
    if mask.ndim != 2 or width < 1:
        raise ValueError(f"mask and width: expected (H, W) and at least 1, got {mask.shape} and {width}")
    padded = np.pad(mask, width)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * width + 1,) * 2)
    return mask & ~windows.all(axis=(2, 3))


def boundary_iou(target, prediction, width=1):
    """Return the IoU of the boundaries of two bool masks (H, W): large masks' insides do not hide their edges.

    Source: B. Cheng, R. Girshick, P. Dollár, A. C. Berg, A. Kirillov, "Boundary IoU", CVPR 2021, equation 2. NaN where
    both masks are empty.
    """
    if np.shape(target) != np.shape(prediction):
        raise ValueError(f"prediction: expected the target's shape {np.shape(target)}, got {np.shape(prediction)}")
    a, b = boundary(target, width), boundary(prediction, width)
    union = (a | b).sum()
    return float((a & b).sum() / union) if union else float("nan")


def dice_loss(logits, target, eps=1.0):
    """Return the mean of 1 − (2 Σ pt + ε) / (Σ p + Σ t + ε) over pictures and channels, p = 1 / (1 + e^−logit).

    Parameters
    ----------
    logits : ndarray of float, (N, C, …)
        The sums run over the axes after the first two.
    target : ndarray of the same shape
        0 to 1: t.
    eps : float
        Greater than 0: an empty picture with nothing predicted costs nothing.

    Notes
    -----
    The number of background pixels is in no sum where p is 0, so a small thing weighs as much as a large one.
    Source: F. Milletari, N. Navab, S.-A. Ahmadi, "V-Net", 3DV 2016, section 3; there with squares in the divisor.
    """
    _, _, overlap, total = _dice_sums(logits, target, eps)
    return (1 - overlap / total).mean().astype(logits.dtype)


def dice_loss_backward(grad_output, logits, target, eps=1.0):
    """Return (grad_logits, None): by the rule for quotients with respect to p, times p(1 − p)."""
    p, t, overlap, total = _dice_sums(logits, target, eps)
    grad = reduce_backward(grad_output, overlap.shape, logits.dtype, "mean", overlap.size)
    grad_p = -grad * (2 * t * total - overlap) / total**2
    return (grad_p * p * (1 - p)).astype(logits.dtype), None


def _dice_sums(logits, target, eps):
    """Return (p, t, 2 Σ pt + ε, Σ p + Σ t + ε), the sums with axes of size 1."""
    check_floats(logits=logits)
    target = np.asarray(target)
    if logits.ndim < 3 or target.shape != logits.shape:
        raise ValueError(f"target: expected the shape (N, C, …) of logits, {logits.shape}, got {target.shape}")
    if not eps > 0:
        raise ValueError(f"eps: expected a number greater than 0, got {eps}")
    small = np.exp(-np.abs(logits))  # at most 1, whatever the logit
    p, t = np.where(logits >= 0, 1, small) / (1 + small), target.astype(logits.dtype)
    axes = tuple(range(2, logits.ndim))
    overlap, size = (p * t).sum(axis=axes, keepdims=True), (p + t).sum(axis=axes, keepdims=True)
    return p, t, 2 * overlap + eps, size + eps
