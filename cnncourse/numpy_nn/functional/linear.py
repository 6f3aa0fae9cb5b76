"""The fully connected layer."""

import math

from ._arguments import check_floats, check_grad_output
from ._switch import replaceable

__all__ = ["linear", "linear_backward"]


@replaceable
def linear(input, weight, bias=None):
    """Return x Wᵀ + b over the last dimension.

    Parameters
    ----------
    input : ndarray (*, in_features)
        float32 or float64.
    weight : ndarray (out_features, in_features) or (in_features,)
        A weight without out_features gives an output without that dimension.
    bias : ndarray (out_features,), optional

    Returns
    -------
    ndarray (*, out_features)

    Raises
    ------
    TypeError, ValueError
        Other or mixed dtypes; shapes that do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> linear(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [0.0, 1.0]]), np.array([0.5, 0.0]))
    array([[11.5,  2. ]])
    """
    check_linear(input, weight, bias)
    rows = input.reshape(math.prod(input.shape[:-1]), input.shape[-1])
    columns = weight.reshape(math.prod(weight.shape[:-1]), weight.shape[-1]).T
    output = (rows @ columns).reshape(input.shape[:-1] + weight.shape[:-1])
    return output if bias is None else output + bias


@replaceable
def linear_backward(grad_output, input, weight, bias=None):
    """Return the gradients with respect to (input, weight, bias): g W, gᵀ x, and g summed; None for an absent bias."""
    check_linear(input, weight, bias)
    check_grad_output(grad_output, input.shape[:-1] + weight.shape[:-1], input.dtype)
    # Whatever the leading dimensions, they are one long batch.
    in_features, out_features = weight.shape[-1], math.prod(weight.shape[:-1])
    length = math.prod(input.shape[:-1])
    rows = input.reshape(length, in_features)
    g = grad_output.reshape(length, out_features)
    grad_input = (g @ weight.reshape(out_features, in_features)).reshape(input.shape)
    grad_weight = (g.T @ rows).reshape(weight.shape)
    grad_bias = None if bias is None else g.sum(axis=0).reshape(bias.shape)
    return grad_input, grad_weight, grad_bias


def check_linear(input, weight, bias):
    """Refuse what PyTorch refuses."""
    check_floats(input=input, weight=weight, bias=bias)
    if weight.ndim not in (1, 2):
        raise ValueError(f"weight: expected shape (out_features, in_features), got {weight.shape}")
    if input.ndim == 0 or input.shape[-1] != weight.shape[-1]:
        raise ValueError(
            f"input: expected {weight.shape[-1]} in the last dimension for weight {weight.shape}, got {input.shape}"
        )
    if bias is not None and bias.shape != weight.shape[:-1]:
        raise ValueError(f"bias: expected shape {weight.shape[:-1]}, got {bias.shape}")
