"""The sliding window: what one output of a convolution layer is made of."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.cells import frame_cells, grid_lines, hatch_padding
from cnncourse.viz.images import draw_values, shared_range
from cnncourse.viz.style import figure_grid


def window_rows(position: int, K: int, S: int, D: int) -> np.ndarray:
    """Return the K indices, in the padded input, that output `position` reads along one axis."""
    return position * S + D * np.arange(K)


def sliding_window(image, kernel, position=(0, 0), stride: int = 1, padding: int = 0, dilation: int = 1):
    """Draw one step of a cross-correlation: the window on the image, kernel, products, and the sum in its place.

    Parameters
    ----------
    image
        (H, W), small enough to read: at most 12 on a side with its padding.
    kernel
        (K_h, K_w).
    position
        (row, column) of the output that is being computed. Outputs before it, in reading order, are filled in.
    stride, padding, dilation
        S ≥ 1, P ≥ 0, D ≥ 1, the same along both axes; the padding is zeros, drawn hatched.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the window does not fit, or `position` is outside the output.
    """
    image, kernel = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    if image.ndim != 2 or kernel.ndim != 2:
        raise ValueError(f"image and kernel must have two axes, got shapes {image.shape} and {kernel.shape}")
    S, P, D = stride, padding, dilation
    padded = np.pad(image, P)
    if max(padded.shape) > 12:
        raise ValueError(f"image must be at most 12 on a side with its padding, got {padded.shape}")
    sizes = [(n - D * (K - 1) - 1) // S + 1 for n, K in zip(padded.shape, kernel.shape, strict=True)]
    if min(sizes) < 1:
        raise ValueError(f"kernel {kernel.shape} with dilation {D} does not fit the padded image {padded.shape}")
    i, j = position
    if not (0 <= i < sizes[0] and 0 <= j < sizes[1]):
        raise ValueError(f"position must lie inside the output of shape {tuple(sizes)}, got {position}")

    output = np.full(sizes, np.nan)
    for row, column in np.ndindex(*sizes):
        if (row, column) <= (i, j):
            rows = window_rows(row, kernel.shape[0], S, D)
            columns = window_rows(column, kernel.shape[1], S, D)
            output[row, column] = (padded[np.ix_(rows, columns)] * kernel).sum()
    rows, columns = window_rows(i, kernel.shape[0], S, D), window_rows(j, kernel.shape[1], S, D)
    window = padded[np.ix_(rows, columns)]

    widths = [padded.shape[1], kernel.shape[1], kernel.shape[1], kernel.shape[1], sizes[1]]
    tall = max(padded.shape[0], kernel.shape[0], sizes[0])
    size = (min(0.40 * sum(widths) + 1.6, 13), 0.40 * tall + 0.9)
    figure, axes = figure_grid(1, 5, size=size, width_ratios=widths)
    picture, shown_window, shown_kernel, shown_product, shown_output = axes[0]
    low, high = shared_range([padded], signed=False)
    draw_values(picture, padded, low, high)
    hatch_padding(picture, padded.shape, P)
    frame_cells(picture, rows, columns)
    draw_values(shown_window, window, low, high)
    draw_values(shown_kernel, kernel, *shared_range([kernel], signed=True), signed=True)
    products = window * kernel
    draw_values(shown_product, products, *shared_range([products], signed=True), signed=True)
    draw_values(shown_output, output, *shared_range([output[np.isfinite(output)]], signed=True), signed=True)
    frame_cells(shown_output, [i], [j])
    for place, cells in zip(axes[0], (padded, window, kernel, products, output), strict=True):
        grid_lines(place, cells.shape)
    sum_text = f"{output[i, j]:.2f}".rstrip("0").rstrip(".")
    titles = ["input" + (f", P = {P}" if P else ""), "window", "× kernel", f"= products\n(sum {sum_text})", "output"]
    for place, title in zip(axes[0], titles, strict=True):
        place.set_title(title)
    return figure
