"""`cnncourse train`: results on disk, resume, refusals."""

import csv
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cnncourse.data import training_history
from cnncourse.numpy_nn import models, training
from cnncourse.torch_nn import models as torch_models
from cnncourse.train_command import LEARNING_RATES, CommandError, Settings, build, load_data, main
from cnncourse.train_data import check_size
from cnncourse.train_torch import augment_torch
from cnncourse.weights import load_weights

SMALL = ["--images", "256", "--epochs", "2", "--batch-size", "32", "--quiet"]


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_it_trains_and_leaves_weights_history_and_curves(backend, tmp_path, capsys):
    out = tmp_path / "run"
    arguments = [*SMALL, "--backend", backend, "--device", "cpu", "--augment", "--output", str(out)]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "256 training and 2,000 test images of 1×32×32" in text
    assert "61,706 parameters" in text
    names = {path.name for path in out.iterdir()}
    checkpoint = "checkpoint.npz" if backend == "numpy" else "checkpoint.pt"
    assert names == {"settings.json", checkpoint, "weights.safetensors", "history.csv", "curves.png"}
    with open(out / "history.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert 0 <= float(rows[1]["test_accuracy"]) <= 1
    load_weights(models.LeNet5(), out / "weights.safetensors")
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
    # Finished: asked again it goes on from the end and trains nothing.
    before = (out / "weights.safetensors").read_bytes()
    assert main(arguments) == 0
    assert "Going on from" in capsys.readouterr().out
    assert (out / "weights.safetensors").read_bytes() == before


def test_the_model_is_an_argument_and_images_can_be_smaller(tmp_path, capsys):
    few = ["--images", "32", "--epochs", "1", "--batch-size", "16", "--quiet", "--size", "16"]
    assert main(["plain20", *few, "--backend", "torch", "--device", "cpu", "--output", str(tmp_path / "run")]) == 0
    text = capsys.readouterr().out
    assert "test images of 1×16×16" in text
    assert "plain20 in PyTorch on cpu: 269,434 parameters" in text
    for line in (["resnet20", "--help"], ["--help"]):
        with pytest.raises(SystemExit) as end:
            main(line)
        assert end.value.code == 0
        text = capsys.readouterr().out
        assert "cnncourse train resnet20 --backend torch" in text
        assert "minutes of one core" in text
        final = training_history("14_degradation")["plain56"]["test_accuracy"][-1]
        assert f"plain56 {final:.0%}" in text


@pytest.mark.parametrize("name", LEARNING_RATES)
def test_each_network_is_there_in_both_libraries(name):
    chosen = SimpleNamespace(model=name)
    ours, theirs = build(models, chosen, 1, rng=np.random.default_rng(0)), build(torch_models, chosen, 1)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.eval()(np.zeros((2, 1, 32, 32), np.float32)).shape == (2, 10)


@pytest.mark.parametrize("name", LEARNING_RATES)
def test_a_size_is_refused_before_the_images_are_read_or_it_works(name):
    chosen = SimpleNamespace(model=name, size=16)
    try:
        check_size(chosen)
    except CommandError:
        return
    network = build(models, chosen, 1, rng=np.random.default_rng(0))
    assert network.eval()(np.zeros((2, 1, 16, 16), np.float32)).shape == (2, 10)


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path, capsys, monkeypatch):
    assert main([*SMALL, "--output", str(tmp_path / "whole")]) == 0
    step, calls = training.train_step, []

    def stops_in_the_second_epoch(*args):
        calls.append(1)
        if len(calls) == 11:
            raise KeyboardInterrupt
        return step(*args)

    monkeypatch.setattr(training, "train_step", stops_in_the_second_epoch)
    assert main([*SMALL, "--output", str(tmp_path / "stopped")]) == 130
    assert "goes on" in capsys.readouterr().err
    monkeypatch.setattr(training, "train_step", step)
    assert main([*SMALL, "--output", str(tmp_path / "stopped")]) == 0
    whole, stopped = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "stopped"))
    assert whole == stopped


def test_other_settings_are_refused_unless_fresh(tmp_path, capsys):
    out = ["--output", str(tmp_path / "run")]
    assert main([*SMALL, *out]) == 0
    assert main([*SMALL, *out, "--lr", "0.01"]) == 2
    assert "lr was 0.05, now 0.01" in capsys.readouterr().err
    assert main([*SMALL, *out, "--lr", "0.01", "--fresh"]) == 0
    assert json.loads((tmp_path / "run" / "settings.json").read_text(encoding="utf-8"))["lr"] == 0.01


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--model", "lenet5-1998", "--data", "scenes"], "--model: lenet5-1998"),
        (["lenet5", "--model", "resnet20"], "--model: expected one network, got lenet5 and --model resnet20"),
        (["lenet5", "--size", "16"], "--size: lenet5 is made for 32"),
        (["small-alexnet", "--size", "16"], "--size: small-alexnet is made for 32"),
        (["--epochs", "0"], "--epochs"),
        (["--images", "0"], "--images"),
        (["--processes", "2"], "--processes: the NumPy backend cannot do that; add --backend torch"),
        (["--accumulate", "4"], "--accumulate: the NumPy backend"),
        (["--precision", "bf16"], "--precision: the NumPy backend"),
        (["--warmup", "1"], "--warmup: the NumPy backend"),
        (["--warmup", "2", "--backend", "torch"], "--warmup: expected from 0 to less than the 2 epochs, got 2"),
        (["--processes", "0"], "--processes: expected at least 1, got 0"),
        (["--backend", "torch", "--device", "abacus"], "--device.*abacus"),
    ],
)
def test_refusals(arguments, names, tmp_path, capsys):
    assert main([*SMALL, "--output", str(tmp_path / "run"), *arguments]) == 2
    assert re.search(names, capsys.readouterr().err)


def settings(**changes):
    values = {
        "data": "fashion-mnist", "full": False, "model": "lenet5", "backend": "numpy", "epochs": 1,
        "batch_size": 64, "lr": 0.05, "weight_decay": 5e-4, "augment": False, "seed": 0, "images": None,
    }  # fmt: skip
    return Settings(**(values | changes))


def test_data_is_padded_normalised_and_of_both_kinds():
    (images, labels), (test_images, _) = load_data(settings())
    assert images.shape == (10_000, 1, 32, 32)
    assert test_images.shape == (2_000, 1, 32, 32)
    assert images.dtype == np.float32
    assert labels.dtype == np.int64
    assert abs(images[:, :, 2:30, 2:30].mean()) < 1e-3
    assert abs(images[:, :, 2:30, 2:30].std() - 1) < 1e-3
    assert images[:, :, 0].min() == images[:, :, 0].max() == images.min()  # the margin is black
    (colour, _), _ = load_data(settings(data="scenes", images=50))
    assert colour.shape == (50, 3, 32, 32)


def test_augmentation_on_the_device_mirrors_and_shifts():
    torch.manual_seed(0)
    images = torch.zeros(400, 1, 6, 6)
    images[:, 0, 3, 2] = 1
    out = augment_torch(images)
    assert out.shape == images.shape
    places = {tuple(place) for place in out[:, 0].nonzero()[:, 1:].tolist()}
    # The pixel's column 2, mirrored 3, moved by up to 2 either way; rows 3 ± 2.
    assert places == {(row, column) for row in range(1, 6) for column in range(6)}
    assert out.sum() == 400
