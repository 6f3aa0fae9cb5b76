"""Weights as 8-bit integers: w ≈ scale · q with q from −127 to 127, one scale per output channel or one for all.

Source: R. Krishnamoorthi, arXiv:1806.08342, sections 2.2 and 3.1 (symmetric quantisation of weights).
"""

import numpy as np

from .functional._arguments import check_floats

__all__ = ["dequantize", "quantize"]


def quantize(weight, per_channel=True):
    """Return (q, scale): q = round(w / scale), halves to even, with scale = max |w| / 127.

    Parameters
    ----------
    weight : array (C_out, …), float32 or float64
    per_channel : bool
        Whether each output channel has a scale of its own, or all share one.

    Returns
    -------
    q : array of int8, of the weight's shape
    scale : array (C_out,) or (1,) of the weight's dtype
        1 where all weights are 0.

    Raises
    ------
    TypeError, ValueError
        The weight is no array of floats, has no axis, or a value is not finite.

    >>> q, scale = quantize(np.array([[127.0, -2.5], [0.0, 0.0]]))
    >>> q.tolist(), scale.tolist()
    ([[127, -2], [0, 0]], [1.0, 1.0])
    """
    check_floats(weight=weight)
    if weight.ndim == 0 or not np.isfinite(weight).all():
        raise ValueError(f"weight: expected finite values of shape (C_out, …), got shape {weight.shape}")
    rows = np.abs(weight).reshape((len(weight) if per_channel else 1), -1)
    scale = rows.max(axis=1, initial=0) / 127
    scale[scale == 0] = 1
    q = np.rint(weight / _column(scale, weight.ndim))
    return np.clip(q, -127, 127).astype(np.int8), scale  # a scale that is a denormal number may be a little too small


def dequantize(q, scale):
    """Return scale · q for integers (C_out, …) and a scale (C_out,) or (1,)."""
    if scale.ndim != 1 or len(scale) not in (1, len(q)):
        raise ValueError(f"scale: expected shape ({len(q)},) or (1,), got {scale.shape}")
    return q.astype(scale.dtype) * _column(scale, q.ndim)


def _column(scale, ndim):
    return scale.reshape(-1, *[1] * (ndim - 1))
