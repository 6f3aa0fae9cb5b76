"""Layer, group and instance normalisation: the same standardising over other axes than batch norm's."""

import numpy as np

from ._arguments import check_floats, check_grad_output, check_integer
from .batch_norm import batch_norm, batch_norm_backward
from .standardize import affine, check_channel_vectors, per_channel, standardize, standardize_backward

__all__ = [
    "group_norm", "group_norm_backward", "instance_norm", "instance_norm_backward", "instance_norm_running",
    "layer_norm", "layer_norm_backward",
]  # fmt: skip


def _layer_axes(input, normalized_shape, weight, bias):
    check_floats(input=input, weight=weight, bias=bias)
    shape = (normalized_shape,) if np.ndim(normalized_shape) == 0 else tuple(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ValueError(f"normalized_shape: expected the last dimensions of input {input.shape}, got {shape}")
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None and array.shape != shape:
            raise ValueError(f"{name}: expected normalized_shape {shape}, got {array.shape}")
    return tuple(range(input.ndim - len(shape), input.ndim))


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Normalise every sample by itself, over its last dimensions (Ba, Kiros & Hinton 2016).

    Parameters
    ----------
    input : ndarray (*, *normalized_shape)
        float32 or float64.
    normalized_shape : int or tuple of int
        The sizes of the last dimensions, which the statistics are over.
    weight, bias : ndarray of normalized_shape, or None
        γ and β, one for each position in a sample.
    eps : float
        Added to the variance.

    Raises
    ------
    TypeError, ValueError
        Other dtypes; the input does not end in normalized_shape; weight or bias of another shape.
    """
    axes = _layer_axes(input, normalized_shape, weight, bias)
    normalized, _ = standardize(input, axes, eps)
    return affine(normalized, weight, bias)


def layer_norm_backward(grad_output, input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Return the gradients by (input, weight, bias); None for an absent one."""
    axes = _layer_axes(input, normalized_shape, weight, bias)
    check_grad_output(grad_output, input.shape, input.dtype)
    normalized, factor = standardize(input, axes, eps)
    grad_normalized = grad_output if weight is None else grad_output * weight
    grad_input = standardize_backward(grad_normalized, normalized, factor, axes)
    others = tuple(range(axes[0]))
    grad_weight = None if weight is None else (grad_output * normalized).sum(axis=others)
    grad_bias = None if bias is None else grad_output.sum(axis=others)
    return grad_input, grad_weight, grad_bias


def _check_groups(input, num_groups, weight, bias):
    check_floats(input=input)
    if input.ndim < 2:
        raise ValueError(f"input: expected shape (N, C, …), got {input.shape}")
    N, C = input.shape[:2]
    if C == 0 or 0 in input.shape[2:]:
        raise ValueError(f"input: expected at least one channel and one position, got {input.shape}")
    if C % check_integer("num_groups", num_groups, minimum=1):
        raise ValueError(f"num_groups: expected a divisor of C = {C}, got {num_groups}")
    if N and input.size == num_groups:
        raise ValueError(f"input: expected more than one value in a group, got {input.shape}")
    check_channel_vectors(input, C, weight=weight, bias=bias)


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Normalise every sample by itself, over groups of neighbouring channels (Wu & He 2018).

    Parameters
    ----------
    input : ndarray (N, C, …)
        float32 or float64.
    num_groups : int
        C / num_groups channels share their statistics, with all positions.
    weight, bias : ndarray (C,) or None
        γ and β.
    eps : float
        Added to the variance.

    Raises
    ------
    TypeError, ValueError
        Other dtypes or shapes; num_groups does not divide C; one value in all.
    """
    _check_groups(input, num_groups, weight, bias)
    normalized, _ = _standardize_groups(input, num_groups, eps)
    gamma, beta = (None if v is None else per_channel(v, input.ndim) for v in (weight, bias))
    return affine(normalized.reshape(input.shape), gamma, beta)


def _standardize_groups(input, num_groups, eps):
    values = input[0].size // num_groups if len(input) else 0
    return standardize(input.reshape(len(input), num_groups, values), (2,), eps)


def group_norm_backward(grad_output, input, num_groups, weight=None, bias=None, eps=1e-5):
    """Return the gradients by (input, weight, bias); None for an absent one."""
    _check_groups(input, num_groups, weight, bias)
    check_grad_output(grad_output, input.shape, input.dtype)
    normalized, factor = _standardize_groups(input, num_groups, eps)
    grad_normalized = grad_output if weight is None else grad_output * per_channel(weight, input.ndim)
    grad_input = grad_normalized.copy()
    if input.size:
        grad_groups = grad_normalized.reshape(normalized.shape)
        grad_input = standardize_backward(grad_groups, normalized, factor, (2,)).reshape(input.shape)
    axes = (0, *range(2, input.ndim))
    grad_weight = None if weight is None else (grad_output * normalized.reshape(input.shape)).sum(axis=axes)
    grad_bias = None if bias is None else grad_output.sum(axis=axes)
    return grad_input, grad_weight, grad_bias


def _check_instances(input, use_input_stats):
    check_floats(input=input)
    if input.ndim < 3:
        raise ValueError(f"input: expected shape (N, C, …) with at least one spatial axis, got {input.shape}")
    if use_input_stats and np.prod(input.shape[2:]) == 1:
        raise ValueError(f"input: expected more than one position, got {input.shape}")


def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
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
    grad_output,
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
):
    """Return the gradients by (input, running_mean, running_var, weight, bias), as `batch_norm_backward`."""
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
