"""Causal dilated convolutions in PyTorch (van den Oord et al. 2016); see the NumPy twin for what the options mean."""

from torch import nn
from torch.nn import functional as F

__all__ = ["CausalBlock", "CausalConv1d", "CausalStack", "stack_receptive_field"]


def stack_receptive_field(kernel_size, dilations):
    """Return how many steps the last output of causal layers sees: 1 + (K − 1) Σ D."""
    return 1 + (kernel_size - 1) * sum(dilations)


class CausalConv1d(nn.Conv1d):
    """Cross-correlation in time whose output at t sees inputs up to t only: (N, C_in, L) to (N, C_out, L)."""

    def __init__(self, in_channels, out_channels, kernel_size, dilation=1, groups=1, bias=True):
        super().__init__(in_channels, out_channels, kernel_size, dilation=dilation, groups=groups, bias=bias)
        self.past = dilation * (kernel_size - 1)

    def forward(self, x):
        return super().forward(F.pad(x, (self.past, 0)))


class CausalBlock(nn.Module):
    """x + W relu(causal(x)): the shortcut carries the present past the layer; (N, C, L) to (N, C, L)."""

    def __init__(self, channels, kernel_size, dilation):
        super().__init__()
        self.causal = CausalConv1d(channels, channels, kernel_size, dilation)
        self.mix = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        return self.mix(F.relu(self.causal(x))) + x


class CausalStack(nn.Module):
    """Predict at every step from that step and those before it: (N, in_channels, L) to (N, out_channels, L)."""

    def __init__(self, in_channels=1, out_channels=1, channels=16, kernel_size=2, dilations=(1, 2, 4, 8)):
        super().__init__()
        self.inlet = nn.Conv1d(in_channels, channels, 1)
        self.blocks = nn.Sequential(*(CausalBlock(channels, kernel_size, dilation) for dilation in dilations))
        self.outlet = nn.Conv1d(channels, out_channels, 1)

    def forward(self, x):
        return self.outlet(F.relu(self.blocks(self.inlet(x))))
