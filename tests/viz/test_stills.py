"""Every moving figure has a still picture, with words that say how to move it; the shortcut's switch counts right."""

from __future__ import annotations

import base64
import importlib

import numpy as np
import pytest

from cnncourse.viz.widgets.assets import FOLDER
from cnncourse.viz.widgets.backward_scatter import BackwardScatter
from cnncourse.viz.widgets.base import HOW_TO, MovingFigure
from cnncourse.viz.widgets.box_suppression import BoxSuppression
from cnncourse.viz.widgets.class_maps import ClassMaps
from cnncourse.viz.widgets.histogram_player import HistogramPlayer
from cnncourse.viz.widgets.layer_maps import LayerMaps
from cnncourse.viz.widgets.receptive_field import ReceptiveFieldExplorer
from cnncourse.viz.widgets.shifted_pooling import ShiftedPooling
from cnncourse.viz.widgets.shortcut_switch import ShortcutSwitch
from cnncourse.viz.widgets.sliding_window import SlidingWindow
from cnncourse.viz.widgets.static import widget_html
from cnncourse.viz.widgets.window_stepper import WindowStepper

VIEW = "application/vnd.jupyter.widget-view+json"
DIGITS = np.arange(81).reshape(9, 9) % 10
SHARES = np.full((2, 3, 5), 0.2)
PHOTOGRAPH = np.linspace(0, 1, 12).reshape(3, 4)
GREY = np.full((3, 4), PHOTOGRAPH.mean())
COLOURED = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
MAKE = {
    "WindowStepper": lambda: WindowStepper(DIGITS, size=6, stride=2, padding=1, position=99),
    "ReceptiveFieldExplorer": lambda: ReceptiveFieldExplorer({"plain": [(3, 1, 1)] * 3}, width=21),
    "BackwardScatter": lambda: BackwardScatter(DIGITS - 5, DIGITS[:4, :4], stride=2, position=1, counting=True),
    "HistogramPlayer": lambda: HistogramPlayer({"a": SHARES}, {"a": SHARES[:, :, 0]}, [0, 9], low=-3, high=3, frame=1),
    "ShiftedPooling": lambda: ShiftedPooling(np.linspace(0, 1, 90).reshape(9, 10), window=2, down=1),
    "LayerMaps": lambda: LayerMaps(
        [
            ("image", PHOTOGRAPH[None], None),
            ("C", np.ones((2, 2, 3)), (2, 1, False)),
            ("F", np.ones((3, 1, 2)), (2, 1, False)),
            ("out", np.ones((9, 1, 1)), (1, 2, False)),
        ]
    ),
    "BoxSuppression": lambda: BoxSuppression(
        np.zeros((3, 8, 9), np.uint8), [[1, 1, 5, 5]], [[1, 1, 5, 4], [1, 1, 5, 5], [6, 0, 8, 2]], [0.5, 0.9, 0.2],
        [0, 0, 4, 4],
    ),
    "SlidingWindow": lambda: SlidingWindow(PHOTOGRAPH, {"mean": np.full((2, 2), 0.25)}, position=(1, 2)),
    "ClassMaps": lambda: ClassMaps(COLOURED, {"classes": [("cat", "", -GREY), ("dog", "", GREY)]}, item=1),
    "ShortcutSwitch": lambda: ShortcutSwitch(PHOTOGRAPH, [PHOTOGRAPH, GREY], [PHOTOGRAPH, PHOTOGRAPH], [1, 41]),
}


def widgets():
    """The classes of all widgets, as the folder holds them."""
    modules = [importlib.import_module(f"cnncourse.viz.widgets.{path.stem}") for path in FOLDER.glob("*.py")]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    return {kind.__name__ for kind in found if hasattr(kind, "_esm") and kind.__module__.startswith("cnncourse")}


def test_every_widget_of_the_course_is_tested_here():
    assert widgets() - {"MovingFigure"} == set(MAKE)


@pytest.mark.parametrize("name", MAKE)
def test_a_widget_brings_a_picture_and_words(name):
    widget = MAKE[name]()
    assert isinstance(widget, MovingFigure)
    data, metadata = widget._repr_mimebundle_()
    assert data[VIEW]["model_id"] == widget.model_id
    assert base64.b64decode(data["image/png"])[:4] == b"\x89PNG"
    assert data["text/plain"] == metadata["image/png"]["alt"] == f"{widget!r}. {HOW_TO}"
    assert data["image/png"] == MAKE[name]()._repr_mimebundle_()[0]["image/png"], "the same bytes every time"


def test_a_state_without_a_picture_still_has_its_words():
    data, metadata = WindowStepper(DIGITS, size=2, kernel_size=5)._repr_mimebundle_()
    assert "image/png" not in data
    assert data["text/plain"].endswith(HOW_TO)


def test_a_widget_without_a_still_picture_is_refused():
    with pytest.raises(NotImplementedError, match="must have a still picture"):
        MovingFigure()._repr_mimebundle_()


def test_the_switch_counts_what_is_kept():
    switch = MAKE["ShortcutSwitch"]()
    assert switch.kept == [[1.0, 0.0], [1.0, 1.0]]
    assert (switch.place, switch.shortcut, switch.layers) == (1, True, [1, 41])
    shades = np.frombuffer(base64.b64decode(switch.pictures[0][0]), np.uint8).reshape(3, 4)
    assert np.array_equal(shades, np.rint(255 * PHOTOGRAPH))
    assert "shortcuts" in widget_html(switch.get_state())


def test_the_switch_refuses_pictures_that_do_not_fit():
    with pytest.raises(ValueError, match=r"photograph must have two axes of at most 120 pixels, got shape \(3,\)"):
        ShortcutSwitch(PHOTOGRAPH[:, 0], [], [], [])
    with pytest.raises(ValueError, match=r"with_shortcuts must have shape \(1, 3, 4\), got \(2, 3, 4\)"):
        ShortcutSwitch(PHOTOGRAPH, [GREY], [GREY, GREY], [1])


def test_class_maps_share_the_scale_of_their_group():
    maps = [("a", "", np.array([[1.0, -2], [4, 0]])), ("b", "", np.array([[2.0]]))]
    widget = ClassMaps(COLOURED, {"classes": maps, "channels": [("c", "", np.zeros((1, 2)))]})
    assert [one["values"] for one in widget.groups[0]["items"]] == [[25, -50, 100, 0], [50]]
    assert widget.groups[1]["items"][0]["values"] == [0, 0]
    assert repr(widget) == "ClassMaps: 3 maps of classes and channels over a photograph"
    assert "valueAt" in widget_html(widget.get_state())
    with pytest.raises(ValueError, match="photograph must be uint8"):
        ClassMaps(COLOURED / 255, {"classes": maps})
    with pytest.raises(ValueError, match="the maps of 'classes' must be"):
        ClassMaps(COLOURED, {"classes": [("a", "", np.zeros(3))]})
    with pytest.raises(ValueError, match="group, item must be one of the maps, got 0 and 2"):
        ClassMaps(COLOURED, {"classes": maps}, item=2)
