"""Diagrams of a network's building blocks: a column of layers, and the shortcut that runs beside it."""

from __future__ import annotations

from dataclasses import dataclass

from cnncourse.viz.style import BLUE, GREY, bare, figure_grid

WIDTH, HEIGHT, STEP = 2.0, 0.62, 1.0  # of a layer's box, and from one box to the next
SIDE = 1.7  # how far from the middle the shortcut runs
PLUS = 0.28  # radius of the sum


@dataclass(frozen=True)
class Block:
    """What to draw: the layers from top to bottom, what the shortcut does, and the layers after the sum.

    A `shortcut` of "" is the identity; its text may have several short lines. None draws a block without
    shortcut and without sum.
    """

    title: str
    body: tuple[str, ...]
    shortcut: str | None = ""
    after: tuple[str, ...] = ("ReLU",)


def _box(axes, x: float, y: float, text: str, width: float = WIDTH, height: float = HEIGHT, color: str = BLUE) -> None:
    from matplotlib.patches import Rectangle

    corner = (x - width / 2, y - height / 2)
    axes.add_patch(Rectangle(corner, width, height, facecolor="white", edgecolor=color, linewidth=1.4, zorder=2))
    axes.text(x, y, text, ha="center", va="center", fontsize=9 if len(text) < 14 else 7.5, zorder=3)


def _arrow(axes, start, end) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "black", "shrinkA": 0, "shrinkB": 0})


def _draw(axes, block: Block) -> None:
    from matplotlib.patches import Circle

    y = -STEP
    axes.text(0, 0, "x", ha="center", va="center", style="italic")
    above = -0.25
    for text in block.body:
        _box(axes, 0, y, text)
        _arrow(axes, (0, above), (0, y + HEIGHT / 2))
        above, y = y - HEIGHT / 2, y - STEP
    if block.shortcut is not None:
        _arrow(axes, (0, above), (0, y + PLUS))
        axes.add_patch(Circle((0, y), PLUS, facecolor="white", edgecolor="black", zorder=2))
        axes.text(0, y, "+", ha="center", va="center_baseline", fontsize=12, zorder=3)
        fork = -0.4  # between x and the first layer
        axes.plot([0, SIDE, SIDE], [fork, fork, y], color="black", linewidth=1.4, linestyle="-", marker="")
        _arrow(axes, (SIDE, y), (PLUS, y))
        middle = (fork + y) / 2
        if block.shortcut:
            lines = block.shortcut.count("\n") + 1
            _box(axes, SIDE, middle, block.shortcut, width=1.1, height=HEIGHT * (0.3 + 0.7 * lines), color=GREY)
        above, y = y - PLUS, y - STEP
    for text in block.after:
        _box(axes, 0, y, text)
        _arrow(axes, (0, above), (0, y + HEIGHT / 2))
        above, y = y - HEIGHT / 2, y - STEP
    _arrow(axes, (0, above), (0, y + 0.4))
    axes.text(0, y + 0.15, "y", ha="center", va="center", style="italic")


def residual_blocks(blocks):
    """Draw blocks side by side, data flowing from top to bottom.

    Parameters
    ----------
    blocks : sequence of Block
        One to five.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are none or more than five, or one has no layer.
    """
    blocks = list(blocks)
    if not 1 <= len(blocks) <= 5:
        raise ValueError(f"blocks must hold one to five, got {len(blocks)}")
    if not all(block.body for block in blocks):
        raise ValueError("blocks must have at least one layer in each body, got one without")
    steps = [len(block.body) + len(block.after) + (block.shortcut is not None) + 1 for block in blocks]
    figure, axes = figure_grid(1, len(blocks), size=(min(2.5 * len(blocks), 10), 0.5 * max(steps) + 0.4))
    for place, block in zip(axes[0], blocks, strict=True):
        _draw(place, block)
        bare(place)
        place.set(title=block.title, xlim=(-1.2, 2.5), ylim=(-STEP * max(steps) + 0.1, 0.4), aspect="equal")
    return figure
