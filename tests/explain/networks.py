"""Small networks that are awkward to explain."""

import torch
from torch import nn
from torch.nn import functional as F


def small(in_place=False, classes=4, seed=0):
    """Convolutions, batch norm that has seen something, ReLU, max pooling, ReLU6, dropout, a head of two layers."""
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(3, 5, 3, padding=1), nn.BatchNorm2d(5), nn.ReLU(in_place), nn.MaxPool2d(2),
        nn.Conv2d(5, 6, 3, stride=2, padding=1), nn.ReLU(in_place), nn.Dropout(0.5),
        nn.Flatten(), nn.Linear(6 * 3 * 2, 7), nn.ReLU(in_place), nn.Linear(7, classes),
    )  # fmt: skip
    network(torch.randn(9, 3, 12, 8))
    return network.double().eval()


class OneLinearHead(nn.Module):
    """Global average pooling and one linear layer, after an activation in place; a choice of ways to average."""

    def __init__(self, way="mean", bias=True):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 5, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(5, 6, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 4, bias=bias)
        self.way = way

    def forward(self, x):
        y = self.conv1(x)
        y = self.conv2(y.relu_()) + 0.1
        F.relu(y, inplace=True)
        if self.way == "mean":
            return self.fc(y.mean(dim=(2, 3)))
        if self.way == "negative":
            return self.fc(torch.mean(y, [-2, -1]))
        if self.way == "window":
            return self.fc(F.avg_pool2d(y, y.shape[2:]).flatten(1))
        return self.fc(torch.flatten(self.pool(y), 1))


def one_linear_head(way="mean", bias=True, seed=0):
    torch.manual_seed(seed)
    return OneLinearHead(way, bias).double().eval()


def pictures(count=3, shape=(3, 12, 8), seed=1):
    """Return (images, labels): normal numbers, not square, several labels."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(count, *shape, generator=generator, dtype=torch.float64)
    return images, torch.arange(count) % 4
