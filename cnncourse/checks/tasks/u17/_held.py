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
    "inner": lambda m: [p for p in list(m.modules())[1:] if isinstance(p, _BatchNorm)],
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


KINDS = ("momentum", "untracked", "norms once", "flag", "as they are", "reset", "all once", "training")


def held(module, norms="right", gradients="right", result="same"):
    """Freeze a module, with one thing wrong."""
    module = copy.deepcopy(module) if result == "copy" else module
    for p in PARAMETERS[gradients](module):
        p.requires_grad_(False)
        if gradients == "zero":
            p.zero_()
    if norms in ("once", "all once"):
        module.eval()
    if norms == "training":
        module.train()
    held_back = NORMS["right"] if norms in KINDS else NORMS.get(norms, lambda m: [])
    for part in held_back(module):
        if norms == "momentum":
            part.momentum = 0.0
        elif norms == "norms once":
            part.eval()
        elif norms == "flag":
            part.eval().track_running_stats = False
        elif norms == "as they are":
            part.train = lambda mode=True, part=part: part
        elif norms == "reset":
            part.reset_running_stats()
            stay(part)
        elif norms == "untracked":
            part.track_running_stats, part.running_mean, part.running_var = False, None, None
        else:
            stay(part)
    if gradients == "no_grad":
        inner = module.forward
        module.forward = types.MethodType(lambda self, x: torch.no_grad()(inner)(x), module)
    return module if result else None
