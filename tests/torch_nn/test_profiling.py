"""Where the time of a step goes: all phases, nothing disturbed, refusals that say what to do."""

from __future__ import annotations

import json

import pytest
import torch

from cnncourse.torch_nn.profiling import PHASES, profile_steps
from cnncourse.train_command import main

TRAIN = ["lenet5", "--backend", "torch", "--device", "cpu", "--images", "70", "--epochs", "1", "--quiet", "--augment"]


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3),
        torch.nn.BatchNorm2d(4),
        torch.nn.Dropout(0.5),
        torch.nn.Flatten(),
        torch.nn.Linear(144, 3),
    ).eval()


def test_phases_and_operations_are_named_and_the_operations_fit_into_the_phases(tmp_path):
    images, labels = torch.rand(5, 1, 8, 8), torch.tensor([0, 1, 2, 0, 1])
    profiled = profile_steps(network(), images, labels, batch_size=3, steps=4, trace=tmp_path / "record.json", most=200)
    assert tuple(profiled.phases) == PHASES
    assert min(profiled.phases.values()) > 0
    assert "aten::convolution_backward" in profiled.operations
    assert list(profiled.operations.values()) == sorted(profiled.operations.values(), reverse=True)
    assert sum(profiled.operations.values()) <= sum(profiled.phases.values())
    names = [event.get("name") for event in json.loads((tmp_path / "record.json").read_text())["traceEvents"]]
    assert [names.count(phase) for phase in PHASES] == [4] * 4


def test_model_and_generators_stay_as_they_are():
    model, images = network(), torch.rand(4, 1, 8, 8)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    profile_steps(
        model, images, torch.tensor([0, 1, 2, 0]), batch_size=2, steps=2, augment=lambda x: x + torch.rand(())
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert not model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_is_measured_is_asked_for():
    ran = []
    profile_steps(
        network(),
        torch.rand(3, 1, 8, 8),
        torch.tensor([0, 1, 2]),
        batch_size=5,
        steps=3,
        augment=lambda x: ran.append(len(x)) or x,
    )
    assert ran == [5] * 5  # two that are not measured come first; images are gone through again
    with pytest.raises(ValueError, match="steps"):
        profile_steps(network(), torch.rand(3, 1, 8, 8), torch.tensor([0, 1, 2]), steps=0)


def test_the_command_prints_it_and_trains_as_it_would_without(tmp_path, capsys):
    assert main([*TRAIN, "--output", str(tmp_path / "with"), "--profile"]) == 0
    printed = capsys.readouterr()
    assert all(phase in printed.out for phase in PHASES)
    assert "profile.json" in printed.out
    assert main([*TRAIN, "--output", str(tmp_path / "without")]) == 0
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("with", "without")]
    assert weights[0] == weights[1]
    assert json.loads((tmp_path / "with" / "profile.json").read_text())["traceEvents"]


@pytest.mark.parametrize("options", [["--backend", "numpy"], ["--backend", "torch", "--processes", "2"]])
def test_the_command_refuses_what_it_cannot_look_into(options, tmp_path, capsys):
    assert main(["lenet5", *options, "--profile", "--output", str(tmp_path / "run")]) == 2
    assert "--profile" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
