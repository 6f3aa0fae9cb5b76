"""Cross-entropy: from scores to the surprise of the wanted classes."""

import numpy as np

from ._arguments import check_array, check_floats
from ._reduction import check_reduction, reduce, reduce_backward
from .nll_loss import check_classes, class_axis
from .softmax import log_softmax, log_softmax_backward

__all__ = ["cross_entropy", "cross_entropy_backward"]


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

    Examples
    --------
    >>> round(float(cross_entropy(np.zeros((2, 4)), np.array([0, 3]))), 3) == round(float(np.log(4)), 3)
    True
    """
    check_reduction(reduction)
    wanted, count, axis = _wanted_distribution(input, target, weight, ignore_index, label_smoothing)
    # A class that is not wanted costs nothing, be its log-probability −∞.
    terms = np.multiply(wanted, log_softmax(input, axis), out=np.zeros_like(input), where=wanted != 0)
    losses = -terms.sum(axis=axis)
    return reduce(losses, reduction, count)


def cross_entropy_backward(
    grad_output, input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """Return (grad_input, grad_target, None).

    With one-hot targets and no weights grad_input is softmax(x) − q, over N for the mean. Only targets
    that are probabilities have a gradient.
    """
    check_reduction(reduction)
    wanted, count, axis = _wanted_distribution(input, target, weight, ignore_index, label_smoothing)
    places = input.shape[:axis] + input.shape[axis + 1 :]
    grad_losses = reduce_backward(grad_output, places, input.dtype, reduction, count)
    g = np.expand_dims(grad_losses, axis)
    grad_log = np.multiply(wanted, -g, out=np.zeros_like(input), where=wanted != 0)
    grad_input = log_softmax_backward(grad_log, input, axis)
    if target.dtype.kind != "f":
        return grad_input, None, None
    w = 1 if weight is None else weight.reshape((-1,) + (1,) * (input.ndim - 1 - axis))
    grad_target = -g * w * (1 - label_smoothing) * log_softmax(input, axis)
    return grad_input, grad_target.astype(input.dtype), None


def _wanted_distribution(input, target, weight, ignore_index, label_smoothing):
    """Return (w·q, the divisor of the mean, the class axis): q is the wanted distribution, w the class weights.

    Class indices become one-hot rows, zero where ignored; smoothing mixes in the uniform distribution.
    """
    _check_scores(input, target, weight, ignore_index, label_smoothing)
    axis = class_axis(input)
    C = input.shape[axis]
    share = label_smoothing / max(C, 1)  # what every class gets of the uniform distribution
    if _are_probabilities(input, target):
        q = (1 - label_smoothing) * target + share
        count = input.size // C if C else 0
    else:
        classes, weights, _ = check_classes(input, target, weight, ignore_index)
        q = np.full_like(input, share)
        true_class = np.expand_dims(classes, axis)
        np.put_along_axis(q, true_class, q.dtype.type(1 - label_smoothing + share), axis)
        q *= np.expand_dims(target != ignore_index, axis)
        count = weights.sum()
    if weight is not None:
        q = q * weight.reshape((C,) + (1,) * (input.ndim - 1 - axis))
    return q.astype(input.dtype), count, axis


def _are_probabilities(input, target):
    return target.shape == input.shape and target.dtype.kind == "f"


def _check_scores(input, target, weight, ignore_index, label_smoothing):
    check_floats(input=input, weight=weight)
    check_array("target", target)
    C = input.shape[class_axis(input)]
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing: expected a number between 0 and 1, got {label_smoothing}")
    if not _are_probabilities(input, target):  # then `check_classes` looks at the rest
        return
    check_floats(input=input, target=target)
    if np.isnan(target).any():
        raise ValueError("target: expected probabilities, got NaN")
    if weight is not None and weight.shape != (C,):
        raise ValueError(f"weight: expected shape ({C},), one value per class, got {weight.shape}")
    if ignore_index >= 0:
        raise ValueError(f"ignore_index: expected class indices to apply it to, got {ignore_index} and probabilities")
