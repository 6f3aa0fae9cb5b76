"""A PyTorch module as a task: layers in any order and under any name, wrong ones noticed."""

import numpy as np
import pytest
import torch
from torch import nn

from cnncourse.checks.modules import ModuleCase, ModuleTask
from cnncourse.checks.student import LocalStudent
from cnncourse.checks.task import Mistake


class Block(nn.Module):
    """Convolution, norm, ReLU, convolution, norm; plus the input; ReLU."""

    def __init__(self, channels, final_relu=True, skip=True, own_order=False, bias=False):
        super().__init__()
        names = ["b", "a"] if own_order else ["a", "b"]
        for name in names:
            setattr(self, f"norm_{name}", nn.BatchNorm2d(channels))
        for name in names:
            setattr(self, f"conv_{name}", nn.Conv2d(channels, channels, 3, padding=1, bias=bias))
        self.final_relu, self.skip = final_relu, skip

    def forward(self, x):
        y = self.norm_b(self.conv_b(torch.relu(self.norm_a(self.conv_a(x)))))
        y = y + x if self.skip else y
        return torch.relu(y) if self.final_relu else y


class NoNorm(nn.Module):
    """The block without batch norm."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(x)


def reference(channels):
    """A right block."""
    return Block(channels)


def cases(rng):
    for training, criterion in [(True, "training"), (False, "eval")]:
        yield ModuleCase(criterion, 3, input=rng.standard_normal((4, 3, 5, 4)).astype(np.float32), training=training)


task = ModuleTask(
    "99.Block", {"training": 1, "eval": 1}, reference, cases,
    [
        Mistake("no-skip", lambda channels: Block(channels, skip=False), "The input is not added."),
        Mistake("no-final-relu", lambda channels: Block(channels, final_relu=False), "ReLU is missing."),
        Mistake("no-norm", NoNorm, "No batch norm."),
    ],
)  # fmt: skip


def judge(answer, seed=0):
    return task.evaluate(LocalStudent(answer), seed)


@pytest.mark.parametrize("options", [{}, {"own_order": True}, {"bias": True}])
def test_right_modules_pass(options):
    report = judge(lambda channels: Block(channels, **options))
    assert report.passed, report.to_text()


@pytest.mark.parametrize("mistake", task.mistakes, ids=lambda m: m.slug)
def test_known_mistakes_are_named(mistake):
    for seed in range(5):
        report = judge(mistake.answer, seed)
        assert (report.score, report.mistake) == (0, mistake.slug), report.to_text()


def test_all_zeros_of_the_right_shape_fail():
    class Zeros(Block):
        def forward(self, x):
            return super().forward(x) * 0

    assert judge(Zeros).score == 0


def test_not_a_module():
    report = judge(lambda channels: 3)
    assert (report.status, report.mistake) == ("error", "unsupported-value")
    assert "torch.nn.Module is wanted" in report.message


def test_not_attempted():
    class Stub(nn.Module):
        def __init__(self, channels):
            super().__init__()
            raise NotImplementedError

    assert judge(Stub).status == "missing"
