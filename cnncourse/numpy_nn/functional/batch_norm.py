"""Batch normalisation (Ioffe & Szegedy 2015), without hidden state.

PyTorch's `batch_norm` changes `running_mean` and `running_var` in place. Here a function never changes its
inputs, so the two jobs are two functions: `batch_norm` returns the output, and `batch_norm_running` returns
the running statistics after the same batch. Both have PyTorch's values.

Memory traffic for each value, computed in blocks that stay in the cache: the statistics 1 read; normalising 1 read
and 1 write; backward 2 reads for the sums, then 2 reads and 1 write.
"""

import math

import numpy as np

from ..algorithms.threads import alone
from ._arguments import check_floats, check_grad_output
from ._blocks import by_channel
from .standardize import check_channel_vectors


def _check(input, running_mean, running_var, weight, bias, training):
    check_floats(input=input)
    if input.ndim < 2 and input.shape != (0,):  # PyTorch lets an empty vector pass; it has no channels
        raise ValueError(f"input: expected shape (N, C, …), got {input.shape}")
    C = input.shape[1] if input.ndim > 1 else 0
    check_channel_vectors(input, C, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if training and input.size == C and C:
        raise ValueError(f"input: expected more than one value per channel in training, got {input.shape}")
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean, running_var: expected both or neither, got one of them")
    if not training and running_mean is None:
        raise ValueError("running_mean, running_var: expected both in evaluation, got None")


def batch_statistics(input):
    """Return each channel's mean and biased variance (divisor N·H·W), both (C,).

    With d = x − k, μ = k + mean(d) and σ² = mean(d²) − mean(d)². Any number k gives the same in exact arithmetic; with
    k = 0 a mean far from zero would cost all digits. Here k is the mean of the first image: being part of the batch,
    it is never further than √N σ from μ, and mostly much nearer.
    """
    x = _images(input)
    ones = np.ones(x.shape[2], x.dtype)
    with alone():
        k = x[0] @ ones / ones.size
    sums = np.empty((2, *x.shape[:2]), x.dtype)  # of d and of d²

    def add_up(block, k):
        d = x[block] - k
        sums[0][block] = d @ ones
        sums[1][block] = np.vecdot(d, d)

    by_channel(add_up, x, k)
    mean, square = sums.mean(axis=1) / ones.size
    return k + mean, square - mean**2


def _images(input):
    """Return (N, C, …) as (N, C, the rest)."""
    return input.reshape(*input.shape[:2], math.prod(input.shape[2:]))


def batch_norm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5, *, statistics=None
):
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
    momentum : float or None
        Has no effect on the output; here so that the arguments are PyTorch's.
    eps : float
        ε, added to the variance.
    statistics : (ndarray, ndarray), optional
        `batch_statistics(input)`, if it is known already; not in PyTorch, which keeps it out of sight.

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
    mean, var = statistics or batch_statistics(input) if training else (running_mean, running_var)
    scale = _factor(var, eps) if weight is None else _factor(var, eps) * weight
    shift = -mean * scale if bias is None else bias - mean * scale
    x, output = _images(input), np.empty(input.shape, input.dtype)

    def normalize(block, scale, shift):  # γ (x − μ) / √(σ² + ε) + β in two steps
        y = np.multiply(x[block], scale, out=_images(output)[block])
        y += shift

    by_channel(normalize, x, scale, shift)
    return output


def fuse_conv_bn_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w=None, bn_b=None):
    """Return weight and bias of the convolution that computes a convolution and the batch norm after it.

    In evaluation batch norm is γ (x − μ)/√(σ² + ε) + β with constants for each channel, and a convolution is linear:
    its filters times γ/√(σ² + ε) do the same. Names and arguments as in `torch.nn.utils.fuse_conv_bn_weights`.

    Parameters
    ----------
    conv_w : ndarray (C_out, C_in // groups, K, …)
    conv_b, bn_w, bn_b : ndarray (C_out,) or None
        The convolution's bias, γ and β.
    bn_rm, bn_rv : ndarray (C_out,)
        The running mean and variance.
    bn_eps : float
        ε.

    Returns
    -------
    ndarray (C_out, C_in // groups, K, …), ndarray (C_out,)
    """
    check_floats(conv_w=conv_w, conv_b=conv_b, bn_rm=bn_rm, bn_rv=bn_rv, bn_w=bn_w, bn_b=bn_b)
    vectors = {"conv_b": conv_b, "bn_rm": bn_rm, "bn_rv": bn_rv, "bn_w": bn_w, "bn_b": bn_b}
    check_channel_vectors(conv_w, len(conv_w), **vectors)
    scale = _factor(bn_rv, bn_eps) if bn_w is None else _factor(bn_rv, bn_eps) * bn_w
    shift = -bn_rm if conv_b is None else conv_b - bn_rm
    bias = shift * scale if bn_b is None else shift * scale + bn_b
    return conv_w * scale.reshape(-1, *[1] * (conv_w.ndim - 1)), bias


def _factor(var, eps):
    with np.errstate(invalid="ignore", divide="ignore"):  # a negative ε: NaN, as asked
        return (1 / np.sqrt(var + var.dtype.type(eps))).astype(var.dtype)


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
    *,
    statistics=None,
):
    """Return the gradients by (input, running_mean, running_var, weight, bias).

    The running statistics are constants: their gradients are None, as are those of an absent weight or
    bias. In training the batch's statistics depend on the input, in evaluation nothing does.
    """
    _check(input, running_mean, running_var, weight, bias, training)
    check_grad_output(grad_output, input.shape, input.dtype)
    if input.size == 0:
        zeros = [None if v is None else np.zeros_like(v) for v in (weight, bias)]
        return np.zeros_like(input), None, None, *zeros
    mean, var = statistics or batch_statistics(input) if training else (running_mean, running_var)
    factor = _factor(var, eps)
    scale = factor if weight is None else factor * weight
    grad_input = np.empty(input.shape, input.dtype)
    g, x, grad = _images(grad_output), _images(input), _images(grad_input)
    ones = np.ones(x.shape[2], x.dtype)
    sums = np.empty((2, *x.shape[:2]), x.dtype)  # of g and of g (x − μ)

    def add_up(block, mean):
        sums[0][block] = g[block] @ ones
        sums[1][block] = np.vecdot(g[block], x[block] - mean)

    by_channel(add_up, x, mean)
    grad_bias, along = sums.sum(axis=1)
    grad_weight = along * factor

    if training:
        # μ and σ² depend on every x: ∂L/∂x = γ f (g − mean(g) − x̂ mean(g x̂)), where f = 1/√(σ² + ε), x̂ = f (x − μ)
        count = input.size // input.shape[1]
        slope = factor * grad_weight / count

        def differentiate(block, slope, shift, scale):
            through_statistics = x[block] * slope
            through_statistics += shift
            result = np.subtract(g[block], through_statistics, out=grad[block])
            result *= scale

        by_channel(differentiate, x, slope, grad_bias / count - mean * slope, scale)
    else:

        def differentiate(block, scale):
            np.multiply(g[block], scale, out=grad[block])

        by_channel(differentiate, x, scale)
    return grad_input, None, None, None if weight is None else grad_weight, None if bias is None else grad_bias


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
    _check(input, running_mean, running_var, None, None, training=True)
    if input.size == 0:
        return running_mean, running_var
    mean, var = statistics or batch_statistics(input)
    count = input.size // len(mean)
    if running_mean is not None:
        running_mean = (1 - momentum) * running_mean + momentum * mean
    if running_var is not None:
        running_var = (1 - momentum) * running_var + momentum * (var * count / (count - 1))
    return running_mean, running_var
