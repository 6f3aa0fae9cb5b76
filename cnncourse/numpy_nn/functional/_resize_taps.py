"""Which input positions an output position of a resized axis reads, and their weights.

Cubic weights are those of R. Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981. With antialias
the curve that weights the neighbours is stretched by the scale when shrinking, so that every input entry counts.
"""

import numpy as np

# The curvature of the cubic's tails: PyTorch takes Keys' second choice, and with antialias his first.
CUBIC, CUBIC_ANTIALIASED = -0.75, -0.5


def taps(input, sizes, factors, mode, align_corners, antialias):
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
