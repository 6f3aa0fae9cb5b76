"""Drawings of whole networks hold what they were given."""

import numpy as np
import pytest

from cnncourse.viz.architecture import connection_table, layer_bars, map_stacks


def test_map_stacks_draw_each_layer_to_scale():
    figure = map_stacks([("in", (1, 9, 7)), ("conv", (4, 6, 5)), ("out", (10, 1, 1))], seen=3)
    place = figure.axes[0]
    sides = [(patch.get_width(), patch.get_height()) for patch in place.patches]
    assert sides.count((7, 9)) == 1
    assert sides.count((5, 6)) == 3
    assert len(sides) == 5
    assert [text.get_text() for text in place.texts] == ["in\n1@9×7", "conv\n4@6×5", "out\n10"]


def test_layer_bars_write_each_share():
    figure = layer_bars(["a", "b", "c"], {"parameters": [1, 3, 0], "work": [998, 1, 1]})
    left, right = figure.axes
    assert [bar.get_width() for bar in left.patches] == [1, 3, 0]
    assert [text.get_text() for text in left.texts] == ["25%", "75%", "0"]
    assert [text.get_text() for text in right.texts] == ["100%", "< 0.5 %", "< 0.5 %"]
    with pytest.raises(ValueError, match="costs must hold 3 values"):
        layer_bars(["a", "b", "c"], {"work": [1, 2]})


def test_connection_table_marks_the_connections():
    table = np.array([[1, 0, 1], [0, 1, 0]])
    crosses = {text.get_position() for text in connection_table(table).axes[0].texts}
    assert crosses == {(0, 0), (2, 0), (1, 1)}
    with pytest.raises(ValueError, match="0 and 1"):
        connection_table([[2, 0]])
