"""Resizing by interpolation: nearest neighbour, and linear along one, two or three axes.

Both are separable: each axis is resized alone, by reading a few input positions for every output position
and weighting them. Backward adds the gradients back with the same weights.

With antialias the triangle that weights the neighbours is stretched by the scale when shrinking, so that
every input entry counts.
"""

from numbers import Real

import numpy as np

from ._arguments import check_floats, check_grad_output, check_integer
from ._gather import gather, scatter_add

MODES = {"nearest": (1, 2, 3), "nearest-exact": (1, 2, 3), "linear": (1,), "bilinear": (2,), "trilinear": (3,)}


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
    mode : "nearest", "nearest-exact", "linear" (1-D), "bilinear" (2-D) or "trilinear" (3-D)
    align_corners : bool, linear modes only
        True: the centres of the corner pixels stay where they are. False or None: the corners' outer
        edges do, and output pixel o looks at (o + ½)·scale − ½.
    recompute_scale_factor : bool
        Use the ratio of the integer sizes instead of `scale_factor` to find positions.
    antialias : bool, "bilinear" only

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what was expected and what it got.
    """
    output = input
    for axis, positions, weights in _taps(
        input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias
    ):
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
    taps = _taps(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)
    shape = (*input.shape[:2], *(len(positions) for _, positions, _ in taps))
    check_grad_output(grad_output, shape, input.dtype)
    grad = grad_output
    for axis, positions, weights in taps:
        grad = scatter_add(grad, axis, input.shape[axis], positions, weights)
    return grad


def _taps(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias):
    """Return (axis, positions, weights) for each spatial axis: what every output position reads."""
    sizes, factors = _check(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)
    taps = []
    for axis, (O, factor) in enumerate(zip(sizes, factors, strict=True), start=2):
        I = input.shape[axis]
        if mode.startswith("nearest"):
            taps.append((axis, _nearest(I, O, factor, mode == "nearest-exact"), None))
            continue
        # PyTorch finds positions in the input's own precision; so must we, to round alike.
        if align_corners:
            scale = input.dtype.type((I - 1) / (O - 1) if O > 1 else 0)
        else:
            scale = input.dtype.type(1 / factor if factor else I / O)
        place = _antialiased if antialias else _linear
        taps.append((axis, *place(I, O, scale, bool(align_corners))))
    return taps


def _nearest(I, O, factor, exact):
    """Return the nearest input position of each output position; "exact" looks from the pixel's centre."""
    scale = np.float32(1 / factor if factor else np.float32(I) / np.float32(O))
    place = np.arange(O, dtype=np.float32) + np.float32(0.5 if exact else 0)
    return np.minimum((place * scale).astype(np.intp), I - 1)


def _linear(I, O, scale, align_corners):
    """Return the two neighbours of each output position and their weights, (O, 2) each."""
    o, half = np.arange(O, dtype=scale.dtype), scale.dtype.type(0.5)
    place = o * scale if align_corners else (o + half) * scale - half
    low = np.clip(place.astype(np.intp), 0, I - 1)
    high = np.minimum(low + 1, I - 1)
    # Beyond the outermost centres the border's value continues.
    part = np.clip(place - low.astype(scale.dtype), 0, 1)
    return np.stack([low, high], 1), np.stack([1 - part, part], 1)


def _antialiased(I, O, scale, align_corners):
    """Return the positions under each output position's stretched triangle and their weights, (O, T) each."""
    support = max(scale, scale.dtype.type(1))
    centre = scale * (np.arange(O, dtype=scale.dtype) + scale.dtype.type(0.5))
    first = np.maximum((centre - support + 0.5).astype(np.intp), 0)
    last = np.minimum((centre + support + 0.5).astype(np.intp), I)
    positions = first[:, None] + np.arange(max((last - first).max(), 1))
    distance = np.abs(positions + 0.5 - centre[:, None]) / support
    weights = np.where(positions < last[:, None], np.maximum(1 - distance, 0), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.minimum(positions, I - 1), weights.astype(scale.dtype)


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
    if align_corners is not None and mode.startswith("nearest"):
        raise ValueError(f"align_corners: expected None with mode {mode!r}, got {align_corners}")
    if antialias and mode != "bilinear":
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
