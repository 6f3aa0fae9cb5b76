"""One look for every figure: colour-blind-safe, readable in grey, on light and on dark pages."""

from __future__ import annotations

# Okabe and Ito's palette ("Color Universal Design", 2008), ordered so that neighbours differ in lightness too.
BLUE, ORANGE, GREEN, PINK, SKY, VERMILION, YELLOW, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#5F6368",
)  # fmt: skip
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, VERMILION)
SEQUENTIAL = "gray"  # images and anything that starts at zero
DIVERGING = "RdBu_r"  # anything signed: zero is white

STYLE = {
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "figure.facecolor": "white",  # opaque, so that a figure reads the same on a dark page
    "savefig.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "image.cmap": SEQUENTIAL,
    "image.interpolation": "nearest",
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "svg.hashsalt": "cnncourse",
}


def use_style() -> None:
    """Make the course's look matplotlib's default for this process."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(STYLE)
    mpl.rcParams["axes.prop_cycle"] = cycler(color=PALETTE) + cycler(linestyle=["-", "--", "-.", ":", "-", "--"])


def figure_grid(rows: int = 1, columns: int = 1, size: tuple[float, float] = (6, 3), **grid):
    """Return a new figure and its axes, as an array of shape (rows, columns), in the course's look.

    Parameters
    ----------
    rows, columns
        At least 1.
    size
        Width and height of the figure in inches. Ten inches are the width of a notebook's column.
    **grid
        Further arguments of matplotlib's ``Figure.subplots``, such as ``width_ratios`` or ``sharey``.

    Examples
    --------
    >>> figure, axes = figure_grid(2, 3)
    >>> axes.shape
    (2, 3)
    """
    if rows < 1 or columns < 1:
        raise ValueError(f"rows and columns must be at least 1, got {rows} and {columns}")
    use_style()
    from matplotlib.figure import Figure

    figure = Figure(figsize=size)
    return figure, figure.subplots(rows, columns, squeeze=False, **grid)


def ink_on(shade: float) -> str:
    """Return the text colour to read on a grey of this shade (0 black, 1 white)."""
    return "black" if shade > 0.5 else "white"


def bare(axes) -> None:
    """Take ticks and frame away, for axes that hold a picture."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
