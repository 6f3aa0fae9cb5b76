"""Which class was taken for which: the confusion matrix, counted and drawn."""

from __future__ import annotations

import numpy as np

from cnncourse.viz.style import figure_grid


def confusion_matrix(labels, predictions, classes: int) -> np.ndarray:
    """Return counts (classes, classes): row = the true class, column = the predicted one.

    Raises
    ------
    ValueError
        Labels and predictions differ in shape, or lie outside 0 … classes − 1.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape:
        raise ValueError(f"predictions must have the shape of labels, {labels.shape}, got {predictions.shape}")
    for name, values in (("labels", labels), ("predictions", predictions)):
        if values.size and not (values.min() >= 0 and values.max() < classes):
            raise ValueError(f"{name} must lie in 0 … {classes - 1}, got {values.min()} … {values.max()}")
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (labels.ravel(), predictions.ravel()), 1)
    return counts


def confusion_figure(counts, names):
    """Draw a confusion matrix: mistakes in shades, correct answers (the diagonal) as numbers only.

    Parameters
    ----------
    counts
        As `confusion_matrix` returns them.
    names
        One per class.

    Returns
    -------
    matplotlib.figure.Figure
    """
    counts = np.asarray(counts)
    if counts.shape != (len(names), len(names)):
        raise ValueError(f"counts must be ({len(names)}, {len(names)}) for {len(names)} names, got {counts.shape}")
    mistakes = counts * (1 - np.eye(len(names), dtype=int))  # the diagonal would drown everything else
    figure, axes = figure_grid(size=(7, 5.2))
    place, most = axes[0, 0], max(mistakes.max(), 1)
    place.imshow(mistakes, cmap="Blues", vmin=0, vmax=1.4 * most)
    for (i, j), count in np.ndenumerate(counts):
        place.text(j, i, count, ha="center", va="center", fontsize=9, weight="bold" if i == j else "normal")
    place.set_xticks(range(len(names)), names, rotation=40, ha="right")
    place.set_yticks(range(len(names)), names)
    place.set(xlabel="taken for", ylabel="true class")
    return figure
