"""Segmentation's loss in PyTorch; measures are in `numpy_nn.segmentation`."""

__all__ = ["dice_loss"]


def dice_loss(logits, target, eps=1.0):
    """Return the mean of 1 − (2 Σ pt + ε) / (Σ p + Σ t + ε) over pictures and channels, p = sigmoid(logits).

    `logits` and `target` are (N, C, …); the sums run over the axes after the first two.
    """
    if logits.ndim < 3 or target.shape != logits.shape:
        shapes = f"{tuple(logits.shape)}, got {tuple(target.shape)}"
        raise ValueError(f"target: expected the shape (N, C, …) of logits, {shapes}")
    if not eps > 0:
        raise ValueError(f"eps: expected a number greater than 0, got {eps}")
    p, t = logits.sigmoid().flatten(2), target.to(logits.dtype).flatten(2)
    overlap, size = (p * t).sum(dim=2), (p + t).sum(dim=2)
    return (1 - (2 * overlap + eps) / (size + eps)).mean()
