"""The convolutional part of AlexNet, in one column or two."""

from functools import lru_cache

from cnncourse.checks.modules import ModuleCall, images, layers_differ, module_task
from cnncourse.checks.tasks.u11._columns import features, side_by_side
from cnncourse.checks.tasks.u11._light import lightly_differ


def two_layers_per_grouped_one(groups=2):
    """A layer for each group."""
    return side_by_side(groups)


def two_columns(groups=2):
    """All five convolutions in two halves."""
    return side_by_side(groups, (0, 1, 2, 3, 4))


right = (two_layers_per_grouped_one, two_columns)
task = module_task("Layer by layer", double=False, alternatives=right, differs=lightly_differ)
task.seconds = 60.0  # 0.7 thousand million multiply-adds per picture, three times as many with gradients


@task.right
def alexnet_features(groups=2):
    """Five convolutions with ReLU, three max poolings; the second, fourth and fifth convolution are in groups."""
    from torch import nn

    layers, c_in = [], 3
    for i, (c_out, kernel_size) in enumerate([(96, 11), (256, 5), (384, 3), (384, 3), (256, 3)]):
        stride, padding = (4, 0) if i == 0 else (1, kernel_size // 2)
        apart = 1 if i in (0, 2) else groups
        layers += [nn.Conv2d(c_in, c_out, kernel_size, stride, padding, groups=apart), nn.ReLU()]
        layers += [] if i in (2, 3) else [nn.MaxPool2d(3, 2)]
        c_in = c_out
    return nn.Sequential(*layers)


@lru_cache(maxsize=1)
def two_columns_train(rng):
    """The paper's two columns in training mode, which two criteria look at."""
    return ModuleCall(input=images(rng, 1, 3, 227, 227), training=True)


@task.criterion(1)
def layers(rng):
    """The parameters of the five convolutions, as many of each shape as the paper's two columns have."""
    yield two_columns_train(rng).judged(layers_differ)


@task.criterion(3)
def two_groups(rng):
    """Outputs and gradients of the paper's two columns in training mode, outputs in eval mode."""
    yield two_columns_train(rng).judged()
    yield ModuleCall(groups=2, input=images(rng, 2, 3, 227, 227), gradients=False)


@task.criterion(2)
def one_group(rng):
    """Outputs with groups=1."""
    yield ModuleCall(1, input=images(rng, 1, 3, 227, 227), gradients=False)


task.options(features, {
    "no-relu": ({"relu": ()}, "There is no ReLU. Without it, the convolutions in a row are one linear map."),
    "last-relu-missing": ({"relu": (0, 1, 2, 3)}, "The last convolution has no ReLU. Each of the five has one."),
    "no-relu-before-pooling": ({"relu": (2, 3)}, "Convolutions with a pooling behind them have no ReLU. Each of the "
        "five has one."),
    "tanh-for-relu": ({"activation": "Tanh"}, "The activation is tanh. AlexNet's is ReLU."),
    "other-activation": ({"activation": "LeakyReLU"}, "The activation is not ReLU: negative values come through."),
    "local-response-norm-added": ({"extra": "lrn"}, "There is local response normalisation. The paper has it; this "
        "task leaves it out."),
    "batch-norm-added": ({"extra": "norm"}, "There are batch norm layers. AlexNet is older than batch norm."),
    "dropout-added": ({"extra": "dropout"}, "In training mode values are dropped at random. AlexNet's dropout is "
        "between its linear layers, which are not asked for here."),
    "flattened": ({"extra": "flatten"}, "The result is flattened. Maps (N, 256, 6, 6) are wanted."),
    "no-bias": ({"bias": False}, "The convolutions have no bias."),
    "average-pooling": ({"pool": "average"}, "The windows are averaged. AlexNet takes their maxima."),
    "pooling-apart": ({"pool": "apart"}, "The pooling windows are 2×2. AlexNet's are 3×3 at stride 2, so that they "
        "overlap."),
    "pooling-stride-3": ({"pool": "three"}, "The pooling has stride 3, PyTorch's default for 3×3 windows. AlexNet's "
        "windows overlap: stride 2."),
    "pooling-padded": ({"pool": "padded"}, "The pooling has padding 1. It has none: 55 → 27 → 13 → 6."),
    "pools-after-first-two-only": ({"pools": (0, 1)}, "The last pooling, behind the fifth convolution, is missing."),
    "pools-after-each": ({"pools": (0, 1, 2, 3, 4)}, "There is a pooling behind each convolution. Only the first, "
        "second and fifth have one."),
    "pools-after-third": ({"pools": (0, 1, 2)}, "The last pooling is behind the third convolution. It is behind the "
        "fifth."),
    "first-convolution-padded": ({"first": (11, 4, 2)}, "The first convolution has padding 2, as torchvision's has for "
        "224 pixels. With 227 it has none: (227 − 11) / 4 + 1 = 55."),
    "first-stride-2": ({"first": (11, 2, 0)}, "The first convolution has stride 2. Its stride is 4."),
    "zfnet": ({"first": (7, 2, 1)}, "The first convolution is 7×7 at stride 2: that is ZFNet. AlexNet's is 11×11 at "
        "stride 4."),
    "no-padding": ({"padding": False}, "The convolutions behind the first have no padding. 5×5 has 2 and 3×3 has 1, so "
        "that the maps keep their size."),
    "padding-reflected": ({"padding_mode": "reflect"}, "The border is padded with mirrored pixels. Here it is padded "
        "with zeros, PyTorch's default."),
    "third-in-groups": ({"grouped": (1, 2, 3, 4)}, "The third convolution is in groups. It is the one in which the two "
        "columns see each other."),
    "second-only-in-groups": ({"grouped": (1,)}, "Only the second convolution is in groups. The fourth and the fifth "
        "are, too."),
    "third-for-fourth-in-groups": ({"grouped": (1, 2, 4)}, "The third convolution is in groups and the fourth is not. "
        "It is the other way round: the third sees both columns."),
    "torchvisions-widths": ({"widths": (64, 192, 384, 256, 256)}, "The widths are 64, 192, 384, 256 and 256: those of "
        "torchvision's AlexNet, of 2014. The paper's are 96, 256, 384, 384 and 256."),
    "one-column-of-two": ({"widths": (48, 128, 192, 192, 128)}, "That is one of the two columns. Both together are 96, "
        "256, 384, 384 and 256 wide."),
    "second-kernel-3x3": ({"kernels": (3, 3, 3, 3)}, "The second convolution is 3×3. It is 5×5, with padding 2."),
    "fourth-convolution-missing": ({"widths": (96, 256, 384, 256), "grouped": (1, 3), "pools": (0, 1, 3),
        "relu": (0, 1, 2, 3)}, "There are four convolutions. The fourth of five, 384 wide, is missing."),
})  # fmt: skip


@task.mistake
def groups_ignored():
    """`groups` is not used: the convolutions see all channels. Give it to the second, fourth and fifth."""
    return features(1)


@task.mistake
def always_two_groups():
    """There are always two groups. With groups=1 every convolution sees all channels."""
    return features(2)


@task.mistake
def one_group_by_default(groups=1):
    """Without an argument there is one group. The default is 2, the paper's."""
    return features(groups)
