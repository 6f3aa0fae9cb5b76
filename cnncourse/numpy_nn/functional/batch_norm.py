"""Batch normalisation (Ioffe & Szegedy 2015), without hidden state.

PyTorch's `batch_norm` changes `running_mean` and `running_var` in place. Here a function never changes its
inputs, so the two jobs are two functions: `batch_norm` returns the output, and `batch_norm_running` returns
the running statistics after the same batch. Both have PyTorch's values.
"""

import numpy as np

from ._arguments import check_floats, check_grad_output
from .standardize import affine, check_channel_vectors, per_channel, standardize, standardize_backward


def _check(input, running_mean, running_var, weight, bias, training):
    check_floats(input=input)
    if input.ndim < 2 and input.shape != (0,):  # PyTorch lets an empty vector pass; it has no channels
        raise ValueError(f"input: expected shape (N, C, …), got {input.shape}")
    C = input.shape[1] if input.ndim > 1 else 0
    check_channel_vectors(input, C, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if training and input.size == C and C:
        raise ValueError(f"input: expected more than one value per channel in training, got {input.shape}")
    if not training and (running_mean is None or running_var is None):
        raise ValueError("running_mean, running_var: expected both in evaluation, got None")


def _axes(input):
    return tuple(axis for axis in range(input.ndim) if axis != 1)


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """Normalise each channel to mean 0 and variance 1, then scale by γ and shift by β.

    Parameters
    ----------
    input : ndarray (N, C, …)
        float32 or float64; the statistics are over N and all axes after C.
    running_mean, running_var : ndarray (C,) or None
        Used instead of the batch's own statistics when `training` is false; not changed (see
        `batch_norm_running`).
    weight, bias : ndarray (C,) or None
        γ and β.
    training : bool
        Use the batch's statistics: μ_B, and σ²_B with divisor N·H·W (the biased one).
    momentum : float
        Has no effect on the output; here so that the arguments are PyTorch's.
    eps : float
        ε, added to the variance.

    Returns
    -------
    ndarray (N, C, …)

    Raises
    ------
    TypeError, ValueError
        Other dtypes or shapes; one value per channel in training; no running statistics in evaluation.
    """
    _check(input, running_mean, running_var, weight, bias, training)
    if input.size == 0:
        return input.copy()
    normalized, _ = _normalize(input, running_mean, running_var, training, eps)
    gamma, beta = (None if v is None else per_channel(v, input.ndim) for v in (weight, bias))
    return affine(normalized, gamma, beta)


def _normalize(input, running_mean, running_var, training, eps):
    if training:
        return standardize(input, _axes(input), eps)
    factor = (1 / np.sqrt(per_channel(running_var, input.ndim) + eps)).astype(input.dtype)
    return (input - per_channel(running_mean, input.ndim)) * factor, factor


def batch_norm_backward(
    grad_output,
    input,
    running_mean,
    running_var,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-5,
):
    """Return the gradients by (input, running_mean, running_var, weight, bias).

    The running statistics are constants: their gradients are None, as are those of an absent weight or
    bias. In training the batch's statistics depend on the input, in evaluation nothing does.
    """
    _check(input, running_mean, running_var, weight, bias, training)
    check_grad_output(grad_output, input.shape, input.dtype)
    if input.ndim == 1:  # an empty vector, which PyTorch lets pass in evaluation
        zeros = [None if v is None else np.zeros_like(v) for v in (weight, bias)]
        return np.zeros_like(input), None, None, *zeros
    axes = _axes(input)
    normalized, factor = _normalize(input, running_mean, running_var, training, eps)
    grad_normalized = grad_output if weight is None else grad_output * per_channel(weight, input.ndim)
    if training and input.size:
        grad_input = standardize_backward(grad_normalized, normalized, factor, axes)
    else:
        grad_input = grad_normalized * factor
    grad_weight = None if weight is None else (grad_output * normalized).sum(axis=axes)
    grad_bias = None if bias is None else grad_output.sum(axis=axes)
    return grad_input, None, None, grad_weight, grad_bias


def batch_norm_running(input, running_mean, running_var, momentum=0.1):
    """Return (running_mean, running_var) after one training step on `input`, as new arrays.

    running ← (1 − momentum) · running + momentum · batch. The batch variance that enters here has
    divisor N·H·W − 1 (unbiased), though the normalisation itself uses N·H·W. This is PyTorch's rule.

    Parameters
    ----------
    input : ndarray (N, C, …)
        The batch that `batch_norm` was given with training=True.
    running_mean, running_var : ndarray (C,) or None
        The values before the step.
    momentum : float
        The weight of the new value.
    """
    _check(input, running_mean, running_var, None, None, training=True)
    if input.size == 0:
        return running_mean, running_var
    axes = _axes(input)
    if running_mean is not None:
        running_mean = (1 - momentum) * running_mean + momentum * input.mean(axis=axes)
    if running_var is not None:
        running_var = (1 - momentum) * running_var + momentum * input.var(axis=axes, ddof=1)
    return running_mean, running_var
