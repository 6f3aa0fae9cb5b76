"""Which numbers of a batch are averaged together, for batch, layer, instance and group normalisation."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.style import BLUE, bare, figure_grid

SIDE = 3  # pixels of each drawn map along a side


def shared_numbers(kind: str, images: int = 4, channels: int = 6, groups: int = 2) -> np.ndarray:
    """Return a mask (images, channels): the maps whose numbers share a mean with those of the first map.

    Parameters
    ----------
    kind
        "batch", "layer", "instance" or "group".

    Raises
    ------
    ValueError
        If `kind` is another, or the channels cannot be divided into the groups.
    """
    if channels % groups:
        raise ValueError(f"channels must be a multiple of groups = {groups}, got {channels}")
    parts = {
        "batch": (slice(None), 0),
        "layer": (0, slice(None)),
        "instance": (0, 0),
        "group": (0, slice(channels // groups)),
    }
    if kind not in parts:
        raise ValueError(f"kind must be one of {', '.join(parts)}, got {kind!r}")
    mask = np.zeros((images, channels), dtype=bool)
    mask[parts[kind]] = True
    return mask


def normalisation_groups(images: int = 4, channels: int = 6, groups: int = 2):
    """Draw a batch of maps four times, coloured where numbers share a mean with the first image's first channel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.patches import Rectangle

    figure, axes = figure_grid(1, 4, size=(10, 2.4), sharey=True)
    names = {"batch": "batch norm", "layer": "layer norm", "instance": "instance norm", "group": f"{groups} groups"}
    for place, (kind, title) in zip(axes[0], names.items(), strict=True):
        mask = shared_numbers(kind, images, channels, groups)
        for n, c, i, j in np.ndindex(images, channels, SIDE, SIDE):
            corner = (c + 1 - 0.4 + 0.8 * j / SIDE, n + 1 - 0.4 + 0.8 * i / SIDE)
            color = BLUE if mask[n, c] else "white"
            place.add_patch(Rectangle(corner, 0.8 / SIDE, 0.8 / SIDE, facecolor=color, edgecolor="0.6", linewidth=0.6))
        bare(place)
        place.set_axis_on()
        place.set(title=title, xlabel="channel", xlim=(0.4, channels + 0.6), ylim=(images + 0.6, 0.4), aspect="equal")
        place.set(xticks=range(1, channels + 1), yticks=range(1, images + 1))
    axes[0, 0].set_ylabel("image")
    return figure
