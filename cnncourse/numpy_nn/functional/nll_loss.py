"""The negative log-likelihood of the right class, given log-probabilities."""

import numpy as np

from ._arguments import check_array, check_floats
from ._reduction import check_reduction, reduce, reduce_backward

__all__ = ["nll_loss", "nll_loss_backward"]


def nll_loss(input, target, weight=None, *, ignore_index=-100, reduction="mean"):
    """Return −w_y · x_y, the negative log-likelihood of the right class y.

    Parameters
    ----------
    input : ndarray (C,), (N, C) or (N, C, …)
        Log-probabilities, as `log_softmax` gives them.
    target : ndarray of int64 or uint8, shape (), (N,) or (N, …)
        The right classes, 0 … C − 1.
    weight : ndarray (C,), optional
        How much each class counts.
    ignore_index : int
        Targets of this value count nothing.
    reduction : "mean", "sum" or "none"
        The mean is weighted: the sum divided by the sum of the weights w_y.

    Raises
    ------
    TypeError, ValueError
        Other dtypes or shapes, a class that does not exist, an unknown reduction.
    """
    check_reduction(reduction)
    classes, weights, axis = check_classes(input, target, weight, ignore_index)
    picked = np.take_along_axis(input, np.expand_dims(classes, axis), axis).squeeze(axis)
    losses = np.where(weights != 0, -weights * picked, 0).astype(input.dtype)
    return reduce(losses, reduction, weights.sum())


def nll_loss_backward(grad_output, input, target, weight=None, *, ignore_index=-100, reduction="mean"):
    """Return (grad_input, None, None): −w_y at the right class and zero elsewhere."""
    check_reduction(reduction)
    classes, weights, axis = check_classes(input, target, weight, ignore_index)
    grad_losses = reduce_backward(grad_output, target.shape, input.dtype, reduction, weights.sum())
    grad_input = np.zeros_like(input)
    picked = np.where(weights != 0, -weights * grad_losses, 0)
    np.put_along_axis(grad_input, np.expand_dims(classes, axis), np.expand_dims(picked, axis), axis)
    return grad_input, None, None


def class_axis(input):
    if input.ndim == 0:
        raise ValueError("input: expected shape (C,), (N, C) or (N, C, …), got ()")
    return 0 if input.ndim == 1 else 1


def check_classes(input, target, weight, ignore_index):
    """Refuse class indices that do not fit `input`; return where they count, and each one's weight."""
    check_floats(input=input, weight=weight)
    check_array("target", target)
    axis = class_axis(input)
    C = input.shape[axis]
    if target.dtype not in (np.int64, np.uint8):
        raise TypeError(f"target: expected class indices, int64 or uint8, got {target.dtype}")
    if target.shape != input.shape[:axis] + input.shape[axis + 1 :]:
        raise ValueError(f"target: expected one class for each place of {input.shape}, got {target.shape}")
    if weight is not None and weight.shape != (C,):
        raise ValueError(f"weight: expected shape ({C},), one value per class, got {weight.shape}")
    counts = target != ignore_index
    outside = counts & ((target < 0) | (target >= C))
    if outside.any():
        raise ValueError(f"target: expected classes 0 … {C - 1}, got {target[outside].flat[0]}")
    classes = np.where(counts, target, 0).astype(np.int64)
    weights = counts.astype(input.dtype) if C == 0 or weight is None else np.where(counts, weight[classes], 0)
    return classes, weights, axis
