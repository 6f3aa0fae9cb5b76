"""Sets of functions that networks of growing depth reach, and a function that one wants."""

from __future__ import annotations

from cnncourse.viz.style import PALETTE, bare, figure_grid

WANTED = (3.6, 1.5)
SETS = {  # title: the middle and the radius of each set, the shallow network's first
    "not nested": [((0, 0), 1.2), ((1.6, -1.1), 1.6), ((-2.0, -0.9), 2.0)],
    "nested": [((0, 0), 1.2), ((0.3, 0.1), 1.9), ((0.6, 0.2), 2.7)],
}


def function_classes():
    """Draw, as circles, what training finds with more and more layers: sets that are not nested, and nested ones.

    A star is the wanted function; a dotted line leads to it from the nearest point of the largest set. Only nested
    sets are sure to come nearer as they grow.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.patches import Circle

    figure, axes = figure_grid(1, 2, size=(8.5, 2.9))
    for place, (title, circles) in zip(axes[0], SETS.items(), strict=True):
        for k, (middle, radius) in enumerate(circles):
            place.add_patch(Circle(middle, radius, fill=False, edgecolor=PALETTE[k], linewidth=1.8))
            place.annotate(str(k + 1), (middle[0], middle[1] + radius), (0, -3), textcoords="offset points",
                           ha="center", va="top", color=PALETTE[k], weight="bold")  # fmt: skip
        (x, y), radius = circles[-1]
        away = ((WANTED[0] - x) ** 2 + (WANTED[1] - y) ** 2) ** 0.5
        nearest = x + (WANTED[0] - x) * radius / away, y + (WANTED[1] - y) * radius / away
        place.plot(*zip(nearest, WANTED, strict=True), color="0.3", linestyle=":", marker="", linewidth=1.4)
        place.plot(*WANTED, marker="*", markersize=13, color="black")
        bare(place)
        place.set(title=title, xlim=(-4.3, 4.3), ylim=(-3, 3), aspect="equal")
    return figure
