"""The squared error, for numbers."""

import numpy as np

from ._arguments import check_floats
from ._reduction import check_reduction, reduce, reduce_backward

__all__ = ["mse_loss", "mse_loss_backward"]


def mse_loss(input, target, *, reduction="mean", weight=None):
    """Return (x − t)², or its mean or sum.

    Parameters
    ----------
    input, target : ndarray
        float32 or float64, the same shape. (PyTorch broadcasts, with a warning that this is likely
        a mistake. Here it is an error.)
    reduction : "mean", "sum" or "none"
    weight : ndarray of the same shape, optional
        How much each entry counts; the mean then divides by the sum of the weights.

    Raises
    ------
    TypeError, ValueError
        Other dtypes, differing shapes, an unknown reduction.
    """
    check_reduction(reduction)
    _check_mse(input, target, weight)
    w = 1 if weight is None else weight
    losses = np.asarray(w * (input - target) ** 2)
    return reduce(losses, reduction, input.size if weight is None else weight.sum())


def mse_loss_backward(grad_output, input, target, *, reduction="mean", weight=None):
    """Return (grad_input, grad_target, None): ±2 w (x − t) times the upstream gradient."""
    check_reduction(reduction)
    _check_mse(input, target, weight)
    count = input.size if weight is None else weight.sum()
    g = reduce_backward(grad_output, input.shape, input.dtype, reduction, count)
    w = 1 if weight is None else weight
    grad_input = np.asarray(2 * w * (input - target) * g)
    return grad_input, -grad_input, None


def _check_mse(input, target, weight):
    check_floats(input=input, target=target, weight=weight)
    for name, array in (("target", target), ("weight", weight)):
        if array is not None and array.shape != input.shape:
            raise ValueError(f"{name}: expected the input's shape {input.shape}, got {array.shape}")
