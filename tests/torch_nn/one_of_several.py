"""What each process of `test_processes.py` runs: several small trainings in float64, whose results process 0 keeps."""

import sys

import numpy as np
import torch
import torch.distributed as dist
from torch import nn

from cnncourse.torch_nn import parallel, training

KINDS = {  # norm, pieces
    "without norm": (None, 1),
    "without norm, in pieces": (None, 3),
    "synchronised": ("synchronised", 1),
    "synchronised, in pieces": ("synchronised", 2),
    "on its own": ("own", 1),
}


def run(kind):
    """Train for twelve steps, the last batch of each epoch being of four images; return weights and history."""
    norm, pieces = KINDS[kind]
    torch.manual_seed(0)
    layers = [nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5), nn.Flatten()]
    layers = [layer for layer in layers if norm or not isinstance(layer, nn.BatchNorm2d)]
    model = nn.Sequential(*layers, nn.Linear(5 * 6, 3)).double()
    if norm == "synchronised":
        model = parallel.synchronize_batch_norms(model)
    rng = np.random.default_rng(1)
    images, labels = 5 + rng.normal(size=(24, 2, 6, 7)), rng.integers(0, 3, 24)
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: training.warmup_cosine(step + 1, 13, 3, 1.0)
    )  # fmt: skip
    history = training.fit(
        model, optimizer, images, labels, epochs=4, batch_size=10, rng=np.random.default_rng(2), schedule=schedule,
        test=(images[:9], labels[:9]), accumulate=pieces, schedule_every="batch",
        augment=lambda images: images + 0.1 * torch.randn_like(images),
    )  # fmt: skip
    return {"state": model.state_dict(), "history": history}


if __name__ == "__main__":
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    results = {kind: run(kind) for kind in KINDS}
    if dist.get_rank() == 0:
        torch.save(results, sys.argv[1])
    dist.destroy_process_group()
