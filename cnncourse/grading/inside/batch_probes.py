"""A probe of functions that get a PyTorch network and batches: it builds both beside a learner's answer, and calls it.

What it returns are plain values under names: what came back, and what the network and its gradients were like
afterwards. It judges nothing. Like `module_probes` it takes the module `probes` as its last argument.
"""

import numpy as np
import torch

from .model_probes import built, filled, flat


def with_batches(target, args, kwargs, notes, probes):
    """Call target(network, batches): args are the batches as arrays, kwargs["network"] describes the rest.

    It holds the arguments of `model_probes.built`, and how the batches come: "list", "tuple" or "generator".
    """
    described = dict(kwargs["network"])
    come_as = {"list": list, "tuple": tuple, "generator": iter}[described.pop("come as")]
    network, seen = built(**described), []
    first = network[0][0]  # whichever way the network is run, its first layer sees the batch
    first.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    frozen = [p for p in network.parameters() if not p.requires_grad]
    tensors = [(torch.tensor(images), torch.tensor(labels)) for images, labels in args]
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        result = probes.call(target, (network, come_as(tensors)), {}, notes)
    notes.arguments = []
    if isinstance(result, torch.Tensor):
        result = result.detach().cpu().numpy()
        result = result.item() if result.ndim == 0 else result
    batches = [tensor for pair in tensors for tensor in pair]
    return {
        "the gradients": flat(map(filled, network.parameters())),
        "whether parameters that ask for no gradient have none": all(p.grad is None for p in frozen),
        "the result": float(result) if type(result) is int else probes.plain(result),
        "the sizes of the batches that the network saw": np.array(seen, dtype=np.int64),
        "the modes of the modules": np.array([float(one.training) for one in network.modules()]),
        "the network's numbers": flat([*network.parameters(), *network.buffers()]),
        "the batches": flat(batches),
        "whether the batches ask for gradients": any(tensor.requires_grad for tensor in batches),
    }
