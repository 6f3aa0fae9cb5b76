"""Batch normalisation, a cacheful at a time; the formula is in `functional.batch_norm`.

Memory traffic for each value, computed in blocks that stay in the cache: the statistics 1 read; normalising 1 read
and 1 write; backward 2 reads for the sums, then 2 reads and 1 write.
"""

import math

import numpy as np

from ..functional._arguments import check_grad_output
from ..functional.batch_norm import check_batch_norm
from .blocks import by_channel
from .threads import single_threaded_blas


def batch_statistics(input):
    """Return each channel's mean and biased variance (divisor N·H·W), both (C,).

    With d = x − k, μ = k + mean(d) and σ² = mean(d²) − mean(d)². Any number k gives the same in exact arithmetic; with
    k = 0 a mean far from zero would cost all digits. Here k is the mean of the first image: being part of the batch,
    it is never further than √N σ from μ, and mostly much nearer.
    """
    x = _images(input)
    ones = np.ones(x.shape[2], x.dtype)
    with single_threaded_blas():
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
    """As the plain `batch_norm`: two steps for each value, y = x · scale + shift."""
    check_batch_norm(input, running_mean, running_var, weight, bias, training)
    if input.size == 0:
        return input.copy()
    if training:
        mean, var = statistics or batch_statistics(input)
    else:
        mean, var = running_mean, running_var
    scale = _factor(var, eps) if weight is None else _factor(var, eps) * weight
    shift = -mean * scale if bias is None else bias - mean * scale
    x, output = _images(input), np.empty(input.shape, input.dtype)

    def normalize(block, scale, shift):  # γ (x − μ) / √(σ² + ε) + β in two steps
        y = np.multiply(x[block], scale, out=_images(output)[block])
        y += shift

    by_channel(normalize, x, scale, shift)
    return output


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
    """As the plain `batch_norm_backward`: two sums for each channel, then one pass over the values."""
    check_batch_norm(input, running_mean, running_var, weight, bias, training)
    check_grad_output(grad_output, input.shape, input.dtype)
    if input.size == 0:
        zeros = [None if v is None else np.zeros_like(v) for v in (weight, bias)]
        return np.zeros_like(input), None, None, *zeros
    if training:
        mean, var = statistics or batch_statistics(input)
    else:
        mean, var = running_mean, running_var
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
