"""A whole network from its configuration, with a head of the learner's choice."""

from collections import OrderedDict

from cnncourse.checks.module_head import convolutions_differ, convolutions_of
from cnncourse.checks.modules import ModuleCall, images, module_task
from cnncourse.checks.tasks.u12._stacks import SHARED, features

task = module_task(see="The rule", differs=convolutions_differ, part=convolutions_of)


@task.right
def VGG(config, num_classes):
    """A width is a 3×3 convolution and ReLU, "M" is 2×2 max pooling; the head here is one linear layer."""
    from torch import nn

    layers, width, side = [], 3, 32
    for item in config:
        if item == "M":
            layers.append(nn.MaxPool2d(2))
            side //= 2
        else:
            layers += [nn.Conv2d(width, item, 3, padding=1), nn.ReLU()]
            width = item
    head = nn.Sequential(nn.Flatten(), nn.Linear(width * side**2, num_classes))
    return nn.Sequential(OrderedDict(features=nn.Sequential(*layers), head=head))


def both_modes(rng, config, *classes):
    """One call in eval mode, one in training mode."""
    for training, count in zip((False, True), classes, strict=True):
        yield ModuleCall(config, count, input=images(rng, 2, 3, 32, 32), training=training)


@task.criterion(2, "as deep as VGG-11")
def five_poolings(rng):  # first: 8 features, soon judged
    """Five poolings, with the depth of VGG-11 and narrow layers."""
    yield from both_modes(rng, [4, "M", 5, "M", 6, 6, "M", 8, 8, "M", 8, 8, "M"], 10, 10)


@task.criterion(2)
def two_and_three_convolutions(rng):
    """Three poolings, with two or three convolutions in front of each, and another number of classes."""
    yield from both_modes(rng, [5, 5, "M", 7, 7, "M", 9, 9, 9, "M"], 7, 6)


@task.criterion(2)
def small(rng):
    """Two convolutions, each with a pooling behind it; the width shrinks."""
    yield from both_modes(rng, [4, "M", 3, "M"], 4, 5)


def network(config, num_classes, end=lambda y: y, use=lambda features, x: features(x).flatten(1), **options):
    """A VGG with one thing wrong: in its layers, in what the head looks at, or at its end."""
    from torch import nn

    class Wrong(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(*features(config, 3, **options))
            self.head = nn.LazyLinear(num_classes)

        def forward(self, x):
            return end(self.head(use(self.features, x)))

    return Wrong()


task.options(network, {slug: row for slug, row in SHARED.items() if slug != "pooling-rounds-up"})
task.options(network, {
    "all-zeros": ({"end": lambda y: y * 0}, "The output is zero whatever the image: nothing reaches the logits."),
    "softmax-in-the-network": ({"end": lambda y: y.softmax(1)}, "The output is probabilities. Return logits: the "
        "cross-entropy loss has the softmax in it, and would apply it twice."),
    "log-softmax-in-the-network": ({"end": lambda y: y.log_softmax(1)},
        "The output is log-probabilities. Return logits, as the last linear layer gives them."),
    "relu-on-logits": ({"end": lambda y: y.relu()},
        "The logits pass a ReLU. They may be negative: nothing stands behind the last linear layer."),
    "random-in-eval": ({"end": lambda y: y + y.detach().clone().normal_()},
        "The same images give other outputs in eval mode. F.dropout needs training=self.training; nn.Dropout knows by "
        "itself."),
    "images-mix": ({"end": lambda y: y - y.mean(0)}, "The output for an image depends on the others in the batch. "
        "Which axis is meant in softmax or mean?"),
    "head-skips-features": ({"use": lambda features, x: x.mean((2, 3))},
        "The logits do not come from the last feature map: no gradient reaches the convolutions. The head takes what "
        "they give."),
})  # fmt: skip


def reconfigured(config, num_classes, change):
    """A network of another configuration."""
    return network(change(list(config)), num_classes)


def once(config):
    """The first width of each block."""
    return [item for i, item in enumerate(config) if item == "M" or i == 0 or config[i - 1] == "M"]


def doubling(config):
    """The first width, doubled behind each pooling."""
    return ["M" if item == "M" else config[0] * 2 ** config[:i].count("M") for i, item in enumerate(config)]


task.options(reconfigured, {
    "last-pooling-missing": ({"change": lambda config: config[:-1]},
        'The last "M" of the configuration is not built: larger maps than wanted reach the head.'),
    "one-convolution-a-block": ({"change": once},
        "Each block has one convolution. The configuration names every one."),
    "each-width-twice": ({"change": lambda config: [i for w in config for i in ([w] if w == "M" else [w, w])]},
        "Each width is built twice; the configuration names every one."),
    "doubles-whatever-is-asked": ({"change": doubling},
        "The width doubles behind each pooling. The configuration says how wide each convolution is."),
})  # fmt: skip


@task.mistake
def always_ten_classes(config):
    """The network has ten outputs whatever num_classes says."""
    return network(config, 10)


@task.mistake
def always_thousand_classes(config):
    """The network has ImageNet's thousand outputs. It should have num_classes."""
    return network(config, 1000)


def with_linear_head(config, num_classes, inputs):
    """A flattening head for a fixed number of features."""
    from torch import nn

    head = nn.Sequential(nn.Flatten(), nn.Linear(inputs(config), num_classes))
    return nn.Sequential(OrderedDict(features=nn.Sequential(*features(config, 3)), head=head))


task.options(with_linear_head, {
    "head-takes-512": ({"inputs": lambda config: 512},
        "The head expects 512 numbers. How many there are depends on the last width and on the number of poolings."),
    "head-takes-one-pixel": ({"inputs": lambda config: [item for item in config if item != "M"][-1]},
        "The head expects a last map of 1×1 pixels. That holds only for five poolings: pool globally, or count."),
})  # fmt: skip
