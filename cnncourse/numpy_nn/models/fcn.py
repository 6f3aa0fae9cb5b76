"""FCN: a classifier made fully convolutional, its coarse scores brought back to every pixel.

J. Long, E. Shelhamer, T. Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015, sections 3
and 4.
"""

from ..modules import Conv2d, ConvTranspose2d, MaxPool2d, Network, ReLU, Residual, Sequential, init

__all__ = ["FCN"]


def stage(c_in, c_out, rng):
    """Return two 3×3 convolutions with ReLUs, and pooling to half the size."""
    return Sequential(
        Conv2d(c_in, c_out, 3, padding=1, rng=rng), ReLU(),
        Conv2d(c_out, c_out, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2),
    )  # fmt: skip


def upsampling(channels, stride, rng):
    """Return a transposed convolution that begins as bilinear interpolation; `stride` is even."""
    layer = ConvTranspose2d(channels, channels, 2 * stride, stride, padding=stride // 2, bias=False, rng=rng)
    layer.weight.redraw(init.bilinear(stride))
    return layer


class FCN(Network):
    """Scores for every pixel: (N, c_in, H, W) to (N, num_classes, H, W); H and W are multiples of `step`.

    With `depth` 5 and 0, 1 or 2 skips, these are the paper's FCN-32s, FCN-16s and FCN-8s upon smaller stages.

    Parameters
    ----------
    c_in, num_classes : int
    width : int
        Maps of the first stage; each further one has twice as many.
    depth : int
        The number of stages, each of which halves the size.
    skips : int
        The number of finer stages that give scores, too, less than `depth`. The coarser scores are doubled in size
        and added; the last step goes from the finest scores to the picture at once.
    rng : numpy.random.Generator, optional
        Draws the initial weights. Scores begin at zero, as in the paper.

    Attributes
    ----------
    step : int
        2^depth: by so many pixels the input has to move for the output to move with it.
    margin : int
        Outputs of a block of `step` pixels depend on nothing further away from it than this.
    """

    def __init__(self, c_in=3, num_classes=2, width=16, depth=3, skips=2, *, rng=None):
        if not 0 <= skips < depth:
            raise ValueError(f"skips: expected 0 to {depth - 1}, fewer than there are stages, got {skips}")
        self.step = 2**depth
        self.margin = (4 if skips else 3) * self.step
        c = [width * 2**level for level in range(depth)]
        scored = range(depth - 1 - skips, depth)  # the stages that give scores
        self.stages = Sequential(*(stage(*pair, rng) for pair in zip([c_in, *c], c, strict=False)))
        self.score = Sequential(*(Conv2d(c[i], num_classes, 1, rng=rng) for i in scored))
        strides = [2 ** (depth - skips)] + [2] * skips
        self.up = Sequential(*(upsampling(num_classes, stride, rng) for stride in strides))
        for layer in (layer for block in self.stages for layer in block):
            if isinstance(layer, Conv2d):
                layer.weight.redraw(init.kaiming_normal(layer.weight.shape))
                layer.bias.redraw(init.constant(0))
        for layer in self.score:
            layer.weight.redraw(init.constant(0))
            layer.bias.redraw(init.constant(0))
        self.wire(Sequential(*list(self.stages)[: depth - skips], self._scores(0), self.up[0]))

    def _scores(self, i):
        """Return what turns the maps of the i-th scored stage into scores, those of the coarser ones added."""
        if i == len(self.score) - 1:
            return self.score[i]
        coarser = self.stages[len(self.stages) - len(self.score) + i + 1]
        return Residual(Sequential(coarser, self._scores(i + 1), self.up[i + 1]), self.score[i])

    def forward(self, input):
        if any(side % self.step for side in input.shape[2:]):
            size = tuple(input.shape[2:])
            raise ValueError(f"input: expected height and width to be multiples of {self.step}, got {size}")
        return super().forward(input)
