"""GoogLeNet: nine Inception blocks, and heads on the way that bring gradient to the early layers.

C. Szegedy, W. Liu, Y. Jia et al., "Going deeper with convolutions", CVPR 2015. Two forms: the paper's, and
torchvision's, which has batch norm and differs in some sizes.
"""

from collections import namedtuple

from ..geometry import trace
from ..modules import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Identity,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    Sequential,
    init,
)
from .alexnet import response_norm
from .inception import ConvUnit, Inception

__all__ = ["GoogLeNet", "GoogLeNetOutputs", "googlenet"]

# The paper's table 1: 1×1; reduction and 3×3; reduction and 5×5; maps of the pooling branch.
BLOCKS = {
    "3a": (64, (96, 128), (16, 32), 32), "3b": (128, (128, 192), (32, 96), 64),
    "4a": (192, (96, 208), (16, 48), 64), "4b": (160, (112, 224), (24, 64), 64), "4c": (128, (128, 256), (24, 64), 64),
    "4d": (112, (144, 288), (32, 64), 64), "4e": (256, (160, 320), (32, 128), 128),
    "5a": (256, (160, 320), (32, 128), 128), "5b": (384, (192, 384), (48, 128), 128),
}  # fmt: skip

# What `GoogLeNet` with auxiliary heads returns in training, in torchvision's order.
GoogLeNetOutputs = namedtuple("GoogLeNetOutputs", ("logits", "aux_logits2", "aux_logits1"))


class AuxiliaryHead(Network):
    """A classifier in the middle of the network: pooling to 4×4, 1×1 convolution, two linear layers (section 5)."""

    def __init__(self, in_channels, num_classes, pool, width, batch_norm, rng):
        maps, hidden = round(128 * width), round(1024 * width)
        self.conv = ConvUnit(in_channels, maps, 1, batch_norm=batch_norm, rng=rng)
        self.fc1 = Linear(maps * 4 * 4, hidden, rng=rng)
        self.fc2 = Linear(hidden, num_classes, rng=rng)
        self.wire(Sequential(pool, self.conv, Flatten(), self.fc1, ReLU(), Dropout(0.7, rng=rng), self.fc2))


class SideHead(Identity):
    """Passes its input on. In training `head` looks at it, too, and `output` is what it says.

    Before the way back, `grad_output` must be set to the gradient with respect to `output`, or to None if the loss
    does not depend on it.
    """

    output = grad_output = None

    def __init__(self, head):
        self.head = head

    def forward(self, input):
        self.output = self.head(input) if self.training else None
        return input

    def backward(self, grad_output):
        if self.grad_output is None:
            return grad_output
        return grad_output + self.head.backward(self.grad_output)


@trace.register
def _(module: SideHead, input_shape, field, visit):
    trace(module.head, input_shape, field, visit)
    return input_shape, field


