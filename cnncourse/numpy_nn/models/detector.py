"""A small detector without anchors: each place of its map says what it lies in and where that ends.

Z. Tian, C. Shen, H. Chen, T. He, "FCOS: Fully convolutional one-stage object detection", ICCV 2019, section 3. Here
there is one map instead of five, and no centre-ness: only places near the middle of a thing stand for it.
"""

import math

import numpy as np

from ..modules import BatchNorm2d, Conv2d, Network, ReLU, Sequential, init

__all__ = ["Detector"]


def layer(c_in, c_out, stride, rng):
    """Return a 3×3 convolution, batch norm and ReLU."""
    conv = Conv2d(c_in, c_out, 3, stride, padding=1, bias=False, rng=rng)
    return Sequential(conv, BatchNorm2d(c_out), ReLU())


class Detector(Network):
    """Classes and distances at every fourth pixel: (N, c_in, H, W) to (N, num_classes + 4, ⌈H/4⌉, ⌈W/4⌉).

    `numpy_nn.detection` turns the output into boxes, and true boxes into what the output shall be.

    Parameters
    ----------
    c_in, num_classes : int
    width : int
        Maps after the first convolution; twice as many after the third.
    depth : int
        The number of 3×3 convolutions at a quarter of the size. Each of them widens what a place sees by 8 pixels.
    rng : numpy.random.Generator, optional
        Draws the initial weights. Each class begins with a probability of 0.01 (Lin et al. 2017, section 3.3), and each
        box two places to every side.
    """

    stride = 4

    def __init__(self, c_in=3, num_classes=10, width=24, depth=4, *, rng=None):
        wide = 2 * width
        self.stem = Sequential(layer(c_in, width, 2, rng), layer(width, width, 1, rng), layer(width, wide, 2, rng))
        self.body = Sequential(*(layer(wide, wide, 1, rng) for _ in range(depth)))
        self.head = Conv2d(wide, num_classes + 4, 1, rng=rng)
        self.head.weight.redraw(init.normal(0.01))
        start = [-math.log(99)] * num_classes + [math.log(2)] * 4
        self.head.bias.redraw(lambda rng, shape, dtype: np.array(start, dtype))
        self.wire(Sequential(self.stem, self.body, self.head))
