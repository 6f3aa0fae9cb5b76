"""What all explanations begin with: images and labels that fit, the logits of the labels, and their gradients."""

import torch


def check_images(images, labels):
    """Return (images, labels) as tensors of their own on one device, (N, C, H, W) and (N,); call it in `undisturbed`.

    Raises
    ------
    ValueError
        images are not (N, C, H, W) of floating-point numbers, or labels are not one class index for each.
    """
    images = torch.as_tensor(images).detach()
    if images.ndim != 4 or not images.is_floating_point() or not len(images):
        raise ValueError(
            f"images: expected (N, C, H, W) of floating-point numbers, got {images.dtype} {tuple(images.shape)}"
        )
    labels = torch.as_tensor(labels, device=images.device)
    if labels.shape != images.shape[:1] or labels.is_floating_point() or labels.dtype == torch.bool:
        raise ValueError(
            f"labels: expected {len(images)} class indices, one per image, got {labels.dtype} {tuple(labels.shape)}"
        )
    return images.clone(), labels.long().clone()


def label_logits(model, images, labels):
    """Return the logit of each image's label, (N,): z[n, labels[n]].

    The network gets a copy, so that one that begins with an operation in place leaves the caller's images as they are.

    Raises
    ------
    ValueError
        The network does not return (N, classes), or a label is none of its classes.
    """
    logits = model(images.clone())
    if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or len(logits) != len(images):
        got = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
        raise ValueError(f"model: expected logits (N, classes) for (N, C, H, W), got {got}")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(f"labels: expected 0 to {logits.shape[1] - 1}, got {labels.min()} to {labels.max()}")
    return logits[torch.arange(len(images), device=logits.device), labels.to(logits.device)]


def image_gradients(model, images, labels):
    """Return ∂z[n, labels[n]] / ∂images[n], (N, C, H, W); call it inside `undisturbed`."""
    x = images.detach().clone().requires_grad_()
    # In evaluation mode no image sees another, so the sum's gradient holds each image's own.
    (gradient,) = torch.autograd.grad(label_logits(model, x, labels).sum(), x)
    return gradient
