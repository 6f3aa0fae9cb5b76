"""Explanations from the gradient with respect to the image: saliency, SmoothGrad, integrated gradients."""

import numpy as np
import torch

from cnncourse.torch_nn.undisturbed import undisturbed

from .logits import check_images, image_gradients, label_logits

__all__ = ["gradients", "integrated_gradients", "saliency", "smoothgrad"]


def gradients(model, images, labels):
    """Return the derivative of each image's logit with respect to it, with its sign and channels: (N, C, H, W).

    The parameters are those of `saliency`.
    """
    with undisturbed(model):
        images, labels = check_images(images, labels)
        return image_gradients(model, images, labels)


def saliency(model, images, labels):
    """Return the largest absolute derivative of the label's logit over the channels.

    Parameters
    ----------
    model : torch.nn.Module
        (N, C, H, W) → logits (N, classes). It is put into evaluation mode; afterwards modes, `.grad`,
        `requires_grad`, running statistics and hooks are as before.
    images : tensor or array (N, C, H, W), floating point
        As the network wants to see them; not changed.
    labels : tensor, array or list (N,) of int
        Whose logit is explained: any class, not only the true one.

    Returns
    -------
    tensor (N, H, W)
        M = max over c of |∂z_label / ∂x_c|.

    Raises
    ------
    ValueError
        images, labels or the network's output have the wrong shape, or a label is none of its classes.

    References
    ----------
    Simonyan, Vedaldi & Zisserman, "Deep inside convolutional networks" (2014), section 3.1.
    """
    return gradients(model, images, labels).abs().amax(dim=1)


def smoothgrad(model, images, labels, samples=20, noise=0.15, rng=None):
    """Return the saliency of a mean gradient: over `samples` copies of the image, each with its own noise.

    The first three parameters and the errors are those of `saliency`.

    Parameters
    ----------
    samples : int
        How many noisy copies; at least 1.
    noise : float
        Standard deviation σ of the normal noise, as a share of each image's own range max − min.
    rng : numpy.random.Generator, optional
        Draws the noise; without it, the same noise at every call. PyTorch's generators are left alone.

    Returns
    -------
    tensor (N, H, W)
        M = max over c of |(1 / samples) Σ ∂z_label / ∂x_c at x + noise|.

    References
    ----------
    Smilkov et al., "SmoothGrad: removing noise by adding noise" (2017), section 3.
    """
    if samples < 1 or noise < 0:
        raise ValueError(f"samples, noise: expected at least 1 and at least 0, got {samples} and {noise}")
    rng = np.random.default_rng(0) if rng is None else rng
    with undisturbed(model):
        images, labels = check_images(images, labels)
        sigma = noise * (images.amax(dim=(1, 2, 3), keepdim=True) - images.amin(dim=(1, 2, 3), keepdim=True))
        total = torch.zeros_like(images)
        for _ in range(samples):
            normal = torch.as_tensor(rng.standard_normal(images.shape)).to(images)
            total += image_gradients(model, images + sigma * normal, labels)
    return (total / samples).abs().amax(dim=1)


def integrated_gradients(model, images, labels, baseline=0.0, steps=32):
    """Return (image − baseline) times the mean gradient on the straight way between them, summed over channels.

    It is complete: each map's sum is z_label(image) − z_label(baseline), the better the more `steps`.
    The first three parameters and the errors are those of `saliency`.

    Parameters
    ----------
    baseline : float, or tensor that broadcasts to images
        The picture without anything to see, as the network wants to see it.
    steps : int
        Of the midpoint rule, at least 1: the gradient is taken at (k + ½) / steps of the way.

    Returns
    -------
    tensor (N, H, W)
        M = Σ_c (x_c − b_c) · (1 / steps) Σ_k ∂z_label / ∂x_c at b + (k + ½) / steps · (x − b); with its sign.

    References
    ----------
    Sundararajan, Taly & Yan, "Axiomatic attribution for deep networks" (2017), equations 1 and 3.
    """
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")
    with undisturbed(model):
        images, labels = check_images(images, labels)
        start = torch.as_tensor(baseline, dtype=images.dtype, device=images.device).expand_as(images)
        total = torch.zeros_like(images)
        for k in range(steps):
            total += image_gradients(model, start + (k + 0.5) / steps * (images - start), labels)
    return ((images - start) * total / steps).sum(dim=1)


def completeness_gap(model, images, labels, maps, baseline=0.0):
    """Return Σ map − (z_label(image) − z_label(baseline)) for each image, (N,): 0 where an explanation is complete."""
    with undisturbed(model), torch.no_grad():
        images, labels = check_images(images, labels)
        start = torch.as_tensor(baseline, dtype=images.dtype, device=images.device).expand_as(images)
        difference = label_logits(model, images, labels) - label_logits(model, start, labels)
    return maps.sum(dim=(1, 2)) - difference
