"""Right answers to unit 12, each written another way. (Modules are in `test_right_modules`.)"""

from torch import nn


def stack_layers(layers, kernel_size, channels):
    """Builds the stack."""
    stack = nn.Sequential(*(nn.Conv2d(channels, channels, kernel_size, bias=False) for _ in range(layers)))
    return sum(p.numel() for p in stack.parameters())


def stack_of_one(layers, kernel_size, channels):
    """Builds one layer and looks at its weight only."""
    return layers * nn.Conv2d(channels, channels, kernel_size).weight.numel()


def stack_loop(layers, kernel_size, channels):
    total = 0
    for _ in range(layers):
        total += channels * kernel_size * kernel_size * channels
    return total


ANSWERS = {"12.stack_parameters": [stack_layers, stack_of_one, stack_loop]}
