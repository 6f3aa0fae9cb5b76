"""Batch normalisation (Ioffe & Szegedy 2015), without hidden state.

PyTorch's `batch_norm` changes `running_mean` and `running_var` in place. Here no function changes its inputs, so there
are two: `batch_norm` returns the output, `batch_norm_running` the running statistics after the batch.
"""

import numpy as np

from ._arguments import check_floats, check_grad_output
from ._switch import replaceable

__all__ = ["batch_norm", "batch_norm_backward", "batch_norm_running"]


@replaceable
def batch_norm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5, *, statistics=None
):
    """Normalise each channel to mean 0 and variance 1, then scale by γ and shift by β.

    A faster version with the same results may run in its place (`numpy_nn.use`).

    Parameters
    ----------
    input : ndarray (N, C, …)
        float32 or float64; the statistics are over N and all axes after C.
    running_mean, running_var : ndarray (C,) or None
        Used instead of the batch's own statistics when `training` is false; not changed.
    weight, bias : ndarray (C,) or None
        γ and β.
    training : bool
        Use the batch's statistics: μ_B, and σ²_B with divisor N·H·W (the biased one).
    momentum : float or None
        Has no effect on the output; here so that the arguments are PyTorch's.
    eps : float
        ε, added to the variance.
    statistics : (ndarray, ndarray), optional
        `batch_statistics(input)`, if it is known already; not in PyTorch, which keeps it out of sight.

    Raises
    ------
    TypeError, ValueError
        Other dtypes or shapes; one value per channel in training; no running statistics in evaluation.

    Examples
    --------
    >>> x = np.array([[1.0], [3.0]])
    >>> batch_norm(x, None, None, training=True, eps=0)
    array([[-1.],
           [ 1.]])
    """
    check_batch_norm(input, running_mean, running_var, weight, bias, training)
    if input.size == 0:
        return input.copy()
    channels = (1, -1, *[1] * (input.ndim - 2))  # (C,) in this shape lines up with the input
    if training:
        mean, var = statistics or batch_statistics(input)
    else:
        mean, var = running_mean, running_var
    with np.errstate(invalid="ignore", divide="ignore"):  # no values at all, or a negative ε: NaN, as asked
        x_hat = (input - mean.reshape(channels)) / np.sqrt(var + var.dtype.type(eps)).reshape(channels)
    output = x_hat if weight is None else x_hat * weight.reshape(channels)
    return output if bias is None else output + bias.reshape(channels)


@replaceable
def batch_norm_backward(
    grad_output, input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5, *,
    statistics=None,
):  # fmt: skip
    """Return the gradients with respect to (input, running_mean, running_var, weight, bias).

    The running statistics are constants: their gradients are None, as are those of an absent weight or bias. In
    training μ and σ² depend on every x, which takes two parts out of the gradient with respect to x̂: its mean, and its
    component along x̂. In evaluation they are constants.
    """
    check_batch_norm(input, running_mean, running_var, weight, bias, training)
    check_grad_output(grad_output, input.shape, input.dtype)
    if input.size == 0:
        return input.copy(), None, None, *[None if v is None else np.zeros_like(v) for v in (weight, bias)]
    channels, others = (1, -1, *[1] * (input.ndim - 2)), (0, *range(2, input.ndim))
    if training:
        mean, var = statistics or batch_statistics(input)
    else:
        mean, var = running_mean, running_var
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = (1 / np.sqrt(var + var.dtype.type(eps))).reshape(channels)
        x_hat = (input - mean.reshape(channels)) * factor
        g = grad_output if weight is None else grad_output * weight.reshape(channels)
        if training:
            along = (g * x_hat).mean(axis=others, keepdims=True)
            g = g - g.mean(axis=others, keepdims=True) - x_hat * along
    grad_weight = None if weight is None else (grad_output * x_hat).sum(axis=others)
    grad_bias = None if bias is None else grad_output.sum(axis=others)
    return g * factor, None, None, grad_weight, grad_bias


@replaceable
def batch_statistics(input):
    """Return each channel's mean and biased variance (divisor N·H·W), both (C,)."""
    others = (0, *range(2, input.ndim))
    with np.errstate(invalid="ignore", divide="ignore"):
        count = np.float64(np.prod([input.shape[axis] for axis in others])).astype(input.dtype)
        mean = input.sum(axis=others) / count
        difference = input - mean.reshape(1, -1, *[1] * (input.ndim - 2))
        return mean, (difference * difference).sum(axis=others) / count


def batch_norm_running(input, running_mean, running_var, momentum=0.1, *, statistics=None):
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
    statistics : (ndarray, ndarray), optional
        `batch_statistics(input)`, if it is known already.
    """
    check_batch_norm(input, running_mean, running_var, None, None, training=True)
    if input.size == 0 or running_mean is None:
        return running_mean, running_var
    mean, var = statistics or batch_statistics(input)
    count = input.size // len(mean)
    unbiased = var * count / (count - 1)
    return (1 - momentum) * running_mean + momentum * mean, (1 - momentum) * running_var + momentum * unbiased


def check_batch_norm(input, running_mean, running_var, weight, bias, training):
    """Refuse what PyTorch refuses."""
    vectors = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    check_floats(input=input, **vectors)
    if input.ndim < 2 and input.shape != (0,):  # PyTorch lets an empty vector pass; it has no channels
        raise ValueError(f"input: expected shape (N, C, …), got {input.shape}")
    C = input.shape[1] if input.ndim > 1 else 0
    for name, vector in vectors.items():
        if vector is not None and vector.shape != (C,):
            raise ValueError(f"{name}: expected shape ({C},), one value per channel, got {vector.shape}")
    if training and input.size == C and C:
        raise ValueError(f"input: expected more than one value per channel in training, got {input.shape}")
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean, running_var: expected both or neither, got one of them")
    if not training and running_mean is None:
        raise ValueError("running_mean, running_var: expected both in evaluation, got None")
