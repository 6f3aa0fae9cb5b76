"""Lesson 07's figure of pooling: the numbers in its panels are those of the package, the rings are the winners."""

from __future__ import annotations

import numpy as np
import pytest

from cnncourse.numpy_nn import functional as NF
from cnncourse.viz.pooling import pooling, stripe_panels, winners

IMAGE = np.array([[1, 3, 2, 0, 5], [4, 4, 0, 2, 2], [0, 0, 7, 3, 1], [2, 4, 3, 8, 6]])


def written_in(axes):
    """The numbers written into a panel, in reading order."""
    texts = sorted(axes.texts, key=lambda text: (text.get_position()[1], text.get_position()[0]))
    return [float(text.get_text()) for text in texts]


def test_the_first_of_tied_maxima_wins():
    assert winners(IMAGE, 2, 2) == [(1, 0), (0, 2), (3, 1), (3, 3)]
    assert winners(np.zeros((3, 3)), 2, 1) == [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.parametrize(("K", "S"), [(2, 2), (3, 1), (2, 1)])
def test_winners_are_pytorchs_indices(K, S):
    x = np.random.default_rng(K + S).integers(0, 5, size=(7, 6)).astype(float)  # few values, so many ties
    _, indices = NF.max_pool2d(x[None, None], K, S, return_indices=True)
    assert [row * 6 + column for row, column in winners(x, K, S)] == indices.ravel().tolist()


def test_outputs_and_gradients_are_written_into_the_panels():
    panels = pooling(IMAGE, 2, 2).axes
    assert written_in(panels[0]) == IMAGE.ravel().tolist()
    assert written_in(panels[1]) == [4, 2, 4, 8]
    assert written_in(panels[2]) == [3, 1, 1.5, 5.25]

    _, upstream, through_max, through_mean = pooling(IMAGE, 2, 2, grad_output=[[4, 8], [-4, 12]]).axes
    assert written_in(upstream) == [4, 8, -4, 12]
    assert written_in(through_max) == [0, 0, 8, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -4, 0, 12, 0]
    assert written_in(through_mean) == [1, 1, 2, 2, 0, 1, 1, 2, 2, 0, -1, -1, 3, 3, 0, -1, -1, 3, 3, 0]


def test_a_ring_marks_each_winner_once():
    rings = pooling(IMAGE, 3, 1).axes[0].lines
    marked = {(int(line.get_ydata()[0]), int(line.get_xdata()[0])) for line in rings}
    assert marked == set(winners(IMAGE, 3, 1))
    assert len(rings) == len(marked)


@pytest.mark.parametrize("image", [np.zeros((2, 5)), np.zeros((11, 4)), np.zeros((3, 3, 3))])
def test_images_that_cannot_be_drawn_are_refused(image):
    with pytest.raises(ValueError, match="image must"):
        pooling(image, 3, 1)


def test_stripe_panels_share_one_axis_of_frequencies():
    figure = stripe_panels({"wide": np.zeros((4, 20)), "half": np.ones((2, 10))}, highest=0.5)
    assert [place.get_title() for place in figure.axes] == ["wide", "half"]
    assert all(place.images[0].get_extent()[:2] == [0, 0.5] for place in figure.axes)
