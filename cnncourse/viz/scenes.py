"""Scenes with their answers drawn in: masks tinted and outlined, boxes framed."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.images import as_picture
from cnncourse.viz.style import GREY, PALETTE, YELLOW, bare, figure_grid

REGION_COLOURS = (*PALETTE, YELLOW, GREY, "#332288", "#DDDDDD")  # ten classes, ten colours


def draw_regions(axes, regions, alpha: float = 0.75) -> None:
    """Tint and outline the regions of an integer (H, W) map: 0 is background, each number has its colour.

    Outlines are white on black, so that they show on any ground. The smaller `alpha` (0 to 1), the more of the picture
    shows through.
    """
    from matplotlib.colors import to_rgb

    regions = np.asarray(regions).astype(int)
    tint = np.zeros((*regions.shape, 4))
    for number in np.unique(regions[regions > 0]):
        tint[regions == number] = (*to_rgb(REGION_COLOURS[(number - 1) % len(REGION_COLOURS)]), alpha)
    axes.imshow(tint)
    for number in np.unique(regions[regions > 0]):
        outline = np.pad(regions == number, 1)
        places = np.arange(-1, outline.shape[1] - 1), np.arange(-1, outline.shape[0] - 1)
        for colour, width in (("black", 2.4), ("white", 1.2)):
            axes.contour(*places, outline, levels=[0.5], colors=[colour], linewidths=width)
    axes.set(xlim=(-0.5, regions.shape[1] - 0.5), ylim=(regions.shape[0] - 0.5, -0.5))


def draw_boxes(axes, boxes, colour: str = YELLOW, style: str = "-") -> None:
    """Frame boxes (M, 4), each (x0, y0, x1, y1) in pixels, the ends exclusive."""
    from matplotlib.patches import Rectangle

    for box in np.asarray(boxes, dtype=float).reshape(-1, 4):
        x0, y0, x1, y1 = box
        if y1 <= y0 or x1 <= x0:
            raise ValueError(f"boxes must be (x0, y0, x1, y1) with x0 < x1 and y0 < y1, got {tuple(box)}")
        corner = (x0 - 0.5, y0 - 0.5)
        axes.add_patch(Rectangle(corner, x1 - x0, y1 - y0, fill=False, edgecolor="black", linewidth=3.6))
        axes.add_patch(
            Rectangle(corner, x1 - x0, y1 - y0, fill=False, edgecolor=colour, linewidth=2.0, linestyle=style)
        )


def scene_row(
    images, titles=None, regions=None, boxes=None, columns: int | None = None, height: float = 1.9, alpha: float = 0.75
):  # fmt: skip
    """Draw scenes side by side, with regions tinted and boxes framed where they are given.

    Parameters
    ----------
    images
        (N, 3, H, W) or a list of (3, H, W), floats in [0, 1] or uint8.
    titles
        One per scene, or None.
    regions
        One integer (H, W) map per scene (a mask, classes or instances; 0 is background), or None;
        single entries may be None.
    boxes
        One (M, 4) array of (x0, y0, x1, y1) per scene, the ends exclusive, or None; single entries may be None.
    columns
        Scenes per row; by default all in one.
    height
        Inches per scene.
    alpha
        How much the regions' tint covers, 0 to 1.

    Returns
    -------
    matplotlib.figure.Figure
    """
    pictures = [as_picture(image, f"images[{k}]") for k, image in enumerate(images)]
    if not pictures:
        raise ValueError("images must hold at least one scene, got none")
    for name, given in (("titles", titles), ("regions", regions), ("boxes", boxes)):
        if given is not None and len(given) != len(pictures):
            raise ValueError(f"{name} must be one per scene ({len(pictures)}), got {len(given)}")
    columns = min(columns or len(pictures), len(pictures))
    rows = -(-len(pictures) // columns)
    lines = max((title.count("\n") + 1 for title in titles), default=0) if titles else 0
    widest = max(picture.shape[1] / picture.shape[0] for picture in pictures)
    size = (columns * height * widest + 0.2, rows * (height + 0.2 * lines) + 0.1)
    figure, axes = figure_grid(rows, columns, size=size)
    for k, place in enumerate(axes.flat):
        bare(place)
        if k >= len(pictures):
            continue
        picture = pictures[k]
        place.imshow(picture if picture.dtype == np.uint8 else np.clip(picture, 0, 1))
        if regions is not None and regions[k] is not None:
            draw_regions(place, regions[k], alpha)
        if boxes is not None and boxes[k] is not None:
            draw_boxes(place, boxes[k])
        if titles is not None:
            place.set_title(titles[k])
    return figure
