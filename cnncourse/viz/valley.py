"""Paths of gradient descent over a quadratic valley."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.style import figure_grid


def valley_paths(paths: dict, curvature, size=(9, 2.8)):
    """Draw paths over the contours of ½ (a x² + c y²).

    Parameters
    ----------
    paths
        Name → (steps, 2), the points (x, y) in their order; at most four.
    curvature
        (a, c), both larger than 0.

    Returns
    -------
    matplotlib.figure.Figure
    """
    points = np.concatenate([np.asarray(path, dtype=float) for path in paths.values()])
    reach = 1.1 * np.abs(points).max(axis=0)
    left, right = min(points[:, 0].min() * 1.1, 0), max(points[:, 0].max() * 1.1, 0.6 * reach[0])
    grid = np.meshgrid(np.linspace(left, right, 100), np.linspace(-1.4 * reach[1], 1.4 * reach[1], 60))
    figure, axes = figure_grid(1, 1, size=size)
    place = axes[0, 0]
    height = 0.5 * (curvature[0] * grid[0] ** 2 + curvature[1] * grid[1] ** 2)
    place.contour(*grid, height, levels=10, colors="0.8")
    for (name, path), look in zip(paths.items(), ["-o", "--s", "-.^", ":D"], strict=False):
        place.plot(*np.asarray(path).T, look, markersize=3, label=name)
    place.legend(frameon=True, framealpha=1, edgecolor="white")
    place.set(xlabel="along the valley", ylabel="across")
    return figure
