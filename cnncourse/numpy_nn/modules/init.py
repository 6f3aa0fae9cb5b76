"""Rules for drawing initial weights: each returns a function (rng, shape, dtype) -> array.

Glorot & Bengio 2010 and He et al. 2015 choose the variance so that activations (fan_in) or gradients
(fan_out) keep their size from layer to layer.
"""

import math

import numpy as np


def constant(value):
    """Fill with one value."""
    return lambda rng, shape, dtype: np.full(shape, value, dtype)


def uniform(bound):
    """Draw from the uniform distribution on [−bound, bound]."""

    def draw(rng, shape, dtype):
        values = rng.random(shape, dtype)
        values *= 2 * bound  # in place: the largest layers have a hundred million weights
        values -= bound
        return values

    return draw


def normal(std):
    """Draw from the normal distribution with mean 0."""

    def draw(rng, shape, dtype):
        values = rng.standard_normal(shape, dtype)
        values *= std
        return values

    return draw


def fans(shape):
    """Return (fan_in, fan_out) of a weight (C_out, C_in // groups, K, …): products with the kernel's size."""
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def kaiming_normal(shape, mode="fan_in"):
    """Normal with variance 2 / fan, right for layers followed by a ReLU (He et al. 2015, equation 10)."""
    fan_in, fan_out = fans(shape)
    return normal(math.sqrt(2 / (fan_in if mode == "fan_in" else fan_out)))


def bilinear_kernel(stride):
    """Return the kernel (K, K), K = 2S − S % 2, with which a transposed convolution of stride S interpolates.

    Its sum is S²: every output gets a whole input's worth. The padding that goes with it is (K − S) // 2.

    >>> bilinear_kernel(2)[0].tolist()
    [0.0625, 0.1875, 0.1875, 0.0625]
    """
    K = 2 * stride - stride % 2
    hat = 1 - np.abs(np.arange(K) - (K - 1) / 2) / stride
    return np.outer(hat, hat)


def bilinear(stride):
    """Weights (C, C, K, K) of a transposed convolution that interpolates each channel by itself (Long et al. 2015)."""

    def draw(rng, shape, dtype):
        return (np.eye(shape[0], shape[1])[:, :, None, None] * bilinear_kernel(stride)).astype(dtype)

    return draw


def torch_default(shape):
    """Uniform on ±1/√fan_in: what PyTorch's convolutions and linear layers start with, biases too."""
    return uniform(1 / math.sqrt(fans(shape)[0]) if fans(shape)[0] else 0)
