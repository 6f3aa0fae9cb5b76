"""The picture of gradient descent in a valley: the path that is drawn is that of the rule."""

import numpy as np
import pytest

from cnncourse.viz.valleys import descent_path, valleys

LONG = np.array([[1.0, 0.9], [0.9, 1.0]])  # curvatures 1.9 and 0.1


def test_each_step_shrinks_the_error_along_an_axis_by_one_minus_lr_times_its_curvature():
    path = descent_path(np.diag([4.0, 1.0]), (1, 1), lr=0.25, steps=3)
    np.testing.assert_allclose(path[:, 0], [1, 0, 0, 0])
    np.testing.assert_allclose(path[:, 1], 0.75 ** np.arange(4))


def test_one_panel_per_valley_with_the_path_at_the_safe_step():
    figure = valleys({"round": np.eye(2), "long": LONG}, start=(0.5, 1), steps=7)
    assert [axes.get_title() for axes in figure.axes] == ["round", "long"]
    for axes, matrix in zip(figure.axes, (np.eye(2), LONG), strict=True):
        drawn = np.transpose(axes.lines[0].get_data())
        np.testing.assert_allclose(drawn, descent_path(matrix, (0.5, 1), 1 / np.linalg.eigvalsh(matrix)[-1], 7))
    assert np.hypot(*figure.axes[0].lines[0].get_xydata()[-1]) < 1e-12
    assert np.hypot(*figure.axes[1].lines[0].get_xydata()[-1]) > 0.1


@pytest.mark.parametrize("matrix", [np.eye(3), np.array([[1.0, 2], [0, 1]]), np.diag([1.0, -1])])
def test_what_is_no_valley_is_refused(matrix):
    with pytest.raises(ValueError, match="symmetric and positive"):
        valleys({"wrong": matrix})
