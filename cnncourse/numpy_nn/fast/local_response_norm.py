"""AlexNet's normalisation, a few images at a time, and its power of 3/4 by square roots.

Memory traffic: the forward reads x and writes y, 2 values for each entry; the backward reads g and x and writes the
gradient, 3 values. s^¾ = √s · √√s, because processors take square roots of many values at once and powers one by one.
"""

import numpy as np

from ..functional._arguments import check_grad_output
from ..functional.local_response_norm import check, window_sum
from .blocks import in_blocks


def _power(scale, beta):
    """Return scale^β."""
    if beta != 0.75:
        return scale**beta
    root = np.sqrt(scale)
    return root * np.sqrt(root)


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """As the plain `local_response_norm`."""
    check(input, size)
    output = np.empty(input.shape, input.dtype)

    def compute(images):
        x = input[images]
        scale = k + alpha / size * window_sum(x * x, size // 2, (size - 1) // 2)
        np.divide(x, _power(scale, beta), out=output[images])

    in_blocks(compute, len(input), max(1, input[:1].size))
    return output


def local_response_norm_backward(grad_output, input, size, alpha=1e-4, beta=0.75, k=1.0):
    """As the plain `local_response_norm_backward`."""
    check(input, size)
    check_grad_output(grad_output, input.shape, input.dtype)
    before, after = size // 2, (size - 1) // 2
    grad_input = np.empty(input.shape, input.dtype)

    def compute(images):
        x = input[images]
        scale = k + alpha / size * window_sum(x * x, before, after)
        direct = grad_output[images] / _power(scale, beta)
        neighbours = window_sum(direct * x / scale, after, before)
        np.subtract(direct, 2 * alpha * beta / size * x * neighbours, out=grad_input[images])

    in_blocks(compute, len(input), max(1, input[:1].size))
    return grad_input
