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
