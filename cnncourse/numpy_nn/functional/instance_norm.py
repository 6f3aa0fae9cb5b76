"""Instance normalisation: each channel of each sample by itself."""

import numpy as np

from ._arguments import check_floats, check_grad_output
from .batch_norm import batch_norm, batch_norm_backward

__all__ = ["instance_norm", "instance_norm_backward", "instance_norm_running"]


def instance_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5
):
    """Normalise every channel of every sample by itself (Ulyanov, Vedaldi & Lempitsky 2016).

    It is batch norm of a batch of one, N times over. Arguments and errors are those of `batch_norm`, with
    `use_input_stats` in the place of `training`, and at least one spatial axis. The running statistics
    are not changed (see `instance_norm_running`).
    """
    _check_instances(input, use_input_stats)
    samples = [
        batch_norm(x[None], running_mean, running_var, weight, bias, use_input_stats, momentum, eps) for x in input
    ]
    return np.concatenate([input[:0], *samples])


def instance_norm_backward(
    grad_output, input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True,
    momentum=0.1, eps=1e-5,
):  # fmt: skip
    """Return the gradients of (input, running_mean, running_var, weight, bias), as `batch_norm_backward`."""
    _check_instances(input, use_input_stats)
    check_grad_output(grad_output, input.shape, input.dtype)
    grad_input = np.zeros_like(input)
    grad_weight, grad_bias = (None if v is None else np.zeros_like(v) for v in (weight, bias))
    for n in range(len(input)):
        grads = batch_norm_backward(
            grad_output[n : n + 1], input[n : n + 1], running_mean, running_var,
            weight, bias, use_input_stats, momentum, eps,
        )  # fmt: skip
        grad_input[n] = grads[0][0]
        if weight is not None:
            grad_weight += grads[3]
        if bias is not None:
            grad_bias += grads[4]  # γ and β serve every sample: their gradients add up
    return grad_input, None, None, grad_weight, grad_bias


def instance_norm_running(input, running_mean, running_var, momentum=0.1):
    """Return (running_mean, running_var) after one training step, as new arrays.

    The new value is the mean over N of each sample's statistics; the variance is unbiased, as in
    `batch_norm_running`.
    """
    _check_instances(input, True)
    axes = tuple(range(2, input.ndim))
    mean = input.mean(axis=axes).mean(axis=0)
    var = input.var(axis=axes, ddof=1).mean(axis=0)
    return (
        None if running_mean is None else (1 - momentum) * running_mean + momentum * mean,
        None if running_var is None else (1 - momentum) * running_var + momentum * var,
    )


def _check_instances(input, use_input_stats):
    check_floats(input=input)
    if input.ndim < 3:
        raise ValueError(f"input: expected shape (N, C, …) with at least one spatial axis, got {input.shape}")
    if use_input_stats and np.prod(input.shape[2:]) == 1:
        raise ValueError(f"input: expected more than one position, got {input.shape}")
