"""How good a map is where the truth is known: does its peak lie on the object, and how much of it lies inside?"""

import numpy as np

__all__ = ["hits", "pointing_game", "share_inside"]


def pointing_game(maps, boxes):
    """Return the share of maps whose first maximum lies on the object.

    Parameters
    ----------
    maps : array or tensor (N, H, W), N ≥ 1
        The maximum that comes first in row-major order counts.
    boxes : array (N, 4) or (N, H, W) of bool
        Boxes (x0, y0, x1, y1), half open as in `torchvision.ops`: the point (x, y) = (column, row) is inside where
        x0 ≤ x < x1 and y0 ≤ y < y1. Or masks: the point must lie on the object itself, not only in its box.

    Returns
    -------
    float
        0 to 1; the centre of the image is a baseline that is hard to beat.

    References
    ----------
    Zhang et al., "Top-down neural attention by excitation backprop" (2016), section 4.2, without its tolerance.
    """
    return float(hits(maps, boxes).mean())


def hits(maps, boxes):
    """Return for each map whether its first maximum lies on the object, bool (N,); see `pointing_game`."""
    maps, boxes = _maps(maps), np.asarray(boxes)
    N, H, W = maps.shape
    y, x = np.divmod(maps.reshape(N, -1).argmax(axis=1), W)
    if boxes.shape == (N, 4):
        x0, y0, x1, y1 = boxes.T
        return (x0 <= x) & (x < x1) & (y0 <= y) & (y < y1)
    if boxes.shape == (N, H, W) and boxes.dtype == bool:
        return boxes[np.arange(N), y, x]
    raise ValueError(f"boxes: expected {N, 4}, or masks of bool {N, H, W}, got {boxes.dtype} {boxes.shape}")


def share_inside(maps, masks):
    """Return which share of each map's positive part lies inside the mask, (N,).

    Parameters
    ----------
    maps : array or tensor (N, H, W), N ≥ 1
        Where a map is negative it speaks against the label: that counts nothing. A map without positive values points
        nowhere, and counts as one that is the same everywhere.
    masks : array (N, H, W) of bool

    Returns
    -------
    ndarray (N,)
        0 to 1; a map that is the same everywhere has the mask's share of the image's area.
    """
    maps, masks = _maps(maps), np.asarray(masks)
    if masks.shape != maps.shape or masks.dtype != bool:
        raise ValueError(f"masks: expected bool {maps.shape}, got {masks.dtype} {masks.shape}")
    positive = np.maximum(maps, 0)
    positive[(positive == 0).all(axis=(1, 2))] = 1
    return (positive * masks).sum(axis=(1, 2)) / positive.sum(axis=(1, 2))


def _maps(maps):
    """Return maps as finite float64 (N, H, W), or refuse them."""
    maps = np.asarray(maps, np.float64)
    if maps.ndim != 3 or not maps.size or not np.isfinite(maps).all():
        raise ValueError(f"maps: expected finite numbers (N, H, W), N at least 1, got {maps.shape}")
    return maps
