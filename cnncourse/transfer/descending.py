"""Gradient descent with a learning rate for each group of parameters, for short experiments."""

import torch
from torch.nn import functional as F

__all__ = ["descend_groups"]


def descend_groups(network, groups, images, labels, *, steps, batch_size=16, momentum=0.9):
    """Train only the parameters of `groups`, with momentum and rates that fall to zero; return the losses.

    `torch_nn.training.descend` with one learning rate per group. Batches come from PyTorch's generator, so
    `torch.manual_seed` before the call fixes them. It needs no `torch.optim`, which takes seconds to import.

    Parameters
    ----------
    network : function or torch.nn.Module
        Images to logits. A module's mode is left as it is.
    groups : list of dict
        `params` and `lr`, as `parameter_groups` returns them.
    images : tensor (N, ...)
    labels : tensor (N,)
    steps : int
    batch_size : int
    momentum : float

    Returns
    -------
    list of float
        The loss of each step, before the step.
    """
    weights = [(p, group["lr"]) for group in groups for p in group["params"]]
    velocity = [torch.zeros_like(p) for p, _ in weights]
    rounds = -(-steps * batch_size // len(images))
    order = torch.cat([torch.randperm(len(images)) for _ in range(rounds)])
    losses = []
    for step, batch in enumerate(order.split(batch_size)[:steps]):
        loss = F.cross_entropy(network(images[batch]), labels[batch])
        gradients = torch.autograd.grad(loss, [p for p, _ in weights])
        with torch.no_grad():
            for (p, lr), v, gradient in zip(weights, velocity, gradients, strict=True):
                v.mul_(momentum).add_(gradient)
                p.sub_(lr * (1 - step / steps) * v)
        losses.append(loss.item())
    return losses
