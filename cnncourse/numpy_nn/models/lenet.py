"""LeNet-5: as published in 1998, and as it is written today.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86 (1998), 2278–2324; section II.B. Images are 32×32; the digits or garments sit in
the middle 28×28.
"""

from ..modules import Conv2d, Flatten, Linear, MaxPool2d, Network, ReLU, Sequential, init
from .lenet_layers import RBF, ScaledTanh, Subsample, TableConv2d
from .lenet_tables import C3_TABLE

__all__ = ["LeNet5", "LeNet5Original"]


class LeNet5(Network):
    """LeNet-5 in today's form: ReLU, max pooling, every map connected, logits; 61,706 parameters.

    Parameters
    ----------
    num_classes : int
    in_channels : int
    rng : numpy.random.Generator, optional
        Draws the initial weights.

    Notes
    -----
    (N, in_channels, 32, 32) to (N, num_classes).
    """

    def __init__(self, num_classes=10, in_channels=1, *, rng=None):
        self.conv1 = Conv2d(in_channels, 6, 5, rng=rng)
        self.conv2 = Conv2d(6, 16, 5, rng=rng)
        self.conv3 = Conv2d(16, 120, 5, rng=rng)
        self.fc1 = Linear(120, 84, rng=rng)
        self.fc2 = Linear(84, num_classes, rng=rng)
        self.wire(
            Sequential(
                self.conv1, ReLU(), MaxPool2d(2),  # 6@28×28, 6@14×14
                self.conv2, ReLU(), MaxPool2d(2),  # 16@10×10, 16@5×5
                self.conv3, ReLU(), Flatten(),  # 120@1×1
                self.fc1, ReLU(),
                self.fc2,
            )
        )  # fmt: skip


class LeNet5Original(Network):
    """LeNet-5 of 1998: trainable subsampling, scaled tanh, C3's connection table, Gaussian (RBF) output.

    Its 60,000 learned parameters, layer by layer: C1 156, S2 12, C3 1,516, S4 32, C5 48,120, F6 10,164.
    The output units' 7×12 codes are fixed. The outputs are the negated penalties −Σ_j (x_j − w_ij)², so
    that the largest one wins and cross-entropy of them is the paper's discriminative criterion (equation 9)
    without its constant j.

    Parameters
    ----------
    rng : numpy.random.Generator, optional
        Draws the initial weights, uniform on ±2.4/F_i with F_i the unit's fan-in (appendix A).

    Notes
    -----
    (N, 1, 32, 32) to (N, 10).
    """

    def __init__(self, *, rng=None):
        self.c1 = Conv2d(1, 6, 5, rng=rng)
        self.s2 = Subsample(6, rng=rng)
        self.c3 = TableConv2d(C3_TABLE, 5, rng=rng)
        self.s4 = Subsample(16, rng=rng)
        self.c5 = Conv2d(16, 120, 5, rng=rng)
        self.f6 = Linear(120, 84, rng=rng)
        self.output = RBF()
        for layer in (self.c1, self.c5, self.f6):
            fan_in, _ = init.fans(layer.weight.shape)
            layer.weight.redraw(init.uniform(2.4 / fan_in))
            layer.bias.redraw(init.uniform(2.4 / fan_in))
        self.wire(
            Sequential(
                self.c1, ScaledTanh(), self.s2, ScaledTanh(),
                self.c3, ScaledTanh(), self.s4, ScaledTanh(),
                self.c5, ScaledTanh(), Flatten(), self.f6, ScaledTanh(),
                self.output,
            )
        )  # fmt: skip
