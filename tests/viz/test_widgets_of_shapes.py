"""The Python side of lesson 03's moving figures: what they accept, what they carry, what they say in words."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets

from cnncourse.viz.receptive import influence_row, layer_sizes, receptive_cones, unit_centres, units_read
from cnncourse.viz.widgets.assets import script, style
from cnncourse.viz.widgets.receptive_field import ReceptiveFieldExplorer
from cnncourse.viz.widgets.static import widget_html
from cnncourse.viz.widgets.window_stepper import WindowStepper

IMAGE = np.arange(49).reshape(7, 7)
STACKS = {"plain": [(3, 1, 1)] * 3, "pooled": [(3, 1, 1), (2, 2, 1), (3, 1, 1)], "dilated": [(3, 1, 2), (3, 1, 2)]}


def test_stepper_carries_its_settings_in_its_state():
    stepper = WindowStepper(IMAGE, size=6, kernel_size=2, stride=3, padding=1, dilation=2, position=1)
    state = stepper.get_state()
    assert state["image"] == IMAGE.tolist()
    wanted = {"size": 6, "kernel_size": 2, "stride": 3, "padding": 1, "dilation": 2, "position": 1}
    assert {name: state[name] for name in wanted} == wanted
    assert repr(stepper) == "WindowStepper: a 2×2 window on a 6×6 image, padding 1, stride 3, dilation 2"


def test_stepper_strikes_out_what_no_window_reads():
    """7 pixels with the padding; the windows read rows 0 and 2, 3 and 5, and the same columns."""
    stepper = WindowStepper(IMAGE, size=5, kernel_size=2, stride=3, padding=1, dilation=2)
    wanted = [(r, c) for r in range(7) for c in range(7) if r in (1, 4, 6) or c in (1, 4, 6)]
    assert stepper.unread(2) == wanted
    struck = [lines for lines in stepper.still().axes[0].collections if len(lines.get_segments()) == 1]
    assert [tuple(lines.get_segments()[0].mean(axis=0)[::-1]) for lines in struck] == wanted
    assert WindowStepper(IMAGE, size=5, kernel_size=3, stride=2, padding=1).unread(3) == []


BAD_IMAGES = [np.zeros((3, 4), int), np.zeros((10, 10), int), np.zeros(3, int), IMAGE / 2, IMAGE + 60]


@pytest.mark.parametrize("image", BAD_IMAGES)
def test_stepper_refuses_images_it_cannot_draw(image):
    with pytest.raises(ValueError, match="image must"):
        WindowStepper(image)


def test_stepper_refuses_settings_out_of_range():
    with pytest.raises(ValueError, match="size must"):
        WindowStepper(IMAGE, size=8)
    for wrong in ({"stride": 0}, {"padding": 5}, {"kernel_size": 6}, {"dilation": 0}, {"position": -1}):
        with pytest.raises(traitlets.TraitError):
            WindowStepper(IMAGE, **wrong)


def test_explorer_starts_at_the_middle_of_the_top():
    explorer = ReceptiveFieldExplorer(STACKS, width=21, stack="pooled")
    assert layer_sizes(STACKS["pooled"], 21) == [21, 19, 9, 7]
    assert (explorer.level, explorer.unit) == (3, 3)
    assert explorer.get_state()["stacks"]["pooled"] == [[3, 1, 1], [2, 2, 1], [3, 1, 1]]
    assert repr(explorer) == "ReceptiveFieldExplorer: unit 3 of layer 3 in the stack “pooled”"


def test_explorer_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="stack must be one of"):
        ReceptiveFieldExplorer(STACKS, stack="deep")
    with pytest.raises(ValueError, match="stacks must"):
        ReceptiveFieldExplorer({})
    with pytest.raises(ValueError, match="width must"):
        ReceptiveFieldExplorer({"wide": [(7, 1, 1)]}, width=6)


@pytest.mark.parametrize("name", ["window_stepper", "receptive_field"])
def test_scripts_are_whole_modules_that_fetch_nothing(name):
    text = script(name)
    assert text.count("export default") == 1
    assert "import " not in text
    assert "fetch(" not in text
    assert "stopPropagation" in text
    assert ".cnn-widget" in style()


def test_units_read_are_those_that_move_the_output():
    rng = np.random.default_rng(0)
    layers, width = [(3, 1, 2), (2, 2, 1), (3, 1, 1)], 23
    kernels = [rng.uniform(1, 2, size=K) for K, _, _ in layers]

    def forward(x):
        for (_, S, D), kernel in zip(layers, kernels, strict=True):
            x = np.array([sum(w * x[o * S + k * D] for k, w in enumerate(kernel))
                          for o in range((len(x) - D * (len(kernel) - 1) - 1) // S + 1)])  # fmt: skip
        return x

    x = rng.normal(size=width)
    sizes = layer_sizes(layers, width)
    assert len(forward(x)) == sizes[-1]
    for unit in range(sizes[-1]):
        moved = [i for i in range(width) if forward(x + np.eye(width)[i])[unit] != forward(x)[unit]]
        assert units_read(layers, 3, unit)[0].tolist() == moved


def test_units_stand_above_the_middle_of_what_they_read():
    layers = [(3, 1, 2), (2, 2, 1), (3, 1, 1)]
    for level, centres in enumerate(unit_centres(layers, 23)):
        for unit, centre in enumerate(centres):
            read = units_read(layers, level, unit)[0]
            assert centre == pytest.approx((read[0] + read[-1]) / 2)


def test_figures_have_a_panel_per_stack_and_per_map():
    assert [axes.get_title() for axes in receptive_cones(STACKS, width=21).axes][:3] == list(STACKS)
    figure = influence_row([np.eye(5), np.ones((5, 5))], ["eye", "ones"], frames=[(1, 1, 3, 3), (0, 0, 5, 5)])
    frame = figure.axes[0].patches[0]
    assert (*frame.get_xy(), frame.get_width(), frame.get_height()) == (0.5, 0.5, 3, 3)
    with pytest.raises(ValueError, match="maps must"):
        influence_row([-np.eye(5)], ["negative"])
    with pytest.raises(ValueError, match="stacks must"):
        receptive_cones({})


def test_a_widget_as_html_carries_its_values_style_and_module():
    text = widget_html(ReceptiveFieldExplorer({"</script>": [(3, 1, 1)]}).get_state(), number=7)
    assert text.count("</script>") == 1, "a value closed the script"
    assert 'id="cnn-static-7"' in text
    assert ".cnn-widget {" in text
    assert "function render(" in text
    assert '"width": 21' in text
    with pytest.raises(ValueError, match="_esm"):
        widget_html({"value": 3})
