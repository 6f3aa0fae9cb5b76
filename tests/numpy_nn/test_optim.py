"""Optimizers and schedules step for step against torch.optim; the gradient check; the training loop."""

import numpy as np
import pytest
import torch

from cnncourse.numpy_nn import GradientError, gradcheck, gradcheck_module, modules, optim, training
from cnncourse.numpy_nn import functional as F

SHAPES = [(3, 4), (5,), (2, 2, 2)]


def run(make_ours, make_theirs, schedule=None, steps=25):
    """Drive both optimizers with the same gradients; the third parameter has none in the first steps."""
    rng = np.random.default_rng(0)
    start = [rng.normal(size=shape) for shape in SHAPES]
    ours = [modules.Parameter(array) for array in start]
    theirs = [torch.nn.Parameter(torch.from_numpy(array.copy())) for array in start]
    a, b = make_ours(ours), make_theirs(theirs)
    if schedule:
        ours_schedule, theirs_schedule = schedule[0](a), schedule[1](b)
    for step in range(steps):
        a.zero_grad()
        b.zero_grad()
        for i, shape in enumerate(SHAPES):
            if i < 2 or step >= 4:
                grad = rng.normal(size=shape)
                ours[i].add_grad(grad)
                theirs[i].grad = torch.from_numpy(grad)
        a.step()
        b.step()
        if schedule:
            ours_schedule.step()
            theirs_schedule.step()
            assert a.lr == pytest.approx(b.param_groups[0]["lr"], rel=1e-10, abs=1e-15)
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.data, q.detach(), rtol=1e-11, atol=1e-13, err_msg=f"step {step}")
    for array in start:
        assert np.isfinite(array).all()
    rng = np.random.default_rng(0)
    for array, shape in zip(start, SHAPES, strict=True):
        np.testing.assert_array_equal(array, rng.normal(size=shape), err_msg="the start was modified")


SGD = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "dampening": 0.3},
    {"momentum": 0.8, "nesterov": True, "weight_decay": 0.01},
    {"weight_decay": 0.1},
]


@pytest.mark.parametrize("options", SGD, ids=str)
def test_sgd(options):
    run(lambda p: optim.SGD(p, lr=0.05, **options), lambda p: torch.optim.SGD(p, lr=0.05, **options))


@pytest.mark.parametrize("options", [{}, {"betas": (0.5, 0.9), "eps": 1e-3}, {"weight_decay": 0.1}], ids=str)
def test_adam(options):
    run(lambda p: optim.Adam(p, lr=0.02, **options), lambda p: torch.optim.Adam(p, lr=0.02, **options))


SCHEDULES = [("StepLR", {"step_size": 3, "gamma": 0.5}), ("CosineAnnealingLR", {"T_max": 25}),
             ("CosineAnnealingLR", {"T_max": 9, "eta_min": 0.001})]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), SCHEDULES, ids=str)
def test_schedules(name, options):
    run(
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        (lambda o: getattr(optim, name)(o, **options),
         lambda o: getattr(torch.optim.lr_scheduler, name)(o, **options)),
    )  # fmt: skip


def parameter():
    return modules.Parameter(np.ones(2))


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: optim.SGD([]), "parameters"),
        (lambda: optim.SGD([parameter()], lr=-1), "lr: .*-1"),
        (lambda: optim.SGD([parameter()], lr=float("nan")), "lr: .*nan"),
        (lambda: optim.SGD([parameter()], nesterov=True), "nesterov"),
        (lambda: optim.SGD([parameter()], weight_decay=-0.1), "weight_decay"),
        (lambda: optim.Adam([parameter()], betas=(0.9, 1.0)), "betas"),
        (lambda: optim.StepLR(optim.SGD([parameter()]), 0), "step_size"),
        (lambda: optim.CosineAnnealingLR(optim.SGD([parameter()]), 0), "T_max"),
        (lambda: optim.SGD([parameter()]).load_state_dict({"steps": np.zeros(2), "lr": 1}), "state.*1 param.*got 2"),
    ],
)
def test_refusals(call, names):
    with pytest.raises(ValueError, match=names):
        call()


# gradcheck


def test_gradcheck_passes_a_right_backward_and_reports_the_worst_entry():
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(2, 2, 5, 4)), rng.normal(size=(3, 2, 3, 2)), rng.normal(size=3)
    before = x.copy()
    check = gradcheck(F.conv2d, F.conv2d_backward, x, w, b, names=["input", "weight", "bias"])
    assert check.passed
    assert check.entries == x.size + w.size + b.size
    assert check.name in ("input", "weight", "bias")
    assert "agree" in str(check)
    np.testing.assert_array_equal(x, before)


WRONG = {
    "sign": lambda g, x: -F.tanh_backward(g, x),
    "ignores upstream": lambda g, x: F.tanh_backward(np.ones_like(g), x),
    "one entry": lambda g, x: F.tanh_backward(g, x) + 1e-3 * (np.arange(x.size).reshape(x.shape) == 4),
    "nan": lambda g, x: F.tanh_backward(g, x) * np.nan,
}


@pytest.mark.parametrize("name", WRONG)
def test_gradcheck_catches_wrong_backwards(name):
    x = np.random.default_rng(1).normal(size=(2, 3))
    with pytest.raises(GradientError, match=r"DISAGREE; worst: arrays\[0\]\[\d, \d\]"):
        gradcheck(F.tanh, WRONG[name], x)
    if name == "one entry":
        with pytest.raises(GradientError, match=r"\[1, 1\]"):
            gradcheck(F.tanh, WRONG[name], x)


