"""Lesson 06's figures and its moving figure: what they show is the backward pass of the package's convolution."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets

from cnncourse.numpy_nn import functional as NF
from cnncourse.viz.backward import backward_scatter, scatter_sum, weight_gradient
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.backward_scatter import BackwardScatter

DIGITS = np.random.default_rng(0).integers(-3, 4, size=(9, 9))
KERNEL = np.arange(16).reshape(4, 4) - 7


@pytest.mark.parametrize(("S", "D"), [(1, 1), (2, 1), (1, 2), (3, 2)])
def test_the_scatter_ends_at_the_gradient_of_the_input(S, D):
    rng = np.random.default_rng(S + 10 * D)
    x, w = rng.normal(size=(1, 1, 9, 8)), rng.normal(size=(1, 1, 3, 2))
    g = rng.normal(size=NF.conv2d(x, w, stride=S, dilation=D).shape)
    wanted = NF.conv2d_backward(g, x, w, stride=S, dilation=D)[0][0, 0]
    got = scatter_sum(g[0, 0], w[0, 0], (9, 8), last=g.size - 1, stride=S, dilation=D)
    np.testing.assert_allclose(got, wanted, atol=1e-12)
    assert not np.allclose(scatter_sum(g[0, 0], w[0, 0], (9, 8), last=g.size - 2, stride=S, dilation=D), wanted)


def written_in(axes):
    """The numbers written into a panel, in reading order."""
    texts = sorted(axes.texts, key=lambda text: (text.get_position()[1], text.get_position()[0]))
    return [float(text.get_text()) for text in texts]


def test_the_figure_writes_the_step_into_its_panels():
    g, w = np.array([[1, -2], [3, 1]]), np.array([[1, 0], [2, -1]])
    panels = backward_scatter(g, w, size=(2, 2), position=(0, 1), stride=2, padding=1).axes
    assert written_in(panels[2]) == [-2, 0, -4, 2]
    assert written_in(panels[3]) == [1, 0, 0, 0, 2, -1, 0, 0, *[0] * 8]
    assert written_in(panels[4]) == [1, 0, -2, 0, 2, -1, -4, 2, *[0] * 8]
    with pytest.raises(ValueError, match="grad_output must"):
        backward_scatter(g, w, size=(4, 4), position=(0, 0))
    with pytest.raises(ValueError, match="position must"):
        backward_scatter(g, w, size=(3, 3), position=(2, 0), stride=1)


def test_the_last_panel_is_the_gradient_of_the_weight():
    rng = np.random.default_rng(0)
    x, g = rng.integers(0, 9, size=(1, 1, 5, 6)), rng.integers(-3, 4, size=(1, 1, 2, 2))
    wanted = NF.conv2d_backward(g * 1.0, x * 1.0, np.ones((1, 1, 3, 3)), stride=2)[1]
    assert written_in(weight_gradient(x[0, 0], g[0, 0], 3, 2).axes[-1]) == wanted.ravel().tolist()
    with pytest.raises(ValueError, match="at most 6"):
        weight_gradient(x[0, 0], np.ones((3, 4)), 3)


def test_the_widget_carries_its_settings_in_its_state():
    widget = BackwardScatter(DIGITS, KERNEL, size=6, kernel_size=2, stride=3, padding=1, dilation=2, position=1)
    state = widget.get_state()
    assert (state["upstream"], state["kernel"]) == (DIGITS.tolist(), KERNEL.tolist())
    wanted = {"size": 6, "kernel_size": 2, "stride": 3, "padding": 1, "dilation": 2, "position": 1, "counting": False}
    assert {name: state[name] for name in wanted} == wanted
    assert repr(widget) == "BackwardScatter: a 2×2 kernel on a 6×6 image, padding 1, stride 3, dilation 2"


def test_the_widget_refuses_what_it_cannot_draw():
    for upstream in (DIGITS[:8], DIGITS / 2, DIGITS + 10):
        with pytest.raises(ValueError, match="upstream must"):
            BackwardScatter(upstream, KERNEL)
    with pytest.raises(ValueError, match="kernel must"):
        BackwardScatter(DIGITS, KERNEL[:3])
    for wrong in ({"stride": 4}, {"padding": 2}, {"kernel_size": 5}, {"dilation": 3}, {"position": -1}, {"size": 8}):
        with pytest.raises(traitlets.TraitError):
            BackwardScatter(DIGITS, KERNEL, **wrong)


def test_the_largest_setting_has_a_gradient_for_each_output():
    widget = BackwardScatter(DIGITS, KERNEL, size=7, kernel_size=1, padding=1)
    assert widget.size + 2 * widget.padding - widget.kernel_size + 1 == len(widget.upstream)


def test_the_script_is_a_whole_module_that_fetches_nothing():
    text = script("backward_scatter")
    assert text.count("export default") == 1
    assert "import " not in text
    assert "fetch(" not in text
