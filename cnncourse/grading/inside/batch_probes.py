"""A probe of functions that get a PyTorch network and batches: it builds both beside a learner's answer, and calls it.

What it returns are plain values under names: what came back, and what the network and its gradients were like
afterwards. It judges nothing. Like `module_probes` it takes the module `probes` as its last argument.
"""

import numpy as np
import torch
from torch import nn

LAYERS = {
    "convolution": nn.Conv2d, "batch norm": nn.BatchNorm2d, "relu": nn.ReLU, "dropout": nn.Dropout,
    "flatten": nn.Flatten, "linear": nn.Linear,
}  # fmt: skip


def with_batches(target, args, kwargs, notes, probes):
    """Call target(network, batches): args are the batches as arrays, kwargs["network"] describes the rest.

    It holds layers ([kind, arguments, {name: array}] each), training (one mode per module), gradients and frozen (one
    entry per parameter), and how the batches come: "list", "tuple" or "generator".
    """
    described = kwargs["network"]
    network, seen = built(described), []
    network.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    before = [p.detach().clone() for p in [*network.parameters(), *network.buffers()]]
    tensors = [(torch.tensor(images), torch.tensor(labels)) for images, labels in args]
    copies = [(images.clone(), labels.clone()) for images, labels in tensors]
    kinds = {"list": list, "tuple": tuple, "generator": iter}
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        result = probes.call(target, (network, kinds[described["come as"]](tensors)), {}, notes)
    notes.arguments = []
    if isinstance(result, torch.Tensor):
        result = result.detach().cpu().numpy()
        result = result.item() if result.ndim == 0 else result
    now = [*network.parameters(), *network.buffers()]
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in network.parameters()]
    pairs = zip((t for pair in tensors for t in pair), (t for pair in copies for t in pair), strict=True)
    return {
        "the gradients": np.concatenate([g.detach().double().ravel().numpy() for g in gradients]),
        "the result": probes.plain(result),
        "the sizes of the batches that the network saw": np.array(seen, dtype=np.int64),
        "the modes of the modules": np.array([float(one.training) for one in network.modules()]),
        "whether the network's numbers are as before": all(map(torch.equal, now, before)),
        "whether the batches are as before": all(torch.equal(a, b) and not a.requires_grad for a, b in pairs),
    }


def built(described):
    """A sequence of layers with the given numbers, modes and gradients."""
    network = nn.Sequential(*(LAYERS[kind](*arguments) for kind, arguments, _ in described["layers"])).double()
    with torch.no_grad():
        for layer, (_, _, arrays) in zip(network, described["layers"], strict=True):
            for name, array in arrays.items():
                getattr(layer, name).copy_(torch.tensor(array))
    for module, mode in zip(network.modules(), described["training"], strict=True):
        module.training = mode
    for p, gradient, frozen in zip(network.parameters(), described["gradients"], described["frozen"], strict=True):
        p.grad = None if gradient is None else torch.tensor(gradient)
        p.requires_grad_(not frozen)
    return network
