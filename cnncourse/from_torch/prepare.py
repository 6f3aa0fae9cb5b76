"""Make a translated network faster by what depends on its weights alone.

Filters are transformed (`F.prepare_conv2d`). A batch norm that alone reads what a convolution computes is folded
into it (`F.fuse_conv_bn_weights`). A ReLU that alone reads a convolution's or a sum's output changes it in place.
Nothing here knows PyTorch: it reads and replaces the steps of a graph.
"""

from collections import Counter
from functools import partial

from cnncourse.numpy_nn import functional as F

from .graph import Ref, fill, refs

CLIPPED = ("relu", "relu6", "hardtanh")
FRESH = ("conv2d", "add")
SHAPES = ("shape", "check rank")  # steps that read no values


def prepare(graph):
    """Replace steps of `graph` by faster ones. Changes of the module's weights are not noticed any more."""
    constants = {Ref(index): value for index, value in graph.constants.items()}
    readers = Counter(ref for step in graph.steps if step.name not in SHAPES for ref in step.reads())
    for part in graph.parts():
        readers.update(refs(part.output))
    makers = {}
    for step in graph.steps:
        source = makers.get(_input(step))
        if source is not None and readers[source.result] == 1:
            if step.name == "batch_norm" and _foldable(source, constants) and _fixed(step, constants):
                _fold(source, step, constants)
            elif step.name in CLIPPED and (source.name in FRESH or source.function is _nothing):
                step.function, step.name = partial(_in_place, step.function), step.name + " in place"
        makers[step.result] = step
    for step in graph.steps:
        if _foldable(step, constants):
            weight = fill(step.kwargs["weight"], constants.get)
            step.function = partial(_prepared_conv2d, F.prepare_conv2d(weight))
            step.name = "prepared conv2d"


def _input(step):
    """Return the Ref that a layer's step reads as its input."""
    first = step.kwargs.get("input", step.args[0] if step.args else None)
    return first if isinstance(first, Ref) else None


def _foldable(step, constants):
    """Return whether this is a convolution whose filters and bias are constants."""
    fixed = [step.kwargs.get(name) for name in ("weight", "bias")]
    return step.name == "conv2d" and all(value is None or not isinstance(value, Ref) or value in constants
                                         for value in fixed)  # fmt: skip


def _fixed(norm, constants):
    """Return whether a batch norm uses statistics and factors that are constants."""
    kwargs = norm.kwargs
    known = all(ref in constants for ref in norm.reads() if ref != kwargs["input"])
    return known and kwargs.get("running_mean") is not None and not kwargs.get("training", False)


def _fold(conv, norm, constants):
    """Give the convolution the norm's factor and shift; leave nothing for the norm to do."""
    given = {name: fill(value, constants.get) for name, value in norm.kwargs.items() if name != "input"}
    weight, bias = (fill(conv.kwargs.get(name), constants.get) for name in ("weight", "bias"))
    weight, bias = F.fuse_conv_bn_weights(
        weight, bias, given["running_mean"], given["running_var"], given.get("eps", 1e-5),
        given.get("weight"), given.get("bias"),
    )  # fmt: skip
    conv.kwargs = conv.kwargs | {"weight": weight, "bias": bias}
    norm.function, norm.kwargs, norm.name = _nothing, {"input": norm.kwargs["input"]}, "folded batch_norm"


def _nothing(input):
    return input


def _in_place(function, *args, **kwargs):
    return function(*args, **kwargs, out=kwargs["input"] if "input" in kwargs else args[0])


def _prepared_conv2d(filters, **kwargs):
    return F.conv2d(**kwargs, prepared=filters)
