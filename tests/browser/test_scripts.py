"""What the widgets' own JavaScript computes, held against NumPy."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cnncourse.numpy_nn import functional as NF
from cnncourse.viz.widgets.assets import FOLDER
from tests.browser.lab import browser_page
from tests.system import require


@pytest.fixture(scope="module")
def run_javascript():
    """A function that evaluates an expression among one widget's functions."""
    with browser_page(require("chromium")) as page:

        def run(name: str, expression: str):
            text = (FOLDER / f"{name}.js").read_text(encoding="utf-8").replace("export default { render };", "")
            return page.evaluate(f"(() => {{ {text}\nreturn {expression}; }})()")

        yield run


def test_an_image_is_shifted_and_pooled_as_in_numpy(run_javascript):
    image = np.random.default_rng(0).integers(0, 100, size=(8, 12))
    moved = np.roll(image, (3, 5), axis=(0, 1))
    carried = json.dumps(image.tolist())
    assert run_javascript("shifted_pooling", f"shifted({carried}, 3, 5)") == moved.tolist()
    for reduce, pool in [("LARGEST", NF.max_pool2d), ("MEAN", NF.avg_pool2d)]:
        wanted = pool(image[None, None].astype(float), 3)[0, 0]
        np.testing.assert_allclose(run_javascript("shifted_pooling", f"pooled({carried}, 3, {reduce})"), wanted)
    before, after = image.astype(float), moved.astype(float)
    wanted = np.linalg.norm(after - before) / np.linalg.norm(before - before.mean())
    got = run_javascript("shifted_pooling", f"change({carried}, {json.dumps(moved.tolist())})")
    np.testing.assert_allclose(got, wanted)


def test_a_unit_sees_the_pixels_that_the_recursion_tells(run_javascript):
    layers = json.dumps([{"reads": reads} for reads in [None, (3, 1, False), (2, 2, True), (2, 1, False)]])
    fields = run_javascript("layer_maps", f"fields({layers})")
    assert [(field["size"], field["jump"]) for field in fields] == [(1, 1), (3, 1), (4, 2), (6, 2)]
