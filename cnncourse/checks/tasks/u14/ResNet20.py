"""The residual network for 32×32 images, with either kind of shortcut."""

from functools import lru_cache

from cnncourse.checks.module_head import linear_differs
from cnncourse.checks.modules import ModuleCall, images, layers_differ, module_task


def network(**options):
    """A network with the options of `SmallResNet`; loads PyTorch."""
    from cnncourse.checks.tasks.u14._torch_resnet import SmallResNet

    return SmallResNet(**options)


def projecting():
    """Shortcuts of 1×1 – BN where the shape changes."""
    return network(shortcut="project")


def padding_on_both_sides():
    """Half of the zero channels in front of the others."""
    return network(shortcut="zeros-around")


def padding_in_front():
    """All zero channels in front of the others."""
    return network(shortcut="zeros-before")


task = module_task("The networks", double=False, alternatives=(projecting, padding_on_both_sides, padding_in_front))


@task.right
def ResNet20():
    """Shortcuts of every second pixel, with channels of zeros behind the others; those above are right as well."""
    return network()


@lru_cache(maxsize=1)
def in_eval(rng):
    """A network in eval mode, which three criteria look at."""
    return ModuleCall(input=images(rng, 1, 3, 32, 32))


@task.criterion(1)
def layers(rng):
    """The parameters of a stem, nine blocks and a head: as many of each shape as a ResNet-20 has, however named."""
    yield in_eval(rng).judged(layers_differ)


@task.criterion(1)
def logits(rng):
    """The ten outputs are what a linear layer makes of 64 numbers per image, and nothing is done to them."""
    yield in_eval(rng).judged(linear_differs)


@task.criterion(3, "eval")
def in_eval_mode(rng):
    """Outputs and gradients with the running statistics."""
    yield in_eval(rng).judged()


@task.criterion(3)
def training(rng):
    """Outputs and gradients with the batch's statistics, and what becomes of the running ones."""
    yield ModuleCall(input=images(rng, 2, 3, 32, 32), training=True)


task.options(network, {
    "all-zeros": ({"head": "zeros"}, "Every logit is zero, whatever the image."),
    "no-skip": ({"shortcut": "none"}, "There are no shortcuts: that is the plain network with 20 layers."),
    "no-skip-where-shape-changes": ({"shortcut": "same-shape-only"},
        "Blocks that change the shape have no shortcut. Pad it with zero channels, or project it."),
    "no-final-relu": ({"last_relu": False}, "The ReLU after the addition is missing in the blocks."),
    "relu-before-addition": ({"relu_first": True}, "The blocks' last ReLU comes before the addition."),
    "no-inner-relu": ({"inner_relu": False}, "The ReLU between the two convolutions of a block is missing."),
    "no-relu-after-stem": ({"stem_relu": False}, "The first convolution has no ReLU behind its batch norm."),
    "shortcut-averaged": ({"shortcut": "average"},
        "The shortcut averages 2×2 pixels. It takes every second one, as a convolution with stride 2 does."),
    "stride-on-second-convolution": ({"stride_on": 1},
        "The second convolution of a block has the stride. The first has it."),
    "resnet-14": ({"blocks": 2},
        "Each stage has two blocks. ResNet-20 has three: 6 · 3 convolutions, the first, and the head."),
    "resnet-26": ({"blocks": 4}, "Each stage has four blocks; ResNet-20 has three."),
    "widths-of-imagenet": ({"widths": (64, 128, 256)},
        "The stages are 64, 128 and 256 wide. On 32×32 images they are 16, 32 and 64."),
    "four-stages": ({"widths": (16, 32, 64, 128)}, "There are four stages. ResNet-20 has three."),
    "never-halves": ({"strides": (1, 1, 1)},
        "No block has a stride: the maps keep 32×32. The second and third stage halve them."),
    "halves-first-stage": ({"strides": (2, 2, 2)}, "The first stage has stride 2. It works at 32×32."),
    "strided-stem": ({"stem_stride": 2}, "The first convolution has stride 2. Small images keep their size there."),
    "pooled-stem": ({"stem_pool": True}, "There is a max pooling behind the first convolution, as for ImageNet. Small "
        "images keep their size there."),
    "stem-7x7": ({"stem_kernel": 7}, "The first convolution is 7×7, as for ImageNet. Here it is 3×3, padding 1."),
    "max-pooled-head": ({"head": "max"}, "The head takes each map's maximum. Global *average* pooling is wanted."),
    "softmax-in-the-network": ({"head": "softmax"}, "The output is probabilities. Return logits."),
    "relu-on-logits": ({"head": "relu"}, "The logits pass a ReLU. They may be negative."),
    "flattened-head": ({"head": "flatten"},
        "The last maps are flattened. Pool them globally: 64 numbers go into the linear layer."),
    "thousand-classes": ({"classes": 1000}, "The head has 1,000 outputs. There are 10 classes."),
    "dropout-added": ({"dropout": True},
        "In training mode values are dropped at random. The network has no dropout."),
    "no-batch-norm": ({"norms": False}, "There is no batch norm. Each convolution is followed by one."),
    "norm-always-by-batch": ({"norm": "batch"},
        "In eval mode the batch's own statistics still normalise. The running ones take their place there."),
    "norm-always-by-running": ({"norm": "running"},
        "In training mode the running statistics normalise. There the batch's own do."),
})  # fmt: skip
