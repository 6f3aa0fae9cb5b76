"""Freeze a part of a network: its parameters get no gradient, and its batch norms learn no statistics either."""

from functools import cache

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["freeze", "unfreeze"]


class StaysInEvaluation:
    """A batch norm that `train()` does not reach: it normalises with its running statistics and leaves them."""

    def train(self, mode=True):
        return super().train(False)


class FrozenBatchNorm1d(StaysInEvaluation, nn.BatchNorm1d):
    pass


class FrozenBatchNorm2d(StaysInEvaluation, nn.BatchNorm2d):
    pass


class FrozenBatchNorm3d(StaysInEvaluation, nn.BatchNorm3d):
    pass


@cache
def frozen_class(kind):
    """Return the kind of batch norm that stays in evaluation mode, a subclass of `kind`."""
    for frozen in (FrozenBatchNorm1d, FrozenBatchNorm2d, FrozenBatchNorm3d):
        if frozen.__bases__[1] is kind:
            return frozen
    return type(f"Frozen{kind.__name__}", (StaysInEvaluation, kind), {})


def freeze(module):
    """Freeze a module, in place: no gradients for its parameters, and no new statistics for its batch norms.

    `requires_grad = False` alone leaves batch norms in training mode: they go on normalising with each batch's
    statistics and moving their running ones, and the "frozen" features change. Here they behave as in evaluation
    mode whatever `train()` is called on the module or on what holds it; dropout and all else keep to their modes.
    Gradients still pass to the module's input.

    Parameters
    ----------
    module : torch.nn.Module

    Returns
    -------
    torch.nn.Module
        The same module; its `state_dict` is as before, and its batch norms are still instances of their class.
    """
    module.requires_grad_(False)
    for part in module.modules():
        if isinstance(part, _BatchNorm) and not isinstance(part, StaysInEvaluation):
            part.__class__ = frozen_class(type(part))
            part.eval()
    return module


def unfreeze(module):
    """Undo `freeze`, in place, for all parameters of a module; its batch norms take its own mode. Return it."""
    module.requires_grad_(True)
    for part in module.modules():
        if isinstance(part, StaysInEvaluation):
            part.__class__ = type(part).__bases__[1]
            part.train(module.training)
    return module
