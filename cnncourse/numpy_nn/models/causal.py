"""A stack of causal convolutions whose dilation grows: a long memory from few layers.

With dilations 1, 2, 4, … and kernels of 2, L layers see 2^L steps. Sources: WaveNet (A. van den Oord et al.,
arXiv:1609.03499, section 2.1) for the stack, S. Bai, J. Z. Kolter & V. Koltun (arXiv:1803.01271) for blocks with a
shortcut and a ReLU.
"""

from ..modules import CausalConv1d, Conv1d, Network, ReLU, Residual, Sequential

__all__ = ["CausalBlock", "CausalStack", "stack_receptive_field"]


def stack_receptive_field(kernel_size, dilations):
    """Return how many steps the last output of causal layers sees: 1 + (K − 1) Σ D.

    >>> stack_receptive_field(2, (1, 2, 4, 8))
    16
    """
    return 1 + (kernel_size - 1) * sum(dilations)


class CausalBlock(Network):
    """x + W relu(causal(x)): the shortcut carries the present past the layer; (N, C, L) to (N, C, L)."""

    def __init__(self, channels, kernel_size, dilation, *, rng=None):
        self.causal = CausalConv1d(channels, channels, kernel_size, dilation, rng=rng)
        self.mix = Conv1d(channels, channels, 1, rng=rng)
        self.wire(Residual(Sequential(self.causal, ReLU(), self.mix)))


class CausalStack(Network):
    """Predict at every step from that step and those before it: (N, in_channels, L) to (N, out_channels, L).

    Parameters
    ----------
    in_channels, out_channels : int
    channels : int
        The width of all blocks.
    kernel_size : int
    dilations : sequence of int
        One block for each. The output at t sees inputs t − (K − 1) ΣD to t.
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    """

    def __init__(self, in_channels=1, out_channels=1, channels=16, kernel_size=2, dilations=(1, 2, 4, 8), *, rng=None):
        self.inlet = Conv1d(in_channels, channels, 1, rng=rng)
        self.blocks = Sequential(*(CausalBlock(channels, kernel_size, dilation, rng=rng) for dilation in dilations))
        self.outlet = Conv1d(channels, out_channels, 1, rng=rng)
        self.wire(Sequential(self.inlet, self.blocks, ReLU(), self.outlet))
