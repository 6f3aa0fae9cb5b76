"""Freeze a part of a network, with all that it learns without gradients."""

from cnncourse.checks.author import normal
from cnncourse.checks.networks import NetworkCall, chain, layer, network_task

task = network_task(see="A frozen network that learns", look="frozen")
TRAIN, EVAL = (("whole", True),), (("whole", False),)


@task.right
def freeze(module):
    """No gradients for its parameters; its batch norms stay in evaluation whatever `train` is called."""
    from torch.nn.modules.batchnorm import _BatchNorm

    module.requires_grad_(False)
    for part in module.modules():
        if isinstance(part, _BatchNorm):
            part.eval()
            part.train = lambda *_, part=part: part
    return module


def plain(**options):
    """A convolution, and a layer of a linear kind."""
    return chain(layer("Conv2d", 2, 3, 3), layer("ReLU"), layer("Conv2d", 3, 2, 1), **options)


def normed(*more, **options):
    """With batch norm in two places, one of them deep inside."""
    inner = chain(layer("Conv2d", 3, 3, 1), chain(layer("BatchNorm2d", 3), layer("ReLU")))
    return chain(layer("Conv2d", 2, 3, 3, bias=False), layer("BatchNorm2d", 3), inner, *more, **options)


@task.criterion(2)
def no_gradients(rng):
    """No parameter gets a gradient, the input does; the same module comes back, its numbers unchanged."""
    yield NetworkCall(plain(), input=normal(rng, 2, 2, 5, 4), calls=TRAIN)
    yield NetworkCall(layer("Linear", 4, 3), input=normal(rng, 3, 4), calls=EVAL)
    yield NetworkCall(plain(frozen=True), input=normal(rng, 2, 2, 4, 4), calls=EVAL)
    yield NetworkCall(plain(names="abc", eval=True), input=normal(rng, 1, 2, 3, 6), calls=(*TRAIN, *EVAL))


@task.criterion(3)
def batch_norms(rng):
    """Batch norms use their running statistics and keep them, also when `train()` is called on what holds them."""
    for calls in ((), TRAIN, (("module", True),), (*EVAL, *TRAIN), (*TRAIN, ("module", False), ("module", True))):
        yield NetworkCall(normed(), input=normal(rng, 3, 2, 5, 4), calls=calls)
    yield NetworkCall(normed(eval=True), input=normal(rng, 4, 2, 4, 4), calls=TRAIN)
    yield NetworkCall(layer("BatchNorm2d", 2), input=normal(rng, 3, 2, 4, 3), calls=TRAIN)
    yield NetworkCall(chain(layer("Linear", 4, 5), layer("BatchNorm1d", 5)), input=normal(rng, 6, 4), calls=TRAIN)
    yield NetworkCall(chain(layer("BatchNorm3d", 2, affine=False)), input=normal(rng, 2, 2, 3, 2, 3), calls=TRAIN)


@task.criterion(2)
def all_else_keeps_its_mode(rng):
    """Dropout and other norms go on as they are told: only batch norms are held back."""
    for calls in (TRAIN, EVAL, (*EVAL, ("module", True))):
        yield NetworkCall(normed(layer("Dropout", 0.4)), input=normal(rng, 2, 2, 5, 5), calls=calls)
    yield NetworkCall(normed(layer("Dropout", 0.4)), input=normal(rng, 2, 2, 4, 5), calls=(*EVAL, ("parts", True)))
    for eval in (True, False):  # as it comes
        yield NetworkCall(normed(layer("Dropout", 0.4), eval=eval), input=normal(rng, 2, 2, 5, 4), calls=())
    tracked = layer("InstanceNorm2d", 2, affine=True, track_running_stats=True)
    yield NetworkCall(chain(tracked, layer("Dropout2d", 0.5)), input=normal(rng, 3, 2, 4, 5), calls=TRAIN)
    grouped = chain(layer("GroupNorm", 1, 2), layer("BatchNorm2d", 2))
    yield NetworkCall(grouped, input=normal(rng, 2, 2, 4, 3), calls=TRAIN)


