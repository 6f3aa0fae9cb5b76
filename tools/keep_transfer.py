"""Make and keep the curves of lesson 17 that take too long for it: accuracy over labels per class, network fine-tuned.

    python -m tools.keep_transfer                     # all of them: about eleven minutes of one core
    python -m tools.keep_transfer patches-everything  # one of them; the others stay as they are

They go to ``cnncourse/data/kept_histories/17_transfer.json``: for each curve its command, when it ended, how long it
took, and one accuracy per number of labels and draw. A draw's number is the seed of its pictures and of its start.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from cnncourse import data
from cnncourse.data.histories import FOLDER
from cnncourse.torch_nn.models import efficientnet_lite0
from cnncourse.transfer import descend_groups, few_per_class, freeze, last_linear, replace_head
from tools.keeping import keep, made_with, written

FILE = FOLDER / "17_transfer.json"
SIDE, STEPS, BATCH, DRAWS = 48, 60, 16, 5
SCRATCH_STEPS, SCRATCH = 400, 0.02  # a small network, from the start, takes more steps
PER_CLASS = (1, 5, 20, 100)
HEAD, OLD = 0.02, 0.002  # learning rates
CURVES = ("patches-scratch", "patches-everything", "patches-one-rate", "patches-last-blocks")


def as_input(images: np.ndarray, side: int) -> torch.Tensor:
    """Return grey images of any size as Lite0 wants to see them, each standardised to the contrast of a photograph."""
    x = torch.from_numpy(images).float()
    x = (x - x.mean(dim=(1, 2, 3), keepdim=True)) / (x.std(dim=(1, 2, 3), keepdim=True) + 1e-3) / 2
    return F.interpolate(x.expand(-1, 3, -1, -1), (side, side), mode="bilinear", align_corners=False, antialias=True)


def small_cnn(classes: int) -> nn.Module:
    """Return a network that starts from nothing: three convolutions with batch norm."""
    layers, before = [], 3
    for width in (16, 32, 64):
        layers += [nn.Conv2d(before, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes))


def learner(method: str, classes: int) -> tuple[nn.Module, list[dict]]:
    """Return a network and its groups of learning rates; pre-trained ones keep their running statistics."""
    if method == "scratch":
        network = small_cnn(classes)
        return network, [{"params": list(network.parameters()), "lr": SCRATCH}]
    network = replace_head(efficientnet_lite0(pretrained=True), classes)
    nn.init.zeros_(network._fc.weight)
    if method == "last-blocks":
        for part in (network._conv_stem, network._bn0, *network._blocks[:11]):
            freeze(part)
    head = list(last_linear(network).parameters())
    old = [p for p in network.parameters() if p.requires_grad and all(p is not q for q in head)]
    return network, [{"params": old, "lr": HEAD if method == "one-rate" else OLD}, {"params": head, "lr": HEAD}]


@torch.no_grad()
def logits(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return the logits in evaluation mode."""
    network.eval()
    return torch.cat([network(batch) for batch in images.split(64)])


def still_agrees(network: nn.Module, images: torch.Tensor, before: torch.Tensor, head: nn.Linear) -> float:
    """Return the share of photographs to which the fine-tuned body, under its old head, gives its former class."""
    own, network._fc = network._fc, head
    agreement = (logits(network, images).argmax(1) == before).double().mean().item()
    network._fc = own
    return agreement


def curve(name: str) -> dict:
    """Return one curve."""
    method = name.removeprefix("patches-")
    (images, labels), (test, truth) = data.photograph_patches(100, "train"), data.photograph_patches(15, "test")
    test, truth = as_input(test, SIDE), torch.from_numpy(truth)
    per_class = (5,) if method == "one-rate" else PER_CLASS
    crops = data.photograph_patches(6, "test", size=112, grey=False)[0]
    crops = (torch.from_numpy(crops).float() - 127) / 128
    old = efficientnet_lite0(pretrained=True)
    before, start = logits(old, crops).argmax(1), time.process_time()
    accuracy, kept = [], []
    for count in per_class:
        rows = [], []
        for seed in range(DRAWS):
            torch.manual_seed(seed)
            network, groups = learner(method, len(np.unique(labels)))
            network.train(method == "scratch")
            chosen = few_per_class(labels, count, np.random.default_rng(seed))
            x, y = as_input(images[chosen], SIDE), torch.from_numpy(labels[chosen])
            steps = SCRATCH_STEPS if method == "scratch" else STEPS
            descend_groups(network, groups, x, y, steps=steps, batch_size=BATCH)
            rows[0].append(round((logits(network, test).argmax(1) == truth).double().mean().item(), 4))
            if method in ("everything", "one-rate"):
                rows[1].append(round(still_agrees(network, crops, before, old._fc), 4))
        accuracy.append(rows[0])
        kept.append(rows[1])
        print(name, count, *rows, flush=True)
    return {
        "command": f"python -m tools.keep_transfer {name}",
        "settings": {"method": method, "side": SIDE, "steps": steps, "batch_size": BATCH,
                     "lr": [group["lr"] for group in groups], "seeds": list(range(DRAWS))},
        "ended": written(),
        "seconds": round(time.process_time() - start),
        "per_class": list(per_class), "accuracy": accuracy, "still_agrees": kept,
    }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves", nargs="*", choices=[*CURVES, []], help="by default all")
    chosen = parser.parse_args(argv).curves or CURVES
    torch.set_num_threads(1)
    for name in chosen:
        found = curve(name)
        runs = json.loads(FILE.read_text(encoding="utf-8"))["runs"] if FILE.exists() else {}
        runs[name] = found
        keep({"made_with": made_with(), "runs": {one: runs[one] for one in CURVES if one in runs}}, FILE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
