"""The look: words with every figure, the same bytes each time, colours that survive grey print."""

import colorsys
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnncourse import show, viz
from cnncourse.viz import style
from cnncourse.viz.show import settle_layout


def shown(capsys_display, figure, alt):
    show(figure, alt)
    return capsys_display[-1]


@pytest.fixture
def displayed(monkeypatch):
    """What `show` hands to Jupyter: a list of (data, metadata)."""
    import IPython.display

    calls = []
    monkeypatch.setattr(IPython.display, "display", lambda data, metadata, raw: calls.append((data, metadata)))
    return calls


def test_a_figure_comes_with_its_words(displayed):
    data, metadata = shown(displayed, viz.pixel_grid(np.eye(3)), "Three ones on a diagonal.")
    assert data["text/plain"] == metadata["image/png"]["alt"] == "Three ones on a diagonal."


@pytest.mark.parametrize(
    "make",
    [
        lambda: viz.pixel_grid(np.eye(3)),
        lambda: viz.sliding_window(np.arange(25).reshape(5, 5) % 7, np.eye(3), (1, 2)),
        lambda: viz.feature_maps(np.eye(12).reshape(9, 4, 4)),
        lambda: viz.bar_chart({"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 4}}, "count", "title"),
    ],
)
def test_the_same_figure_is_the_same_bytes(make, displayed):
    assert len({shown(displayed, make(), "The same figure each time.")[0]["image/png"] for _ in range(8)}) == 1


def test_settling_the_layout_moves_nothing_visibly():
    figure, untouched = (viz.sliding_window(np.eye(5), np.eye(3), (1, 2)) for _ in range(2))
    settle_layout(figure)
    untouched.draw_without_rendering()
    for axes, other in zip(figure.axes, untouched.axes, strict=True):
        np.testing.assert_allclose(axes.get_position(True).bounds, other.get_position(True).bounds, atol=1e-5)


def test_a_figure_without_a_key_is_refused(displayed):
    with pytest.raises(TypeError, match="key must be a string"):
        show(viz.pixel_grid(np.eye(3)), None)
    assert not displayed


def lightness(colour):
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return colorsys.rgb_to_yiq(red, green, blue)[0]


def test_neighbours_in_the_palette_differ_in_grey():
    shades = [lightness(colour) for colour in style.PALETTE[:3]]
    assert min(abs(a - b) for a, b in zip(shades, shades[1:], strict=False)) > 0.15


def test_the_diverging_scale_is_white_at_zero():
    from matplotlib import colormaps

    assert min(colormaps[style.DIVERGING](0.5)[:3]) > 0.95


def test_importing_viz_loads_no_matplotlib():
    code = "import sys, cnncourse.viz; sys.exit('matplotlib' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="pie_chart"):
        viz.pie_chart  # noqa: B018


OWN = {"#767676", "#d8d8d8", "#ffe3a8", "#b36b00", "#8a2be2"}  # of the widgets' tables and buttons
NINTH_AND_TENTH = {"#332288", "#dddddd"}  # of ten classes, where the palette ends


def test_colours_that_scripts_style_sheets_and_lessons_repeat_are_those_of_the_palette():
    """Most cannot import `viz.style`; whoever changes a colour there learns here what else to change."""
    root = Path(style.__file__).parents[2]
    widgets = root / "cnncourse" / "viz" / "widgets"
    known = {colour.lower() for colour in (*style.PALETTE, style.YELLOW, style.GREY)} | OWN | NINTH_AND_TENTH
    scripts = [path for path in widgets.parent.rglob("*.py") if path.name != "style.py"]
    lessons = [*(root / "notebooks" / "source").glob("*.py"), *(root / "solutions" / "source").glob("*.py")]
    for path in [*widgets.glob("*.css"), *widgets.glob("*.js"), *scripts, *lessons]:
        used = {colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{6}\b", path.read_text(encoding="utf-8"))}
        assert used <= known, path.name
