"""Activation maximisation: change an image until a class, or a channel of a layer, answers as strongly as it can."""

import numpy as np
import torch

from cnncourse.torch_nn.undisturbed import undisturbed

from .activation_maps import Recorded
from .logits import check_images, label_logits

__all__ = ["activation_maximisation"]


def activation_maximisation(model, images, labels, layer=None, steps=100, lr=1.0, l2=0.0, shift=0, rng=None):
    """Return images that climbed from `images` towards a larger activation of `labels`.

    The first three parameters and the errors are those of `saliency`; one starts from noise, grey, or a photograph.

    Parameters
    ----------
    layer : str or torch.nn.Module, optional
        With it, `labels` are channels of this module's output (N, C, h, w), and their mean over places is climbed.
    steps : int
        Of gradient ascent.
    lr : float
        x ← x + lr · ∂(activation − l2 Σ x²) / ∂x.
    l2 : float
        At least 0; holds the image near zero, the mean colour of a normalised image.
    shift : int
        Before each gradient the image is moved round its borders by up to so much either way, at random, and back
        after it: a pattern that counts at one place alone is not built up.
    rng : numpy.random.Generator, optional
        Draws the shifts; without it, the same ones at every call.

    Returns
    -------
    tensor (N, C, H, W)
        New images; those given are not changed.

    References
    ----------
    Erhan et al., "Visualizing higher-layer features of a deep network" (2009); Simonyan, Vedaldi & Zisserman,
    "Deep inside convolutional networks" (2014), equation 1.
    """
    if steps < 0 or l2 < 0 or shift < 0:
        raise ValueError(f"steps, l2, shift: expected at least 0, got {steps}, {l2} and {shift}")
    rng = np.random.default_rng(0) if rng is None else rng
    with undisturbed(model):
        x, labels = check_images(images, labels)
        for _ in range(steps):
            moved = tuple(int(s) for s in rng.integers(-shift, shift + 1, size=2))
            seen = x.roll(moved, dims=(2, 3)).requires_grad_()
            objective = activation(model, seen, labels, layer).sum() - l2 * seen.square().sum()
            (gradient,) = torch.autograd.grad(objective, seen)
            x = (seen.detach() + lr * gradient).roll((-moved[0], -moved[1]), dims=(2, 3))
    return x


def activation(model, images, labels, layer=None):
    """Return the activation that is climbed, one per image: a logit, or a channel's mean; inside `undisturbed`."""
    if layer is None:
        return label_logits(model, images, labels)
    with Recorded(model, layer) as record:
        model(images.clone())
    maps = record.maps
    if labels.min() < 0 or labels.max() >= maps.shape[1]:
        raise ValueError(f"labels: expected channels 0 to {maps.shape[1] - 1}, got {labels.tolist()}")
    return maps[torch.arange(len(images)), labels].mean(dim=(1, 2))
