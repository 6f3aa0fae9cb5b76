"""Gradient descent on a quadratic loss of two weights, drawn on its contours."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.style import BLUE, ORANGE, figure_grid


def descent_path(curvature, start, lr: float, steps: int) -> np.ndarray:
    """Return the (steps + 1, 2) places of gradient descent on ½ dᵀ A d, where d is the way from the minimum.

    Parameters
    ----------
    curvature
        A: (2, 2), symmetric: the second derivatives of the loss.
    start
        (2,): where it begins.
    lr
        The learning rate.
    """
    places = [np.asarray(start, dtype=float)]
    for _ in range(steps):
        places.append(places[-1] - lr * np.asarray(curvature) @ places[-1])
    return np.array(places)


def valleys(curvatures: dict, start=(-0.4, 1.0), steps: int = 20, names=("first weight", "second weight"), height=2.9):
    """Draw the contours of one quadratic loss per panel, with gradient descent at one over the largest curvature.

    Parameters
    ----------
    curvatures
        Title → (2, 2) symmetric matrix with positive eigenvalues.
    start
        Where the descent begins, relative to the minimum.
    steps
        How many steps are drawn.
    names
        Of the two weights, for the axes.
    height
        Inches per panel.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a matrix is not such a matrix.
    """
    figure, axes = figure_grid(1, len(curvatures), size=(len(curvatures) * (height + 0.35), height + 0.5))
    line = np.linspace(-1.3, 1.3, 121)
    places = np.stack(np.meshgrid(line, line), axis=-1)
    for place, (title, matrix) in zip(axes[0], curvatures.items(), strict=True):
        matrix = np.asarray(matrix, dtype=float)
        if matrix.shape != (2, 2) or not np.allclose(matrix, matrix.T) or np.linalg.eigvalsh(matrix)[0] <= 0:
            raise ValueError(f"curvatures: {title} must be (2, 2), symmetric and positive, got {matrix.tolist()}")
        loss = np.einsum("...i,ij,...j->...", places, matrix, places) / 2
        levels = loss.max() * np.linspace(0.08, 1, 9) ** 2
        place.contour(line, line, loss, levels=levels, colors="0.6", linewidths=0.8)
        path = descent_path(matrix, start, 1 / np.linalg.eigvalsh(matrix)[-1], steps)
        place.plot(*path.T, "o-", color=BLUE, markersize=3.5, linewidth=1.2)
        place.plot(0, 0, "*", color=ORANGE, markersize=11)
        place.set(title=title, xlabel=names[0], aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    axes[0, 0].set_ylabel(names[1])
    return figure
