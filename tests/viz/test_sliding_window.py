"""The Python side of lesson 02's moving figure: what it accepts, what it carries, what its still picture shows."""

from __future__ import annotations

import numpy as np
import pytest

from cnncourse.numpy_nn import functional as NF
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.sliding_window import SlidingWindow
from cnncourse.viz.widgets.static import widget_html

IMAGE = np.random.default_rng(0).uniform(size=(7, 9)).round(2)
KERNELS = {"edges": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), "mean": np.ones((3, 3)) / 9}


def test_its_state_holds_all_that_a_page_without_python_needs():
    window = SlidingWindow(IMAGE, KERNELS, kernel="mean", position=(4, 6))
    state = window.get_state()
    assert np.array_equal(state["image"], IMAGE)
    assert list(state["kernels"]) == ["edges", "mean"]
    assert (state["kernel"], state["row"], state["column"]) == ("mean", 4, 6)
    assert repr(window) == "SlidingWindow: the kernel “mean” at row 4, column 6 of a photograph"
    assert "edges" in widget_html(state)


def test_its_output_is_the_cross_correlation():
    wanted = NF.conv2d(IMAGE[None, None], KERNELS["edges"][None, None].astype(float))[0, 0]
    np.testing.assert_allclose(SlidingWindow(IMAGE, KERNELS).output(), wanted, atol=1e-12)


def test_the_still_picture_shows_the_window_its_products_and_the_output_so_far():
    figure = SlidingWindow(IMAGE, KERNELS, position=(2, 3)).still()
    image, window, kernel, products, output = figure.axes
    frame = image.patches[-1]
    assert (frame.get_x(), frame.get_y(), frame.get_width()) == (2.5, 1.5, 3)
    assert [text.get_text() for text in window.texts] == [f"{value:.2f}" for value in IMAGE[2:5, 3:6].ravel()]
    assert [text.get_text() for text in kernel.texts] == ["-1", "0", "1", "-2", "0", "2", "-1", "0", "1"]
    sums = sum(float(text.get_text()) for text in products.texts)
    assert sums == pytest.approx((IMAGE[2:5, 3:6] * KERNELS["edges"]).sum(), abs=0.01)
    assert np.isfinite(output.images[0].get_array().filled(np.nan)).sum() == 2 * 7 + 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((65, 5)), KERNELS), "at most 64"),
        ((IMAGE + 1, KERNELS), r"in \[0, 1\]"),
        ((IMAGE, {"a": np.ones((2, 3))}), "must be square"),
        ((IMAGE, {"a": np.ones((2, 2)), "b": np.ones((3, 3))}), "of one size"),
        ((IMAGE, KERNELS, "blur"), "kernel must be one of"),
        ((IMAGE, KERNELS, None, (5, 0)), "position must be"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindow(*arguments)


def test_its_script_is_a_whole_module_that_fetches_nothing():
    text = script("sliding_window")
    assert text.count("export default") == 1
    assert "import " not in text
    assert "fetch(" not in text
