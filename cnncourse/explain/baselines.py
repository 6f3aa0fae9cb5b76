"""Maps that know nothing of the network: what an explanation has to beat. Their signature is that of `saliency`."""

import numpy as np
import torch
from torch.nn import functional as F

from .logits import check_images

__all__ = ["centre", "edges", "noise"]


def centre(model, images, labels):
    """Return 1 in the middle of the image, falling linearly to 0 in its corners: (N, H, W)."""
    images, _ = check_images(images, labels)
    N, _, H, W = images.shape
    y, x = (torch.arange(length, dtype=images.dtype, device=images.device) - (length - 1) / 2 for length in (H, W))
    distance = (y[:, None] ** 2 + x**2).sqrt()
    return (1 - distance / distance.max().clamp(min=1e-9)).expand(N, H, W).clone()


def edges(model, images, labels):
    """Return the length of the Sobel gradient of the mean over channels: (N, H, W)."""
    images, _ = check_images(images, labels)
    grey = F.pad(images.mean(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    slope = images.new_tensor([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    return F.conv2d(grey, torch.stack([slope, slope.T])[:, None]).square().sum(dim=1).sqrt()


def noise(model, images, labels, rng=None):
    """Return uniform random numbers, (N, H, W); without `rng`, the same at every call."""
    images, _ = check_images(images, labels)
    rng = np.random.default_rng(0) if rng is None else rng
    return torch.as_tensor(rng.random((len(images), *images.shape[2:]))).to(images)