class GoogLeNet(Network):
    """GoogLeNet for 224×224 images: (N, in_channels, H, W) to (N, num_classes).

    The paper's form has 6,998,552 parameters, with auxiliary heads 13,378,280. torchvision's has 6,624,904, with
    auxiliary heads 13,004,888: batch norm instead of biases and response normalisation, 3×3 where the paper has 5×5,
    2×2 pooling before block 5a, and heads that pool maps of any size to 4×4.

    Parameters
    ----------
    num_classes, in_channels : int
    form : "paper" or "torchvision"
    batch_norm : bool, optional
        By default as in the form. With batch norm there is no response normalisation.
    aux_logits : bool
        Have auxiliary heads behind blocks 4a and 4d. In training the output is then a `GoogLeNetOutputs`, and
        `backward` takes one, of the gradients. The paper adds the heads' losses with a weight of 0.3.
    dropout : float
        Before the last layer.
    width : float
        All numbers of maps are multiplied by it; use a multiple of 1/8.
    rng : numpy.random.Generator, optional
        Draws the initial weights and the coins of dropout.

    Notes
    -----
    Neither the constants of the response normalisation nor the initial weights are in the paper. The constants are
    AlexNet's; the weights are drawn by Kaiming's rule, in torchvision's form from N(0, 0.01²) as there.
    """

    def __init__(
        self, num_classes=1000, in_channels=3, *, form="paper", batch_norm=None, aux_logits=False, dropout=0.4, width=1,
        rng=None,
    ):  # fmt: skip
        if form not in ("paper", "torchvision"):
            raise ValueError(f"form: expected 'paper' or 'torchvision', got {form!r}")
        self.form, self.width = form, width
        self.batch_norm = form == "torchvision" if batch_norm is None else batch_norm
        self._add_convolutions(in_channels, rng)
        self.aux1 = self._auxiliary(self.inception4a, num_classes, rng) if aux_logits else None
        self.aux2 = self._auxiliary(self.inception4d, num_classes, rng) if aux_logits else None
        self.fc = Linear(self.inception5b.out_channels, num_classes, rng=rng)
        self._initialise()
        self._connect(dropout, rng)

    def _add_convolutions(self, in_channels, rng):
        def maps(count):
            return round(count * self.width)

        self.conv1 = ConvUnit(in_channels, maps(64), 7, 2, 3, batch_norm=self.batch_norm, rng=rng)
        self.conv2 = ConvUnit(maps(64), maps(64), 1, batch_norm=self.batch_norm, rng=rng)
        self.conv3 = ConvUnit(maps(64), maps(192), 3, 1, 1, batch_norm=self.batch_norm, rng=rng)
        channels = maps(192)
        large = 5 if self.form == "paper" else 3
        for name, (c1, c3, c5, c_pool) in BLOCKS.items():
            sizes = maps(c1), [maps(c) for c in c3], [maps(c) for c in c5], maps(c_pool)
            block = Inception(channels, *sizes, batch_norm=self.batch_norm, large=large, rng=rng)
            setattr(self, f"inception{name}", block)
            channels = block.out_channels

    def _auxiliary(self, block, num_classes, rng):
        pool = AvgPool2d(5, stride=3) if self.form == "paper" else AdaptiveAvgPool2d(4)
        return AuxiliaryHead(block.out_channels, num_classes, pool, self.width, self.batch_norm, rng)

    def _initialise(self):
        for layer in self.modules():
            if isinstance(layer, (Conv2d, Linear)):
                by_form = init.kaiming_normal(layer.weight.shape) if self.form == "paper" else init.normal(0.01)
                layer.weight.redraw(by_form)
                if layer.bias and self.form == "paper":
                    layer.bias.redraw(init.constant(0))

    def _connect(self, dropout, rng):
        norm = Identity if self.batch_norm else response_norm
        pool = {"kernel_size": 3, "stride": 2, "ceil_mode": True}
        last = pool if self.form == "paper" else pool | {"kernel_size": 2}
        self._sides = [SideHead(self.aux1), SideHead(self.aux2)] if self.aux1 else []
        first, second = self._sides or (Identity(), Identity())
        self.wire(
            Sequential(
                self.conv1, MaxPool2d(**pool), norm(), self.conv2, self.conv3, norm(), MaxPool2d(**pool),  # 28×28
                self.inception3a, self.inception3b, MaxPool2d(**pool),  # 14×14
                self.inception4a, first, self.inception4b, self.inception4c, self.inception4d, second,
                self.inception4e, MaxPool2d(**last),  # 7×7
                self.inception5a, self.inception5b, AdaptiveAvgPool2d(1), Flatten(), Dropout(dropout, rng=rng), self.fc,
            )
        )  # fmt: skip

    def forward(self, input):
        logits = self.wiring.forward(input)
        if not (self._sides and self.training):
            return logits
        return GoogLeNetOutputs(logits, self._sides[1].output, self._sides[0].output)

    def backward(self, grad_output):
        return self.wiring.backward(self._give_to_sides(grad_output))

    def backward_parameters(self, grad_output):
        self.wiring.backward_parameters(self._give_to_sides(grad_output))

    def _give_to_sides(self, grad_output):
        """Return the gradient of the logits, after the auxiliary heads have got theirs."""
        main, *others = grad_output if isinstance(grad_output, tuple) else (grad_output, None, None)
        for side, grad in zip(self._sides, reversed(others), strict=False):
            side.grad_output = grad
        return main


def googlenet(num_classes=1000, *, aux_logits=False, rng=None):
    """GoogLeNet in torchvision's form: 6,624,904 parameters, with auxiliary heads 13,004,888."""
    return GoogLeNet(num_classes, form="torchvision", aux_logits=aux_logits, dropout=0.2, rng=rng)
