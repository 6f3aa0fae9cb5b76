"""Train three networks on scenes, judge their explanations, and keep both: what lesson 16 draws.

    python -m tools.keep_explanations train     # three networks, a minute or two each
    python -m tools.keep_explanations judge     # all explanations under all judgements, some minutes

The files go to ``cnncourse/explain/kept``: the weights in float16, and one table of means and standard errors for each
network.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import torch

from cnncourse import data, explain
from cnncourse.explain.comparison import in_batches
from cnncourse.explain.scene_networks import FOLDER, kept_networks, key_is_kept, mosaics, scene_network
from cnncourse.torch_nn.training import descend, evaluate
from cnncourse.whole_files import whole_file
from tools.keeping import keep, made_with, written

STARTS = (0, 1, 2)
TRAINING = {"scenes": 20_000, "steps": 1000, "batch_size": 32, "lr": 0.1}
JUDGED, MOSAICS, SEED = 200, 60, 16  # scenes and mosaics per network, both of the test split, drawn with this seed


def pixels(images):
    """Return images of bytes as the networks want to see them."""
    return torch.from_numpy(images).float() / 255


def train(settings=TRAINING, starts=STARTS):
    """Return the states of the trained networks, in float16, by "start/key"."""
    batch = data.scenes(settings["scenes"], split="train")
    kept = {}
    for start in starts:
        torch.manual_seed(start)
        network = scene_network()
        descend(network, pixels(batch.images), torch.from_numpy(batch.labels), steps=settings["steps"],
                lr=settings["lr"], batch_size=settings["batch_size"])  # fmt: skip
        state = network.state_dict().items()
        kept |= {f"{start}/{key}": value.numpy().astype(np.float16) for key, value in state if key_is_kept(key)}
        print(f"start {start} is trained", flush=True)
    return kept


def judge(network, scenes, many):
    """Return table[method][judgement] = [mean, standard error] of one network; "mosaic" is the last judgement."""
    found = explain.compare(network, scenes)
    images, labels, masks = many
    table = {}
    for name, method in {**explain.METHODS, **explain.BASELINES}.items():
        maps = in_batches(method, network, pixels(images), torch.from_numpy(labels), 20)
        values = found.values[name] | {"mosaic": explain.share_inside(maps, masks)}
        table[name] = {
            what: [round(float(v.mean()), 4), round(float(v.std(ddof=1) / np.sqrt(len(v))), 4)]
            for what, v in values.items()
        }
    return table


def comparison():
    """Return what is kept of the judgements of all kept networks."""
    test = data.scenes(2000, split="test")
    scenes = data.scenes(JUDGED, seed=SEED, split="test")
    many = mosaics(data.scenes(500, seed=SEED, split="test"), np.random.default_rng(SEED), MOSAICS)
    runs = []
    for start, network in zip(STARTS, kept_networks(), strict=True):
        began = time.process_time()
        _, accuracy = evaluate(network, pixels(test.images), test.labels)
        table = judge(network, scenes, many)
        runs.append({
            "seed": start, "accuracy": round(accuracy, 4), "seconds": round(time.process_time() - began),
            "ended": written(), "table": table,
        })  # fmt: skip
        print(f"start {start} is judged", flush=True)
    return {
        "command": "python -m tools.keep_explanations judge",
        "training": TRAINING, "scenes": JUDGED, "mosaics": MOSAICS, "scenes_seed": SEED,
        "made_with": made_with(),
        "runs": runs,
    }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "judge"))
    what = parser.parse_args(argv).what
    torch.set_num_threads(1)
    if what == "train":
        with whole_file(FOLDER / "scene_networks.npz") as unfinished, open(unfinished, "wb") as file:
            np.savez_compressed(file, **train())
    else:
        keep(comparison(), FOLDER / "comparison.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
