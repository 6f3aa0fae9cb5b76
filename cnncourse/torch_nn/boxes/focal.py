"""Focal loss (Lin et al. 2017); see the NumPy twin."""

import torch
from torch.nn import functional as F

__all__ = ["focal_loss"]


def focal_loss(logits, targets, alpha=0.25, gamma=2.0, *, reduction="sum"):
    """Return α_t (1 − p_t)^γ (−ln p_t), summed; `targets` are 0 or 1 in the shape of `logits`.

    Written with ln p_t and ln(1 − p_t), so that neither value nor gradient overflows; torchvision's gradient is NaN
    where p_t has been rounded to 1 and γ < 1.
    """
    if targets.shape != logits.shape or not ((targets == 0) | (targets == 1)).all():
        raise ValueError(f"targets: expected 0 or 1 in the shape {tuple(logits.shape)} of logits")
    if not (0 <= alpha <= 1 and gamma >= 0):
        raise ValueError(f"alpha and gamma: expected 0 ≤ alpha ≤ 1 and gamma ≥ 0, got {alpha} and {gamma}")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f'reduction: expected "none", "mean" or "sum", got {reduction!r}')
    z = torch.where(targets == 1, logits, -logits)
    weight = torch.where(targets == 1, logits.new_tensor(alpha), logits.new_tensor(1 - alpha))
    losses = -weight * torch.exp(gamma * F.logsigmoid(-z)) * F.logsigmoid(z)
    return losses if reduction == "none" else getattr(losses, reduction)()
