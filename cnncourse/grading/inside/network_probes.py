"""Probes of functions that take a PyTorch network and change it: they run beside a learner's answer.

The network is built here from a plain description, so that it need not cross a pipe, and it is filled with drawn
numbers. What is looked at afterwards comes back as plain values under names. Nothing is judged here.
"""

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from .model_probes import flat


class Chain(nn.Module):
    """Parts with names of their own; run in `order`, which may differ from that of their definition."""

    def __init__(self, parts, order):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.order = order

    def forward(self, x):
        for name in self.order:
            x = getattr(self, name)(x)
        return x


def built(description, made=None):
    """Return the module of a description: {"kind", "args", "parts", "names", "order", "same", "frozen", "eval"}."""
    made = {} if made is None else made
    if description.get("same") is not None:
        return made[description["same"]]
    parts = [built(part, made) for part in description.get("parts", ())]
    kind, args = description["kind"], description.get("args", ())
    if kind == "Chain":
        module = Chain(dict(zip(description["names"], parts, strict=True)), description["order"])
    elif kind == "ModuleList":
        module = nn.ModuleList(parts)
    else:
        module = getattr(nn, kind)(*parts, *args, **description.get("options", {}))
    if description.get("tied") is not None:
        module.weight = made[description["tied"]].weight
    if description.get("like") is not None:
        module.__dict__["like"] = made[description["like"]]
    if description.get("label") is not None:
        made[description["label"]] = module
    if description.get("frozen"):
        module.requires_grad_(False)
    if description.get("eval") is not None:
        module.train(not description["eval"])
    return module


def filled(module, seed):
    """The module in float64 with drawn numbers in it; variances are positive."""
    rng = np.random.default_rng(seed)
    module.double()
    with torch.no_grad():
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
            drawn = torch.from_numpy(rng.standard_normal(tuple(tensor.shape)))
            if tensor.dtype.is_floating_point:
                tensor.copy_(drawn.abs() + 0.5 if name.endswith("running_var") else drawn)
    for part in module.modules():
        if "like" in part.__dict__:  # the numbers of another one, in parameters of its own
            part.load_state_dict(part.__dict__["like"].state_dict())
    return module


def changed_network(target, args, kwargs, notes, probes):
    """Build kwargs["network"], call the answer on it and on `args`, and return what kwargs["look"] looks at."""
    notes.used = None
    description, look, seed = kwargs["network"], kwargs["look"], kwargs.get("seed", 0)
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(seed)
        network = filled(built(description), seed)
        before = Before(network)
        answer = probes.call(target, (network, *args), {}, notes)
        torch.default_generator.manual_seed(seed + 1)
        return LOOKS[look](answer, network, before, kwargs, probes)


class Before:
    """What a network was made of before the answer changed it, and another network, which it has nothing to do with."""

    def __init__(self, network):
        norms = nn.BatchNorm1d(2), nn.BatchNorm2d(2), nn.BatchNorm3d(2), nn.InstanceNorm2d(2)
        self.others = nn.ModuleList([*norms, nn.Dropout()]).double()
        self.modules = list(network.named_modules())
        self.modes = [module.training for _, module in self.modules]
        self.parameters = list(network.named_parameters())
        self.buffers = list(network.buffers())

    def numbers(self, without=()):
        """What stands in the parameters now. Compared elsewhere: here an answer could have changed comparisons."""
        return flat(p for _, p in self.parameters if id(p) not in without)

    def others_train(self):
        """What layers of the other network give, and the statistics that they keep, when it is told to train."""
        torch.default_generator.manual_seed(6)
        shapes, x, seen = [(12, 2), (4, 2, 1, 3), (4, 2, 1, 3, 1), (4, 2, 1, 3), (24,)], torch.arange(24.0).double(), []
        for mode in (False, True):
            layers = zip(self.others.train(mode), shapes, strict=True)
            seen += [part.clone() for layer, shape in layers for part in (layer(x.reshape(shape)), *layer.buffers())]
        return flat(seen)


