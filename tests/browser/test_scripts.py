"""What the widgets' own JavaScript computes, held against NumPy."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cnncourse.numpy_nn import functional as NF
from cnncourse.numpy_nn.average_precision import match_detections, precision_recall
from cnncourse.numpy_nn.boxes import box_iou, nms
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


def test_boxes_are_compared_suppressed_and_matched_as_in_numpy(run_javascript):
    rng = np.random.default_rng(0)
    truth = np.array([[2.0, 3, 14, 15], [8, 5, 20, 18], [30, 2, 38, 12]])
    boxes = np.repeat(truth, 4, axis=0) + rng.normal(size=(12, 4))
    scores = np.sort(rng.random(12))[::-1]
    carried, true = json.dumps(boxes.tolist()), json.dumps(truth.tolist())
    got = run_javascript("box_suppression", f"{carried}.map((a) => {true}.map((b) => iou(a, b)))")
    np.testing.assert_allclose(got, box_iou(boxes, truth), atol=1e-12)
    for threshold in (0.2, 0.5, 0.8):
        kept = nms(boxes, scores, threshold)
        assert run_javascript("box_suppression", f"suppress({carried}, {threshold})") == kept.tolist()
        correct = match_detections(boxes[kept], scores[kept], truth, 0.5)
        mine = json.dumps(boxes[kept].tolist())
        assert run_javascript("box_suppression", f"correctOnes({mine}, {true})") == correct.tolist()
        precision, recall = precision_recall(scores[kept], correct, 3)
        points = run_javascript("box_suppression", f"points({json.dumps(correct.tolist())}, 3)")
        np.testing.assert_allclose(points, np.stack([recall, precision], axis=1))


PLAY = """((place, actions) => {
  const button = document.createElement("button"), clock = [window.setInterval, window.clearInterval], seen = [];
  let tick = null;
  window.setInterval = (step, pause) => { tick = step; return pause; };
  window.clearInterval = () => { tick = null; };
  const go = (to) => { place = to; seen.push(to); };
  const steps = { atEnd: () => place >= 3, restart: () => go(0), next: () => go(place + 1), pause: 60 };
  const stop = player(button, steps);
  const does = { click: () => button.click(), stop, tick: () => tick?.() };
  for (const action of actions) does[action]();
  [window.setInterval, window.clearInterval] = clock;
  return [seen, button.textContent, tick === null];
})"""


@pytest.mark.parametrize(
    ("start", "actions", "seen", "text"),
    [
        (0, ["click"] + ["tick"] * 9, [1, 2, 3], "play"),  # to the end, and no further
        (3, ["click"] + ["tick"] * 2, [0, 1, 2], "pause"),  # from the end it starts again
        (0, ["click", *["tick"] * 4, "click", "tick"], [1, 2, 3, 0, 1], "pause"),  # so it does after playing once
        (0, ["click", "tick", "click", "tick"], [1], "play"),  # a second click is a pause
        (0, ["click", "tick", "click", "click", "tick"], [1, 2], "pause"),  # and a third one goes on
        (0, ["click", "tick", "stop", "tick"], [1], "play"),  # a widget that is taken off the page
        (1, ["tick", "stop"], [], "play"),  # before the first click
    ],
)
def test_a_play_button_steps_pauses_and_starts_again(run_javascript, start, actions, seen, text):
    got = run_javascript("common", f"{PLAY}({start}, {json.dumps(actions)})")
    assert got == [seen, text, text == "play"]


def test_a_unit_sees_the_pixels_that_the_recursion_tells(run_javascript):
    layers = json.dumps([{"reads": reads} for reads in [None, (3, 1, False), (2, 2, True), (2, 1, False)]])
    fields = run_javascript("layer_maps", f"fields({layers})")
    assert [(field["size"], field["jump"]) for field in fields] == [(1, 1), (3, 1), (4, 2), (6, 2)]
