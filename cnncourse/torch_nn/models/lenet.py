"""LeNet-5 in PyTorch: today's form, and that of 1998 (LeCun, Bottou, Bengio & Haffner 1998, section II.B)."""

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["LeNet5", "LeNet5Original"]

# Row o lists the maps of S2 that map o of C3 sees (table I of the paper).
C3_TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip

# The output units' codes: drawings of the digits, 7 wide and 12 high.
GLYPHS = """
 .......  .......  .......  .......  .......  .......  .......  .......  .......  .......
 ..###..  ...#...  ..###..  .#####.  ....##.  .######  ..####.  #######  ..###..  ..###..
 .##.##.  ..##...  .##.##.  ##...##  ...###.  .#.....  .##...#  #.....#  .##.##.  .##.##.
 ##...##  .###...  ##...##  .....##  ..#.##.  .#.....  ##.....  .....##  ##...##  ##...##
 ##...##  ...#...  .....##  .....#.  .##.##.  .#.....  ##.....  ....##.  ##...##  ##...##
 ##...##  ...#...  ....##.  ..####.  ##..##.  .#####.  ##.###.  ....#..  .##.##.  ##..###
 ##...##  ...#...  ...##..  .....##  ##..##.  .....##  ###..##  ...##..  ..###..  .###.##
 ##...##  ...#...  ..##...  .....##  #######  .....##  ##...##  ...#...  .##.##.  .....##
 ##...##  ...#...  .##....  ##...##  ....##.  ##...##  ##...##  ..##...  ##...##  ....##.
 .##.##.  ...#...  ##.....  ##..##.  ....##.  ##..##.  .##.##.  ..#....  .##.##.  #..##..
 ..###..  .#####.  #######  ..###..  ....##.  ..###..  ..###..  ..#....  ..###..  .###...
 .......  .......  .......  .......  .......  .......  .......  .......  .......  .......
"""


class LeNet5(nn.Module):
    """LeNet-5 with ReLU, max pooling and logits: (N, in_channels, 32, 32) to (N, num_classes)."""

    def __init__(self, num_classes=10, in_channels=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.conv3 = nn.Conv2d(16, 120, 5)
        self.fc1 = nn.Linear(120, 84)
        self.fc2 = nn.Linear(84, num_classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # 6@14×14
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # 16@5×5
        x = F.relu(self.conv3(x)).flatten(1)  # 120
        x = F.relu(self.fc1(x))
        return self.fc2(x)


def scaled_tanh(x):
    """Return 1.7159 tanh(⅔ x) (appendix A)."""
    return 1.7159 * torch.tanh(2 / 3 * x)


def init_uniform(parameter, fan_in):
    """Draw uniformly from ±2.4 / fan_in (appendix A)."""
    nn.init.uniform_(parameter, -2.4 / fan_in, 2.4 / fan_in)


class Subsample(nn.Module):
    """The sum of each 2×2 window, times a learned coefficient per map, plus a learned bias."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        init_uniform(self.weight, 4)
        init_uniform(self.bias, 4)

    def forward(self, x):
        return 4 * F.avg_pool2d(x, 2) * self.weight[:, None, None] + self.bias[:, None, None]


class TableConv2d(nn.Module):
    """A convolution in which output map o sees only the input maps that `table[o]` lists.

    The weight holds the connections there are: (connections, K, K).
    """

    def __init__(self, table, kernel_size):
        super().__init__()
        pairs = [(o, c) for o, maps in enumerate(table) for c in maps]
        self.maps_out, self.maps_in = [o for o, _ in pairs], [c for _, c in pairs]
        self.shape = (len(table), max(self.maps_in) + 1, kernel_size, kernel_size)
        self.weight = nn.Parameter(torch.empty(len(pairs), kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(len(table)))
        for i, o in enumerate(self.maps_out):
            init_uniform(self.weight.data[i], len(table[o]) * kernel_size**2)
        for o, maps in enumerate(table):
            init_uniform(self.bias.data[o], len(maps) * kernel_size**2)

    def forward(self, x):
        dense = self.weight.new_zeros(self.shape)
        dense[self.maps_out, self.maps_in] = self.weight
        return F.conv2d(x, dense, self.bias)


class RBF(nn.Module):
    """Minus the squared distance of x to each class's fixed ±1 code."""

    def __init__(self):
        super().__init__()
        self.register_buffer("codes", digit_codes())

    def forward(self, x):
        return -((x[:, None, :] - self.codes) ** 2).sum(dim=2)


class LeNet5Original(nn.Module):
    """LeNet-5 of 1998: (N, 1, 32, 32) to (N, 10) negated penalties, of which the largest wins."""

    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.s2 = Subsample(6)
        self.c3 = TableConv2d(C3_TABLE, 5)
        self.s4 = Subsample(16)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.output = RBF()
        for layer in (self.c1, self.c5, self.f6):
            fan_in = layer.weight[0].numel()
            init_uniform(layer.weight, fan_in)
            init_uniform(layer.bias, fan_in)

    def forward(self, x):
        x = scaled_tanh(self.s2(scaled_tanh(self.c1(x))))
        x = scaled_tanh(self.s4(scaled_tanh(self.c3(x))))
        x = scaled_tanh(self.c5(x)).flatten(1)
        return self.output(scaled_tanh(self.f6(x)))


def digit_codes():
    """Return the codes (10, 84): +1 where the digit's drawing has ink, −1 elsewhere, row by row."""
    lines = [line.split() for line in GLYPHS.strip().splitlines()]
    codes = ["".join(line[digit] for line in lines) for digit in range(10)]
    return torch.tensor([[1.0 if ink == "#" else -1.0 for ink in code] for code in codes])
