"""Dots of costs and rooflines: what is drawn where, and what is refused."""

import numpy as np
import pytest

from cnncourse.timing import seconds
from cnncourse.viz.costs import cost_panels, roofline


def test_panels_share_rows_and_show_their_values():
    figure = cost_panels({"flops": {"a": 2e6, "b": 30.0}, "ms": {"a": 0.5, "b": 7.0}})
    left, right = figure.axes
    assert left.lines[0].get_xdata() == pytest.approx([2e6, 30])
    assert list(left.lines[0].get_ydata()) == [0, 1]
    assert [text.get_text() for text in right.texts] == ["0.5", "7"]
    assert [tick.get_text() for tick in left.get_yticklabels()] == ["a", "b"]
    with pytest.raises(ValueError, match="same labels"):
        cost_panels({"flops": {"a": 1}, "ms": {"b": 1}})
    with pytest.raises(ValueError, match="positive"):
        cost_panels({"flops": {"a": 0}})


def test_roof_bends_where_both_limits_meet():
    place = roofline(8e9, 2e9, {"x": (1.0, 1e9), "y": (100.0, 7e9)}).axes[0]
    intensity, speed = place.lines[0].get_data()
    assert intensity == pytest.approx([1 / 3, 4, 300])
    assert speed == pytest.approx([2 / 3, 8, 8])
    assert [np.ravel(line.get_ydata())[0] for line in place.lines[2:]] == pytest.approx([1, 7])
    with pytest.raises(ValueError, match="positive"):
        roofline(0, 1, {"x": (1, 1)})


def test_seconds_calls_everything_and_counts_one_call():
    counts = {"a": 0, "b": 0}

    def call(label):
        counts[label] += 1

    took = seconds({label: lambda label=label: call(label) for label in counts}, least=1e-4, rounds=2)
    assert list(took) == ["a", "b"]
    assert all(0 < value < 0.1 for value in took.values())
    assert all(count >= 3 for count in counts.values())
    with pytest.raises(ValueError, match="least"):
        seconds({}, least=0)
