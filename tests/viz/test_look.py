"""The look: words with every figure, the same bytes each time, colours that survive grey print."""

import colorsys
import subprocess
import sys

import numpy as np
import pytest

from cnncourse import show, viz
from cnncourse.viz import style


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


def test_the_same_figure_is_the_same_bytes(displayed):
    first, second = (shown(displayed, viz.pixel_grid(np.eye(3)), "Three ones on a diagonal.")[0] for _ in range(2))
    assert first["image/png"] == second["image/png"]


@pytest.mark.parametrize("alt", ["", "a figure", None])
def test_a_figure_without_words_is_refused(alt, displayed):
    with pytest.raises(ValueError, match="alt"):
        show(viz.pixel_grid(np.eye(3)), alt)
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
