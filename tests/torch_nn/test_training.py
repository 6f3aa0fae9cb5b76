"""The PyTorch training loop: it learns, it resumes bit for bit, it refuses what does not fit."""

import numpy as np
import pytest
import torch
from torch import nn

from cnncourse.torch_nn import training

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(50, 1, 6, 6)).astype(np.float32)
LABELS = (IMAGES.mean(axis=(1, 2, 3)) > 0).astype(np.int64)


def build(seed=0):
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.2), nn.Linear(64, 2)
    ).to(training.best_device())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 6)
    return model, optimizer, schedule, np.random.default_rng(seed + 1)


def train(parts, epochs, checkpoint=None):
    model, optimizer, schedule, rng = parts
    return training.fit(
        model, optimizer, IMAGES[:40], LABELS[:40], epochs=epochs, batch_size=16, rng=rng, schedule=schedule,
        test=(IMAGES[40:], LABELS[40:]), checkpoint=checkpoint,
        augment=lambda images: images + 0.1 * torch.randn_like(images),
    )  # fmt: skip


def test_resumed_training_equals_uninterrupted_training(tmp_path):
    whole = build()
    wanted = train(whole, 6)
    path = tmp_path / "run.pt"
    train(build(), 2, path)
    train(build(seed=7), 4, path)
    parts = build(seed=9)
    got = train(parts, 6, path)
    for key, value in whole[0].state_dict().items():
        assert torch.equal(parts[0].state_dict()[key], value), key
    for a, b in zip(got, wanted, strict=True):
        assert {k: v for k, v in a.items() if k != "seconds"} == {k: v for k, v in b.items() if k != "seconds"}
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]
    assert all(module.training for module in parts[0].modules())


def test_damaged_or_foreign_checkpoints_are_refused(tmp_path):
    path = tmp_path / "run.pt"
    train(build(), 1, path)
    good = path.read_bytes()
    for bad in (good[: len(good) // 2], b"", b"nonsense"):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match="checkpoint"):
            train(build(), 2, path)
    path.write_bytes(good)
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="checkpoint"):
        training.fit(model, optimizer, IMAGES, LABELS, epochs=2, rng=np.random.default_rng(0), checkpoint=path)


def test_refusals():
    model, optimizer, _, rng = build()
    with pytest.raises(ValueError, match="labels: .*3 for 50"):
        training.fit(model, optimizer, IMAGES, LABELS[:3], epochs=1, rng=rng)
    with pytest.raises(ValueError, match="batch_size"):
        training.fit(model, optimizer, IMAGES, LABELS, epochs=1, rng=rng, batch_size=0)
    with pytest.raises(FloatingPointError, match="loss"):
        training.fit(model, optimizer, IMAGES * np.float32(np.nan), LABELS, epochs=1, rng=rng)


def test_descend_takes_the_steps_that_torch_optim_would():
    images, labels = torch.randn(10, 4), torch.arange(10) % 3
    ours = torch.nn.Linear(4, 3)
    theirs = torch.nn.Linear(4, 3)
    theirs.load_state_dict(ours.state_dict())
    torch.manual_seed(1)
    losses = training.descend(ours, images, labels, steps=6, lr=0.3, batch_size=4)
    torch.manual_seed(1)
    order = torch.cat([torch.randperm(10) for _ in range(3)])  # 6 steps of 4 go through 10 images 2.4 times
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.3, momentum=0.9)
    for step, batch in enumerate(order.split(4)[:6]):
        optimizer.param_groups[0]["lr"] = 0.3 * (1 - step / 6)
        loss, _ = training.train_step(theirs, optimizer, images[batch], labels[batch])
        assert losses[step] == pytest.approx(loss)
    torch.testing.assert_close(ours.weight, theirs.weight)
    assert len(losses) == 6


def test_descend_calls_watch_before_each_step():
    model, seen = torch.nn.Linear(4, 3), []
    torch.manual_seed(0)
    before = model.weight.clone()
    training.descend(
        model, torch.randn(10, 4), torch.arange(10) % 3, steps=3, lr=0.3, batch_size=4,
        watch=lambda step: seen.append((step, torch.equal(model.weight, before))),
    )  # fmt: skip
    assert seen == [(0, True), (1, False), (2, False)]
