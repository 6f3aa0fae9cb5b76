"""A probe of functions that get a PyTorch network: it builds the network beside a learner's answer, and calls that.

What it returns are arrays: the result, and what the network, its gradients and the images were like afterwards. It
judges nothing. Like `module_probes` it takes the module `probes` as its last argument.
"""

import numpy as np
import torch
from torch import nn


def with_model(target, args, kwargs, notes, probes):
    """Call target(network, images, labels, *rest); returns (result, modes, gradients, requires_grad, numbers, images).

    kwargs describe the network, see `built`.
    """
    network = built(**kwargs)
    images, labels, *rest = args
    images, labels = torch.tensor(images), torch.tensor(labels)
    with torch.random.fork_rng(devices=[]), torch.enable_grad():  # what an answer switches off stays here
        torch.manual_seed(0)
        result = probes.call(target, (network, images, labels, *rest), {}, notes)
        recording = torch.is_grad_enabled()
    if isinstance(result, torch.Tensor):
        result = result.detach().cpu().numpy().copy()
    return (
        probes.plain(result),
        np.array([float(one.training) for one in network.modules()]),
        flat(part for p in network.parameters() for part in (torch.tensor(p.grad is not None), filled(p))),
        np.array([*(float(p.requires_grad) for p in network.parameters()), float(recording)]),
        flat([*network.parameters(), *network.buffers(), torch.tensor(hooks(network))]),
        flat([images, labels, torch.tensor(images.requires_grad or images.grad is not None)]),
    )


def hooks(network):
    """How many hooks the modules of a network have, of every kind."""
    kinds = [name for name in vars(network) if name.endswith("_hooks") and "state_dict" not in name]
    return sum(len(getattr(one, kind)) for one in network.modules() for kind in kinds)


def filled(parameter):
    """A parameter's gradient, zeros where there is none."""
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def flat(tensors):
    """All values in one row of float64."""
    return np.concatenate([np.zeros(0), *(t.detach().cpu().double().ravel().numpy() for t in tensors)])


def built(layers, training, frozen, gradients):
    """A sequence of layers from plain values, the first three of which are a sequence of their own.

    `layers` has [kind, options, {name: array}] each, and `training` one mode per module, in the order of `modules()`.
    `frozen` and `gradients` have one entry per parameter: whether it asks for no gradient, and what stands in its
    `.grad`, or None.
    """
    made = []
    for kind, options, arrays in layers:
        one = LAYERS[kind](**options)
        for name, array in arrays.items():
            owner = one._parameters if name in one._parameters else one._buffers
            value = torch.tensor(array)
            owner[name] = nn.Parameter(value) if owner is one._parameters else value
        made.append(one)
    network = nn.Sequential(nn.Sequential(*made[:3]), *made[3:])
    for one, mode in zip(network.modules(), training, strict=True):
        one.training = mode
    for one, still, gradient in zip(network.parameters(), frozen, gradients, strict=True):
        one.requires_grad_(not still)
        one.grad = None if gradient is None else torch.tensor(gradient)
    return network


LAYERS = {
    "convolution": nn.Conv2d, "batch norm": nn.BatchNorm2d, "relu": nn.ReLU, "dropout": nn.Dropout,
    "max pooling": nn.MaxPool2d, "mean": nn.AdaptiveAvgPool2d, "flatten": nn.Flatten, "linear": nn.Linear,
}  # fmt: skip
