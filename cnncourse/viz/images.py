"""Images: one with its numbers written into the pixels, several side by side."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.style import DIVERGING, SEQUENTIAL, bare, figure_grid, ink_on


def as_picture(image: np.ndarray, name: str = "image") -> np.ndarray:
    """Return an image as matplotlib draws it: (H, W) for one channel, (H, W, 3) for colour.

    Parameters
    ----------
    image
        (H, W), (1, H, W), (3, H, W) or (H, W, 3). A (3, H, 3) array is read as channels first.

    Raises
    ------
    ValueError
        If the shape is none of these.
    """
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[0] == 1:
        return image[0]
    if image.ndim == 3 and image.shape[0] == 3:
        return image.transpose(1, 2, 0)
    if image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3):
        return image
    raise ValueError(f"{name} must have shape (H, W), (1, H, W), (3, H, W) or (H, W, 3), got {image.shape}")


def shared_range(images: list[np.ndarray], signed: bool) -> tuple[float, float]:
    """Return the common (lowest, highest) value of several arrays; symmetric around zero if `signed`."""
    low = min(float(np.min(image)) for image in images)
    high = max(float(np.max(image)) for image in images)
    if signed:
        high = max(abs(low), abs(high))
        low = -high
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def draw_values(axes, values, low: float, high: float, signed: bool = False, decimals=None, cell=0.4) -> None:
    """Draw a small array as shaded cells with each value written into its cell.

    Parameters
    ----------
    axes
        Where to draw.
    values : numpy.ndarray
        (H, W); NaN cells stay empty.
    low, high
        The values of the darkest and the lightest shade (bluest and reddest if `signed`).
    decimals
        Digits after the point; by default none for whole numbers, two otherwise.
    cell
        The side of a cell in inches, to which the numbers are fitted.

    Examples
    --------
    >>> figure, axes = figure_grid(1, 1)
    >>> draw_values(axes[0, 0], np.array([[0.0, 1.0], [2.5, 3.0]]), 0, 3)
    >>> [text.get_text() for text in axes[0, 0].texts]
    ['0.00', '1.00', '2.50', '3.00']
    """
    from matplotlib import colormaps

    if decimals is None:
        finite = values[np.isfinite(values)]
        decimals = 0 if np.allclose(finite, np.round(finite)) else 2
    shown = {
        place: f"{0.0 if round(float(value), decimals) == 0 else float(value):.{decimals}f}"
        for place, value in np.ndenumerate(values)
        if np.isfinite(value)
    }
    longest = max((len(text) for text in shown.values()), default=1)
    size = min(9, 72 * cell / (0.68 * longest))  # a digit is about 0.64 of its font's size wide
    colours = colormaps[DIVERGING if signed else SEQUENTIAL]
    axes.imshow(np.ma.masked_invalid(values), cmap=colours, vmin=low, vmax=high)
    for (row, column), text in shown.items():
        red, green, blue, _ = colours((values[row, column] - low) / (high - low))
        ink = ink_on(0.3 * red + 0.59 * green + 0.11 * blue)
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=size)
    bare(axes)


def pixel_grid(image, title: str = "", low=None, high=None, signed: bool = False, decimals=None, first=(0, 0)):
    """Draw one small grey image with its pixel values written into it.

    Parameters
    ----------
    image
        (H, W), at most 32 on a side: larger numbers of pixels cannot be read.
    low, high
        Values drawn black and white; by default 0 and 255 for uint8, else the image's own extremes.
    signed
        Use the diverging scale, zero white.
    decimals
        Digits after the point; by default none for whole numbers, two otherwise.
    first
        The numbers of the first row and the first column, for a part of a larger image.

    Returns
    -------
    matplotlib.figure.Figure
    """
    image = np.asarray(image)
    if image.ndim != 2 or max(image.shape) > 32:
        raise ValueError(f"image must have shape (H, W) with sides of at most 32, got {image.shape}")
    if image.dtype == np.uint8:
        automatic = (0.0, 255.0)
    else:
        automatic = shared_range([image], signed)
    low = automatic[0] if low is None else low
    high = automatic[1] if high is None else high
    H, W = image.shape
    figure, axes = figure_grid(size=(0.45 * W + 0.7, 0.42 * H + 0.8))
    draw_values(axes[0, 0], image.astype(float), low, high, signed, decimals)
    axes[0, 0].set_title(title)
    axes[0, 0].set_xticks(range(W), range(first[1], first[1] + W), fontsize=8)
    axes[0, 0].set_yticks(range(H), range(first[0], first[0] + H), fontsize=8)
    axes[0, 0].set(xlabel="column", ylabel="row")
    axes[0, 0].tick_params(length=0)
    return figure


def image_row(images, titles=None, columns: int | None = None, share: bool = True, signed: bool = False,
              height: float = 2.0, bar: bool = False, low=None, high=None):  # fmt: skip
    """Draw images side by side, with one common scale so that their greys can be compared.

    Where one of them is nearly white at its rim, all have a thin frame.

    Parameters
    ----------
    images
        A list of (H, W), (1, H, W), (3, H, W) or (H, W, 3) arrays; colour as uint8 or as floats in [0, 1]
        (floats outside are clipped).
    titles
        One per image, or None.
    columns
        Images per row; by default all in one.
    share
        Give all grey images the same scale, from `low` to `high`, which default to their common extremes.
        With False each has its own, and one that is zero all over is black.
    signed
        Grey images on the diverging scale, zero white.
    height
        Inches per image.
    bar
        Add a scale bar (only with `share`).

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = image_row([np.eye(3), np.ones((3, 3))], ["diagonal", "ones"])
    >>> [axes.get_title() for axes in figure.axes]
    ['diagonal', 'ones']
    """
    pictures = [as_picture(image, f"images[{k}]") for k, image in enumerate(images)]
    if not pictures:
        raise ValueError("images must hold at least one image, got none")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"titles must be one per image ({len(pictures)}), got {len(titles)}")
    columns = min(columns or len(pictures), len(pictures))
    rows = -(-len(pictures) // columns)
    grey = [picture for picture in pictures if picture.ndim == 2]
    widest = max(picture.shape[1] / picture.shape[0] for picture in pictures)
    lines = max((title.count("\n") + 1 for title in titles), default=0) if titles else 0
    size = (columns * max(height * widest, 0.8) + 0.1 + 0.7 * bar, rows * (height + 0.2 * lines) + 0.1)
    figure, axes = figure_grid(rows, columns, size=size)
    common = shared_range(grey, signed) if grey else (0.0, 1.0)
    common = (common[0] if low is None else low, common[1] if high is None else high)
    drawn = None
    for k, place in enumerate(axes.flat):
        bare(place)
        if k >= len(pictures):
            continue
        picture = pictures[k]
        if picture.ndim == 3:
            place.imshow(picture if picture.dtype == np.uint8 else np.clip(picture, 0, 1))
        else:
            own = shared_range([picture], signed) if signed or picture.any() else (0.0, 1.0)
            bottom, top = common if share else own
            drawn = place.imshow(picture, cmap=DIVERGING if signed else SEQUENTIAL, vmin=bottom, vmax=top)
        if titles is not None:
            place.set_title(titles[k])
    shown = [place for place in axes.flat if place.images]
    if any(light_rim(place.images[0]) for place in shown):
        for spine in (spine for place in shown for spine in place.spines.values()):
            spine.set(visible=True, color="0.7", linewidth=0.6)
    if bar and share and drawn is not None:
        figure.colorbar(drawn, ax=axes, fraction=0.04, aspect=14 * rows)
    return figure


def light_rim(image) -> bool:
    """Tell whether more than a tenth of a drawn image's rim is nearly white, so that one cannot see where it ends."""
    shade = image.to_rgba(image.get_array())[..., :3].min(axis=2)
    rim = np.concatenate([shade[[0, -1]].ravel(), shade[:, [0, -1]].ravel()])
    return bool((rim > 0.9).mean() > 0.1)


def value_row(arrays, titles, cell: float = 0.36):
    """Draw small arrays side by side with their values: blue below zero, red above, one scale for all.

    Parameters
    ----------
    arrays
        (H, W) arrays, small enough to read.
    titles
        One per array.
    cell
        Inches per entry, made smaller where ten inches would not suffice.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from cnncourse.viz.cells import grid_lines

    if len(titles) != len(arrays):
        raise ValueError(f"titles must be one per array ({len(arrays)}), got {len(titles)}")
    widths = [np.shape(values)[1] for values in arrays]
    tall = max(np.shape(values)[0] for values in arrays)
    cell = min(cell, 9.6 / sum(widths))
    size = (max(cell * sum(widths) + 0.3 * len(widths), 2.6), cell * tall + 0.65)
    figure, axes = figure_grid(1, len(arrays), size=size, width_ratios=widths)
    for place, values, title in zip(axes[0], arrays, titles, strict=True):
        draw_values(place, np.asarray(values), *shared_range(arrays, signed=True), signed=True, cell=cell)
        grid_lines(place, np.shape(values))
        place.set_title(title)
    return figure
