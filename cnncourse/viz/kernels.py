"""Kernels: signed numbers on the diverging scale, zero white."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.images import draw_values, shared_range
from cnncourse.viz.style import DIVERGING, bare, figure_grid


def kernel_row(kernels, titles=None, columns: int | None = None, share: bool = True, values: bool | None = None,
               decimals: int | None = None, height: float = 1.5):  # fmt: skip
    """Draw kernels side by side: red adds, blue subtracts, white ignores.

    Parameters
    ----------
    kernels
        A list of (K_h, K_w) arrays, or one (C_out, K_h, K_w) array.
    titles
        One per kernel, or None.
    columns
        Kernels per row; by default all in one.
    share
        One scale for all, so that strengths can be compared; False gives each its own.
    values
        Write the weights into the cells; by default where no kernel is larger than 7×7.
    decimals
        Digits after the point; by default none for whole numbers, two otherwise.
    height
        Inches per kernel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    kernels = [np.asarray(kernel, dtype=float) for kernel in kernels]
    if not kernels or any(kernel.ndim != 2 for kernel in kernels):
        raise ValueError(f"kernels must be (K_h, K_w) arrays, got shapes {[kernel.shape for kernel in kernels]}")
    if titles is not None and len(titles) != len(kernels):
        raise ValueError(f"titles must be one per kernel ({len(kernels)}), got {len(titles)}")
    largest = max(max(kernel.shape) for kernel in kernels)
    values = largest <= 7 if values is None else values
    columns = min(columns or len(kernels), len(kernels))
    rows = -(-len(kernels) // columns)
    widest = max(1.0, max(kernel.shape[1] / kernel.shape[0] for kernel in kernels))
    lines = max((title.count("\n") + 1 for title in titles), default=0) if titles else 0
    size = (columns * (height * widest + 0.15), rows * (height + 0.2 * lines) + 0.1)
    figure, axes = figure_grid(rows, columns, size=size)
    for k, place in enumerate(axes.flat):
        bare(place)
        if k >= len(kernels):
            continue
        low, high = shared_range(kernels if share else [kernels[k]], signed=True)
        if values:
            cell = height / max(kernels[k].shape)
            draw_values(place, kernels[k], low, high, signed=True, decimals=decimals, cell=cell)
        else:
            place.imshow(kernels[k], cmap=DIVERGING, vmin=low, vmax=high)
        for spine in place.spines.values():
            spine.set(visible=True, color="0.6", linewidth=0.6)
        if titles is not None:
            place.set_title(titles[k])
    return figure
