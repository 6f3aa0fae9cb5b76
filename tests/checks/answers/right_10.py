"""Right answers to unit 10, each written another way."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from cnncourse.torch_nn.models.lenet import LeNet5 as PackageLeNet5
from cnncourse.torch_nn.models.lenet import LeNet5Original


def parameters_loops(table):
    total = 0
    for o in range(len(table[0])):
        for i in range(len(table)):
            if table[i][o]:
                total += 5 * 5
        total += 1
    return total


def parameters_columns(table):
    return int(sum(int(column.sum()) * 25 + 1 for column in table.T))


def parameters_nonzero(table):
    return np.count_nonzero(table) * np.int64(25) + table.shape[-1]


def parameters_layers(table):
    """Builds the kernels of each output map."""
    return sum(p.numel() for column in table.T for p in nn.Conv2d(int(column.sum()), 1, 5).parameters())


def sequential():
    return nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, kernel_size=5), nn.Tanh(),
        nn.AvgPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


class Sigmoids(nn.Module):
    """Sigmoid after pooling, the last maps flattened by hand."""

    def __init__(self):
        super().__init__()
        self.out, self.dense2, self.dense1 = nn.Linear(84, 10), nn.Linear(120, 84), nn.Linear(16 * 5 * 5, 120)
        self.second, self.first = nn.Conv2d(6, 16, 5), nn.Conv2d(1, 6, 5)

    def forward(self, images):
        h = torch.sigmoid(F.avg_pool2d(self.first(images), 2))
        h = torch.sigmoid(F.avg_pool2d(self.second(h), 2)).reshape(-1, 400)
        return self.out(torch.sigmoid(self.dense2(torch.sigmoid(self.dense1(h)))))


class Normalised(nn.Module):
    """Batch norm, dropout, leaky ReLU, 1×1 convolutions for the linear layers."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.BatchNorm2d(6), nn.LeakyReLU(0.1), nn.MaxPool2d(2, 2),
            nn.Conv2d(6, 16, 5), nn.BatchNorm2d(16), nn.LeakyReLU(0.1), nn.MaxPool2d(2, 2), nn.Conv2d(16, 120, 5),
        )  # fmt: skip
        self.head = nn.Sequential(nn.ELU(), nn.Dropout(0.2), nn.Conv2d(120, 84, 1), nn.ELU(), nn.Conv2d(84, 10, 1))

    def forward(self, x):
        return self.head(self.features(x))[:, :, 0, 0]


class Masked(nn.Module):
    """C3's table as a mask over all connections; trainable subsampling; a linear output."""

    def __init__(self):
        super().__init__()
        self.c1, self.c3, self.c5 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5), nn.Conv2d(16, 120, 5)
        self.f6, self.output = nn.Linear(120, 84), nn.Linear(84, 10)
        self.a2, self.b2 = nn.Parameter(torch.ones(6, 1, 1)), nn.Parameter(torch.zeros(6, 1, 1))
        self.a4, self.b4 = nn.Parameter(torch.ones(16, 1, 1)), nn.Parameter(torch.zeros(16, 1, 1))
        self.register_buffer("mask", (torch.arange(96).reshape(16, 6, 1, 1) % 5 < 3).float())

    def forward(self, x):
        x = torch.tanh(self.a2 * F.avg_pool2d(torch.tanh(self.c1(x)), 2) + self.b2)
        x = torch.tanh(F.conv2d(x, self.c3.weight * self.mask, self.c3.bias))
        x = torch.tanh(self.a4 * F.avg_pool2d(x, 2) + self.b4)
        return self.output(torch.tanh(self.f6(torch.tanh(self.c5(x)).flatten(1))))


def trained_with_momentum(train_images, train_labels):
    """SGD with momentum, one-cycle schedule."""
    network, batch, epochs = PackageLeNet5(), 50, 4
    steps = epochs * len(train_images) // batch
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.08, total_steps=steps)
    for _ in range(epochs):
        for index in torch.randperm(len(train_images)).split(batch):
            optimizer.zero_grad()
            F.cross_entropy(network(train_images[index]), train_labels[index]).backward()
            optimizer.step()
            schedule.step()
    return network


ANSWERS = {
    "10.c3_parameters": [parameters_loops, parameters_columns, parameters_nonzero, parameters_layers],
    "10.LeNet5": [PackageLeNet5, LeNet5Original, sequential, Sigmoids, Normalised, Masked],
    "10.train_lenet": [trained_with_momentum],
}
