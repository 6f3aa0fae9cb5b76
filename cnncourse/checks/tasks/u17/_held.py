"""Wrong ways to freeze; imported only when one is tried."""

import copy
import types

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase


def stay(part):
    """Let one module ignore `train`."""
    part.eval()
    part.train = lambda mode=True: part


NORMS = {
    "right": lambda m: [p for p in m.modules() if isinstance(p, _BatchNorm)],
    "root": lambda m: [m],
    "all": lambda m: list(m.modules()),
    "every norm": lambda m: [p for p in m.modules() if isinstance(p, (_NormBase, nn.GroupNorm))],
    "children": lambda m: [p for p in m.children() if isinstance(p, _BatchNorm)],
    "2d": lambda m: [p for p in m.modules() if isinstance(p, nn.BatchNorm2d)],
}
PARAMETERS = {
    "right": lambda m: list(m.parameters()),
    "zero": lambda m: list(m.parameters()),
    "no_grad": lambda m: list(m.parameters()),
    "norms": lambda m: [p for b in NORMS["right"](m) for p in b.parameters()],
    "others": lambda m: [p for b in m.modules() if not isinstance(b, _BatchNorm) for p in b.parameters(False)],
    "weights": lambda m: [p for name, p in m.named_parameters() if name.endswith("weight")],
    "first": lambda m: list(m.parameters())[:1],
    None: lambda m: [],
}


def held(module, norms="right", gradients="right", result="same"):
    """Freeze a module, with one thing wrong."""
    module = copy.deepcopy(module) if result == "copy" else module
    for p in PARAMETERS[gradients](module):
        p.requires_grad_(False)
        if gradients == "zero":
            p.zero_()
    if norms == "once":
        module.eval()
    held_back = NORMS["right"] if norms in ("momentum", "untracked") else NORMS.get(norms, lambda m: [])
    for part in held_back(module):
        if norms == "momentum":
            part.momentum = 0.0
        elif norms == "untracked":
            part.track_running_stats, part.running_mean, part.running_var = False, None, None
        else:
            stay(part)
    if gradients == "no_grad":
        inner = module.forward
        module.forward = types.MethodType(lambda self, x: torch.no_grad()(inner)(x), module)
    return module if result else None
