"""Figures of matrices and of quantities that depend on a shift."""

from __future__ import annotations

import numpy as np
import pytest

from cnncourse.viz.matrices import matrix_row, shift_maps


def test_matrix_row_writes_all_but_zeros_and_parts_the_blocks():
    matrix = np.array([[1.0, 0, 2, 0], [0, -3, 0, 4]])
    figure = matrix_row([matrix, np.eye(3)], ["blocks", "eye"], blocks=[(1, 2), (3, 3)], values=True)
    first, second = figure.axes
    assert [text.get_text() for text in first.texts] == ["1", "2", "-3", "4"]
    lines = [(line.get_xdata()[0], line.get_ydata()[0]) for line in first.lines]
    assert lines == [(0, 0.5), (1.5, 0)]
    assert len(second.lines) == 0
    assert [axes.get_title() for axes in figure.axes] == ["blocks", "eye"]


def test_matrix_row_shares_its_scale_only_if_asked():
    def limits(share):
        figure = matrix_row([np.eye(2), 5 * np.eye(2)], ["a", "b"], share=share)
        return [axes.images[0].get_clim() for axes in figure.axes]

    assert limits(False) == [(-1, 1), (-5, 5)]
    assert limits(True) == [(-5, 5), (-5, 5)]


def test_shift_maps_share_one_scale_from_zero():
    figure = shift_maps([np.zeros((2, 3)), np.array([[0, 0.5], [0.25, 2]])], ["none", "some"])
    assert [axes.images[-1].get_clim() for axes in figure.axes] == [(0, 2), (0, 2)]
    assert [text.get_text() for text in figure.axes[1].texts] == ["0.0", "0.5", "0.2", "2.0"]


@pytest.mark.parametrize("draw", [matrix_row, shift_maps])
@pytest.mark.parametrize(("arrays", "titles"), [([], []), ([np.zeros(3)], ["flat"]), ([np.eye(2)], ["one", "two"])])
def test_they_refuse_what_they_cannot_draw(draw, arrays, titles):
    with pytest.raises(ValueError, match="must"):
        draw(arrays, titles)
