"""Boxes with class and score, masks over pictures, and the curve with its envelope: what is drawn is what was given."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cnncourse import data, viz
from cnncourse.numpy_nn.average_precision import average_precision, precision_recall

SCENE = data.scene(11, size=64, objects=3)
FOUND = (SCENE.boxes, SCENE.labels, [0.9, 0.8, 0.25])


def test_boxes_carry_class_and_score():
    truth = [(SCENE.boxes + 1, SCENE.labels)]
    figure = viz.detection_row([SCENE.image], [FOUND], truth, data.FASHION_CLASSES, ["a scene"])
    FigureCanvasAgg(figure).draw()
    (place,) = figure.axes
    names = [data.FASHION_CLASSES[label] for label in SCENE.labels]
    wanted = [f"{name} {score:.2f}" for name, score in zip(names, FOUND[2], strict=True)]
    assert [text.get_text() for text in place.texts] == wanted
    assert [text.get_position() for text in place.texts] == [(x - 0.5, y - 0.5) for x, y, *_ in SCENE.boxes]
    frames = place.patches[1::2]  # each lies on a wider black one
    dashed = [frame for frame in frames if frame.get_linestyle() == "--"]
    assert len(frames) == 6
    corners = [(frame.get_x(), frame.get_y(), frame.get_width(), frame.get_height()) for frame in dashed]
    assert corners == [(x0 + 0.5, y0 + 0.5, x1 - x0, y1 - y0) for x0, y0, x1, y1 in SCENE.boxes]


def test_without_names_and_scores_the_numbers_of_the_classes_are_written():
    figure, axes = viz.figure_grid()
    viz.draw_detections(axes[0, 0], [[0, 0, 2, 2], [1, 1, 3, 3]], [7, 12])
    assert [text.get_text() for text in axes[0, 0].texts] == ["7", "12"]
    viz.draw_detections(axes[0, 0], np.zeros((0, 4)), [], [])
    assert len(axes[0, 0].texts) == 2


def test_the_picture_shows_through_a_mask():
    figure = viz.scene_row([SCENE.image], regions=[SCENE.semantic], alpha=0.4)
    _, tint = figure.axes[0].images
    alphas = tint.get_array()[..., 3]
    np.testing.assert_allclose(alphas, np.where(SCENE.mask, 0.4, 0))


def test_the_envelope_is_drawn_with_the_area_that_average_precision_says():
    rng = np.random.default_rng(0)
    scores, correct = rng.random(30), rng.random(30) < 0.6
    precision, recall = precision_recall(scores, correct, 25)
    points = np.arange(11) / 10
    figure = viz.precision_recall_curves({"a": (precision, recall), "b": ([1.0], [0.5]), "none": ([], [])}, points)
    FigureCanvasAgg(figure).draw()
    raw, outline, marks, *_ = figure.axes[0].lines
    np.testing.assert_array_equal(raw.get_xydata(), np.stack([recall, precision], axis=1))
    x, y = outline.get_xydata().T  # height y[i] from x[i − 1] to x[i]
    area = (np.diff(x) * y[1:]).sum()
    assert area == pytest.approx(average_precision(scores, correct, 25))
    assert marks.get_ydata().mean() == pytest.approx(average_precision(scores, correct, 25, "11 points"))
    assert outline.get_drawstyle() == "steps-pre"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: viz.detection_row([SCENE.image], []), "detections must be one per picture"),
        (lambda: viz.detection_row([SCENE.image], [FOUND], []), "truth must be one per picture"),
        (lambda: viz.detection_row([SCENE.image], [(SCENE.boxes, [1], None)]), "labels must be one per box"),
        (lambda: viz.detection_row([SCENE.image], [(SCENE.boxes, SCENE.labels, [1])]), "scores must be one per box"),
        (lambda: viz.precision_recall_curves({}), "curves must"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
