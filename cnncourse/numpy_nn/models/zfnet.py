"""ZFNet: AlexNet with a finer first layer.

M. D. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014. The authors looked at what
AlexNet's maps respond to. The first layer's filters were for very high and very low frequencies with little between,
and the second layer showed aliasing, which they explain by the stride of 4. Their first layer is 7×7 with stride 2.
"""

from ..modules import Conv2d, Flatten, MaxPool2d, Network, ReLU, Sequential, init
from .alexnet import head, response_norm

__all__ = ["ZFNet"]


class ZFNet(Network):
    """The network of the paper's figure 3: (N, in_channels, 224, 224) to (N, num_classes); 62,357,608 parameters.

    The paper gives no number of parameters. There are 20,736 fewer than in AlexNet without groups, 3·96·(11² − 7²):
    only the first layer's filters have another size. Layer 2 takes over what is left of the first stride, so that the
    maps of layers 3 to 5 are 13×13 as before.

    The maps of figure 3 have 55×55, 13×13 and 6×6 values after pooling. From 110×110 and 26×26, windows of 3×3 with
    stride 2 give 55 and 13 only when a last window that sticks out counts, too: `ceil_mode`. The paper normalises the
    pooled maps "across feature maps" and gives no constants; here they are AlexNet's.

    Parameters
    ----------
    num_classes, in_channels : int
    dropout : float
    widths : five ints
        Maps of each convolution.
    hidden : int
        Width of the two linear layers before the last.
    rng : numpy.random.Generator, optional
        Draws the initial weights, from N(0, 0.01²) as in the paper, and the coins of dropout.
    """

    def __init__(
        self, num_classes=1000, in_channels=3, *, dropout=0.5, widths=(96, 256, 384, 384, 256), hidden=4096, rng=None
    ):
        a, b, c, d, e = widths
        pool = {"kernel_size": 3, "stride": 2, "ceil_mode": True}
        self.features = Sequential(
            Conv2d(in_channels, a, 7, stride=2, padding=1, rng=rng), ReLU(),  # 110×110
            MaxPool2d(**pool), response_norm(),  # 55×55
            Conv2d(a, b, 5, stride=2, rng=rng), ReLU(),  # 26×26
            MaxPool2d(**pool), response_norm(),  # 13×13
            Conv2d(b, c, 3, padding=1, rng=rng), ReLU(),
            Conv2d(c, d, 3, padding=1, rng=rng), ReLU(),
            Conv2d(d, e, 3, padding=1, rng=rng), ReLU(), MaxPool2d(**pool),  # 13×13, 6×6
        )  # fmt: skip
        self.classifier = head(e * 6 * 6, hidden, num_classes, dropout, rng)
        for layer in (*self.features, *self.classifier):
            if hasattr(layer, "weight"):
                layer.weight.redraw(init.normal(0.01))
                layer.bias.redraw(init.constant(0))
        self.wire(Sequential(self.features, Flatten(), self.classifier))
