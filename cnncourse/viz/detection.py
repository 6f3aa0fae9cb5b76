"""What a detector says: boxes with class and score, and the curve from which average precision comes."""

from __future__ import annotations

import numpy as np

from cnncourse.numpy_nn.average_precision import envelope
from cnncourse.viz.charts import DASHES, MARKERS
from cnncourse.viz.scenes import REGION_COLOURS, draw_boxes, scene_row
from cnncourse.viz.style import PALETTE, figure_grid


def draw_detections(axes, boxes, labels, scores=None, names=None, style: str = "-", size: float = 8) -> None:
    """Frame boxes and write class and score at their corners, one colour per class.

    Parameters
    ----------
    axes
        Where the picture is.
    boxes
        (M, 4), each (x0, y0, x1, y1) in pixels, the ends exclusive.
    labels
        (M,), the class of each.
    scores
        (M,), or None for boxes without a score, such as true ones.
    names
        Of the classes, by label; numbers are written by default.
    style
        Of the frames' lines.
    size
        Of the text, in points.
    """
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    for name, given in (("labels", labels), ("scores", scores)):
        if given is not None and len(given) != len(boxes):
            raise ValueError(f"{name} must be one per box ({len(boxes)}), got {len(given)}")
    for k, (box, label) in enumerate(zip(boxes, np.asarray(labels, int), strict=True)):
        colour = REGION_COLOURS[label % len(REGION_COLOURS)]
        draw_boxes(axes, [box], colour, style)
        text = str(label) if names is None else names[label]
        text += "" if scores is None else f" {scores[k]:.2f}"
        axes.text(
            box[0] - 0.5, box[1] - 0.5, text, ha="left", va="top", fontsize=size, color="black", clip_on=True,
            bbox={"facecolor": "white", "edgecolor": colour, "alpha": 0.85, "pad": 1.0},
        )  # fmt: skip


def detection_row(
    images, detections, truth=None, names=None, titles=None, columns: int | None = None, height: float = 2.4
):  # fmt: skip
    """Draw pictures side by side, what was found framed in the colour of its class, true boxes dashed and yellow.

    Parameters
    ----------
    images
        (N, 3, H, W) or a list of (3, H, W), floats in [0, 1] or uint8.
    detections
        (boxes, labels, scores) per picture; the scores may be None.
    truth
        (boxes, labels) per picture, or None.
    names
        Of the classes, by label.
    titles, columns, height
        As of `scene_row`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    for name, given in (("detections", detections), ("truth", truth)):
        if given is not None and len(given) != len(images):
            raise ValueError(f"{name} must be one per picture ({len(images)}), got {len(given)}")
    figure = scene_row(images, titles, columns=columns, height=height)
    for k, found in enumerate(detections):
        if truth is not None:
            draw_boxes(figure.axes[k], truth[k][0], style="--")
        draw_detections(figure.axes[k], *found, names=names)
    return figure


def precision_recall_curves(curves: dict, points=None, size=(6, 3.6)):
    """Draw precision over recall as it is, thin and with its points, and its envelope, thick.

    Parameters
    ----------
    curves
        Label → (precision, recall), as `numpy_nn.average_precision.precision_recall` returns them.
    points
        Recalls at which the envelope is marked, such as the eleven of PASCAL VOC, or None.
    size
        Of the figure, in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = precision_recall_curves({"one": ([1.0, 0.5, 0.67], [0.5, 0.5, 1.0])})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['one', 'one, envelope']
    """
    if not curves:
        raise ValueError("curves must hold at least one curve, got none")
    figure, axes = figure_grid(size=size)
    place = axes[0, 0]
    for k, (label, (precision, recall)) in enumerate(curves.items()):
        colour, dash = PALETTE[k % len(PALETTE)], DASHES[k % len(DASHES)]
        marker = MARKERS[k % len(MARKERS)]
        place.plot(recall, precision, color=colour, linewidth=0.9, marker=marker, markersize=3, label=label)
        heights = envelope(precision)
        # up to each recall the envelope has the height that it has there; after the last it is 0
        x, y = np.concatenate([[0.0], recall, np.asarray(recall)[-1:]]), np.concatenate([heights[:1], heights, [0.0]])
        place.step(
            x, y, where="pre", color=colour, linestyle=dash, linewidth=2.4, alpha=0.75,
            label=f"{label}, envelope",
        )  # fmt: skip
        if points is not None:
            at = np.append(heights, 0.0)[np.searchsorted(recall, points)]
            place.plot(points, at, linestyle="", marker="x", color="black", markersize=5, zorder=3)
    place.set(xlabel="recall", ylabel="precision", xlim=(-0.02, 1.02), ylim=(-0.02, 1.05))
    place.grid(color="0.9", linewidth=0.8)
    place.set_axisbelow(True)
    place.legend()
    return figure
