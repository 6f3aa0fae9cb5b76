"""Lesson 08's histograms: what is counted, what the moving figure carries and refuses."""

from __future__ import annotations

import numpy as np
import pytest

from cnncourse.viz.histograms import histogram_rows, histogram_shares
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.histogram_player import HistogramPlayer

EDGES = np.array([-1.0, 0, 1, 3])


def test_shares_count_each_value_once_and_the_far_ones_outermost():
    layers = [np.array([[-5, -1, -0.5], [0, 0.99, 1]]), np.array([9.0])]
    np.testing.assert_allclose(histogram_shares(layers, EDGES), [[3 / 6, 2 / 6, 1 / 6], [0, 0, 1]])


def test_shares_refuse_what_cannot_be_counted():
    with pytest.raises(ValueError, match="edges must"):
        histogram_shares([np.ones(2)], [1, 0])
    with pytest.raises(ValueError, match=r"layers\[1\] must"):
        histogram_shares([np.ones(2), np.array([1, np.inf])], EDGES)


def test_rows_have_a_panel_each_and_a_ridge_per_layer():
    shares = histogram_shares([np.zeros(3), np.ones(2)], EDGES)
    figure = histogram_rows({"plain": shares, "norm": shares, "third": shares}, EDGES, "values", columns=2)
    assert [axes.get_title() for axes in figure.axes] == ["plain", "norm", "third", ""]
    assert len(figure.axes[0].patches) == 2
    with pytest.raises(ValueError, match="panels must"):
        histogram_rows({}, EDGES, "values")


def player(**changes):
    shares = np.full((2, 3, 4), 0.25)
    spreads = np.array([[1, 0.12345, 3], [4, 5, 6]])
    arguments = {"networks": {"a": shares, "b": shares}, "spreads": {"a": spreads, "b": spreads}, "steps": [0, 50]}
    return HistogramPlayer(**{**arguments, **changes}, low=-2, high=2)


def test_player_carries_its_numbers_in_its_state():
    state = player(frame=1).get_state()
    assert state["networks"]["b"][1][2] == [250] * 4
    assert state["spreads"]["a"][0] == [1.0, 0.123, 3.0]
    assert (state["steps"], state["frame"], state["low"]) == ([0, 50], 1, -2.0)
    assert repr(player(frame=1)) == "HistogramPlayer: a and b, 2 frames, at step 50"


@pytest.mark.parametrize(
    "changes",
    [{"networks": {}}, {"steps": [0]}, {"frame": 2}, {"spreads": {"a": np.ones((2, 3))}},
     {"networks": {"a": np.ones((2, 3, 4)), "b": np.ones((2, 2, 4))}}],
)  # fmt: skip
def test_player_refuses_what_does_not_fit(changes):
    with pytest.raises(ValueError, match="must"):
        player(**changes)


def test_script_is_a_whole_module_that_fetches_nothing():
    text = script("histogram_player")
    assert text.count("export default") == 1
    assert "import " not in text
    assert "fetch(" not in text
