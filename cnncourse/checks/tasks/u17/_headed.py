"""Wrong ways to exchange a head; imported only when one is tried."""

import copy

from torch import nn


def made(old, num_classes, new, bias, width):
    """What is put in the place of a linear layer."""
    inputs = {"in": old.in_features, "out": old.out_features, "swapped": num_classes}[width]
    outputs = old.in_features if width == "swapped" else num_classes
    head = nn.Linear(inputs, outputs, old.bias is not None if bias is None else bias)
    if new == "number":
        old.out_features = num_classes
        return old
    if new == "more":
        return nn.Sequential(old, nn.Linear(old.out_features, num_classes, old.bias is not None))
    if new == "deep":
        return nn.Sequential(nn.Linear(old.in_features, old.in_features), nn.ReLU(), head)
    return {"identity": nn.Identity(), "frozen": head.requires_grad_(new != "frozen"), "right": head}[new]


def headed(network, num_classes, new="right", which=-1, bias=None, width="in", rest="same", result="same"):
    """Exchange the head, with one thing wrong."""
    network = copy.deepcopy(network) if result == "copy" else network
    linear = [(name, m) for name, m in network.named_modules() if isinstance(m, nn.Linear)]
    chosen = linear if which == "all" else [linear[-1 if which == "end" else which]]
    if rest in ("frozen", "learning"):
        network.requires_grad_(rest == "learning")
    elif rest in ("training", "evaluation"):
        network.train(rest == "training")
    elif rest == "drawn":
        for module in network.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
    for name, old in chosen:
        if which == "end":
            name = [name for name, m in network.named_modules() if not list(m.children())][-1]
        path, _, last = name.rpartition(".")
        head = made(old, num_classes, new, bias, width)
        if result != "wrapped":
            setattr(network.get_submodule(path), last, head)
    if result == "wrapped":
        return nn.Sequential(network, nn.Linear(old.out_features, num_classes, old.bias is not None))
    return {"same": network, "copy": network, "head": head, None: None}[result]
