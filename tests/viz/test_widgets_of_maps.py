"""The Python side of the moving figures of lessons 07 and 10: what they accept, what they carry, what they say."""

from __future__ import annotations

import numpy as np
import pytest

from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.layer_maps import LayerMaps
from cnncourse.viz.widgets.shifted_pooling import ShiftedPooling

IMAGE = np.linspace(0, 1, 96).reshape(8, 12)


def layers():
    """An image of 6×6, two maps by 3×3 windows, their halves, and three single units."""
    image = np.arange(36.0).reshape(1, 6, 6)
    maps = np.stack([np.arange(16.0).reshape(4, 4), np.zeros((4, 4))])
    return [
        ("image", image, None), ("C", maps, (3, 1, False)), ("S", maps[:, ::2, ::2], (2, 2, True)),
        ("out", np.array([-1.0, 0, 3]).reshape(3, 1, 1), (2, 1, False)),
    ]  # fmt: skip


def test_shifted_pooling_carries_its_image_in_hundredths():
    state = ShiftedPooling(IMAGE, window=3, down=2).get_state()
    assert state["image"] == np.rint(100 * IMAGE).astype(int).tolist()
    assert (state["window"], state["down"], state["right"]) == (3, 2, 0)
    assert repr(ShiftedPooling(IMAGE)) == "ShiftedPooling: a 8×12 image, windows of 2×2"


@pytest.mark.parametrize("image", [np.zeros(9), np.zeros((4, 9)), np.zeros((70, 9)), IMAGE - 0.1, IMAGE * 2])
def test_shifted_pooling_refuses_images_it_cannot_draw(image):
    with pytest.raises(ValueError, match="image must"):
        ShiftedPooling(image)


def test_layer_maps_scale_each_map_on_its_own_and_single_units_together():
    widget = LayerMaps(layers(), labels=["a", "b", "c"], level=9, unit=2)
    image, maps, _, out = widget.layers
    assert image["shades"][0][-1] == 99
    assert maps["shades"][0][-1] == 99
    assert set(maps["shades"][1]) == {0}
    assert [shade for (shade,) in out["shades"]] == [0, 25, 99]
    assert (widget.level, widget.unit, maps["values"][0][5]) == (3, 2, 5.0)
    assert repr(widget) == "LayerMaps: image 1×6×6, C 2×4×4, S 2×2×2, out 3×1×1"


def test_layer_maps_refuse_what_does_not_fit():
    short = layers()[:1]
    with pytest.raises(ValueError, match="layers must"):
        LayerMaps(short)
    wrong_size = [*layers()[:2], ("S", np.zeros((2, 3, 3)), (2, 2, True))]
    with pytest.raises(ValueError, match="the maps of 'S' must be 2×2"):
        LayerMaps(wrong_size)
    with pytest.raises(ValueError, match="must be \\(C, H, W\\)"):
        LayerMaps([("image", np.zeros((6, 6)), None), *layers()[1:]])
    with pytest.raises(ValueError, match="unit must be from 0 to 31"):
        LayerMaps(layers(), unit=32)


@pytest.mark.parametrize("name", ["shifted_pooling", "layer_maps"])
def test_scripts_are_whole_modules_that_fetch_nothing(name):
    text = script(name)
    assert text.count("export default") == 1
    assert "import " not in text
    assert "fetch(" not in text
