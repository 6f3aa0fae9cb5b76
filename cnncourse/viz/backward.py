"""The backward pass through a convolution, step by step, on arrays small enough to read."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.cells import add_frame, frame_cells, grid_lines, hatch_padding
from cnncourse.viz.images import draw_values, shared_range
from cnncourse.viz.style import figure_grid
from cnncourse.viz.windows import window_rows


def scatter_sum(grad_output, kernel, shape, last: int, stride: int = 1, dilation: int = 1) -> np.ndarray:
    """Return what outputs 0 … `last` (in reading order) have added to a padded input of `shape` (H, W)."""
    K_h, K_w = kernel.shape
    total = np.zeros(shape)
    for i, j in list(np.ndindex(*grad_output.shape))[: last + 1]:
        window = np.ix_(window_rows(i, K_h, stride, dilation), window_rows(j, K_w, stride, dilation))
        total[window] += grad_output[i, j] * kernel
    return total


def backward_scatter(grad_output, kernel, size, position, stride: int = 1, padding: int = 0, dilation: int = 1):
    """Draw one step of the backward pass: an output's gradient times the kernel, added to the window it came from.

    Parameters
    ----------
    grad_output
        (H_out, W_out), the upstream gradient.
    kernel
        (K_h, K_w).
    size
        (H, W) of the input, without padding.
    position
        (row, column) of the output whose gradient arrives; those before it, in reading order, have arrived.
    stride, padding, dilation
        S ≥ 1, P ≥ 0, D ≥ 1; the padding's rim is drawn hatched.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the output's shape does not follow from the others, or `position` is outside it.
    """
    g, w = np.asarray(grad_output, dtype=float), np.asarray(kernel, dtype=float)
    S, P, D = stride, padding, dilation
    shape = tuple(n + 2 * P for n in size)
    fits = tuple((n - D * (k - 1) - 1) // S + 1 for n, k in zip(shape, w.shape, strict=True))
    if g.shape != fits:
        raise ValueError(f"grad_output must have the output's shape {fits}, got {g.shape}")
    i, j = position
    if not (0 <= i < fits[0] and 0 <= j < fits[1]):
        raise ValueError(f"position must lie inside the output of shape {fits}, got {position}")
    last = i * fits[1] + j
    rows, columns = window_rows(i, w.shape[0], S, D), window_rows(j, w.shape[1], S, D)
    before = scatter_sum(g, w, shape, last - 1, S, D)
    after = scatter_sum(g, w, shape, last, S, D)
    stamp = g[i, j] * w

    panels = {
        "g" if g.shape[1] < 3 else "g, from above": g, "w": w, f"g[{i}, {j}] · w": stamp,
        "gradient of x so far": before, "and after this step": after,
    }  # fmt: skip
    widths = [values.shape[1] for values in panels.values()]
    tall = max(values.shape[0] for values in panels.values())
    figure, axes = figure_grid(1, 5, size=(min(0.36 * sum(widths) + 1.6, 10), 0.36 * tall + 0.9), width_ratios=widths)
    scale = shared_range([before, after, stamp], signed=True)
    for place, (title, values) in zip(axes[0], panels.items(), strict=True):
        limits = shared_range([values], signed=True) if values is g or values is w else scale
        draw_values(place, values, *limits, signed=True, cell=0.36)
        grid_lines(place, values.shape)
        place.set_title(title)
    frame_cells(axes[0, 0], [i], [j])
    for place in axes[0, 3:]:
        hatch_padding(place, shape, P)
        frame_cells(place, rows, columns)
    return figure


def weight_gradient(image, grad_output, kernel_size: int, stride: int = 1):
    """Draw how the gradient of a shared weight is summed: each window of the image, framed in it, times its output's
    gradient, then the sum.

    Parameters
    ----------
    image
        (H, W), small enough to read.
    grad_output
        (H_out, W_out), with at most six entries in all.
    kernel_size, stride
        K and S, the same along both axes; no padding.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are more than six positions, or the shapes do not fit.
    """
    x, g = np.asarray(image, dtype=float), np.asarray(grad_output, dtype=float)
    K, S = kernel_size, stride
    fits = tuple((n - K) // S + 1 for n in x.shape)
    if g.shape != fits or g.size > 6:
        raise ValueError(f"grad_output must have the output's shape {fits} and at most 6 entries, got {g.shape}")
    places = list(np.ndindex(*g.shape))
    windows = [x[np.ix_(window_rows(i, K, S, 1), window_rows(j, K, S, 1))] for i, j in places]
    products = [g[place] * window for place, window in zip(places, windows, strict=True)]

    size = (1.75 * (len(places) + 1), 4.2)
    figure, axes = figure_grid(2, len(places) + 1, size=size, height_ratios=[max(x.shape), K + 1])
    scale = shared_range([*products, sum(products)], signed=True)
    for k, (i, j) in enumerate(places):
        draw_values(axes[0, k], x, 0, 1.3 * x.max(), cell=1.6 / max(x.shape))
        grid_lines(axes[0, k], x.shape)
        frame_cells(axes[0, k], window_rows(i, K, S, 1), window_rows(j, K, S, 1))
        draw_values(axes[1, k], products[k], *scale, signed=True, cell=0.38)
        axes[0, k].set_title(f"window ({i}, {j})")
        axes[1, k].set_title(f"times g[{i}, {j}] = {g[i, j]:g}".replace("-", "−"))
    axes[0, -1].axis("off")
    draw_values(axes[1, -1], sum(products), *scale, signed=True, cell=0.38)
    axes[1, -1].set_title("their sum: ∂L/∂w")
    add_frame(axes[1, -1], 0, 0, K, K, edgecolor="black", linewidth=2)
    for place in axes[1]:
        grid_lines(place, (K, K))
    return figure
