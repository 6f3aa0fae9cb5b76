"""Feature maps: the channels of one layer's output for one image."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.images import image_row


def feature_maps(maps, titles=None, columns: int = 8, share: bool = True, height: float = 1.2):
    """Draw the channels of one output as a grid, zero white if any value is negative.

    Parameters
    ----------
    maps
        (C, H, W): one image's feature maps.
    titles
        One per channel; by default the channel's number.
    columns
        Maps per row.
    share
        One scale for all, so that a quiet map looks quiet.
    height
        Inches per map.

    Returns
    -------
    matplotlib.figure.Figure
    """
    maps = np.asarray(maps)
    if maps.ndim != 3:
        raise ValueError(f"maps must have shape (C, H, W), one image's feature maps, got {maps.shape}")
    titles = [str(channel) for channel in range(len(maps))] if titles is None else titles
    signed = bool((maps < 0).any())
    return image_row(list(maps), titles, columns, share, signed, height, bar=share)
