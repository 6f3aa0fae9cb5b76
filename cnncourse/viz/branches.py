"""Diagrams of blocks whose branches run side by side and are put one after the other at the end."""

from __future__ import annotations

from cnncourse.viz.style import BLUE, GREY, bare, figure_grid

WIDTH, HEIGHT, ACROSS, DOWN = 2.1, 0.6, 2.6, 1.1  # a layer's box, and from one to the next


def parallel_branches(branches, below: str = "concatenate", title: str = "", size=(8, 3.2)):
    """Draw branches of layers side by side, from one input above to one output below.

    Parameters
    ----------
    branches
        One list of texts per branch, its layers from top to bottom. A text that ends in "*" is drawn in grey, for
        layers that reduce.
    below
        Text of the box that joins the branches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no branch, or one has no layer.
    """
    if not branches or not all(branches):
        raise ValueError(f"branches must hold at least one list of at least one text, got {branches!r}")
    figure, axes = figure_grid(size=size)
    place, deepest = axes[0, 0], max(map(len, branches))
    middle, bottom = (len(branches) - 1) * ACROSS / 2, -(deepest + 1.2) * DOWN
    place.text(middle, 0.1, "x", ha="center", va="center", style="italic")
    for k, layers in enumerate(branches):
        x, above = k * ACROSS, (middle, -0.1)
        for depth, text in enumerate(layers):
            y = -(depth + 1) * DOWN
            _arrow(place, above, (x, y + HEIGHT / 2))
            _box(place, x, y, text.rstrip("*"), WIDTH, GREY if text.endswith("*") else BLUE)
            above = (x, y - HEIGHT / 2)
        _arrow(place, above, (x, bottom + HEIGHT / 2))
    width = (len(branches) - 1) * ACROSS + WIDTH
    _box(place, middle, bottom, below, width, "black")
    bare(place)
    place.set(title=title, xlim=(middle - width / 2 - 0.2, middle + width / 2 + 0.2), ylim=(bottom - 0.5, 0.4))
    return figure


def _box(place, x: float, y: float, text: str, width: float, color: str) -> None:
    from matplotlib.patches import Rectangle

    corner, style = (x - width / 2, y - HEIGHT / 2), "--" if color == GREY else "-"
    place.add_patch(
        Rectangle(corner, width, HEIGHT, facecolor="white", edgecolor=color, linewidth=1.4, linestyle=style, zorder=2)
    )
    place.text(x, y, text, ha="center", va="center", fontsize=9, zorder=3)


def _arrow(place, start, end) -> None:
    place.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "0.3", "shrinkA": 0, "shrinkB": 0})
