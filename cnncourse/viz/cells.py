"""Frames, lines and hatching on small images that are drawn cell by cell."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.style import ORANGE

VIOLET = "#8a2be2"  # of what no window reads


def frame_cells(axes, rows, columns) -> None:
    """Draw a thick frame around each chosen cell (one big frame if they touch)."""
    touching = len(rows) == 1 or (rows[1] - rows[0] == 1)
    if touching:
        corners, height, width = [(rows[0], columns[0])], len(rows), len(columns)
    else:
        corners, height, width = [(r, c) for r in rows for c in columns], 1, 1
    for row, column in corners:
        add_frame(axes, row, column, height, width, edgecolor=ORANGE, linewidth=3)


def hatch_padding(axes, shape, P: int) -> None:
    """Hatch the rim of P zeros, so that it is not taken for image."""
    H, W = shape
    rim = [(0, 0, P, W), (H - P, 0, P, W), (P, 0, H - 2 * P, P), (P, W - P, H - 2 * P, P)]
    for row, column, height, width in rim if P else []:
        add_frame(axes, row, column, height, width, hatch="///", edgecolor="0.5", linewidth=0)


def strike_cells(axes, cells) -> None:
    """Strike through each of the (row, column) cells, as the moving figures do."""
    for row, column in cells:
        axes.hlines(row, column - 0.35, column + 0.35, color=VIOLET, linewidth=1.5)


def add_frame(axes, row, column, height, width, **look) -> None:
    """Draw an unfilled rectangle that starts at a cell and covers height × width cells."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((column - 0.5, row - 0.5), width, height, fill=False, clip_on=False, **look))


def grid_lines(axes, shape) -> None:
    """Draw thin lines between the cells, so that white and empty ones are seen too."""
    H, W = shape
    axes.set_xlim(-0.5, W - 0.5)
    axes.set_ylim(H - 0.5, -0.5)
    axes.hlines(np.arange(H + 1) - 0.5, -0.5, W - 0.5, color="0.6", linewidth=0.6, clip_on=False)
    axes.vlines(np.arange(W + 1) - 0.5, -0.5, H - 0.5, color="0.6", linewidth=0.6, clip_on=False)
