"""A new last layer, and everything else as it was."""

from cnncourse.checks.author import normal
from cnncourse.checks.networks import NetworkCall, chain, layer, network_task

task = network_task(see="A new head, and more than the head", look="new_head")


@task.right
def replace_head(network, num_classes):
    """The last linear layer by order of modules becomes a new one of the same input width."""
    from torch import nn

    name, old = [(name, m) for name, m in network.named_modules() if isinstance(m, nn.Linear)][-1]
    path, _, last = name.rpartition(".")
    head = nn.Linear(old.in_features, num_classes, old.bias is not None)
    setattr(network.get_submodule(path), last, head)
    return network


def body(**options):
    """Convolution to a vector of 3."""
    pooled = layer("AdaptiveAvgPool2d", 1), layer("Flatten")
    return chain(layer("Conv2d", 2, 3, 3), layer("BatchNorm2d", 3), *pooled, **options)


@task.criterion(2)
def where_the_head_is(rng):
    """As an attribute, in a Sequential, at its end or not, deep inside: the last nn.Linear by order of modules."""
    x = normal(rng, 3, 2, 5, 4)
    yield NetworkCall(chain(body(), layer("Linear", 3, 7), names=("features", "fc")), 4, input=x)
    yield NetworkCall(chain(body(), layer("Linear", 3, 5)), 2, input=x)
    yield NetworkCall(chain(body(), chain(layer("Linear", 3, 6), layer("ReLU"), layer("Linear", 6, 9)),
                            names=("features", "classifier")), 3, input=x)  # fmt: skip
    flat = chain(layer("Flatten"), layer("Linear", 6, 4), layer("Dropout", 0.3), eval=True)
    yield NetworkCall(flat, 1, input=normal(rng, 2, 6))
    yield NetworkCall(chain(body(), chain(chain(layer("Linear", 3, 8)), layer("Identity"))), 8, input=x)
    turned = chain(layer("Linear", 3, 7), body(), names=("head", "body"), order=("body", "head"))
    yield NetworkCall(turned, 4, input=x)  # a convolution is defined behind the head
    two = chain(layer("Linear", 5, 6), layer("Linear", 6, 5), names=("end", "begin"), order=("begin", "end"))
    yield NetworkCall(two, 5, input=normal(rng, 3, 6))  # the last by order of modules is the first that runs


@task.criterion(2)
def like_the_old_one(rng):
    """The new layer has the old one's input width, and a bias only if that one has; num_classes may be any number."""
    for bias, classes in ((False, 4), (True, 6), (False, 1), (True, 12)):
        network = chain(layer("Linear", 6, 5, bias=not bias), layer("ReLU"), layer("Linear", 5, 6, bias=bias))
        yield NetworkCall(network, classes, input=normal(rng, 3, 6))


@task.criterion(2)
def all_else_as_before(rng):
    """All other modules are the same objects, with their modes, numbers and what of them can learn."""
    x = normal(rng, 2, 2, 4, 5)
    yield NetworkCall(chain(body(frozen=True), layer("Linear", 3, 5), names=("body", "head")), 3, input=x)
    top = chain(layer("Linear", 3, 4, frozen=True), layer("ReLU"), layer("Linear", 4, 4))
    yield NetworkCall(chain(body(eval=True), top), 2, input=x)
    yield NetworkCall(chain(body(eval=False), layer("Linear", 3, 5), layer("LogSoftmax", 1), names="abc"), 6, input=x)
    yield NetworkCall(chain(body(frozen=True), layer("Linear", 3, 5, frozen=True)), 5, input=x)


def headed(network, num_classes, **options):
    """A wrong answer; loads PyTorch."""
    from cnncourse.checks.tasks.u17._headed import headed

    return headed(network, num_classes, **options)


