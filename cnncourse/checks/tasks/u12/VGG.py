"""Task 12.VGG: a whole network from its configuration, with a head of the learner's choice."""

from collections import OrderedDict

import numpy as np

from cnncourse.checks.module_head import CUT_OFF, WAY_BACK, convolutions_of, without_head
from cnncourse.checks.modules import ModuleCase, ModuleTask, ModuleTrial
from cnncourse.checks.task import Mistake
from cnncourse.checks.tasks.u12._stacks import SHARED, features


def VGG(config, num_classes):
    """Right answer, with one linear layer as its head."""
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


SMALL = [4, "M", 3, "M"]
DEEP = [4, "M", 5, "M", 6, 6, "M", 8, 8, "M", 8, 8, "M"]  # VGG-11 with narrow layers
PAIRS = [5, 5, "M", 7, 7, "M", 9, 9, 9, "M"]


def cases(rng):
    """Two pools to five, several numbers of classes, both modes."""

    def x(n):
        return (0.3 + rng.standard_normal((n, 3, 32, 32))).astype(np.float32)

    for training in (False, True):
        yield ModuleCase("as deep as VGG-11", DEEP, 10, input=x(2), training=training)  # first: 8 features, soon judged
        yield ModuleCase("two and three convolutions", PAIRS, 7 - training, input=x(2), training=training)
        yield ModuleCase("small", SMALL, 4 + training, input=x(2), training=training)


def network(config, num_classes, head="linear", **options):
    """A VGG with one thing wrong."""
    from torch import nn

    class Wrong(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(*features(config, 3, **options))
            self.head = nn.LazyLinear(num_classes)

        def forward(self, x):
            y = self.head(self.features(x).flatten(1))
            ends = {
                "softmax": lambda: y.softmax(1), "log-softmax": lambda: y.log_softmax(1), "sigmoid": y.sigmoid,
                "relu": y.relu, "zeros": lambda: y * 0, "linear": lambda: y,
            }  # fmt: skip
            return ends.get(head, ends["linear"])()

    return Wrong()


def _variant(**options):
    return lambda config, num_classes: network(config, num_classes, **options)


def _with_config(change):
    return lambda config, num_classes: network(change(list(config)), num_classes)


def _hard_coded(config, num_classes):
    """A head for torchvision's sizes alone."""
    return _with_linear_head(config, 512, num_classes)


def _of_pooled(config, num_classes):
    """A head that takes the last map to be 1×1."""
    return _with_linear_head(config, [item for item in config if item != "M"][-1], num_classes)


def _with_linear_head(config, inputs, num_classes):
    from torch import nn

    head = nn.Sequential(nn.Flatten(), nn.Linear(inputs, num_classes))
    return nn.Sequential(OrderedDict(features=nn.Sequential(*features(config, 3)), head=head))


def _once(config):
    return [item for i, item in enumerate(config) if item == "M" or i == 0 or config[i - 1] == "M"]


def _twice(config):
    return [item for width in config for item in ([width] if width == "M" else [width, width])]


def _doubling(config):
    widths = [item for item in config if item != "M"]
    width, changed = widths[0], []
    for item in config:
        changed.append("M" if item == "M" else width)
        width = 2 * width if item == "M" else width
    return changed


def shown(trials):
    """Mistakes that show without numbers to compare: chance, statistics, a cut that depends on the head's numbers."""
    failed = [t for t in trials if t.difference is not None and isinstance(t, ModuleTrial)]
    first = [_first_difference(t) for t in failed]
    if any(name == CUT_OFF and t.outcome.value[name] for name, t in zip(first, failed, strict=True)):
        return "relu-on-logits"
    if any(not array.learned for t in failed for array in t.observed.arrays):
        return "batch-norm-added"
    by_chance = failed and all(name == WAY_BACK and t.case.training for name, t in zip(first, failed, strict=True))
    return "dropout-added" if by_chance else None


def _first_difference(trial):
    """The name of the first value that is not as wanted; None where there are none to compare."""
    given, wanted = trial.outcome.value, trial.wanted
    return next((name for name in wanted or () if given.get(name) != wanted[name]), None)


task = ModuleTask(
    "12.VGG",
    {"small": 2, "two and three convolutions": 2, "as deep as VGG-11": 2},
    VGG,
    cases,
    [
        *(Mistake(slug, _variant(**options), text) for slug, options, text in SHARED if slug != "pooling-rounds-up"),
        Mistake(
            "all-zeros", _variant(head="zeros"), "The output is zero whatever the image: nothing reaches the logits."
        ),
        Mistake(
            "softmax-in-the-network",
            _variant(head="softmax"),
            "The output is probabilities. Return logits: the cross-entropy loss has the softmax in it, and would apply "
            "it twice.",
        ),
        Mistake(
            "log-softmax-in-the-network",
            _variant(head="log-softmax"),
            "The output is log-probabilities. Return logits, as the last linear layer gives them.",
        ),
        Mistake(
            "relu-on-logits",
            _variant(head="relu"),
            "The logits pass a ReLU. They may be negative: nothing stands behind the last linear layer.",
        ),
        Mistake(
            "last-pooling-missing",
            _with_config(lambda config: config[:-1]),
            'The last "M" of the configuration is not built: larger maps than wanted reach the head.',
        ),
        Mistake(
            "always-ten-classes",
            lambda config, num_classes: network(config, 10),
            "The network has ten outputs whatever num_classes says.",
        ),
        Mistake(
            "always-thousand-classes",
            lambda config, num_classes: network(config, 1000),
            "The network has ImageNet's thousand outputs. It should have num_classes.",
        ),
        Mistake(
            "one-convolution-a-block",
            _with_config(_once),
            "Each block has one convolution. The configuration names every one.",
        ),
        Mistake(
            "each-width-twice", _with_config(_twice), "Each width is built twice; the configuration names every one."
        ),
        Mistake(
            "doubles-whatever-is-asked",
            _with_config(_doubling),
            "The width doubles behind each pooling. The configuration says how wide each convolution is.",
        ),
        Mistake(
            "head-takes-512",
            _hard_coded,
            "The head expects 512 numbers. How many there are depends on the last width and on the number of poolings.",
        ),
        Mistake(
            "head-takes-one-pixel",
            _of_pooled,
            "The head expects a last map of 1×1 pixels. That holds only for five poolings: pool globally, or count.",
        ),
    ],
    part=convolutions_of,
    otherwise=shown,
    compared=without_head,
    see="12#The rule",
    place=3,
)
