"""A new head for a network, and learning rates that grow from its first layers to its last."""

from torch import nn

__all__ = ["last_linear", "parameter_groups", "replace_head"]


def last_linear(network):
    """Return the last `nn.Linear` of a network, by the order of its modules.

    Raises
    ------
    ValueError
        It has none, or is one itself, so that nothing holds it.
    """
    found = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if not found or found[-1] is network:
        raise ValueError(f"network: expected one that holds an nn.Linear, got {type(network).__name__}")
    return found[-1]


def replace_head(network, num_classes):
    """Put a new linear layer in the place of the last one, in place; all other modules stay the same objects.

    Parameters
    ----------
    network : torch.nn.Module
        Holds at least one `nn.Linear`; the last by the order of modules is taken for the head.
    num_classes : int
        Outputs of the new one. Its input width, bias or none, device, dtype and mode are those of the old one, its
        parameters are drawn by PyTorch's generator and get gradients.

    Returns
    -------
    torch.nn.Module
        The same network.
    """
    if num_classes < 1:
        raise ValueError(f"num_classes: expected at least 1, got {num_classes}")
    old = last_linear(network)
    place = {"device": old.weight.device, "dtype": old.weight.dtype}
    new = nn.Linear(old.in_features, num_classes, bias=old.bias is not None, **place).train(old.training)
    for module in network.modules():
        for name, child in module.named_children():
            if child is old:
                setattr(module, name, new)
    return network


def parameter_groups(stages, lr, decay):
    """Return groups for an optimiser of `torch.optim`: the last stage learns at `lr`, each earlier one more slowly.

    Parameters
    ----------
    stages : torch.nn.Sequential
        From the input to the output. A stage without trainable parameters counts, too.
    lr : float
        Of the last stage.
    decay : float
        Positive: each stage's learning rate is `decay` times that of the next one.

    Returns
    -------
    list of dict
        `params` and `lr`, first stage first: each trainable parameter once (one that stages share at the rate of
        the last of them), frozen ones not at all, and no group is empty.

    References
    ----------
    Howard & Ruder, "Universal language model fine-tuning for text classification" (2018), section 3.2:
    discriminative fine-tuning.
    """
    if not isinstance(stages, nn.Sequential):
        raise ValueError(f"stages: expected an nn.Sequential, got {type(stages).__name__}")
    if lr < 0 or decay <= 0:
        raise ValueError(f"lr, decay: expected at least 0 and above 0, got {lr} and {decay}")
    groups, seen = [], set()
    for age, stage in enumerate(reversed(list(stages))):
        parameters = [p for p in stage.parameters() if p.requires_grad and id(p) not in seen]
        seen.update(map(id, parameters))
        if parameters:
            groups.append({"params": parameters, "lr": lr * decay**age})
    return groups[::-1]
