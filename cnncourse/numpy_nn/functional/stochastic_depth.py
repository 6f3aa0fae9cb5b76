"""Stochastic depth: a residual block is left out at random (Huang et al. 2016), with its randomness in the open.

Source: G. Huang, Y. Sun, Z. Liu, D. Sedra, K. Weinberger, "Deep Networks with Stochastic Depth", ECCV 2016,
arXiv:1603.09382. The names are those of torchvision's function, which like dropout scales in training.
"""

import numpy as np

from ._arguments import check_array, check_floats, check_grad_output
from .dropout import check_probability, dropout_mask

__all__ = ["stochastic_depth", "stochastic_depth_backward", "stochastic_depth_mask"]


def stochastic_depth_mask(shape, p, mode, rng):
    """Return a boolean array that fits `shape`: True where an image is kept, which has probability 1 − p each.

    Parameters
    ----------
    shape : tuple of int
        Of the input, (N, *).
    p : float in [0, 1]
        The probability to drop.
    mode : "row" or "batch"
        One coin for each image, or one for all.
    rng : numpy.random.Generator
    """
    return dropout_mask(_mask_shape(shape, mode), p, rng)


def stochastic_depth(input, p, mode, training=True, *, rng=None, mask=None):
    """In training set whole images to zero with probability p and divide the others by 1 − p.

    `input` is what a residual block adds to its shortcut: where it is zero, the block is left out.

    Parameters
    ----------
    input : ndarray (N, *)
        float32 or float64.
    p : float in [0, 1]
    mode : "row" or "batch"
        One coin for each image, or one for all.
    training : bool
    rng : numpy.random.Generator, optional
        Draws the mask; needed in training when no mask is given.
    mask : ndarray of bool, optional
        What `stochastic_depth_mask` returns.

    Raises
    ------
    TypeError, ValueError
        Not a float array; p outside [0, 1]; another mode; in training neither a generator nor a mask; a mask of
        another shape.
    """
    check_floats(input=input)
    check_probability(p)
    shape = _mask_shape(input.shape, mode)
    if not training:
        return input.copy()
    return input * _factor(input, p, mode, dropout_mask(shape, p, rng) if mask is None else mask)


def stochastic_depth_backward(grad_output, input, p, mode, training=True, *, mask=None):
    """Return grad_output where the image was kept, times the same factor; zero elsewhere."""
    check_floats(input=input)
    check_probability(p)
    check_grad_output(grad_output, input.shape, input.dtype)
    if not training:
        return grad_output.copy()
    if mask is None:
        raise ValueError("mask: expected the mask that the forward pass used, got None")
    return grad_output * _factor(input, p, mode, mask)


def _mask_shape(shape, mode):
    if mode not in ("row", "batch"):
        raise ValueError(f"mode: expected 'row' or 'batch', got {mode!r}")
    return (shape[0] if mode == "row" else 1, *[1] * (len(shape) - 1))


def _factor(input, p, mode, mask):
    check_array("mask", mask)
    shape = _mask_shape(input.shape, mode)
    if mask.dtype != bool or mask.shape != shape:
        raise ValueError(f"mask: expected bool of shape {shape}, got {mask.dtype} of shape {mask.shape}")
    return mask.astype(input.dtype) / input.dtype.type(1 - p) if p < 1 else np.zeros_like(mask, input.dtype)
