"""U-Net: down to where a place sees much, back up to every pixel, and skips that bring the fine maps across.

O. Ronneberger, P. Fischer, T. Brox, "U-Net: convolutional networks for biomedical image segmentation", MICCAI 2015,
figure 1.
"""

from ..modules import (
    Concat,
    Conv2d,
    ConvTranspose2d,
    CropConcat,
    Identity,
    MaxPool2d,
    Network,
    ReLU,
    Sequential,
    init,
)

__all__ = ["UNet"]


def double_conv(c_in, c_out, padding, rng):
    """Return two 3×3 convolutions, each with a ReLU."""
    return Sequential(
        Conv2d(c_in, c_out, 3, padding=padding, rng=rng), ReLU(),
        Conv2d(c_out, c_out, 3, padding=padding, rng=rng), ReLU(),
    )  # fmt: skip


class UNet(Network):
    """Scores for every pixel: (N, c_in, H, W) to (N, num_classes, H, W), or smaller without padding.

    The paper's network is `UNet(1, 2, width=64, depth=4, padding=False)`: 31,030,658 parameters, 572 pixels to 388.

    Parameters
    ----------
    c_in, num_classes : int
    width : int
        Maps of the first level; each further one has twice as many.
    depth : int
        The number of poolings.
    padding : bool
        Pad the 3×3 convolutions by one. H and W are then multiples of `step`. Without padding every output is
        computed from pixels alone, none from zeros: H and W are 4 less than a multiple of `step`, and the output is
        smaller by `margin` on every side.
    skips : bool or sequence of bool
        Which levels have a skip, the finest first.
    rng : numpy.random.Generator, optional
        Draws the initial weights.

    Attributes
    ----------
    step : int
        2^depth: by so many pixels the input has to move for the output to move with it.
    margin : int
        Outputs of a block of `step` pixels depend on nothing further away from it than this.
    """

    def __init__(self, c_in=3, num_classes=2, width=16, depth=2, *, padding=True, skips=True, rng=None):
        self.padding, self.depth, self.step = padding, depth, 2**depth
        self.margin = 6 * self.step if padding else 6 * self.step - 4
        self.skips = (skips,) * depth if isinstance(skips, bool) else tuple(skips)
        if len(self.skips) != depth:
            raise ValueError(f"skips: expected a bool or {depth}, one for each level, got {skips!r}")
        c = [width * 2**level for level in range(depth + 1)]
        levels, P = range(depth), int(padding)
        self.encoder = Sequential(*(double_conv(*pair, P, rng) for pair in zip([c_in, *c], c, strict=False)))
        self.up = Sequential(*(ConvTranspose2d(c[i + 1], c[i], 2, stride=2, rng=rng) for i in levels))
        self.decoder = Sequential(*(double_conv(c[i] * (1 + self.skips[i]), c[i], P, rng) for i in levels))
        self.head = Conv2d(width, num_classes, 1, rng=rng)
        self.wire(Sequential(self._level(0), self.head))
        for layer in self.modules():
            if isinstance(layer, Conv2d):
                layer.weight.redraw(init.kaiming_normal(layer.weight.shape))
                layer.bias.redraw(init.constant(0))

    def _level(self, i):
        """Return level i with all below: convolutions, the way down and up again beside the skip, convolutions."""
        if i == self.depth:
            return self.encoder[i]
        joined = Sequential(MaxPool2d(2), self._level(i + 1), self.up[i])
        if self.skips[i]:
            joined = (Concat if self.padding else CropConcat)(Identity(), joined)
        return Sequential(self.encoder[i], joined, self.decoder[i])

    def forward(self, input):
        check_size(input.shape[2:], self)
        return super().forward(input)


def check_size(size, network):
    """Refuse a height or width in which the poolings do not come out even."""
    step, margin = network.step, network.margin
    if network.padding and any(side % step for side in size):
        raise ValueError(f"input: expected height and width to be multiples of {step}, got {tuple(size)}")
    if not network.padding and any((side + 4) % step or side <= 2 * margin for side in size):
        wanted = f"height and width over {2 * margin}, 4 less than a multiple of {step}"
        raise ValueError(f"input: expected {wanted}, got {tuple(size)}")