def test_gradcheck_catches_a_batch_norm_that_a_sum_would_pass():
    """Under g = 1 the gradient of batch norm is zero, so `return 0` looks right; under a random g it does not."""
    x = np.random.default_rng(1).normal(size=(4, 3))

    def forward(x):
        return F.batch_norm(x, None, None, training=True)

    with pytest.raises(GradientError):
        gradcheck(forward, lambda g, x: np.zeros_like(x), x)
    gradcheck(forward, lambda g, x: F.batch_norm_backward(g, x, None, None, training=True)[0], x)


def test_gradcheck_of_a_module_leaves_it_as_it_was():
    rng = np.random.default_rng(2)
    net = modules.Sequential(
        modules.Conv2d(2, 3, 3, rng=rng), modules.BatchNorm2d(3), modules.Tanh(), modules.Flatten(),
        modules.Linear(12, 2, rng=rng),
    ).astype(np.float64)  # fmt: skip
    before = net.state_dict()
    check = gradcheck_module(net, rng.normal(size=(3, 2, 4, 4)), max_entries=20)
    assert check.passed
    assert check.entries == 20 + 20 + 3 + 3 + 3 + 20 + 2
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[key])
    assert net.parameters()[0].grad is None


@pytest.mark.parametrize(
    ("call", "error", "names"),
    [
        (lambda: gradcheck(F.relu, F.relu_backward, np.ones(3, np.float32)), TypeError, "float32"),
        (lambda: gradcheck(F.relu, lambda g, x: g[:2], np.ones(3)), ValueError, r"shape \(3,\)"),
        (lambda: gradcheck(F.relu, lambda g, x: (g, g), np.ones(3)), ValueError, "1 gradients, got 2"),
    ],
)
def test_gradcheck_refusals(call, error, names):
    with pytest.raises(error, match=names):
        call()


# training

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(50, 1, 6, 6)).astype(np.float32)
LABELS = (IMAGES.mean(axis=(1, 2, 3)) > 0).astype(np.int64)


def build(seed=0):
    rng = np.random.default_rng(seed)
    model = modules.Sequential(
        modules.Conv2d(1, 4, 3, rng=rng), modules.BatchNorm2d(4), modules.ReLU(), modules.Flatten(),
        modules.Dropout(0.2, rng=rng), modules.Linear(64, 2, rng=rng),
    )  # fmt: skip
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, optim.CosineAnnealingLR(optimizer, 6), np.random.default_rng(seed + 1)


def augment(images, rng):
    return np.where(rng.random((len(images), 1, 1, 1)) < 0.5, images[..., ::-1], images)


def train(parts, epochs, checkpoint=None, **options):
    model, optimizer, schedule, rng = parts
    return training.fit(
        model, optimizer, IMAGES[:40], LABELS[:40], epochs=epochs, batch_size=16, rng=rng, schedule=schedule,
        test=(IMAGES[40:], LABELS[40:]), augment=augment, checkpoint=checkpoint, **options,
    )  # fmt: skip


def test_resumed_training_equals_uninterrupted_training_bit_for_bit(tmp_path):
    whole = build()
    wanted = train(whole, 6)
    path = tmp_path / "run.npz"
    train(build(), 2, path)
    train(build(seed=7), 4, path)  # another start: everything comes from the file
    parts = build(seed=9)
    got = train(parts, 6, path)
    for key, value in whole[0].state_dict().items():
        np.testing.assert_array_equal(parts[0].state_dict()[key], value, err_msg=key)
    for quantity in ("epoch", "lr", "train_loss", "train_accuracy", "test_loss", "test_accuracy"):
        assert got[quantity] == wanted[quantity]
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]
    assert len(got) == 6
    assert "test acc" in str(got)


def test_training_reports_losses_and_restores_the_mode():
    model, optimizer, schedule, rng = build()
    history = train((model, optimizer, schedule, rng), 1)
    assert history["train_loss"][0] == pytest.approx(0.69, abs=0.4)
    assert all(module.training for module in model.modules())  # evaluate restored the mode


def test_damaged_or_foreign_checkpoints_are_refused(tmp_path):
    path = tmp_path / "run.npz"
    train(build(), 1, path)
    good = path.read_bytes()
    for bad in (good[: len(good) // 2], b"", b"nonsense"):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match="checkpoint"):
            train(build(), 2, path)
    path.write_bytes(good)
    model = modules.Sequential(modules.Flatten(), modules.Linear(36, 2))
    with pytest.raises(ValueError, match="do not fit"):
        training.fit(model, optim.SGD(model.parameters()), IMAGES, LABELS, epochs=2, rng=np.random.default_rng(0),
                     checkpoint=path)  # fmt: skip


def test_an_interrupted_save_leaves_the_old_checkpoint_whole(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    train(build(), 1, path)
    before = path.read_bytes()

    def half(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(KeyboardInterrupt):
        train(build(), 2, path)
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


def test_progress_and_bad_arguments(capsys):
    train(build(), 1, progress=training.show_progress)
    assert "epoch 1/1" in capsys.readouterr().out
    model, optimizer, _, rng = build()
    with pytest.raises(ValueError, match="labels: .*3 for 50"):
        training.fit(model, optimizer, IMAGES, LABELS[:3], epochs=1, rng=rng)
    with pytest.raises(ValueError, match="batch_size"):
        training.fit(model, optimizer, IMAGES, LABELS, epochs=1, rng=rng, batch_size=0)
    optimizer.lr = 1e30
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="loss"):
        training.fit(model, optimizer, IMAGES, LABELS, epochs=3, rng=rng)
