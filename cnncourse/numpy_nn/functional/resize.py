"""Resizing by interpolation: nearest neighbour, linear, cubic, and the mean over an area.

All are separable: one axis is resized after the other. Every output position reads a few input positions along
the axis and weights them; backward adds the gradients back with the same weights. Cubic weights are those of
R. Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981.

With antialias the curve that weights the neighbours is stretched by the scale when shrinking, so that
every input entry counts.
"""

from numbers import Real

import numpy as np

from ._arguments import check_floats, check_grad_output, check_integer
from ._gather import gather, scatter_add
from .adaptive_pool import adaptive_avg_pool, adaptive_avg_pool_backward

__all__ = ["interpolate", "interpolate_backward"]

MODES = {
    "nearest": (1, 2, 3), "nearest-exact": (1, 2, 3), "area": (1, 2, 3),
    "linear": (1,), "bilinear": (2,), "trilinear": (3,), "bicubic": (2,),
}  # fmt: skip
# The curvature of the cubic's tails: PyTorch takes Keys' second choice, and with antialias his first.
CUBIC, CUBIC_ANTIALIASED = -0.75, -0.5


def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
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
    sizes, factors = _check(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)
    return resize(input, sizes, factors, mode, align_corners, antialias)


def resize(input, sizes, factors, mode, align_corners=None, antialias=False):
    """Return `input` resized to `sizes`; `factors` (one per axis, or None for O/I) tell where the outputs lie."""
    if mode == "area":
        return adaptive_avg_pool(len(sizes), input, sizes)
    output = input
    for axis, positions, weights in _taps(input, sizes, factors, mode, align_corners, antialias):
        output = gather(output, axis, positions, weights)
    return output


def interpolate_backward(
    grad_output,
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """Return ∂L/∂input of `interpolate`."""
    sizes, factors = _check(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)
    check_grad_output(grad_output, (*input.shape[:2], *sizes), input.dtype)
    return resize_backward(grad_output, input, sizes, factors, mode, align_corners, antialias)


def resize_backward(grad_output, input, sizes, factors, mode, align_corners=None, antialias=False):
    """Return ∂L/∂input of `resize`."""
    if mode == "area":
        return adaptive_avg_pool_backward(len(sizes), grad_output, input, sizes)
    grad = grad_output
    for axis, positions, weights in _taps(input, sizes, factors, mode, align_corners, antialias):
        grad = scatter_add(grad, axis, input.shape[axis], positions, weights)
    return grad


def _taps(input, sizes, factors, mode, align_corners, antialias):
    """Return (axis, positions, weights) for each spatial axis: what every output position reads."""
    taps = []
    for axis, (O, factor) in enumerate(zip(sizes, factors, strict=True), start=2):
        I = input.shape[axis]
        if mode == "nearest" and len(sizes) == 2 and O == 2 * I:
            factor = 2  # PyTorch doubles such an axis of an image, whatever the factor
        if I == O and _copies(mode, len(sizes), antialias):
            taps.append((axis, np.arange(I), None))
            continue
        if mode.startswith("nearest"):
            taps.append((axis, _nearest(I, O, factor, mode == "nearest-exact"), None))
            continue
        # PyTorch finds positions in the input's own precision; so must we, to round alike.
        if align_corners:
            scale = input.dtype.type((I - 1) / (O - 1) if O > 1 else 0)
        else:
            scale = input.dtype.type(1 / factor if factor else I / O)
        cubic = mode == "bicubic"
        if antialias:
            taps.append((axis, *_antialiased(I, O, scale, cubic)))
        else:
            taps.append((axis, *(_cubic if cubic else _linear)(I, O, scale, bool(align_corners))))
    return taps


def _copies(mode, axes, antialias):
    """Return whether PyTorch copies an axis that keeps its size, whatever the scale factor."""
    return antialias or mode in ("linear", "bilinear", "trilinear") or (mode == "nearest" and axes == 2)


def _nearest(I, O, factor, exact):
    """Return the nearest input position of each output position; "exact" looks from the pixel's centre."""
    scale = np.float32(1 / factor if factor else np.float32(I) / np.float32(O))
    place = np.arange(O, dtype=np.float32) + np.float32(0.5 if exact else 0)
    return np.minimum((place * scale).astype(np.intp), I - 1)


def _places(O, scale, align_corners):
    """Return where each output position lies among the input's, as a fraction."""
    o, half = np.arange(O, dtype=scale.dtype), scale.dtype.type(0.5)
    return o * scale if align_corners else (o + half) * scale - half


def _linear(I, O, scale, align_corners):
    """Return the two neighbours of each output position and their weights, (O, 2) each."""
    place = _places(O, scale, align_corners)
    low = np.clip(place.astype(np.intp), 0, I - 1)
    high = np.minimum(low + 1, I - 1)
    # Beyond the outermost centres the border's value continues.
    part = np.clip(place - low.astype(scale.dtype), 0, 1)
    return np.stack([low, high], 1), np.stack([1 - part, part], 1)


def _cubic(I, O, scale, align_corners):
    """Return the four neighbours of each output position and their weights, (O, 4) each."""
    place = _places(O, scale, align_corners)
    low = np.floor(place)
    neighbours = low[:, None] + np.arange(-1, 3, dtype=scale.dtype)
    weights = _cubic_weight(np.abs(place[:, None] - neighbours), CUBIC)
    return np.clip(neighbours, 0, I - 1).astype(np.intp), weights.astype(scale.dtype)


def _cubic_weight(distance, a):
    """Return Keys' weight of a neighbour: 1 at distance 0, 0 at 1 and from 2 on, smooth between."""
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((distance - 5) * distance + 8) * distance * a - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))


def _antialiased(I, O, scale, cubic):
    """Return the positions under each output position's stretched curve and their weights, (O, T) each."""
    stretch = max(scale, scale.dtype.type(1))
    support = stretch * (2 if cubic else 1)
    centre = scale * (np.arange(O, dtype=scale.dtype) + scale.dtype.type(0.5))
    first = np.maximum((centre - support + 0.5).astype(np.intp), 0)
    last = np.minimum((centre + support + 0.5).astype(np.intp), I)
    positions = first[:, None] + np.arange(max((last - first).max(), 1))
    distance = np.abs(positions + 0.5 - centre[:, None]) / stretch
    curve = _cubic_weight(distance, CUBIC_ANTIALIASED) if cubic else np.maximum(1 - distance, 0)
    inside = positions < last[:, None]
    weights = np.where(inside, curve, 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.where(inside, positions, -1), weights.astype(scale.dtype)


def _check(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias):
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
        sizes = size if isinstance(size, (tuple, list)) else (size,) * axes
        if len(sizes) != axes:
            raise ValueError(f"size: expected an int or {axes} ints, got {size}")
        return tuple(check_integer("size", s, minimum=1) for s in sizes), (None,) * axes
    factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * axes
    if len(factors) != axes:
        raise ValueError(f"scale_factor: expected a number or {axes} numbers, got {scale_factor}")
    if not all(isinstance(factor, Real) for factor in factors):
        raise TypeError(f"scale_factor: expected a number or {axes} numbers, got {scale_factor!r}")
    sizes = tuple(int(np.floor(i * float(f))) for i, f in zip(input.shape[2:], factors, strict=True))
    if min(sizes) < 1:
        raise ValueError(f"scale_factor: expected an output of at least 1 along each axis, got {scale_factor}")
    return sizes, (None,) * axes if recompute_scale_factor else factors
