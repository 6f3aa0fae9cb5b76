"""Features on disk: the right ones, computed once, found again, and never those of something else."""

import copy
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnncourse.torch_nn import models
from cnncourse.transfer import features


class Net(nn.Module):
    def __init__(self, slope=0.1):
        super().__init__()
        self.conv, self.norm, self.drop = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)
        self.hidden, self.head, self.slope = nn.Linear(4, 6), nn.Linear(6, 2), slope
        self.runs = []

    def forward(self, x):
        self.runs.append(len(x))
        y = F.leaky_relu(self.norm(self.conv(x)), self.slope, inplace=True).mean(dim=(2, 3))
        return self.head(self.drop(self.hidden(y).relu()))


@pytest.fixture
def net():
    torch.manual_seed(0)
    network = Net()
    network(torch.randn(5, 3, 8, 8))
    network.runs.clear()
    return network


IMAGES = torch.randn(7, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def test_what_enters_the_head_and_what_layers_return(net, tmp_path):
    want = copy.deepcopy(net).eval()
    with torch.no_grad():
        maps = want.norm(want.conv(IMAGES))
        before_head = want.hidden(F.leaky_relu(maps, 0.1).mean(dim=(2, 3))).relu()
    got = features(net, IMAGES, folder=tmp_path, batch_size=3)
    np.testing.assert_allclose(got, before_head, rtol=1e-5, atol=1e-6)
    assert net.runs == [3, 3, 1]
    assert net.training
    assert not net._forward_hooks
    assert not net.head._forward_pre_hooks
    several = features(net, IMAGES.numpy(), ["norm", "hidden"], folder=tmp_path)
    np.testing.assert_allclose(several["norm"], maps.mean(dim=(2, 3)), rtol=1e-5, atol=1e-6)
    assert several["hidden"].shape == (7, 6)
    assert net.runs == [3, 3, 1, 7]
    # all three are there: the network does not run again
    assert np.array_equal(features(net, IMAGES, folder=tmp_path), got)
    assert np.array_equal(features(net, IMAGES, "norm", folder=tmp_path), several["norm"])
    assert net.runs == [3, 3, 1, 7]
    features(net, IMAGES, ["norm", "conv"], folder=tmp_path)  # runs for what is missing alone
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    "change",
    ["weight", "statistic", "picture", "order", "slope", "structure", "code", "hook", "dtype", "version", "processor"],
)
def test_whatever_changes_other_features_are_found(net, tmp_path, change, monkeypatch):
    features(net, IMAGES, folder=tmp_path)
    images = IMAGES.clone()
    with torch.no_grad():
        if change == "weight":
            net.conv.weight[0, 0, 0, 0] += 1e-6
        elif change == "statistic":
            net.norm.running_var[1] *= 1.001
        elif change == "picture":
            images[6, 2, 7, 7] += 1e-6
        elif change == "order":
            images = images.flip(0)
        elif change == "slope":
            net.slope = 0.2
        elif change == "structure":
            net.drop = nn.Dropout(0.4)
        elif change == "code":
            net.__class__ = Other
        elif change == "hook":
            net.register_forward_pre_hook(lambda module, inputs: inputs[0] * 2)
        elif change == "dtype":
            net, images = net.double(), images.double()
        elif change == "version":
            monkeypatch.setattr(torch, "__version__", "1.0")
        else:
            monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "another")
    net.runs.clear()
    got = features(net, images, folder=tmp_path)
    assert net.runs == [7]
    assert len(list(tmp_path.iterdir())) == 2
    net.runs.clear()
    assert np.array_equal(features(net, images, folder=tmp_path), got)
    assert net.runs == []


class Other(Net):
    pass


def test_damaged_and_unfinished_files_are_made_again(net, tmp_path):
    want = features(net, IMAGES, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for damaged in (b"", whole[:100], whole[: len(whole) // 2], b"nonsense"):
        path.write_bytes(damaged)
        assert np.array_equal(features(net, IMAGES, folder=tmp_path), want)
        assert path.read_bytes() == whole
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_crash_while_writing_leaves_nothing_that_is_read(net, tmp_path, monkeypatch):
    def crash(*paths):
        raise OSError("no room")

    monkeypatch.setattr(os, "replace", crash)
    with pytest.warns(UserWarning, match="features cannot be kept .* .no room."):
        want = features(net, IMAGES, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert np.array_equal(features(net, IMAGES, folder=tmp_path), want)


def test_another_process_finds_them_in_the_courses_cache(tmp_path):
    code = (
        "import torch; from cnncourse.torch_nn import models; from cnncourse.transfer import features;"
        "torch.manual_seed(0); net = models.resnet20(4); x = torch.ones(2, 3, 16, 16);"
        "print(float(features(net, x, ['layer1', 'layer3.0'])['layer1'].sum()))"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
            for _ in range(2)]  # fmt: skip
    assert runs[0].stdout == runs[1].stdout
    assert len(list((tmp_path / "cnncourse" / "features").iterdir())) == 2


def test_lite0s_head_sees_1280_numbers(tmp_path):
    found = features(models.efficientnet_lite0(), torch.zeros(2, 3, 32, 32), folder=tmp_path)
    assert found.shape == (2, 1280)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"images": torch.zeros(3, 8, 8)}, "images, batch_size: expected .N, C, H, W."),
        ({"images": torch.zeros(0, 3, 8, 8)}, "images, batch_size: expected"),
        ({"layers": "conv9"}, "layers: expected names of the network's modules, got 'conv9'"),
        ({"layers": ["conv", "nothing"]}, "layers: expected once per image, got 0 of nothing"),
        ({"layers": "strange"}, r"layers: expected outputs .* got \(7, 6, 1\) from strange"),
        ({"network": nn.Flatten()}, "network: expected one that holds an nn.Linear"),
    ],
)
def test_refusals(net, tmp_path, change, says):
    net.nothing, net.strange = nn.Identity(), nn.Unflatten(1, (6, 1))
    net.hidden.register_forward_hook(lambda module, inputs, output: net.strange(output)[:, :, 0])
    with pytest.raises(ValueError, match=says):
        features(**({"network": net, "images": IMAGES, "folder": tmp_path} | change))
    assert list(tmp_path.iterdir()) == []
