"""The network of 1998, in its form or today's."""

from functools import lru_cache

import torch
from torch import nn
from torch.nn import functional as F

from cnncourse.checks.author import Behaviour, Task
from cnncourse.checks.modules import ModuleCall, images
from cnncourse.checks.tasks.u10._lenet_follow import EXPLAINED
from cnncourse.checks.tasks.u10._lenet_look import Looks, problem

judged = Behaviour(problem, EXPLAINED)
task = Task(see="Today's form", observe=Looks(), judged=judged, banned=(), repeats=0, seconds=20.0)


@task.right
class LeNet5(nn.Module):
    """Two convolutions with pooling, one that leaves a single pixel, two linear layers."""

    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c3(x)), 2)
        x = F.relu(self.c5(x)).flatten(1)
        return self.output(F.relu(self.f6(x)))


@lru_cache(maxsize=1)
def noise(rng):
    """Images of noise, so that every pixel and every filter has something to do."""
    return images(rng, 8, 1, 32, 32)


@task.criterion(1)
def layers(rng):
    """C1, C3, C5, F6 and the output: their parameters, and what they do to the image."""
    yield ModuleCall(input=noise(rng))


@task.criterion(1)
def shape_of_the_output(rng):
    """(N, 10), for one image as for many, in both modes."""
    yield ModuleCall(input=noise(rng))


@task.criterion(1)
def logits(rng):
    """The output is what the last layer gives, and the gradient reaches the image."""
    yield ModuleCall(input=noise(rng))


@task.criterion(1)
def activations(rng):
    """Behind C1, C3, C5 and F6 stands an activation, whichever it is."""
    yield ModuleCall(input=noise(rng))


def same(x):
    """No activation, no pooling."""
    return x


class Wrong(nn.Module):
    """Right with the options as they are; each mistake below changes some."""

    def __init__(
        self, widths=(6, 16, 120, 84), bias=True, stride=1, padding=0, act=(F.relu,) * 4, end=same, start=same,
        pool=lambda x: F.max_pool2d(x, 2), flat=400, at_f6=same,
    ):  # fmt: skip
        super().__init__()
        a, b, c, d = widths
        self.c1 = nn.Conv2d(1, a, 5, stride, padding, bias=bias)
        self.c3 = nn.Conv2d(a, b, 5, stride, bias=bias)
        self.c5 = nn.Linear(flat * b // 16, c, bias=bias)
        self.f6 = nn.Linear(c, d, bias=bias)
        self.output = nn.Linear(d, 10, bias=bias)
        self.act, self.start, self.at_f6, self.end, self.pool = act, start, at_f6, end, pool

    def forward(self, x):
        x = self.pool(self.act[0](self.c1(self.start(x))))
        x = self.pool(self.act[1](self.c3(x)))
        x = self.at_f6(self.act[3](self.f6(self.act[2](self.c5(x.flatten(1))))))
        return self.end(self.output(x))


def lenet(**options):
    """A network with one thing wrong."""
    return Wrong(**options)


task.options(lenet, {
    "softmax-at-the-end": ({"end": lambda y: y.softmax(1)}, "The outputs go through softmax. Logits are wanted: "
        "cross-entropy applies softmax itself, and twice makes the gradient tiny."),
    "log-softmax-at-the-end": ({"end": lambda y: y.log_softmax(1)},
        "The outputs go through log-softmax. Logits are wanted: the loss normalises them itself."),
    "activation-at-the-end": ({"end": F.relu}, "An activation follows the last layer. Logits may have any value: ReLU "
        "there would silence every class whose logit is negative."),
    "no-activations": ({"act": (same,) * 4},
        "There are no activations. Without them two layers in a row are one linear layer."),
    "activation-missing": ({"act": (F.relu, F.relu, same, F.relu)}, "Between two layers there is no activation, so "
        "that together they are one linear layer: C1, C3, C5 and F6 are each followed by one."),
    "strides-for-pooling": ({"stride": 2, "pool": same}, "The convolutions move by 2, and there is no pooling. LeNet's "
        "convolutions have stride 1, and 2×2 pooling halves the maps."),
    "wrong-maps": ({"padding": 2, "flat": 576}, "The maps have other sizes than LeNet's: 28×28 after C1, 14×14, 10×10 "
        "after C3, 5×5. With 32×32 images the convolutions have no padding."),
    "wrong-widths": ({"widths": (8, 16, 120, 84)},
        "The numbers of maps differ from LeNet's: 6, 16, 120, then 84 and 10."),
    "wrong-parameters": ({"widths": (6, 16, 100, 84)},
        "The layers differ from LeNet's: C1 6@5×5, C3 16@5×5, C5 120, F6 84, output 10."),
    "biases-missing": ({"bias": False}, "The layers have no biases; LeNet's have."),
    "loses-the-batch-axis": ({"end": torch.squeeze}, "For a single image the result is (10,): squeeze() removes "
        "*every* axis of length 1, the batch's too. Use flatten(1)."),
    "random-in-eval": ({"at_f6": lambda x: F.dropout(x, 0.5)}, "Dropout works in eval mode too. F.dropout needs "
        "training=self.training; nn.Dropout knows by itself."),
    "ignores-the-image": ({"end": lambda y: y * 0}, "The output is the same for every image."),
    "ignores-pixels": ({"start": lambda x: F.pad(x[:, :, :28, :28], (0, 4, 0, 4))}, "Part of the image has no "
        "influence on the output. Is it cropped, or does a slice leave something out?"),
    "images-mix": ({"end": lambda y: y - y.mean(dim=0)}, "The output for an image depends on the others in the batch. "
        "Which axis is meant in softmax or mean?"),
    "no-gradient": ({"at_f6": torch.detach},
        "The gradient does not get through: something is detached, under no_grad, or rounded."),
})  # fmt: skip


@task.mistake
def misses_a_layer():
    """A layer is missing: after C5 (120) comes F6 (84), then the output (10)."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 10),
    )  # fmt: skip
