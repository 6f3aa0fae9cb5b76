"""What all losses do at the end: keep every single loss, add them up or take their mean.

Everything after a loss's array arguments is keyword-only, since PyTorch's order has two retired arguments in between. A
backward returns (grad_input, grad_target, grad_weight): None for class indices, for an absent weight, and for class
weights, which PyTorch too takes as constants. `grad_output` has the shape of the loss, which is a scalar unless
reduction="none".
"""

import numpy as np


def check_reduction(reduction):
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f'reduction: expected "none", "mean" or "sum", got {reduction!r}')


def reduce(losses, reduction, count):
    if reduction == "none":
        return losses
    total = losses.sum()
    if reduction == "sum":
        return total
    with np.errstate(invalid="ignore", divide="ignore"):  # the mean of nothing is NaN, as in PyTorch
        return (total / losses.dtype.type(count)).astype(losses.dtype)


def reduce_backward(grad_output, shape, dtype, reduction, count):
    """Return the gradient with respect to every single loss."""
    grad_output = np.asarray(grad_output, dtype)  # a Python number is welcome for a scalar loss
    wanted = shape if reduction == "none" else ()
    if grad_output.shape != wanted:
        raise ValueError(f"grad_output: expected the loss's shape {wanted}, got {grad_output.shape}")
    if reduction == "mean":
        with np.errstate(invalid="ignore", divide="ignore"):
            grad_output = grad_output / dtype.type(count)
    return np.broadcast_to(grad_output, shape)
