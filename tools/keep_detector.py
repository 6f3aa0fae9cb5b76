"""Train the detector of lesson 18 from several starts, and keep what comes of each.

    python -m tools.keep_detector      # five starts: about three minutes of one core

They go to ``cnncourse/data/kept_histories/18_detector.json``, with the command, the settings, the seeds, when it ended,
and the seconds of processor time that it took: one number per start of average precision in each form, of the share of
the loss that comes from background (``"0"`` and ``"2"`` are γ), and of what each kind of fault costs.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch

from cnncourse import data
from cnncourse.data.histories import FOLDER
from cnncourse.numpy_nn import boxes as B
from cnncourse.numpy_nn.average_precision import COCO_THRESHOLDS, FORMS, mean_average_precision
from cnncourse.numpy_nn.detection import FAULTS, detection_targets, mended
from cnncourse.torch_nn import boxes as TB
from cnncourse.torch_nn.detection import detect, fit_detector
from cnncourse.torch_nn.models import Detector
from tools.keeping import keep, made_with, written

FILE = FOLDER / "18_detector.json"
SETTINGS = {"width": 24, "steps": 800, "scenes": 4000, "test_scenes": 200, "objects": [1, 4], "seeds": [0, 1, 2, 3, 4]}


def scenes(count: int, split: str) -> tuple[torch.Tensor, torch.Tensor, list]:
    """Return images in [0, 1], what each place shall say, and the true (boxes, labels)."""
    batch = data.scenes(count, split=split, size=32, objects=tuple(SETTINGS["objects"]))
    true = [(b[own >= 0], own[own >= 0]) for b, own in zip(batch.boxes, batch.labels, strict=True)]
    places = 32 // Detector.stride
    targets = np.stack([detection_targets(*one, places, places, Detector.stride) for one in true])
    return torch.from_numpy(batch.images).float() / 255, torch.from_numpy(targets), true


def precisions(answers: list, truth: list) -> dict[str, float]:
    """Return the AP in each form, COCO's mean, and the AP with one class for all."""
    found = {form: mean_average_precision(answers, truth, form=form) for form in FORMS}
    found["COCO's mean"] = mean_average_precision(answers, truth, COCO_THRESHOLDS, "101 points")
    merged = [tuple(part[B.nms(one[0], one[2], 0.5)] for part in one) for one in answers]
    alike, alike_truth = ([(b, 0 * own, *rest) for b, own, *rest in lists] for lists in (merged, truth))
    found["envelope, any class"] = mean_average_precision(alike, alike_truth)
    return found


@torch.no_grad()
def from_background(network: Detector, images: torch.Tensor, targets: torch.Tensor, gamma: float) -> float:
    """Return the share of the focal loss that comes from places of background."""
    logits = network.eval()(images)[:, :10]
    labels = torch.arange(10)[None, :, None, None] == targets[:, :1]
    loss = TB.focal_loss(logits, labels.double(), alpha=0.5, gamma=gamma, reduction="none")
    return ((loss * (targets[:, :1] < 0)).sum() / loss.sum()).item()


def costs(answers: list, truth: list) -> dict[str, float]:
    """Return by how much the AP rises when one kind of fault is corrected."""
    before, found = mean_average_precision(answers, truth), {}
    for kind in (*FAULTS, "missed"):
        pairs = [mended(one, true, kind) for one, true in zip(answers, truth, strict=True)]
        found[kind] = mean_average_precision([one for one, _ in pairs], [true for _, true in pairs]) - before
    return found


def start(seed: int, seen: tuple, unseen: tuple) -> dict[str, dict[str, float]]:
    """Return what one start gives."""
    torch.manual_seed(seed)
    network = Detector(width=SETTINGS["width"])
    fit_detector(network, *seen[:2], steps=SETTINGS["steps"])
    answers = detect(network, unseen[0])
    return {
        "ap": precisions(answers, unseen[2]),
        "from_background": {f"{gamma:.0f}": from_background(network, *unseen[:2], gamma) for gamma in (0.0, 2.0)},
        "cost": costs(answers, unseen[2]),
    }


def main(argv: list[str] | None = None) -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args(argv)
    torch.set_num_threads(1)
    started = time.process_time()
    seen, unseen = scenes(SETTINGS["scenes"], "train"), scenes(SETTINGS["test_scenes"], "test")
    runs = []
    for seed in SETTINGS["seeds"]:
        runs.append(start(seed, seen, unseen))
        print(seed, {form: round(value, 3) for form, value in runs[-1]["ap"].items()}, flush=True)
    results = {
        name: {key: [round(run[name][key], 4) for run in runs] for key in runs[0][name]} for name in runs[0]
    }
    history = {
        "command": "python -m tools.keep_detector", "settings": SETTINGS,
        "ended": written(), "seconds": round(time.process_time() - started),
    } | results  # fmt: skip
    keep({"made_with": made_with(), "runs": {"starts": history}}, FILE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
