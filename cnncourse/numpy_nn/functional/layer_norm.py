"""Layer normalisation: each sample by itself, over its last dimensions."""

import numpy as np

from ._arguments import check_floats, check_grad_output
from .standardize import affine, standardize, standardize_backward

__all__ = ["layer_norm", "layer_norm_backward"]


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
    """Return the gradients with respect to (input, weight, bias); None for an absent one."""
    axes = _layer_axes(input, normalized_shape, weight, bias)
    check_grad_output(grad_output, input.shape, input.dtype)
    normalized, factor = standardize(input, axes, eps)
    grad_normalized = grad_output if weight is None else grad_output * weight
    grad_input = standardize_backward(grad_normalized, normalized, factor, axes)
    others = tuple(range(axes[0]))
    grad_weight = None if weight is None else (grad_output * normalized).sum(axis=others)
    grad_bias = None if bias is None else grad_output.sum(axis=others)
    return grad_input, grad_weight, grad_bias


def _layer_axes(input, normalized_shape, weight, bias):
    check_floats(input=input, weight=weight, bias=bias)
    shape = (normalized_shape,) if np.ndim(normalized_shape) == 0 else tuple(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ValueError(f"normalized_shape: expected the last dimensions of input {input.shape}, got {shape}")
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None and array.shape != shape:
            raise ValueError(f"{name}: expected normalized_shape {shape}, got {array.shape}")
    return tuple(range(input.ndim - len(shape), input.ndim))