def frozen(answer, network, before, kwargs, probes):
    """How a network acts that should be frozen, inside a larger one that is told to train."""
    inputs = torch.tensor(kwargs["input"]).requires_grad_()
    module = answer if isinstance(answer, nn.Module) else network
    whole = nn.Sequential(nn.Dropout(0.0), module)
    for where, mode in kwargs["calls"]:
        for part in {"whole": [whole], "module": [module], "parts": without_norms(module)}[where]:
            part.train(mode)
    torch.default_generator.manual_seed(5)
    output = whole(inputs)
    seen = {
        "whether the same module is returned": answer is network,
        "the number of parameters that still require a gradient": sum(
            p.requires_grad for p in [*module.parameters(), *(p for _, p in before.parameters)]),
        "the numbers in the parameters": before.numbers(),
        "the running statistics after a forward pass": flat(b for b in before.buffers if b.is_floating_point()),
        "the output": _array(output),
        "whether the output has a way back to the input": output.requires_grad,
        "the output of another network, which trains": before.others_train(),
    }  # fmt: skip
    if output.requires_grad:
        upstream = np.random.default_rng(1).standard_normal(tuple(output.shape))
        output.backward(torch.from_numpy(upstream))
    seen["the gradient of the input"] = np.zeros(inputs.shape) if inputs.grad is None else _array(inputs.grad)
    return seen


def without_norms(module):
    """The direct parts of a module that hold no batch norm."""
    return [part for part in module.children() if not any(isinstance(m, _BatchNorm) for m in part.modules())]


def new_head(answer, network, before, kwargs, probes):
    """What is left of a network, and what the new last layer is."""
    module = answer if isinstance(answer, nn.Module) else network
    linear = [(name, m) for name, m in module.named_modules() if isinstance(m, nn.Linear)]
    old = [(name, m) for name, m in before.modules if isinstance(m, nn.Linear)]
    rest = [m for name, m in before.modules if m is not old[-1][1]]
    now = {id(m) for m in module.modules()}
    own = {id(p) for p in old[-1][1].parameters()}
    others = [p for _, p in before.parameters if id(p) not in own]
    name, head = linear[-1] if linear else ("", nn.Linear(1, 1))
    reachable = {id(p) for p in head.parameters()}
    seen = {
        "whether the same network is returned": answer is network,
        "whether the last linear layer is a new one": bool(linear) and head is not old[-1][1] and not own & reachable,
        "the place of the last linear layer": name,
        "its inputs and outputs": (head.in_features, head.out_features),
        "whether it has a bias": head.bias is not None,
        "whether it can learn": all(p.requires_grad for p in head.parameters()),
        "the number of modules": len(list(module.modules())),
        "whether all other modules are the same objects": all(id(m) in now for m in rest),
        "the modes of the other modules": np.array([m.training for m in rest]),
        "the numbers in the other parameters": before.numbers(without=own),
        "which of the other parameters can learn": np.array([p.requires_grad for p in others], dtype=bool),
    }  # fmt: skip
    with torch.no_grad():
        module.double()
        for number, p in enumerate(head.parameters()):
            p.copy_(torch.from_numpy(np.random.default_rng(number).standard_normal(tuple(p.shape))))
        try:
            output = _array(module(torch.tensor(kwargs["input"])))
        except RuntimeError:  # layers that do not fit each other
            output = np.zeros(0)
    seen["the output, with drawn numbers in the new layer"] = output
    return seen


def groups(answer, network, before, kwargs, probes):
    """Which learning rate each parameter gets."""
    is_list = isinstance(answer, (list, tuple))
    kinds = sorted({type(group).__name__ for group in answer}) if is_list else []
    dicts = [group for group in answer if isinstance(group, dict)] if is_list else []
    places = {id(p): i for i, (_, p) in enumerate(before.parameters)}
    rates, times, others = np.full(len(places), -1.0), np.zeros(len(places), int), {"tensor": 0, "no tensor": 0}
    held = [group.get("params", ()) for group in dicts]
    held = [[one] if isinstance(one, torch.Tensor) else list(one) for one in held]
    for group, parameters in zip(dicts, held, strict=True):
        for p in parameters:
            place = places.get(id(p))
            if place is None:
                others["tensor" if isinstance(p, torch.Tensor) else "no tensor"] += 1
            else:
                rates[place], times[place] = float(group.get("lr", -2)), times[place] + 1
    return {
        "the kind of the result": "list of " + ", ".join(kinds) if is_list else type(answer).__name__,
        "whether each group has params and lr": all({"params", "lr"} <= group.keys() for group in dicts),
        "the number of entries that are no tensors": others["no tensor"],
        "the number of tensors that are no parameters of the network": others["tensor"],
        "how often each parameter stands in a group": times,
        "the learning rates, by parameter (−1: none)": rates,
        "the number of empty groups": sum(not parameters for parameters in held),
        "which parameters can learn": np.array([p.requires_grad for _, p in before.parameters]),
        "the numbers in the parameters": before.numbers(),
    }


LOOKS = {"frozen": frozen, "new_head": new_head, "groups": groups}


def _array(tensor):
    return tensor.detach().cpu().numpy().copy()
