"""How deep a network is, counted as the papers count: layers with weights on its longest path."""

from functools import singledispatch

from . import modules as M
from .modules.conv import Convolution, TransposedConvolution
from .modules.norm import Normalisation

__all__ = ["depth"]


@singledispatch
def depth(module):
    """Return the number of convolutions and linear layers on the longest path through `module`.

    Norms and activations do not count. Nor does the gate of a `Scale`, which the values are multiplied by but do not
    pass: SE-ResNet-50 has 50 layers, as its name says.

    >>> block = M.Sequential(M.Conv2d(4, 4, 3, padding=1), M.ReLU(), M.Conv2d(4, 4, 3, padding=1))
    >>> depth(M.Sequential(M.Residual(block), M.Residual(block, M.Conv2d(4, 4, 1))))
    4
    """
    weights = [value for value in vars(module).values() if isinstance(value, M.Parameter)]
    return int(any(len(weight.shape) > 1 for weight in weights))


@depth.register(Convolution)
@depth.register(TransposedConvolution)
@depth.register(M.Linear)
def _(module):
    return 1


@depth.register(Normalisation)
@depth.register(M.Scale)
def _(module):
    return 0


@depth.register
def _(module: M.Network):
    return depth(module.wiring)


@depth.register
def _(module: M.Sequential):
    return sum(depth(child) for child in module)


@depth.register
def _(module: M.Residual):
    return max(depth(module.body), depth(module.shortcut))


@depth.register
def _(module: M.CropConcat):
    return max(depth(module.skip), depth(module.body))


@depth.register
def _(module: M.Concat):
    return max(depth(branch) for _, branch in module.named_children())
