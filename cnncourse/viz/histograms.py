"""Histograms of a network's layers, one above the other, to see signals shrink, grow or stay."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.style import PALETTE, figure_grid


def histogram_shares(layers, edges) -> np.ndarray:
    """Return, for each layer's values, the share that falls into each bin: (layers, bins).

    Parameters
    ----------
    layers
        One array of finite numbers per layer, of any shape.
    edges
        Rising, bins + 1 of them. Values beyond the first or last edge count in the outermost bins.

    Raises
    ------
    ValueError
        The edges do not rise, or a layer holds something that is not finite.
    """
    edges = np.asarray(edges, float)
    if edges.ndim != 1 or len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise ValueError(f"edges must be at least two rising numbers, got {edges}")
    rows = []
    for number, values in enumerate(layers):
        values = np.asarray(values, float).ravel()
        if not values.size or not np.isfinite(values).all():
            raise ValueError(f"layers[{number}] must hold finite numbers, got {values}")
        bins = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
        rows.append(np.bincount(bins, minlength=len(edges) - 1) / values.size)
    return np.array(rows)


def histogram_rows(panels: dict, edges, xlabel: str, columns: int | None = None, height: float = 2.6):
    """Draw each panel's histograms as ridges, the first layer at the bottom.

    Parameters
    ----------
    panels
        Title → shares (layers, bins), as `histogram_shares` returns them.
    edges
        The bins' edges.
    xlabel
        What the values are.
    columns
        Panels in a row; all of them by default.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if not panels:
        raise ValueError("panels must hold at least one panel, got none")
    columns = columns or len(panels)
    rows = -(-len(panels) // columns)
    figure, axes = figure_grid(rows, columns, size=(10, height * rows), sharex=True, sharey=True)
    for place, (title, shares) in zip(axes.flat, panels.items(), strict=False):
        for layer in reversed(range(len(shares))):
            ridge = layer + 1 + 0.85 * shares[layer] / shares[layer].max()
            place.stairs(ridge, edges, baseline=layer + 1, fill=True, color=PALETTE[0], alpha=0.75)
        place.axvline(0, color="0.5", linewidth=0.8, linestyle=":")
        place.set_title(title)
        place.set_yticks(np.arange(len(shares)) + 1.3, np.arange(len(shares)) + 1)
        place.tick_params(axis="y", length=0)
    for place in axes[-1]:
        place.set_xlabel(xlabel)
    for place in axes[:, 0]:
        place.set_ylabel("layer")
    return figure
