"""Networks as a whole: their maps drawn to scale, their costs layer by layer."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.charts import HATCHES
from cnncourse.viz.style import PALETTE, bare, figure_grid


def map_stacks(layers, size=(10, 2.6), seen=6):
    """Draw a network as stacks of maps, to scale, from the input on the left to the output on the right.

    Parameters
    ----------
    layers
        A list of (label, (C, H, W)); vectors are (C, 1, 1) and drawn as one column.
    size
        Width and height of the figure in inches.
    seen
        At most this many maps of a stack are drawn; the caption below it says how many there are.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if not layers:
        raise ValueError("layers must hold at least one (label, (C, H, W)), got none")
    from matplotlib.patches import Rectangle

    tallest = max(H for _, (_, H, _) in layers)
    gap, offset = 0.42 * tallest, 0.05 * tallest
    figure, axes = figure_grid(size=size)
    place, left = axes[0, 0], 0.0
    for k, (label, (C, H, W)) in enumerate(layers):
        vector = H == W == 1
        drawn = 1 if vector else min(C, seen)
        height = tallest * min(1.0, C / 120) if vector else H
        width = 0.06 * tallest if vector else W
        drawing = width + (drawn - 1) * offset
        reach = max(drawing, gap * (0.2 if vector else 0.85))  # room for the words below
        start = left + (reach - drawing) / 2
        for sheet in reversed(range(drawn)):
            place.add_patch(
                Rectangle(
                    (start + sheet * offset, sheet * offset - height / 2), width, height,
                    facecolor="white" if sheet else PALETTE[k % len(PALETTE)] + "66", edgecolor="0.25", linewidth=0.8,
                )
            )  # fmt: skip
        shape = f"{C}" if vector else f"{C}@{H}×{W}"
        place.text(left + reach / 2, -0.62 * tallest, f"{label}\n{shape}", ha="center", va="top", fontsize=9)
        left += reach + gap
    place.set(xlim=(-0.3 * tallest, left - gap + 0.3 * tallest), ylim=(-1.0 * tallest, 0.85 * tallest), aspect="equal")
    bare(place)
    return figure


def layer_bars(names, costs: dict, size=(10, 4)):
    """Draw one panel of horizontal bars for each kind of cost, layers from top to bottom.

    Parameters
    ----------
    names
        The layers, first layer first.
    costs
        What is counted → one value per layer. Each bar says its share of the panel's sum.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if any(len(values) != len(names) for values in costs.values()):
        raise ValueError(f"costs must hold {len(names)} values each, got {[len(values) for values in costs.values()]}")
    figure, axes = figure_grid(1, len(costs), size=size, sharey=True)
    where = np.arange(len(names))
    for k, (place, (label, values)) in enumerate(zip(axes[0], costs.items(), strict=True)):
        total = sum(values)
        place.barh(where, values, color=PALETTE[k], hatch=HATCHES[k], edgecolor="white")
        for y, value in zip(where, values, strict=True):
            share = f"{value / total:.0%}" if value / total >= 0.005 else "< 0.5 %" if value else "0"
            place.annotate(share, (value, y), (3, 0), textcoords="offset points", va="center", fontsize=8)
        place.set(xlabel=f"{label} (all: {total:,.1f})" if isinstance(total, float) else f"{label} (all: {total:,})")
        place.set_xticks([])
        place.spines["bottom"].set_visible(False)
        place.margins(x=0.18)
    axes[0, 0].set_yticks(where, names, fontsize=9)
    axes[0, 0].invert_yaxis()
    return figure


def connection_table(table, size=(6.4, 2.6), row_label="input map", column_label="output map"):
    """Draw which input map each output map sees, as crosses in a grid.

    Parameters
    ----------
    table
        (inputs, outputs) of 0 and 1.

    Returns
    -------
    matplotlib.figure.Figure
    """
    table = np.asarray(table)
    if table.ndim != 2 or not np.isin(table, (0, 1)).all():
        raise ValueError(f"table must be a matrix of 0 and 1, got shape {table.shape}")
    figure, axes = figure_grid(size=size)
    place = axes[0, 0]
    place.imshow(1 - 0.3 * table, cmap="gray", vmin=0, vmax=1)
    for row, column in np.argwhere(table == 1):
        place.text(column, row, "×", ha="center", va="center", fontsize=12)
    inputs, outputs = table.shape
    place.set_xticks(np.arange(outputs))
    place.set_yticks(np.arange(inputs))
    place.set_xticks(np.arange(outputs + 1) - 0.5, minor=True)
    place.set_yticks(np.arange(inputs + 1) - 0.5, minor=True)
    place.grid(which="minor", color="0.6", linewidth=0.6)
    place.tick_params(which="both", length=0)
    place.set(xlabel=column_label, ylabel=row_label)
    return figure
