"""Task 14.ResNet20: the residual network for 32×32 images, with either kind of shortcut."""

import numpy as np

from cnncourse.checks.modules import ModuleCase, ModuleTask
from cnncourse.checks.task import Mistake


def ResNet20():
    """Right answer, with shortcuts of zero padding; `projecting` and the others are right as well."""
    return _network()


def projecting():
    """Shortcuts of 1×1 – BN where the shape changes."""
    return _network(shortcut="project")


def padding_on_both_sides():
    """Half of the zero channels in front of the others."""
    return _network(shortcut="zeros-around")


def padding_in_front():
    """All zero channels in front of the others."""
    return _network(shortcut="zeros-before")


def _network(**options):
    from cnncourse.checks.tasks.u14._torch_resnet import SmallResNet

    return SmallResNet(**options)


def cases(rng):
    """Both modes; few images, since the network is deep. The first case is the quickest."""

    def images(n):
        return (0.3 + rng.standard_normal((n, 3, 32, 32))).astype(np.float32)

    small = images(2)[:, :, :8, :8]
    yield ModuleCase("eval", input=images(2), small=small)
    yield ModuleCase("training", input=images(2), training=True, small=small)


def _wrong(slug, explanation, **options):
    return Mistake(slug, lambda: _network(**options), explanation)


task = ModuleTask(
    "14.ResNet20",
    {"training": 4, "eval": 4},
    ResNet20,
    cases,
    [
        _wrong("all-zeros", "Every logit is zero, whatever the image.", head="zeros"),
        _wrong("no-skip", "There are no shortcuts: that is the plain network with 20 layers.", shortcut="none"),
        _wrong(
            "no-skip-where-shape-changes",
            "Blocks that change the shape have no shortcut. Pad it with zero channels, or project it.",
            shortcut="same-shape-only",
        ),
        _wrong("no-final-relu", "The ReLU after the addition is missing in the blocks.", last_relu=False),
        _wrong("relu-before-addition", "The blocks' last ReLU comes before the addition.", relu_first=True),
        _wrong("no-inner-relu", "The ReLU between the two convolutions of a block is missing.", inner_relu=False),
        _wrong("no-relu-after-stem", "The first convolution has no ReLU behind its batch norm.", stem_relu=False),
        _wrong(
            "shortcut-averaged",
            "The shortcut averages 2×2 pixels. It takes every second one, as a convolution with stride 2 does.",
            shortcut="average",
        ),
        _wrong(
            "stride-on-second-convolution",
            "The second convolution of a block has the stride. The first has it.",
            stride_on=1,
        ),
        _wrong(
            "resnet-14",
            "Each stage has two blocks. ResNet-20 has three: 6 · 3 convolutions, the first, and the head.",
            blocks=2,
        ),
        _wrong("resnet-26", "Each stage has four blocks; ResNet-20 has three.", blocks=4),
        _wrong(
            "widths-of-imagenet",
            "The stages are 64, 128 and 256 wide. On 32×32 images they are 16, 32 and 64.",
            widths=(64, 128, 256),
        ),
        _wrong("four-stages", "There are four stages. ResNet-20 has three.", widths=(16, 32, 64, 128)),
        _wrong(
            "never-halves",
            "No block has a stride: the maps keep 32×32. The second and third stage halve them.",
            strides=(1, 1, 1),
        ),
        _wrong("halves-first-stage", "The first stage has stride 2. It works at 32×32.", strides=(2, 2, 2)),
        _wrong(
            "strided-stem", "The first convolution has stride 2. Small images keep their size there.", stem_stride=2
        ),
        _wrong(
            "pooled-stem",
            "There is a max pooling behind the first convolution, as for ImageNet. Small images keep their size there.",
            stem_pool=True,
        ),
        _wrong("stem-7x7", "The first convolution is 7×7, as for ImageNet. Here it is 3×3, padding 1.", stem_kernel=7),
        _wrong("max-pooled-head", "The head takes each map's maximum. Global *average* pooling is wanted.", head="max"),
        _wrong("softmax-in-the-network", "The output is probabilities. Return logits.", head="softmax"),
        _wrong("relu-on-logits", "The logits pass a ReLU. They may be negative.", head="relu"),
        _wrong(
            "flattened-head",
            "The last maps are flattened. Pool them globally: 64 numbers go into the linear layer.",
            head="flatten",
        ),
        _wrong("thousand-classes", "The head has 1,000 outputs. There are 10 classes.", classes=1000),
        _wrong(
            "dropout-added", "In training mode values are dropped at random. The network has no dropout.", dropout=True
        ),
        _wrong("no-batch-norm", "There is no batch norm. Each convolution is followed by one.", norms=False),
        _wrong(
            "norm-always-by-batch",
            "In eval mode the batch's own statistics still normalise. The running ones take their place there.",
            norm="batch",
        ),
        _wrong(
            "norm-always-by-running",
            "In training mode the running statistics normalise. There the batch's own do.",
            norm="running",
        ),
    ],
    signature="ResNet20()",
    alternatives=(projecting, padding_on_both_sides, padding_in_front),
    see="14#The networks",
    place=5,
)
