"""AlexNet's normalisation: each channel is damped by its neighbours (Krizhevsky et al. 2012, section 3.3)."""

import numpy as np

from ._arguments import check_floats, check_grad_output, check_integer
from ._switch import replaceable

__all__ = ["local_response_norm", "local_response_norm_backward"]


def check(input, size):
    """Refuse arrays of integers, fewer than 3 dimensions, and sizes that are no positive integers."""
    check_floats(input=input)
    if input.ndim < 3:
        raise ValueError(f"input: expected at least 3 dimensions (N, C, …), got {input.shape}")
    check_integer("size", size, minimum=1)


def window_sum(x, before, after):
    """Sum channels c − before … c + after; those outside count as zero."""
    C = x.shape[1]
    total = np.zeros_like(x)
    for shift in range(-before, after + 1):
        first, last = max(0, -shift), min(C, C - shift)
        if first < last:
            total[:, first:last] += x[:, first + shift : last + shift]
    return total


@replaceable
def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Return x / (k + α/size · Σ x²)^β, where the sum is over `size` neighbouring channels.

    Parameters
    ----------
    input : ndarray (N, C, …)
        float32 or float64, at least 3 dimensions.
    size : int
        The width of the window: size // 2 channels before, (size − 1) // 2 after.
    alpha, beta, k : float
        The paper writes α for PyTorch's alpha / size.

    Raises
    ------
    TypeError, ValueError
        Other dtypes or fewer dimensions; a size that is no positive integer.
    """
    check(input, size)
    scale = k + alpha / size * window_sum(input * input, size // 2, (size - 1) // 2)
    return (input / scale**beta).astype(input.dtype)


@replaceable
def local_response_norm_backward(grad_output, input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Return the gradient with respect to input: the direct part, and the part through every window that holds x."""
    check(input, size)
    check_grad_output(grad_output, input.shape, input.dtype)
    before, after = size // 2, (size - 1) // 2
    scale = k + alpha / size * window_sum(input * input, before, after)
    through_scale = grad_output * input * scale ** (-beta - 1)
    # x_c sits in the windows of the channels c − after … c + before: the window mirrored.
    neighbours = window_sum(through_scale, after, before)
    grad_input = grad_output * scale**-beta - 2 * alpha * beta / size * input * neighbours
    return grad_input.astype(input.dtype)
