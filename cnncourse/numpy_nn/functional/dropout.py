"""Dropout (Srivastava et al. 2014), with its randomness in the open.

NumPy has no global generator worth trusting, so the coin tosses are an argument: pass `rng`, or draw the
mask yourself with `dropout_mask` and pass it to both directions.
"""

import numpy as np

from ._arguments import check_array, check_floats, check_grad_output, check_not_inplace

__all__ = ["dropout", "dropout_backward", "dropout_mask"]


def check_probability(p):
    if not 0 <= p <= 1:
        raise ValueError(f"p: expected a probability between 0 and 1, got {p!r}")


def dropout_mask(shape, p, rng):
    """Return a boolean array: True where a value is kept, which has probability 1 − p each.

    Parameters
    ----------
    shape : tuple of int
    p : float in [0, 1]
        The probability to drop.
    rng : numpy.random.Generator
    """
    check_probability(p)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng: expected a numpy.random.Generator, got {rng!r}")
    return np.asarray(rng.random(shape) >= p)


def dropout(input, p=0.5, training=True, inplace=False, *, rng=None, mask=None):
    """In training set each value to zero with probability p and divide the others by 1 − p.

    The division keeps the expected value, so that evaluation is the identity.

    Parameters
    ----------
    input : ndarray
        float32 or float64, any shape.
    p : float in [0, 1]
    training : bool
    rng : numpy.random.Generator, optional
        Draws the mask; needed in training when no mask is given.
    mask : ndarray of bool, optional
        True where a value is kept.

    Raises
    ------
    TypeError, ValueError
        Not a float array; p outside [0, 1]; in training neither a generator nor a mask; a mask of another
        shape.
    """
    check_floats(input=input)
    check_not_inplace(inplace)
    check_probability(p)
    if not training or p == 0:
        return input.copy()
    if mask is None:
        mask = dropout_mask(input.shape, p, rng)
    return input * _factor(input, p, mask)


def dropout_backward(grad_output, input, p=0.5, training=True, inplace=False, *, mask=None):
    """Return grad_output where the value was kept, times the same factor; zero elsewhere."""
    check_floats(input=input)
    check_probability(p)
    check_grad_output(grad_output, input.shape, input.dtype)
    if not training or p == 0:
        return grad_output.copy()
    if mask is None:
        raise ValueError("mask: expected the mask that the forward pass used, got None")
    return grad_output * _factor(input, p, mask)


def _factor(input, p, mask):
    check_array("mask", mask)
    if mask.dtype != bool or mask.shape != input.shape:
        raise ValueError(f"mask: expected bool of shape {input.shape}, got {mask.dtype} of shape {mask.shape}")
    share = 1 - p
    return mask.astype(input.dtype) / input.dtype.type(share) if share else np.zeros_like(input)
