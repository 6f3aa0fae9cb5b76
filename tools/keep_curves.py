"""Make and keep the curves of lesson 21 that take too long for it.

    python -m tools.keep_curves                # all of them: about six minutes of one core
    python -m tools.keep_curves learning       # one of them; the others stay as they are

``learning``: the error on the test garments against the number of training garments, with more steps for more garments;
``short``: the same with 500 steps for any number. ``batch``: how many steps it takes to reach a target accuracy,
against the batch size, at several learning rates. They go to ``cnncourse/data/kept_histories/21_curves.json``, with the
command, the settings, the seeds, when it ended, and the seconds of processor time that it took.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from cnncourse import data
from cnncourse.data.histories import FOLDER
from cnncourse.torch_nn.training import descend
from tools.keeping import keep, made_with, written

FILE = FOLDER / "21_curves.json"
SHORT = {
    "images": [100, 300, 1000, 3000, 10_000], "steps": [500] * 5, "batch_size": 50, "lr": 0.05,
    "seeds": [0, 1, 2, 3, 4],
}  # fmt: skip
LEARNING = SHORT | {"steps": [300, 500, 1000, 2000, 4000]}
BATCH = {
    "batch_sizes": [8, 32, 128, 512], "most_steps": [800, 400, 200, 120], "lr": [0.005, 0.02, 0.08],
    "target": 0.7, "momentum": 0.9, "seeds": [0, 1, 2, 3, 4], "checked_on": 500,
}  # fmt: skip


def small_cnn() -> nn.Module:
    """Return LeNet's shape for 14×14 pixels: two convolutions, two poolings, one hidden layer; 9,178 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(144, 50), nn.ReLU(), nn.Linear(50, 10),
    )  # fmt: skip


@torch.no_grad()
def error(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the share of wrong classes."""
    return (network(images).argmax(1) != labels).double().mean().item()


def learning(settings: dict = LEARNING) -> dict:
    """Return the test errors: one row per number of images, one entry per seed; a seed draws images and start anew."""
    (x, y), (x_test, y_test) = data.small_garments("train"), data.small_garments("test")
    rows = []
    more = {"lr": settings["lr"], "batch_size": settings["batch_size"]}
    for count, steps in zip(settings["images"], settings["steps"], strict=True):
        row = []
        for seed in settings["seeds"]:
            torch.manual_seed(seed)
            chosen = torch.randperm(len(x))[:count]
            network = small_cnn()
            descend(network, x[chosen], y[chosen], steps=steps, **more)
            row.append(round(error(network, x_test, y_test), 5))
        print(count, row, flush=True)
        rows.append(row)
    return {"error": rows}


def steps_to_target(seed: int, batch_size: int, most: int, lr: float, x: tuple, x_test: tuple) -> int | None:
    """Return after how many steps of one rate the network reaches the target; None if it does not in `most` steps."""
    torch.manual_seed(seed)
    network = small_cnn()
    weights = list(network.parameters())
    velocity = [torch.zeros_like(weight) for weight in weights]
    check = 1
    for step in range(1, most + 1):
        batch = torch.randint(len(x[0]), (batch_size,))
        gradients = torch.autograd.grad(F.cross_entropy(network(x[0][batch]), x[1][batch]), weights)
        with torch.no_grad():
            for weight, v, gradient in zip(weights, velocity, gradients, strict=True):
                v.mul_(BATCH["momentum"]).add_(gradient)
                weight.sub_(lr * v)
        if step >= check:  # looked at about every twentieth part of the way, at most every second step
            wrong = error(network, *x_test)
            if wrong <= 1 - BATCH["target"]:
                return step
            if wrong > 0.85 and step > 150:
                return None  # all its ReLUs are off, or the loss is not finite: the rate is too large
            check = step + max(2, step // 20)
    return None


def batch() -> dict:
    """Return the steps to the target: one row per batch size, in it one list per learning rate, one entry per seed."""
    x, x_test = data.small_garments("train"), data.small_garments("test", BATCH["checked_on"])
    rows = []
    for size, most in zip(BATCH["batch_sizes"], BATCH["most_steps"], strict=True):
        row = [[steps_to_target(seed, size, most, lr, x, x_test) for seed in BATCH["seeds"]] for lr in BATCH["lr"]]
        print(size, row, flush=True)
        rows.append(row)
    return {"steps": rows}


CURVES = {"learning": (learning, LEARNING), "short": (partial(learning, SHORT), SHORT), "batch": (batch, BATCH)}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves", nargs="*", help=f"of {', '.join(CURVES)}; all by default")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.curves) - CURVES.keys()
    if unknown:
        parser.error(f"curves must be of {', '.join(CURVES)}, got {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    history = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"runs": {}}
    history["made_with"] = made_with()
    for name in arguments.curves or CURVES:
        make, settings = CURVES[name]
        started = time.process_time()
        results = make()
        history["runs"][name] = {
            "command": f"python -m tools.keep_curves {name}", "settings": settings,
            "ended": written(), "seconds": round(time.process_time() - started),
        } | results  # fmt: skip
        keep(history, FILE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
