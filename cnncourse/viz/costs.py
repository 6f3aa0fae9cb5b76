"""What algorithms cost: several quantities side by side, and the roofline of the machine that runs them."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.charts import MARKERS
from cnncourse.viz.style import BLUE, GREY, ORANGE, PALETTE, figure_grid


def cost_panels(costs: dict, size=(10, 2.6)):
    """Draw one panel of dots for each quantity, all with the same rows, on logarithmic axes.

    Parameters
    ----------
    costs
        Quantity (with its unit) → {label → positive number}; the same labels in every quantity.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if not costs or any(list(one) != list(next(iter(costs.values()))) for one in costs.values()):
        raise ValueError("costs must hold the same labels, in one order, for each quantity")
    if any(not value > 0 for one in costs.values() for value in one.values()):
        raise ValueError("costs must be positive numbers: the axes are logarithmic")
    figure, axes = figure_grid(1, len(costs), size=size, sharey=True)
    for k, (place, (quantity, values)) in enumerate(zip(axes[0], costs.items(), strict=True)):
        rows, numbers = np.arange(len(values)), np.array(list(values.values()), float)
        low = 10 ** np.floor(np.log10(numbers.min()) - 0.5)
        place.hlines(rows, low, numbers, color="0.8", linewidth=1)
        place.plot(numbers, rows, MARKERS[k % len(MARKERS)], color=PALETTE[k % len(PALETTE)], markersize=7)
        place.set(xscale="log", title=quantity, xlim=(low, numbers.max() * 40))
        for row, number in zip(rows, numbers, strict=True):
            place.annotate(_short(number), (number, row), (7, 0), textcoords="offset points", va="center", fontsize=9)
        place.set_yticks(rows, list(values))
        place.tick_params(axis="y", length=0)
    axes[0, 0].invert_yaxis()
    return figure


def roofline(peak: float, bandwidth: float, points: dict, size=(8, 4)):
    """Draw how fast each computation ran below the roof that arithmetic and memory set.

    Parameters
    ----------
    peak
        Fastest arithmetic, in flop/s.
    bandwidth
        Fastest reading and writing of memory, in bytes/s.
    points
        Label → (flops per byte, flop/s that were reached).

    Returns
    -------
    matplotlib.figure.Figure
        The ridge, where both limits meet, is marked. Source: Williams, Waterman, Patterson, 2009.
    """
    if not (peak > 0 and bandwidth > 0 and points):
        raise ValueError(f"peak and bandwidth must be positive, with points; got {peak!r}, {bandwidth!r}, {points!r}")
    figure, axes = figure_grid(size=size)
    place, ridge = axes[0, 0], peak / bandwidth
    intensities = [at for at, _ in points.values()]
    ends = np.array([min(*intensities, ridge) / 3, ridge, max(*intensities, ridge) * 3])
    place.plot(ends, np.minimum(peak, bandwidth * ends) / 1e9, color=BLUE, linestyle="-")
    place.axvline(ridge, color=GREY, linewidth=0.8, linestyle=":")
    place.annotate("limited by memory", (ridge, peak / 1e9), (-6, 8), textcoords="offset points", ha="right")
    place.annotate("limited by arithmetic", (ridge, peak / 1e9), (6, 8), textcoords="offset points", ha="left")
    for k, (label, (intensity, speed)) in enumerate(points.items()):
        place.plot(intensity, speed / 1e9, MARKERS[k % len(MARKERS)], linestyle="none", markersize=8,
                   color=PALETTE[k % len(PALETTE)] if k < len(PALETTE) else ORANGE,
                   markerfacecolor="white" if k >= len(PALETTE) else None, label=label)  # fmt: skip
    place.set(xscale="log", yscale="log", xlabel="flops for each byte moved", ylabel="Gflop/s")
    place.set_ylim(top=peak / 1e9 * 3)
    place.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def _short(number: float) -> str:
    """Write a number with two or three digits and a power's letter where there is one."""
    for power, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= power:
            return f"{number / power:.3g}{letter}"
    return f"{number:.3g}" if number >= 1 else f"{number:.2g}"
