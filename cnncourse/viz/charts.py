"""Charts: lines, bars, training curves. Lines differ in colour, dash and marker, so that they read in grey."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.style import PALETTE, figure_grid

DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
HATCHES = ("", "//", "..", "xx", "\\\\", "++")


def draw_lines(axes, x, series: dict, markers: bool | None = None) -> None:
    """Draw one line per entry of `series` (label → values), each with its own colour, dash and marker.

    Values of shape (points, starts) are drawn as their mean, with their standard deviation as error bars, on long lines
    at some of the points.
    """
    for k, (label, values) in enumerate(series.items()):
        points, values = np.asarray(x[label] if isinstance(x, dict) else x), np.asarray(values)
        if values.ndim == 2:
            spread, values = values.std(axis=1, ddof=1), values.mean(axis=1)
            style = {"ecolor": PALETTE[k % len(PALETTE)], "elinewidth": 1, "capsize": 3}
            axes.errorbar(points, values, spread, fmt="none", errorevery=-(-len(points) // 30), **style)
        marked = len(points) <= 30 if markers is None else markers
        axes.plot(
            points, values, label=label, color=PALETTE[k % len(PALETTE)], linestyle=DASHES[k % len(DASHES)],
            marker=MARKERS[k % len(MARKERS)] if marked else None, markersize=4,
        )  # fmt: skip
    axes.grid(axis="y", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)


def line_chart(x, series: dict, xlabel: str, ylabel: str, title: str = "", size=(6, 3.2), log: str = "", markers=None):
    """Draw several lines over one axis.

    Parameters
    ----------
    x
        The common abscissae, or a dict label → abscissae.
    series
        Label → values, or (points, starts) to draw means with their standard deviations as error bars.
    log
        Which axes are logarithmic: "", "x", "y" or "xy".
    markers
        Mark the points; by default where there are at most 30.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = line_chart([1, 2, 3], {"train": [3, 2, 1], "test": [3, 2.5, 2]}, "epoch", "loss")
    >>> len(figure.axes[0].lines)
    2
    """
    if not series:
        raise ValueError("series must hold at least one line, got none")
    figure, axes = figure_grid(size=size)
    draw_lines(axes[0, 0], x, series, markers)
    if "x" in log:
        axes[0, 0].set_xscale("log")
    if "y" in log:
        axes[0, 0].set_yscale("log")
    axes[0, 0].set(xlabel=xlabel, ylabel=ylabel, title=title)
    if len(series) > 1:
        axes[0, 0].legend()
    return figure


def line_panels(
    x, panels: dict, xlabel: str, ylabels, *, size=(10, 3.4), log="", sharey=False, legend="", markers=None
):
    """Draw several charts of lines side by side, with one legend to the right of them.

    Parameters
    ----------
    x
        The common abscissae.
    panels
        Title → {label → values}, as for `line_chart`; all panels have the same labels in the same order.
    xlabel
        What the abscissae are.
    ylabels
        One text per panel, or one for the first panel where they share their scale.
    log
        Which axes are logarithmic: "", "x", "y" or "xy".
    sharey
        Give all panels the same ordinate.
    legend
        A title over the legend.
    markers
        Mark the points; by default where there are at most 30.

    Returns
    -------
    matplotlib.figure.Figure
    """
    labels = [list(series) for series in panels.values()]
    if not panels or any(own != labels[0] for own in labels):
        raise ValueError(f"panels must have the same labels in every panel, got {labels}")
    figure, axes = figure_grid(1, len(panels), size=size, sharey=sharey)
    ylabels = [ylabels] + [""] * (len(panels) - 1) if isinstance(ylabels, str) else ylabels
    for place, (title, series), ylabel in zip(axes[0], panels.items(), ylabels, strict=True):
        draw_lines(place, x, series, markers)
        if "x" in log:
            place.set_xscale("log")
        if "y" in log:
            place.set_yscale("log")
        place.set(xlabel=xlabel, ylabel=ylabel, title=title)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), title=legend or None, loc="outside right center")
    return figure


def training_curves(loss: dict, accuracy: dict | None = None, xlabel: str = "epoch", size=None):
    """Draw loss, and accuracy beside it, over training.

    Parameters
    ----------
    loss
        Label → one value per step, counted from 1, or (steps, starts) as for `line_chart`.
    accuracy
        Label → values in [0, 1], likewise, or None for the loss alone.
    xlabel
        What a step is.

    Returns
    -------
    matplotlib.figure.Figure
    """
    panels = [("loss", loss)] + ([("accuracy", accuracy)] if accuracy else [])
    figure, axes = figure_grid(1, len(panels), size=size or (4.6 * len(panels), 3.0))
    for place, (ylabel, series) in zip(axes[0], panels, strict=True):
        steps = {label: np.arange(1, len(values) + 1) for label, values in series.items()}
        draw_lines(place, steps, series)
        place.set(xlabel=xlabel, ylabel=ylabel)
        place.xaxis.get_major_locator().set_params(integer=True)
        place.legend()
    return figure


def bar_chart(values: dict, ylabel: str, title: str = "", decimals: int = 2, size=(6, 3.2), spread=None, log=False):
    """Draw bars with their values written above them, grouped where a value is itself a dict.

    Parameters
    ----------
    values
        Label → number, or group → {label → number} with the same labels in every group.
    decimals
        Digits after the point of the written values.
    spread
        The same shape as `values`: half lengths of error bars, or None.
    log
        Logarithmic ordinate.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = bar_chart({"conv": 0.9, "linear": 0.8}, "accuracy")
    >>> [round(float(bar.get_height()), 2) for bar in figure.axes[0].patches]
    [0.9, 0.8]
    """
    if not values:
        raise ValueError("values must hold at least one bar, got none")
    grouped = isinstance(next(iter(values.values())), dict)
    groups = values if grouped else {name: {"": number} for name, number in values.items()}
    labels = list(next(iter(groups.values())))
    if any(list(group) != labels for group in groups.values()):
        raise ValueError(f"every group must have the labels {labels}, got {[list(group) for group in groups.values()]}")
    figure, axes = figure_grid(size=size)
    place, width = axes[0, 0], 0.8 / len(labels)
    for k, label in enumerate(labels):
        where = np.arange(len(groups)) + (k - (len(labels) - 1) / 2) * width
        heights = [group[label] for group in groups.values()]
        reach = None
        if spread is not None:
            reach = [spread[name][label] if grouped else spread[name] for name in groups]
        place.bar(
            where, heights, 0.92 * width, yerr=reach, capsize=3, label=label or None,
            color=PALETTE[k % len(PALETTE)], hatch=HATCHES[k % len(HATCHES)], edgecolor="white",
        )  # fmt: skip
        for x, value, extra in zip(where, heights, reach or [0] * len(heights), strict=True):
            place.annotate(f"{value:,.{decimals}f}", (x, value + extra), (0, 2), textcoords="offset points",
                           ha="center", va="bottom", fontsize=9)  # fmt: skip
    if log:
        place.set_yscale("log")
    place.margins(y=0.15)
    place.set_xticks(np.arange(len(groups)), list(groups))
    place.set(ylabel=ylabel, title=title)
    if grouped:
        place.legend(ncols=len(labels), loc="lower center", bbox_to_anchor=(0.5, 1.0 if not title else 1.08))
    return figure
