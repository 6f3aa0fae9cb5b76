"""Losses: how wrong a prediction is, as one number, and which way to go.

Everything after the array arguments is keyword-only, since PyTorch's order has two retired arguments in
between. A backward returns (grad_input, grad_target, grad_weight): None for class indices, for an absent
weight, and for class weights, which PyTorch too takes as constants. `grad_output` has the shape of the loss,
which is a scalar unless reduction="none".
"""

import numpy as np

from ._arguments import check_array, check_floats
from .softmax import log_softmax, log_softmax_backward

__all__ = ["cross_entropy", "cross_entropy_backward", "mse_loss", "mse_loss_backward", "nll_loss", "nll_loss_backward"]


def _check_reduction(reduction):
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f'reduction: expected "none", "mean" or "sum", got {reduction!r}')


def _reduce(losses, reduction, count):
    if reduction == "none":
        return losses
    total = losses.sum()
    if reduction == "sum":
        return total
    with np.errstate(invalid="ignore", divide="ignore"):  # the mean of nothing is NaN, as in PyTorch
        return (total / losses.dtype.type(count)).astype(losses.dtype)


def _reduce_backward(grad_output, shape, dtype, reduction, count):
    """Return the gradient with respect to every single loss."""
    grad_output = np.asarray(grad_output, dtype)  # a Python number is welcome for a scalar loss
    wanted = shape if reduction == "none" else ()
    if grad_output.shape != wanted:
        raise ValueError(f"grad_output: expected the loss's shape {wanted}, got {grad_output.shape}")
    if reduction == "mean":
        with np.errstate(invalid="ignore", divide="ignore"):
            grad_output = grad_output / dtype.type(count)
    return np.broadcast_to(grad_output, shape)


def _class_axis(input):
    if input.ndim == 0:
        raise ValueError("input: expected shape (C,), (N, C) or (N, C, …), got ()")
    return 0 if input.ndim == 1 else 1


def _check_classes(input, target, weight, ignore_index):
    """Refuse class indices that do not fit `input`; return where they count, and each one's weight."""
    check_floats(input=input, weight=weight)
    check_array("target", target)
    axis = _class_axis(input)
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
    _check_reduction(reduction)
    classes, weights, axis = _check_classes(input, target, weight, ignore_index)
    picked = np.take_along_axis(input, np.expand_dims(classes, axis), axis).squeeze(axis)
    losses = np.where(weights != 0, -weights * picked, 0).astype(input.dtype)
    return _reduce(losses, reduction, weights.sum())


def nll_loss_backward(grad_output, input, target, weight=None, *, ignore_index=-100, reduction="mean"):
    """Return (grad_input, None, None): −w_y at the right class and zero elsewhere."""
    _check_reduction(reduction)
    classes, weights, axis = _check_classes(input, target, weight, ignore_index)
    grad_losses = _reduce_backward(grad_output, target.shape, input.dtype, reduction, weights.sum())
    grad_input = np.zeros_like(input)
    picked = np.where(weights != 0, -weights * grad_losses, 0)
    np.put_along_axis(grad_input, np.expand_dims(classes, axis), np.expand_dims(picked, axis), axis)
    return grad_input, None, None


def _wanted_distribution(input, target, weight, ignore_index, label_smoothing):
    """Return (w·q, the divisor of the mean): q is the wanted distribution, w the class weights.

    Class indices become one-hot rows, zero where ignored; smoothing mixes in the uniform distribution.
    """
    check_floats(input=input, weight=weight)
    check_array("target", target)
    axis = _class_axis(input)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing: expected a number between 0 and 1, got {label_smoothing}")
    C = input.shape[axis]
    share = label_smoothing / max(C, 1)  # what every class gets of the uniform distribution
    along_classes = (C,) + (1,) * (input.ndim - 1 - axis)
    if target.shape == input.shape and target.dtype.kind == "f":
        check_floats(input=input, target=target)
        if np.isnan(target).any():
            raise ValueError("target: expected probabilities, got NaN")
        if weight is not None and weight.shape != (C,):
            raise ValueError(f"weight: expected shape ({C},), one value per class, got {weight.shape}")
        if ignore_index >= 0:
            raise ValueError(
                f"ignore_index: expected class indices for it to apply to, got {ignore_index} and probabilities"
            )
        q = (1 - label_smoothing) * target + share
        count = input.size // C if C else 0
    else:
        classes, weights, _ = _check_classes(input, target, weight, ignore_index)
        q = np.full_like(input, share)
        true_class = np.expand_dims(classes, axis)
        np.put_along_axis(q, true_class, q.dtype.type(1 - label_smoothing + share), axis)
        q *= np.expand_dims(target != ignore_index, axis)
        count = weights.sum()
    if weight is not None:
        q = q * weight.reshape(along_classes)
    return q.astype(input.dtype), count, axis


