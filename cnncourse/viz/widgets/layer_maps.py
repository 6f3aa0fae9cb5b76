"""One image through all layers of a network: every map, and the window of the unit that the reader points at."""

from __future__ import annotations

import numpy as np
import traitlets

from cnncourse.viz.style import bare, figure_grid
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.base import MovingFigure


class LayerMaps(MovingFigure):
    """Point at a unit and see which units of the layer before, and which pixels of the image, it reads.

    Parameters
    ----------
    layers
        (name, maps, reads) in the order of the network, the image first. `maps` is (C, H, W); each map is drawn on
        its own scale, from zero (or its smallest value) up. `reads` is (K, S, own): the window's side and stride,
        without padding, and whether a map reads only the map of its own number, as in pooling; None for the image.
    labels
        Names of the last layer's units, or None.
    level, unit
        The layer and the unit (counted through all maps) that are chosen first; a layer beyond the last is the last.

    Raises
    ------
    ValueError
        If the sizes of the maps do not follow from the windows.
    """

    _esm = script("layer_maps")
    layers = traitlets.List().tag(sync=True)
    labels = traitlets.List().tag(sync=True)
    level = traitlets.Int(1, min=0).tag(sync=True)
    unit = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, layers, labels=None, level: int = 1, unit: int = 0):
        if len(layers) < 2:
            raise ValueError(f"layers must be the image and at least one layer, got {len(layers)}")
        carried = []
        for name, maps, reads in layers:
            maps = np.asarray(maps, dtype=float)
            if maps.ndim != 3:
                raise ValueError(f"the maps of {name!r} must be (C, H, W), got shape {maps.shape}")
            if carried:
                K, S, _ = reads
                fits = tuple((n - K) // S + 1 for n in carried[-1]["shape"][1:])
                if maps.shape[1:] != fits:
                    raise ValueError(f"the maps of {name!r} must be {fits[0]}×{fits[1]}, got shape {maps.shape}")
            low = np.minimum(maps.min(axis=(1, 2), keepdims=True), 0)
            high = maps.max(axis=(1, 2), keepdims=True)
            if maps.shape[1:] == (1, 1):  # single units: one scale for all of them
                low, high = low.min(), high.max()
            shades = np.rint(99 * (maps - low) / np.where(high > low, high - low, 1)).astype(int)
            carried.append({
                "name": name, "shape": list(maps.shape), "reads": None if reads is None else list(reads),
                "shades": shades.reshape(len(maps), -1).tolist(),
                "values": [[float(f"{v:.2f}") for v in one.ravel()] for one in maps],
            })  # fmt: skip
        level = min(level, len(carried) - 1)
        if not 0 <= unit < np.prod(carried[level]["shape"]):
            raise ValueError(f"unit must be from 0 to {np.prod(carried[level]['shape']) - 1}, got {unit}")
        super().__init__(layers=carried, labels=list(labels or []), level=level, unit=unit)

    def still(self):
        """Draw all maps, one layer per row; single units as one row."""
        columns = max(min(layer["shape"][0], 16) for layer in self.layers)
        figure, axes = figure_grid(len(self.layers), columns, size=(9.5, 0.66 * len(self.layers)))
        for row, layer in zip(axes, self.layers, strict=True):
            C, H, W = layer["shape"]
            for place in row:
                place.axis("off")
            if H * W == 1:
                wide = figure.add_subplot(row[0].get_gridspec()[axes.tolist().index(row.tolist()), :])
                shown = [(wide, np.array(layer["shades"]).reshape(1, C))]
            else:
                shown = [(row[c], np.array(layer["shades"][c]).reshape(H, W)) for c in range(min(C, columns))]
            for place, shades in shown:
                place.axis("on")
                place.imshow(shades, cmap="gray", vmin=0, vmax=99, aspect="auto" if H * W == 1 else "equal")
                bare(place)
                for spine in place.spines.values():  # or white at the edge is lost on white paper
                    spine.set(visible=True, edgecolor="0.6", linewidth=0.5)
            shown[0][0].set_ylabel(layer["name"], rotation=0, ha="right", va="center")
        return figure

    def __repr__(self) -> str:
        return "LayerMaps: " + ", ".join(
            f"{layer['name']} {'×'.join(str(n) for n in layer['shape'])}" for layer in self.layers
        )
