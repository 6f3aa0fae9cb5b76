"""Receptive fields: which units of the layers below, down to the input, one unit depends on."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.style import BLUE, ORANGE, SEQUENTIAL, bare, figure_grid


def layer_sizes(layers, width: int) -> list[int]:
    """Return how many units each level of a 1-D stack has, the input first.

    Parameters
    ----------
    layers
        One (K, S, D) per layer: kernel size, stride, dilation; no padding.
    width
        The input's length.

    Raises
    ------
    ValueError
        If a layer's window does not fit what is left for it.
    """
    sizes = [width]
    for K, S, D in layers:
        sizes.append((sizes[-1] - D * (K - 1) - 1) // S + 1)
        if sizes[-1] < 1:
            raise ValueError(f"width must leave room for every layer of {layers}, got {width}")
    return sizes


def units_read(layers, level: int, unit: int) -> list[np.ndarray]:
    """Return the units that `unit` of `level` depends on, level by level, the input (level 0) first."""
    units = [np.array([unit])]
    for K, S, D in reversed(layers[:level]):
        window = units[0][:, None] * S + D * np.arange(K)
        units.insert(0, np.unique(window))
    return units


def unit_centres(layers, width: int) -> list[np.ndarray]:
    """Return where each unit of each level is centred, in input pixels."""
    centres = [np.arange(width, dtype=float)]
    for (K, S, D), size in zip(layers, layer_sizes(layers, width)[1:], strict=True):
        window = np.arange(size)[:, None] * S + D * np.arange(K)
        centres.append(centres[-1][window].mean(axis=1))
    return centres


def receptive_cones(stacks: dict, width: int = 21, columns: int = 2, row_height: float = 0.42):
    """Draw 1-D stacks of layers, the input at the bottom, and all that the middle unit at the top depends on.

    Parameters
    ----------
    stacks
        Title → list of (K, S, D), the first layer first; no padding.
    width
        The input's length.
    columns
        Stacks per row.
    row_height
        Inches per level.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if not stacks:
        raise ValueError("stacks must hold at least one stack, got none")
    columns = min(columns, len(stacks))
    rows = -(-len(stacks) // columns)
    deepest = max(len(layers) for layers in stacks.values())
    size = (10 / 2 * columns, rows * (row_height * (deepest + 1) + 0.5))
    figure, axes = figure_grid(rows, columns, size=size)
    for place in axes.flat:
        bare(place)
    for place, (title, layers) in zip(axes.flat, stacks.items(), strict=False):
        _draw_cone(place, layers, width, deepest)
        place.set_title(title)
    return figure


def _draw_cone(axes, layers, width: int, deepest: int) -> None:
    """Draw one stack: a row of units per level, the ones that are read filled, lines between reader and read."""
    centres = unit_centres(layers, width)
    top = len(layers)
    read = units_read(layers, top, (len(centres[top]) - 1) // 2)
    for level, (K, S, D) in enumerate(layers, start=1):
        for unit in read[level]:
            for below in unit * S + D * np.arange(K):
                axes.plot([centres[level][unit], centres[level - 1][below]], [level, level - 1],
                          color="0.7", linewidth=0.8, linestyle="-", zorder=1)  # fmt: skip
    for level, places in enumerate(centres):
        chosen = np.isin(np.arange(len(places)), read[level])
        axes.scatter(places[~chosen], np.full((~chosen).sum(), level), s=30, marker="s",
                     facecolor="white", edgecolor="0.6", zorder=2)  # fmt: skip
        colour = ORANGE if level in (0, top) else BLUE
        axes.scatter(places[chosen], np.full(chosen.sum(), level), s=42, marker="s", color=colour,
                     edgecolor="black", linewidth=0.6, zorder=3)  # fmt: skip
        name = "input" if level == 0 else "layer {}: K={}{}{}".format(
            level, layers[level - 1][0],
            f", S={layers[level - 1][1]}" if layers[level - 1][1] > 1 else "",
            f", D={layers[level - 1][2]}" if layers[level - 1][2] > 1 else "",
        )  # fmt: skip
        axes.text(-1.2, level, name, ha="right", va="center", fontsize=8.5)
    axes.set_xlim(-0.36 * width, width - 0.3)
    axes.set_ylim(-0.6, deepest + 0.6)


def influence_row(maps, titles, frames=None, height: float = 2.0, columns: int | None = None):
    """Draw influence maps (how much each input pixel moves one output), each on its own scale from zero.

    Parameters
    ----------
    maps
        (H, W) arrays without negative values.
    titles
        One per map.
    frames
        (top, left, height, width) in pixels, one per map: the theoretical receptive field; or None.
    height
        Inches per map.
    columns
        Maps per row; by default all in one.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.patches import Rectangle

    maps = [np.asarray(one, dtype=float) for one in maps]
    if not maps or len(titles) != len(maps) or any(one.min() < 0 for one in maps):
        raise ValueError(f"maps must be non-negative, with one title each; got {len(maps)} and {len(titles)} titles")
    columns = min(columns or len(maps), len(maps))
    rows = -(-len(maps) // columns)
    figure, axes = figure_grid(rows, columns, size=(columns * height, rows * (height + 0.35)))
    for place in axes.flat:
        bare(place)
    for k, (place, one) in enumerate(zip(axes.flat, maps, strict=False)):
        place.imshow(one, cmap=SEQUENTIAL, vmin=0, vmax=max(one.max(), 1e-30))
        if frames is not None:
            top, left, tall, wide = frames[k]
            place.add_patch(Rectangle((left - 0.5, top - 0.5), wide, tall, fill=False, edgecolor=ORANGE, linewidth=1.8))
        place.set_title(titles[k])
        for spine in place.spines.values():
            spine.set(visible=True, color="0.6", linewidth=0.6)
    return figure
