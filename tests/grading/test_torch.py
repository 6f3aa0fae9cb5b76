"""PyTorch answers in their sandbox: modules forward and backward, optimizers, loaders with workers, training."""

import numpy as np
import pytest

from cnncourse.grading.host.remote_student import SandboxStudent
from tests.grading.harness import descendants

NET = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(c_in, c_out, 3, padding=1), nn.BatchNorm2d(c_out)
    def forward(self, x):
        return torch.relu(self.bn(self.conv(x)))
"""
TRAIN = """
from torch.utils.data import DataLoader, TensorDataset
def train(images, labels):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
    for _ in range(20):
        for x, y in DataLoader(TensorDataset(images, labels), batch_size=20, shuffle=True, num_workers=WORKERS):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
    return net
"""


def test_a_module_answers_forward_and_backward(sandboxes):
    rng = np.random.default_rng(0)
    x, upstream = rng.standard_normal((2, 3, 5, 4), np.float32), rng.standard_normal((2, 4, 5, 4), np.float32)
    forward = {"do": "forward", "inputs": [x], "training": True, "grad_output": upstream}
    script = [{"do": "describe"}, forward]
    with SandboxStudent(sandboxes.get("torch"), [NET], "Net") as student:
        outcome = student.call("Net", "module", (3, 4), {"script": script}, seconds=30)
        assert outcome.error is None, outcome.error
        described, result = outcome.value
        assert tuple(described["parameters"]["conv.weight"]) == ((4, 3, 3, 3), "float32")
        assert result["grad_inputs"][0].shape == x.shape
        again = student.call("Net", "module", (3, 4), {"script": script}, seconds=30)
        assert again.seconds < 30


@pytest.mark.parametrize("workers", [0, 2])
def test_training_works_with_and_without_loader_processes(sandboxes, workers):
    rng = np.random.default_rng(1)
    images = rng.standard_normal((100, 1, 4, 4), np.float32)
    labels = (images.sum((1, 2, 3)) > 0).astype(np.int64)
    box = sandboxes.get("training")
    code = NET + f"WORKERS = {workers}" + TRAIN.replace("range(20)", "range(20 if WORKERS == 0 else 2)")
    with SandboxStudent(box, [code], "train") as student:
        outcome = student.call("train", "trained", (images, labels), {"predict": images}, seconds=60)
    assert outcome.error is None, outcome.error
    assert (outcome.value.argmax(1) == labels).mean() > 0.8
    assert descendants(box.pid) == []


def test_the_warm_parent_runs_one_thread(sandboxes):
    for library in ("numpy", "torch", "training"):
        box = sandboxes.get(library)
        with open(f"/proc/{box.pid}/status") as file:
            assert "Threads:\t1\n" in file.read()