def held(module, **options):
    """A wrong answer; loads PyTorch."""
    from cnncourse.checks.tasks.u17._held import held

    return held(module, **options)


task.options(held, {
    "requires-grad-only": ({"norms": None},
        "The batch norms go on learning: in training mode they normalise with each batch's statistics and move their "
        "running ones. requires_grad has nothing to do with that: keep them in evaluation mode."),
    "eval-once": ({"norms": "once"},
        "eval() is called once, and the next train() on what holds the module undoes it. Each batch norm must ignore "
        "train()."),
    "norms-eval-once": ({"norms": "norms once"},
        "The batch norms are put into evaluation mode once, and the next train() on what holds them undoes it. Each "
        "must ignore train()."),
    "keeps-training": ({"norms": "as they are"},
        "train() does nothing on the batch norms any more, but they were in training mode, and stay so. Call eval() "
        "before."),
    "others-evaluated": ({"norms": "all once"},
        "eval() is called on the whole module, so that dropout is off until the next train(). Only the batch norms "
        "change their mode."),
    "others-trained": ({"norms": "training"},
        "train() is called on the whole module, so that dropout is on where it was off. Only the batch norms change "
        "their mode."),
    "statistics-reset": ({"norms": "reset"},
        "The running statistics are set back to 0 and 1. They keep what they have learned."),
    "flag-only": ({"norms": "flag"},
        "track_running_stats=False does not keep a batch norm in evaluation mode, and the next train() uses the "
        "batch's statistics."),
    "not-the-module-itself": ({"norms": "inner"},
        "The module itself is left out, and it may be a batch norm. module.modules() begins with the module."),
    "module-ignores-train": ({"norms": "root"},
        "train() does nothing on the module any more, so its dropout is switched off, too. Only the batch norms stay "
        "in evaluation."),
    "everything-in-evaluation": ({"norms": "all"},
        "All layers stay in evaluation mode, so dropout does nothing. Only the batch norms are held back."),
    "other-norms-too": ({"norms": "every norm"},
        "Other norms are held back as well. Only batch norms stay in evaluation mode."),
    "direct-children-only": ({"norms": "children"},
        "Only the module's own children are looked at. Batch norms sit deeper: go through module.modules()."),
    "two-dimensional-only": ({"norms": "2d"},
        "Only BatchNorm2d is held back. There are BatchNorm1d and BatchNorm3d, too."),
    "statistics-held-output-not": ({"norms": "momentum"},
        "The running statistics stay (momentum 0), but in training mode the output still uses the batch's own. "
        "Evaluation mode is what is wanted."),
    "statistics-switched-off": ({"norms": "untracked"},
        "With track_running_stats=False, or without the buffers, the batch's own statistics are used. The running "
        "ones are wanted."),
    "norms-only": ({"gradients": "norms"},
        "Only the batch norms' parameters are frozen. All parameters of the module are."),
    "norms-forgotten": ({"gradients": "others"},
        "The parameters of the batch norms, γ and β, still get gradients."),
    "weights-only": ({"gradients": "weights"},
        "Only parameters called weight are frozen. Biases and others learn, too."),
    "first-parameter-only": ({"gradients": "first"}, "Only one parameter is frozen: the loop ends too early."),
    "no-gradients-frozen": ({"gradients": None},
        "The parameters still require gradients: module.requires_grad_(False)."),
    "input-without-gradient": ({"gradients": "no_grad"},
        "The module runs under no_grad, or its output is detached: nothing passes back to its input. Layers in front "
        "of it may be learning."),
    "returns-nothing": ({"result": None}, "Nothing is returned. Return the module."),
    "returns-a-copy": ({"result": "copy"},
        "A copy is frozen and returned. Freeze the module that came in, and return it."),
    "zeroes-the-parameters": ({"gradients": "zero"},
        "The parameters are set to zero. They keep what they have learned."),
})  # fmt: skip
