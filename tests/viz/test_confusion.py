"""Confusion matrices: rows are the truth."""

from __future__ import annotations

import numpy as np
import pytest

from cnncourse.viz.confusion import confusion_figure, confusion_matrix


def test_rows_are_the_truth_and_repeats_add_up():
    counts = confusion_matrix([0, 0, 2, 2, 2], [1, 1, 2, 0, 2], 3)
    np.testing.assert_array_equal(counts, [[0, 2, 0], [0, 0, 0], [1, 0, 2]])


def test_it_refuses_other_shapes_and_classes():
    with pytest.raises(ValueError, match="predictions must have"):
        confusion_matrix([0, 1], [0], 2)
    with pytest.raises(ValueError, match="labels must lie"):
        confusion_matrix([-1], [0], 2)
    with pytest.raises(ValueError, match="predictions must lie"):
        confusion_matrix([0], [2], 2)


def test_the_figure_writes_every_count():
    figure = confusion_figure([[5, 1], [0, 7]], ["bag", "shirt"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["5", "1", "0", "7"]
    with pytest.raises(ValueError, match="counts must"):
        confusion_figure([[1]], ["bag", "shirt"])
