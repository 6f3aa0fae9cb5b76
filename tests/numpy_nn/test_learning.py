"""Both training loops learn. Margins: ``make processors ARGS="margins learning"``."""

import numpy as np
import pytest
import torch
from torch import nn

from cnncourse.bounds import at_least, at_most
from cnncourse.data import DataError, fashion_mnist
from cnncourse.numpy_nn import models, modules, optim, training
from cnncourse.torch_nn import training as torch_training
from cnncourse.train_command import Settings, load_data


def bright_or_dark(count=200):
    """Noise, a little brighter in class 1 and a little darker in class 0."""
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=count)
    images = rng.normal(size=(count, 1, 6, 6)) + 0.8 * (labels - 0.5).reshape(-1, 1, 1, 1)
    return images.astype(np.float32), labels


def test_the_numpy_loop_learns():
    images, labels = bright_or_dark()
    falls, right = [], []
    for start in range(4):
        rng = np.random.default_rng(start)
        model = modules.Sequential(
            modules.Conv2d(1, 4, 3, rng=rng), modules.BatchNorm2d(4), modules.ReLU(), modules.Flatten(),
            modules.Linear(64, 2, rng=rng),
        )  # fmt: skip
        optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        schedule = optim.CosineAnnealingLR(optimizer, 6)
        history = training.fit(model, optimizer, images, labels, epochs=6, batch_size=16, rng=rng, schedule=schedule)
        falls.append(history["train_loss"][-1] / history["train_loss"][0])
        right.append(history["train_accuracy"][-1])
    at_most(falls, 0.5, "tests/numpy-loss-falls")
    at_least(right, 0.9, "tests/numpy-accuracy")


def test_the_torch_loop_learns():
    images, labels = bright_or_dark()
    falls = []
    for start in range(4):
        torch.manual_seed(start)
        model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        rng = np.random.default_rng(start)
        history = torch_training.fit(model, optimizer, images, labels, epochs=6, batch_size=16, rng=rng)
        falls.append(history[-1]["train_loss"] / history[0]["train_loss"])
    at_most(falls, 0.6, "tests/torch-loss-falls")


def accuracy_of(model, epochs, lr, falling=True, full=False):
    """Train on the garments as `cnncourse train` does; return the accuracy on the test set."""
    name = "lenet5-1998" if isinstance(model, models.LeNet5Original) else "lenet5"
    train, test = load_data(Settings("fashion-mnist", full, name, "numpy", epochs, 64, lr, 5e-4, False, 0, None))
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
    schedule = optim.CosineAnnealingLR(optimizer, epochs) if falling else None
    rng = np.random.default_rng(0)
    history = training.fit(model, optimizer, *train, epochs=epochs, rng=rng, test=test, schedule=schedule)
    return history["test_accuracy"][-1]


@pytest.mark.slow
def test_lenet_in_numpy_reaches_85_percent_on_the_embedded_garments():
    model = models.LeNet5(rng=np.random.default_rng(0))
    at_least(accuracy_of(model, 6, 0.05), 0.86, "tests/lenet-on-embedded-garments")


@pytest.mark.slow
def test_lenet_in_numpy_reaches_90_percent_on_the_full_set():
    try:
        fashion_mnist("train", full=True, download=False)
    except DataError as problem:
        pytest.skip(f"the full Fashion-MNIST is not here: {problem}")
    model = models.LeNet5(rng=np.random.default_rng(0))
    at_least(accuracy_of(model, 6, 0.05, full=True), 0.90, "tests/lenet-on-all-garments")


@pytest.mark.slow
def test_lenet_of_1998_learns_too():
    model = models.LeNet5Original(rng=np.random.default_rng(0))
    accuracy = accuracy_of(model, 3, 0.002, falling=False)
    at_least(accuracy, 0.75, "tests/lenet-of-1998")
