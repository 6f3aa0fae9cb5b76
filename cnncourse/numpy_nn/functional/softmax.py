"""Softmax and its logarithm: scores to probabilities."""

import warnings

import numpy as np

from ._arguments import check_array, check_floats, check_grad_output

__all__ = ["log_softmax", "log_softmax_backward", "softmax", "softmax_backward"]


def _softmax_operands(input, dim, dtype, stacklevel=3):
    if dtype is not None:
        check_array("input", input)
        input = input.astype(dtype)
    check_floats(input=input)
    if dim is None:  # PyTorch's old habit, kept with its warning
        warnings.warn("softmax: say which dim must sum to one", stacklevel=stacklevel)
        dim = 0 if input.ndim in (0, 1, 3) else 1
    if not -max(input.ndim, 1) <= dim < max(input.ndim, 1):
        raise ValueError(f"dim: expected an axis of input's {input.ndim}, got {dim}")
    return (input, dim) if input.ndim else (input.reshape(1), 0)


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """Return exp(x_i) / Σ_j exp(x_j) along `dim`.

    Parameters
    ----------
    input : ndarray
        float32 or float64, any shape.
    dim : int
        The axis whose values become probabilities; they sum to one.
    _stacklevel : int
        As in PyTorch: whose line the warning about a missing `dim` names.
    dtype : dtype, optional
        Convert the input to this first.

    Raises
    ------
    TypeError, ValueError
        Not a float array; no such axis.

    Examples
    --------
    >>> softmax(np.array([0.0, np.log(3.0)]), dim=0)
    array([0.25, 0.75])
    """
    shape = np.shape(input)
    input, dim = _softmax_operands(input, dim, dtype, _stacklevel)
    if input.size == 0:
        return input.reshape(shape).copy()
    powers = np.exp(input - input.max(axis=dim, keepdims=True))  # the shift cancels; no overflow
    return (powers / powers.sum(axis=dim, keepdims=True)).reshape(shape)


def softmax_backward(grad_output, input, dim=None, _stacklevel=3, dtype=None):
    """Use ∂y_i/∂x_j = y_i (δ_ij − y_j): grad_x = y (g − Σ_j g_j y_j)."""
    y = softmax(input, dim, dtype=dtype)
    check_grad_output(grad_output, y.shape, y.dtype)
    _, dim = _softmax_operands(input, dim, dtype)
    dim = dim if y.ndim else None
    grad_input = y * (grad_output - (grad_output * y).sum(axis=dim, keepdims=True))
    return grad_input.astype(input.dtype)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """Return x_i − log Σ_j exp(x_j) along `dim`, exact even where softmax rounds to zero.

    Arguments and errors are those of `softmax`.
    """
    shape = np.shape(input)
    input, dim = _softmax_operands(input, dim, dtype, _stacklevel)
    if input.size == 0:
        return input.reshape(shape).copy()
    shifted = input - input.max(axis=dim, keepdims=True)
    return (shifted - np.log(np.exp(shifted).sum(axis=dim, keepdims=True))).reshape(shape)


def log_softmax_backward(grad_output, input, dim=None, _stacklevel=3, dtype=None):
    """Use ∂y_i/∂x_j = δ_ij − softmax_j: grad_x = g − softmax(x) Σ_j g_j."""
    probabilities = softmax(input, dim, dtype=dtype)
    check_grad_output(grad_output, probabilities.shape, probabilities.dtype)
    _, dim = _softmax_operands(input, dim, dtype)
    dim = dim if probabilities.ndim else None
    grad_input = grad_output - probabilities * grad_output.sum(axis=dim, keepdims=True)
    return grad_input.astype(input.dtype)