task.options(headed, {
    "number-changed-only": ({"new": "number"},
        "Only out_features is changed. That is a note on the layer; its weight has the old shape. Make a new "
        "nn.Linear."),
    "first-linear": ({"which": 0}, "The first nn.Linear is replaced. The head is the last one."),
    "every-linear": ({"which": "all"},
        "Every nn.Linear is replaced. Only the last one is, the others keep what they know."),
    "last-module": ({"which": "end"}, "The last module is replaced, whatever it is. Look for the last nn.Linear."),
    "a-layer-more": ({"new": "more"}, "The new layer is put behind the old one. It takes the old one's place."),
    "removed-only": ({"new": "identity"},
        "The head is taken off, and no new one is there: nn.Linear(in_features, num_classes)."),
    "always-a-bias": ({"bias": True}, "The new layer has a bias although the old one has none."),
    "never-a-bias": ({"bias": False}, "The new layer has no bias although the old one has one."),
    "width-of-the-outputs": ({"width": "out"},
        "The new layer takes as many inputs as the old one had outputs. It takes in_features."),
    "sizes-swapped": ({"width": "swapped"}, "Inputs and outputs are swapped: nn.Linear(in_features, num_classes)."),
    "two-layers": ({"new": "deep"}, "There are two new layers. Only the last linear layer is exchanged."),
    "freezes-the-rest": ({"rest": "frozen"},
        "The other parameters are frozen. What learns is decided elsewhere: leave them as they are."),
    "unfreezes-the-rest": ({"rest": "learning"}, "Frozen parameters can learn again. Leave them as they were."),
    "switches-to-training": ({"rest": "training"},
        "The other modules are put into training mode. Leave their modes as they are."),
    "switches-to-evaluation": ({"rest": "evaluation"},
        "The other modules are put into evaluation mode. Leave their modes as they are."),
    "draws-all-anew": ({"rest": "drawn"},
        "All layers are drawn anew, so nothing is transferred. Only the head is new."),
    "frozen-head": ({"new": "frozen"}, "The new head cannot learn: its parameters do not require gradients."),
    "returns-the-head": ({"result": "head"}, "The new layer is returned. Return the whole network."),
    "returns-nothing": ({"result": None}, "Nothing is returned. Return the network."),
    "copied": ({"result": "copy"}, "A copy of the network is changed. Change the one that came in, and return it."),
    "wrapped": ({"result": "wrapped"},
        "The old network and the new layer are put into a new Sequential. Change the one that came in."),
})  # fmt: skip


@task.mistake
def own_children_only(network, num_classes):
    """Only the network's own children are looked at. The head may lie deeper: go through network.named_modules()."""
    from torch import nn

    for name, old in reversed(list(network.named_children())):
        if isinstance(old, nn.Linear):
            setattr(network, name, nn.Linear(old.in_features, num_classes, old.bias is not None))
            break
    return network


@task.mistake
def last_branch_only(network, num_classes):
    """Only the last child of the last child is looked at. A head may have other modules behind it."""
    from torch import nn

    parent, name, old = None, None, network
    while list(old.children()):
        parent, (name, old) = old, list(old.named_children())[-1]
    if isinstance(old, nn.Linear):
        setattr(parent, name, nn.Linear(old.in_features, num_classes, old.bias is not None))
    return network


@task.mistake
def name_with_dots(network, num_classes):
    """setattr(network, "classifier.2", …) adds a new attribute of this name to the network. Set "2" of the parent."""
    from torch import nn

    name, old = [(name, m) for name, m in network.named_modules() if isinstance(m, nn.Linear)][-1]
    setattr(network, name, nn.Linear(old.in_features, num_classes, old.bias is not None))
    return network


@task.mistake
def arrays_exchanged(network, num_classes):
    """The old layer gets new weights, and is no new layer: what held it frozen holds still. Make a new nn.Linear."""
    import torch
    from torch import nn

    old = [m for m in network.modules() if isinstance(m, nn.Linear)][-1]
    learns = old.weight.requires_grad
    old.weight = nn.Parameter(torch.zeros(num_classes, old.in_features), learns)
    old.bias = None if old.bias is None else nn.Parameter(torch.zeros(num_classes), learns)
    old.out_features = num_classes
    return network


@task.mistake
def frozen_like_the_old_one(again, network, num_classes):
    """The new layer is frozen where the old one was. It can learn in any case."""
    from torch import nn

    learns = [m for m in network.modules() if isinstance(m, nn.Linear)][-1].weight.requires_grad
    network = again()
    [m for m in network.modules() if isinstance(m, nn.Linear)][-1].requires_grad_(learns)
    return network


@task.mistake
def kept_where_it_fits(again, network, num_classes):
    """The old layer stays where it has num_classes outputs already. Its classes are others: put a new one there."""
    from torch import nn

    old = [m for m in network.modules() if isinstance(m, nn.Linear)][-1]
    return network if old.out_features == num_classes else again()


@task.mistake
def ten_classes_always(again):
    """The new layer has 10 outputs. It has num_classes."""
    return again(num_classes=10)


@task.mistake
def softmax_added(again, network, num_classes):
    """A softmax stands behind the new layer. Put in the linear layer alone: the loss has a softmax of its own."""
    from torch import nn

    name = [name for name, m in network.named_modules() if isinstance(m, nn.Linear)][-1]
    path, _, last = name.rpartition(".")
    parent = again().get_submodule(path)
    setattr(parent, last, nn.Sequential(getattr(parent, last), nn.Softmax(dim=1)))
    return network


@task.mistake
def last_layer_with_weights(network, num_classes):
    """The last linear layer or convolution is replaced. Look for the last nn.Linear."""
    from torch import nn

    name, old = [(name, m) for name, m in network.named_modules() if isinstance(m, (nn.Linear, nn.Conv2d))][-1]
    path, _, last = name.rpartition(".")
    inputs = getattr(old, "in_features", None) or old.in_channels
    setattr(network.get_submodule(path), last, nn.Linear(inputs, num_classes, old.bias is not None))
    return network
