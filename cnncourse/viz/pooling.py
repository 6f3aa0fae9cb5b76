"""Pooling and its backward pass on arrays small enough to read."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.cells import add_frame, grid_lines
from cnncourse.viz.images import draw_values, shared_range
from cnncourse.viz.style import ORANGE, figure_grid


def winners(image, kernel_size: int, stride: int) -> list[tuple[int, int]]:
    """Return the (row, column) of each window's maximum, the first in reading order if there are several."""
    image = np.asarray(image)
    places = []
    for i in range((image.shape[0] - kernel_size) // stride + 1):
        for j in range((image.shape[1] - kernel_size) // stride + 1):
            window = image[i * stride : i * stride + kernel_size, j * stride : j * stride + kernel_size]
            u, v = np.unravel_index(window.argmax(), window.shape)
            places.append((int(i * stride + u), int(j * stride + v)))
    return places


def pooling(image, kernel_size: int, stride: int, grad_output=None):
    """Draw an image with its pooling windows and winners, its maxima and its means; or where a gradient goes.

    Parameters
    ----------
    image
        (H, W), at most 10 on a side.
    kernel_size, stride
        K and S, the same along both axes; no padding.
    grad_output
        (H_out, W_out): draw this and the two gradients of the image instead of the two outputs; or None.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the image is too large or no window fits.
    """
    from cnncourse.numpy_nn import functional as NF

    image = np.asarray(image, dtype=float)
    K, S = kernel_size, stride
    if image.ndim != 2 or not K <= min(image.shape) or max(image.shape) > 10:
        raise ValueError(f"image must have two axes of {K} to 10 entries, got shape {image.shape}")
    x = image[None, None]
    if grad_output is None:
        panels = {"maximum": NF.max_pool2d(x, K, S)[0, 0], "mean": NF.avg_pool2d(x, K, S)[0, 0]}
    else:
        g = np.asarray(grad_output, dtype=float)
        panels = {
            "g, from above": g,
            "to x, through max": NF.max_pool2d_backward(g[None, None], x, K, S)[0, 0],
            "to x, through mean": NF.avg_pool2d_backward(g[None, None], x, K, S)[0, 0],
        }
    panels = {"x": image, **panels}
    widths = [values.shape[1] for values in panels.values()]
    size = (0.4 * sum(widths) + 1.2, 0.4 * len(image) + 0.8)
    figure, axes = figure_grid(1, len(panels), size=size, width_ratios=widths)
    scale = shared_range([image], signed=False)
    for place, (title, values) in zip(axes[0], panels.items(), strict=True):
        gradient = grad_output is not None and values is not image
        limits = shared_range(list(panels.values())[1:], signed=True) if gradient else scale
        draw_values(place, values, *limits, signed=gradient)
        grid_lines(place, values.shape)
        place.set_title(title)
        if values.shape == image.shape and S == K:
            for row, column in np.ndindex(*(np.array(image.shape) // K)):
                add_frame(place, row * K, column * K, K, K, edgecolor="black", linewidth=2.4)
                add_frame(place, row * K, column * K, K, K, edgecolor="white", linewidth=0.9)
    ring = {"markersize": 19, "markerfacecolor": "none", "markeredgecolor": ORANGE, "markeredgewidth": 2.2}
    for row, column in sorted(set(winners(image, K, S))):
        axes[0, 0].plot(column, row, "o", **ring)
    return figure


def stripe_panels(pictures: dict, highest: float = 0.5):
    """Draw pictures of stripes below one another, over the frequency of the stripes that stand there.

    Parameters
    ----------
    pictures
        Title → (H, W), with the frequency rising from left to right.
    highest
        The frequency at the right end, in stripes per pixel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = figure_grid(len(pictures), 1, size=(9, 0.92 * len(pictures)))
    for place, (title, picture) in zip(axes[:, 0], pictures.items(), strict=True):
        place.imshow(picture, cmap="gray", vmin=0, vmax=1, extent=(0, highest, 0, 0.12 * highest), aspect="auto")
        place.set(yticks=[], xticks=[], title=title)
    axes[-1, 0].set_xticks([share * highest for share in (0, 0.25, 0.5, 0.75, 1)])
    axes[-1, 0].set_xlabel("frequency of the stripes (stripes per pixel)")
    return figure
