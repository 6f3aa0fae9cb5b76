"""Matrices: signed entries on the diverging scale, with lines between their blocks; and small maps of errors."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.images import draw_values, shared_range
from cnncourse.viz.style import DIVERGING, bare, figure_grid


def matrix_row(matrices, titles, blocks=None, values: bool = False, share: bool = False, cell: float = 0.3):
    """Draw matrices side by side: red adds, blue subtracts, white is zero.

    Parameters
    ----------
    matrices
        (rows, columns) arrays.
    titles
        One per matrix.
    blocks
        (rows, columns) of a block, one pair per matrix, to be parted by lines; None for no lines.
    values
        Write the entries into the cells; zeros stay empty.
    share
        One scale for all; else each has its own.
    cell
        Inches per entry.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = matrix_row([np.eye(2), -np.eye(2)], ["I", "−I"], values=True)
    >>> [text.get_text() for text in figure.axes[1].texts]
    ['-1', '-1']
    """
    matrices = [np.asarray(matrix, dtype=float) for matrix in matrices]
    if not matrices or any(matrix.ndim != 2 for matrix in matrices):
        raise ValueError(f"matrices must have two axes, got shapes {[matrix.shape for matrix in matrices]}")
    if len(titles) != len(matrices):
        raise ValueError(f"titles must be one per matrix ({len(matrices)}), got {len(titles)}")
    widths = [matrix.shape[1] for matrix in matrices]
    tall = max(len(matrix) for matrix in matrices)
    lines = max(title.count("\n") + 1 for title in titles)
    size = (cell * sum(widths) + 0.25 * len(matrices), cell * tall + 0.2 * lines + 0.2)
    figure, axes = figure_grid(1, len(matrices), size=size, width_ratios=widths)
    for k, (place, matrix) in enumerate(zip(axes[0], matrices, strict=True)):
        low, high = shared_range(matrices if share else [matrix], signed=True)
        if values:
            draw_values(place, np.where(matrix == 0, np.nan, matrix), low, high, signed=True, cell=cell)
        else:
            place.imshow(matrix, cmap=DIVERGING, vmin=low, vmax=high)
            bare(place)
        for spine in place.spines.values():
            spine.set(visible=True, color="0.4", linewidth=0.8)
        if blocks is not None:
            rows, columns = blocks[k]
            for y in range(rows, len(matrix), rows):
                place.axhline(y - 0.5, color="0.4", linewidth=0.8, linestyle="-")
            for x in range(columns, matrix.shape[1], columns):
                place.axvline(x - 0.5, color="0.4", linewidth=0.8, linestyle="-")
        place.set_title(titles[k])
    return figure


def shift_maps(maps, titles, highest: float | None = None, height: float = 2.2, decimals: int = 1):
    """Draw what depends on a shift: one map per quantity, with dy down and dx to the right, each counted from 0.

    Parameters
    ----------
    maps
        (shifts down, shifts right) arrays without negative values, on one scale from 0 (black).
    titles
        One per map.
    highest
        The value drawn white; by default the largest.
    height
        Inches per map.
    decimals
        Digits after the point of the written values.

    Returns
    -------
    matplotlib.figure.Figure
    """
    maps = [np.asarray(one, dtype=float) for one in maps]
    if not maps or len(titles) != len(maps) or any(one.ndim != 2 or one.min() < 0 for one in maps):
        raise ValueError(f"maps must be non-negative, with two axes and one title each; got {len(maps)} maps")
    highest = max(one.max() for one in maps) if highest is None else highest
    highest = highest if highest > 0 else 1.0
    figure, axes = figure_grid(1, len(maps), size=(len(maps) * (height + 0.25), height + 0.55))
    for place, one, title in zip(axes[0], maps, titles, strict=True):
        draw_values(place, one, 0, highest, decimals=decimals, cell=height / max(one.shape))
        place.set_xticks(range(one.shape[1]))
        place.set_yticks(range(one.shape[0]))
        place.tick_params(length=0, labelsize=8)
        place.set(xlabel="dx", title=title)
    axes[0, 0].set_ylabel("dy")
    return figure
