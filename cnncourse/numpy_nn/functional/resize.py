"""Resizing by interpolation: nearest neighbour, linear, cubic, and the mean over an area.

All are separable: one axis is resized after the other. Every output position reads a few input positions along
the axis and weights them (`_resize_taps`); backward adds the gradients back with the same weights.
"""

from numbers import Real

import numpy as np

from ._arguments import check_floats, check_grad_output, check_integer
from ._gather import gather, scatter_add
from ._resize_taps import taps
from .adaptive_pool import adaptive_avg_pool, adaptive_avg_pool_backward

__all__ = ["interpolate", "interpolate_backward"]

MODES = {
    "nearest": (1, 2, 3), "nearest-exact": (1, 2, 3), "area": (1, 2, 3),
    "linear": (1,), "bilinear": (2,), "trilinear": (3,), "bicubic": (2,),
}  # fmt: skip


def interpolate(
    input, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None,
    antialias=False,
):  # fmt: skip
    """Resize the spatial axes, as `torch.nn.functional.interpolate`.

    Parameters
    ----------
    input : array (N, C, *spatial) with one to three spatial axes, float32 or float64
    size : int or one int per spatial axis
    scale_factor : number or one per spatial axis; exactly one of `size` and `scale_factor` is given
    mode : "nearest", "nearest-exact", "area", "linear" (1-D), "bilinear" or "bicubic" (2-D), "trilinear" (3-D)
    align_corners : bool, linear and cubic modes only
        True: the centres of the corner pixels stay where they are. False or None: the corners' outer
        edges do, and output pixel o looks at (o + ½)·scale − ½.
    recompute_scale_factor : bool
        Use the ratio of the integer sizes instead of `scale_factor` to find positions.
    antialias : bool, "bilinear" and "bicubic" only

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what was expected and what it got.
    """
    sizes, factors = check_interpolate(
        input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias
    )
    return resize(input, sizes, factors, mode, align_corners, antialias)


def resize(input, sizes, factors, mode, align_corners=None, antialias=False):
    """Return `input` resized to `sizes`; `factors` (one per axis, or None for O/I) tell where the outputs lie."""
    if mode == "area":
        return adaptive_avg_pool(len(sizes), input, sizes)
    output = input
    for axis, positions, weights in taps(input, sizes, factors, mode, align_corners, antialias):
        output = gather(output, axis, positions, weights)
    return output


def interpolate_backward(
    grad_output, input, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None,
    antialias=False,
):  # fmt: skip
    """Return ∂L/∂input of `interpolate`."""
    sizes, factors = check_interpolate(
        input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias
    )
    check_grad_output(grad_output, (*input.shape[:2], *sizes), input.dtype)
    return resize_backward(grad_output, input, sizes, factors, mode, align_corners, antialias)


def resize_backward(grad_output, input, sizes, factors, mode, align_corners=None, antialias=False):
    """Return ∂L/∂input of `resize`."""
    if mode == "area":
        return adaptive_avg_pool_backward(len(sizes), grad_output, input, sizes)
    grad = grad_output
    for axis, positions, weights in taps(input, sizes, factors, mode, align_corners, antialias):
        grad = scatter_add(grad, axis, input.shape[axis], positions, weights)
    return grad


def check_interpolate(
    input, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None,
    antialias=False,
):  # fmt: skip
    """Refuse what PyTorch refuses; return the output size per axis and the scale factors to use (or None)."""
    check_floats(input=input)
    axes = input.ndim - 2
    if not 1 <= axes <= 3 or 0 in input.shape[1:]:
        raise ValueError(f"input: expected (N, C, *spatial) with 1 to 3 spatial axes, none empty, got {input.shape}")
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {', '.join(MODES)}, got {mode!r}")
    if axes not in MODES[mode]:
        raise ValueError(f"mode: expected one for {axes} spatial axes of input {input.shape}, got {mode!r}")
    if align_corners is not None and (mode == "area" or mode.startswith("nearest")):
        raise ValueError(f"align_corners: expected None with mode {mode!r}, got {align_corners}")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(f"antialias: expected False with mode {mode!r}, got {antialias}")
    if (size is None) == (scale_factor is None):
        raise ValueError(f"size: expected exactly one of size and scale_factor, got {size} and {scale_factor}")
    if size is not None:
        if recompute_scale_factor:
            raise ValueError("recompute_scale_factor: expected a scale_factor with it, got size")
        return _given(size, axes), (None,) * axes
    sizes, factors = _scaled(input.shape[2:], scale_factor)
    return sizes, (None,) * axes if recompute_scale_factor else factors


def _given(size, axes):
    """Return one int per axis; unlike pooling, resizing takes no tuple of one entry for several axes."""
    sizes = size if isinstance(size, (tuple, list)) else (size,) * axes
    if len(sizes) != axes:
        raise ValueError(f"size: expected an int or {axes} ints, got {size}")
    return tuple(check_integer("size", s, minimum=1) for s in sizes)


def _scaled(sizes, scale_factor):
    """Return the output size and the factor per axis; refuse factors that are no numbers, or too small."""
    axes = len(sizes)
    factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * axes
    if len(factors) != axes:
        raise ValueError(f"scale_factor: expected a number or {axes} numbers, got {scale_factor}")
    if not all(isinstance(factor, Real) for factor in factors):
        raise TypeError(f"scale_factor: expected a number or {axes} numbers, got {scale_factor!r}")
    sizes = tuple(int(np.floor(i * float(f))) for i, f in zip(sizes, factors, strict=True))
    if min(sizes) < 1:
        raise ValueError(f"scale_factor: expected an output of at least 1 along each axis, got {scale_factor}")
    return sizes, factors