def cross_entropy(input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """Return −Σ_c w_c q_c log softmax(x)_c, the surprise of the wanted distribution q.

    Parameters
    ----------
    input : ndarray (C,), (N, C) or (N, C, …)
        Unnormalised scores, the logits.
    target : ndarray
        Class indices as in `nll_loss`, or probabilities of the input's shape and dtype.
    weight : ndarray (C,), optional
        How much each class counts.
    ignore_index : int
        Class indices of this value count nothing.
    reduction : "mean", "sum" or "none"
        The mean divides by the sum of the weights w_y for class indices, by the number of places
        for probabilities.
    label_smoothing : float in [0, 1]
        The share of the uniform distribution in q (Szegedy et al. 2016, section 7).

    Raises
    ------
    TypeError, ValueError
        As `nll_loss`; NaN among probabilities; smoothing outside [0, 1].
    """
    _check_reduction(reduction)
    wanted, count, axis = _wanted_distribution(input, target, weight, ignore_index, label_smoothing)
    # A class that is not wanted costs nothing, be its log-probability −∞.
    terms = np.multiply(wanted, log_softmax(input, axis), out=np.zeros_like(input), where=wanted != 0)
    losses = -terms.sum(axis=axis)
    return _reduce(losses, reduction, count)


def cross_entropy_backward(
    grad_output,
    input,
    target,
    weight=None,
    *,
    ignore_index=-100,
    reduction="mean",
    label_smoothing=0.0,
):
    """Return (grad_input, grad_target, None).

    With one-hot targets and no weights grad_input is softmax(x) − q, over N for the mean. Only targets
    that are probabilities have a gradient.
    """
    _check_reduction(reduction)
    wanted, count, axis = _wanted_distribution(input, target, weight, ignore_index, label_smoothing)
    places = input.shape[:axis] + input.shape[axis + 1 :]
    grad_losses = _reduce_backward(grad_output, places, input.dtype, reduction, count)
    g = np.expand_dims(grad_losses, axis)
    grad_log = np.multiply(wanted, -g, out=np.zeros_like(input), where=wanted != 0)
    grad_input = log_softmax_backward(grad_log, input, axis)
    if target.dtype.kind != "f":
        return grad_input, None, None
    w = 1 if weight is None else weight.reshape((-1,) + (1,) * (input.ndim - 1 - axis))
    grad_target = -g * w * (1 - label_smoothing) * log_softmax(input, axis)
    return grad_input, grad_target.astype(input.dtype), None


def _check_mse(input, target, weight):
    check_floats(input=input, target=target, weight=weight)
    for name, array in (("target", target), ("weight", weight)):
        if array is not None and array.shape != input.shape:
            raise ValueError(f"{name}: expected the input's shape {input.shape}, got {array.shape}")


def mse_loss(input, target, *, reduction="mean", weight=None):
    """Return (x − t)², or its mean or sum.

    Parameters
    ----------
    input, target : ndarray
        float32 or float64, the same shape. (PyTorch broadcasts, with a warning that this is likely
        a mistake. Here it is an error.)
    reduction : "mean", "sum" or "none"
    weight : ndarray of the same shape, optional
        How much each entry counts; the mean then divides by the sum of the weights.

    Raises
    ------
    TypeError, ValueError
        Other dtypes, differing shapes, an unknown reduction.
    """
    _check_reduction(reduction)
    _check_mse(input, target, weight)
    w = 1 if weight is None else weight
    losses = np.asarray(w * (input - target) ** 2)
    return _reduce(losses, reduction, input.size if weight is None else weight.sum())


def mse_loss_backward(grad_output, input, target, *, reduction="mean", weight=None):
    """Return (grad_input, grad_target, None): ±2 w (x − t) times the upstream gradient."""
    _check_reduction(reduction)
    _check_mse(input, target, weight)
    count = input.size if weight is None else weight.sum()
    g = _reduce_backward(grad_output, input.shape, input.dtype, reduction, count)
    w = 1 if weight is None else weight
    grad_input = np.asarray(2 * w * (input - target) * g)
    return grad_input, -grad_input, None
