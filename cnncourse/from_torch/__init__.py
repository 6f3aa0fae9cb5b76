"""Run a PyTorch module in NumPy: note what it does with stand-ins for tensors, then do it with `numpy_nn.functional`.

paths        all paths through the module, one trace for each
recorder     the trace of one path; its parts are steps (notes), calls (PyTorch's functions) and sizes (shapes)
proxies      the stand-ins, for tensors and for sizes that are known at the call only
binding      which argument is which
aliases      tensors that share memory, and changes in place
rules        calls that are random or change weights in evaluation mode
guards       modules that do something besides computing
patches      what is replaced during a trace
operations   the NumPy counterparts of PyTorch's functions

The steps are a `numpy_nn.graph`, which `numpy_nn.inference` makes faster.
It stands outside of `numpy_nn`, which never imports torch.
"""

import torch
from torch import nn

from cnncourse.numpy_nn.graph import NumpyGraph

from .paths import translate
from .places import Refused, source_of

__all__ = ["NumpyGraph", "from_torch"]


def from_torch(module):
    """Return a NumPy callable that computes what `module` computes in evaluation mode.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode, in float32 or float64, and built of operations that have a NumPy counterpart. Its path
        may depend on its inputs' shapes, but not on their values. Weights on the CPU are shared, not copied.

    Returns
    -------
    NumpyGraph
        Takes and returns arrays where the module takes and returns tensors.

    Raises
    ------
    TypeError
        `module` is no torch.nn.Module.
    ValueError
        A part of it is in training mode.
    NotImplementedError
        It cannot be translated; the message names what stands in the way, and the line of code.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"module: expected a torch.nn.Module, got {type(module).__name__}")
    while isinstance(module, nn.DataParallel):
        module = module.module
    for name, part in module.named_modules():
        if part.training:
            where = f", its layer {name!r} (a {type(part).__name__})" if name else ""
            raise ValueError(f"module: expected evaluation mode, got training mode{where}; call module.eval() first")
    name = type(module).__name__
    try:
        for layer, part in module.named_modules():
            if isinstance(part, torch.jit.ScriptModule):
                raise Refused(f"it contains a compiled torch.jit.{type(part).__name__}, whose steps Python does not "
                              f"see; give the module it was made from ({source_of(part, layer)})")  # fmt: skip
        return translate(module)
    except Refused as error:
        raise NotImplementedError(f"module: {name} cannot be translated: {error}") from error.__cause__
