"""Gradient descent with a learning rate for each group of parameters, for short experiments."""

from cnncourse.torch_nn.training import descend

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
    return descend(network, images, labels, steps=steps, lr=groups, batch_size=batch_size, momentum=momentum)
