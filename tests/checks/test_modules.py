"""A PyTorch module as a task: layers in any order and under any name, wrong ones noticed."""

import numpy as np
import pytest
import torch
from torch import nn

from cnncourse.checks import load_task
from cnncourse.checks.modules import ModuleCall, images, module_task
from cnncourse.checks.student import LocalStudent, Outcome
from cnncourse.torch_nn.models.lenet import LeNet5


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


task = module_task(see="A section")


@task.right
def block(channels):
    """A right block."""
    return Block(channels)


@task.criterion(1)
def training(rng):
    """With the batch's statistics."""
    yield ModuleCall(3, input=images(rng, 4, 3, 5, 4), training=True)


@task.criterion(1, "eval")
def in_eval_mode(rng):
    """With the running statistics."""
    yield ModuleCall(3, input=images(rng, 4, 3, 5, 4))


task.options(Block, {
    "no-skip": ({"skip": False}, "The input is not added."),
    "no-final-relu": ({"final_relu": False}, "ReLU is missing."),
})  # fmt: skip


@task.mistake
def no_norm(channels):
    """No batch norm."""
    return NoNorm(channels)


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


def wrong_blocks():
    """Blocks that are right as long as one looks at outputs of one picture, one mode or one object."""

    class MixesPictures(Block):
        def forward(self, x):
            y = super().forward(x)
            return y if len(x) < 2 else y + 0.1 * (y - y.mean(0))

    class OnlyInTraining(Block):
        def forward(self, x):
            return super().forward(x) if self.training else super().forward(x).neg()

    class OnlyInEval(Block):
        def forward(self, x):
            return super().forward(x) if not self.training else super().forward(x) * 0.9

    class ChangesStatisticsInEval(Block):
        def forward(self, x):
            y = super().forward(x)
            if not self.training:
                self.norm_a.running_mean.mul_(0.9)
            return y

    class ChangesItsInput(Block):
        def forward(self, x):
            y = super().forward(x)
            x.data.mul_(2)
            return y

    class NoGradient(Block):
        def forward(self, x):
            return super().forward(x).detach() + 0 * super().forward(x)

    class AllFiltersEqual(Block):
        def __init__(self, channels):
            super().__init__(channels)
            nn.init.constant_(self.conv_a.weight, 0.1)

    one = Block(3)

    class Shared(Block):
        def __init__(self, channels):
            super().__init__(channels)
            self.conv_a = one.conv_a

    return [
        MixesPictures, OnlyInTraining, OnlyInEval, ChangesStatisticsInEval, ChangesItsInput, NoGradient,
        AllFiltersEqual, Shared, lambda channels: one,
    ]  # fmt: skip


@pytest.mark.parametrize("answer", wrong_blocks(), ids=lambda answer: answer.__name__)
def test_wrong_only_in_a_way(answer):
    report = judge(answer)
    assert report.score < report.max_score, report.to_text()
    shared = "shared-between-objects"
    named = {"AllFiltersEqual": "filters-equal", "Shared": shared, "<lambda>": shared}
    assert report.mistake == named.get(answer.__name__, report.mistake)


class Forger:
    """A learner's side that says whatever pleases: shapes, outputs and gradients are invented."""

    def __init__(self, parameters, buffers, output):
        self.shapes, self.output = {"parameters": parameters, "buffers": buffers}, output

    def call(self, task_name, probe, args, kwargs, *, seconds):
        rng = np.random.default_rng(0)
        named = {name: rng.standard_normal(shape) for name, (shape, _) in self.shapes["parameters"].items()}
        buffers = {name: rng.uniform(0.5, 1, shape) for name, (shape, _) in self.shapes["buffers"].items()}

        def answered(step):
            if step["do"] != "forward":
                return {"describe": self.shapes, "read": named | buffers, "load": None}[step["do"]]
            x = step["inputs"][0]
            output = np.sin(x.reshape(len(x), -1) @ rng.standard_normal((x[0].size, self.output)))
            gradients = {"grad_inputs": [rng.standard_normal(x.shape)], "grads": named}
            return {"output": output, "inputs": [x], "buffers": buffers, **gradients}

        return Outcome([answered(step) for step in kwargs["script"]])


def test_invented_numbers_earn_nothing():
    own = LeNet5()
    shapes = {name: (tuple(p.shape), "float32") for name, p in own.named_parameters()}
    report = load_task("10.LeNet5").evaluate(Forger(shapes, {}, 10))
    assert report.score == 0, report.to_text()
    block = Block(3)
    held = [dict(named) for named in (block.named_parameters(), block.named_buffers())]
    shapes = [{name: (tuple(t.shape), "float32") for name, t in part.items()} for part in held]
    assert task.evaluate(Forger(*shapes, 60)).score == 0


def test_a_linear_classifier_with_as_many_numbers_is_no_lenet():
    class Linear(nn.Module):
        def __init__(self):
            super().__init__()
            self.numbers = nn.Parameter(torch.randn(61_706))

        def forward(self, x):
            return x.flatten(1) @ self.numbers[:10_240].reshape(1024, 10) + self.numbers[10_240:].mean()

    report = load_task("10.LeNet5").evaluate(LocalStudent(Linear))
    assert report.score == 0, report.to_text()
