"""Focal loss: cross-entropy that turns away from what is classified well already.

T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, "Focal loss for dense object detection", ICCV 2017, equation 5.
"""

import numpy as np

from ..functional._arguments import check_floats
from ..functional._reduction import check_reduction, reduce, reduce_backward

__all__ = ["focal_loss", "focal_loss_backward"]


def focal_loss(logits, targets, alpha=0.25, gamma=2.0, *, reduction="sum"):
    """Return α_t (1 − p_t)^γ (−ln p_t), summed, where p_t is the probability of what is true.

    Parameters
    ----------
    logits : ndarray of float, any shape
        p = 1 / (1 + e^−logit).
    targets : ndarray of the same shape
        0 or 1; p_t is p where it is 1, and 1 − p where it is 0.
    alpha : float in [0, 1]
        α_t is α where the target is 1, and 1 − α where it is 0.
    gamma : float
        At least 0; with 0 it is cross-entropy times α_t.
    reduction : "sum", "mean" or "none"

    Notes
    -----
    With z = logit where the target is 1 and −logit where it is 0, p_t = 1 / (1 + e^−z), −ln p_t = ln(1 + e^−z) and
    (1 − p_t)^γ = e^(−γ ln(1 + e^z)). In these forms nothing overflows, and nothing is 0 · ∞.
    """
    z, weight, _ = _towards_truth(logits, targets, alpha, gamma, reduction)
    losses = weight * np.exp(-gamma * np.logaddexp(0, z)) * np.logaddexp(0, -z)
    return reduce(losses.astype(logits.dtype), reduction, losses.size)


def focal_loss_backward(grad_output, logits, targets, alpha=0.25, gamma=2.0, *, reduction="sum"):
    """Return (grad_logits, None): −α_t (1 − p_t)^γ (γ p_t ln(1 + e^−z) + 1 − p_t) for z, times ∂z/∂logit = ±1."""
    z, weight, sign = _towards_truth(logits, targets, alpha, gamma, reduction)
    p_t, rest = np.exp(-np.logaddexp(0, -z)), np.exp(-np.logaddexp(0, z))
    slope = -weight * np.exp(-gamma * np.logaddexp(0, z)) * (gamma * p_t * np.logaddexp(0, -z) + rest)
    grad = reduce_backward(grad_output, logits.shape, logits.dtype, reduction, logits.size)
    return (grad * sign * slope).astype(logits.dtype), None


def _towards_truth(logits, targets, alpha, gamma, reduction):
    """Return (z, α_t, ∂z/∂logit), after a look at the arguments."""
    check_floats(logits=logits)
    check_reduction(reduction)
    targets = np.asarray(targets)
    if targets.shape != logits.shape or not np.isin(targets, (0, 1)).all():
        raise ValueError(f"targets: expected 0 or 1 in the shape {logits.shape} of logits, got shape {targets.shape}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha: expected a number in [0, 1], got {alpha}")
    if not gamma >= 0:
        raise ValueError(f"gamma: expected a number of at least 0, got {gamma}")
    sign = np.where(targets == 1, 1, -1).astype(logits.dtype)
    return sign * logits, np.where(targets == 1, alpha, 1 - alpha).astype(logits.dtype), sign
