"""Inference: a network as one list of steps, made faster by what depends on its weights alone.

Filters are transformed (`fast.conv.prepare_conv2d`). A batch norm that is the only reader of a convolution's output is
folded into it (`F.fuse_conv_bn_weights`). A ReLU that is the only reader of a convolution's or a sum's output changes
it in place.
"""

from collections import Counter
from functools import partial

import numpy as np

from . import functional as F
from . import modules as M
from .fast import conv as fast_conv
from .graph import NumpyGraph, Part, Ref, Step, fill, refs
from .modules.containers import crop_window

CLIPPED = ("relu", "relu6", "hardtanh")
FRESH = ("conv2d", "add")
SHAPES = ("shape", "check rank")  # steps that read no values


def prepare(network):
    """Return a function that computes what `network` computes in evaluation mode, sooner.

    It has read the weights once: after a change, prepare again. The network itself stays as it is.

    >>> network = M.Sequential(M.Conv2d(1, 2, 3), M.BatchNorm2d(2), M.ReLU())
    >>> prepare(network)
    NumpyGraph(Sequential, 3 steps)
    """
    if isinstance(network, NumpyGraph):  # of `from_torch`
        return network.prepare()
    steps = []
    output = _list_steps(network, Ref(0), steps)
    graph = NumpyGraph(type(network).__name__, [("input", None)], 1, {}, Part(steps, output))
    return graph.prepare()


def _list_steps(module, input, steps):
    """Append what `module` does to `steps`; return the Ref of its result."""

    def step(name, function, *args, **kwargs):
        steps.append(Step(name, function, args, kwargs, Ref(len(steps) + 1)))
        return steps[-1].result

    def through(child, value=input):
        return _list_steps(child, value, steps)

    match module:
        case M.Network():
            return through(module.wiring)
        case M.Sequential():
            for child in module:
                input = through(child, input)
            return input
        case M.Residual():
            return step("add", np.add, through(module.body), through(module.shortcut))
        case M.Concat():
            outputs = [through(branch) for _, branch in module.named_children()]
            return step("cat", _join_channels, *outputs)
        case M.CropConcat():
            return step("cat", _crop_and_join, through(module.skip), through(module.body))
        case M.Scale():
            return step("mul", np.multiply, input, through(module.gate))
        case M.Identity():  # dropout too
            return input
        case M.Conv2d() if module.padding_mode == "zeros":
            return step("conv2d", F.conv2d, input=input, **module.arguments())
        case M.BatchNorm2d() if module.running_mean is not None:
            return step("batch_norm", F.batch_norm, input=input, **module.arguments(training=False))
        case M.ReLU() | M.ReLU6():
            return step("relu", type(module).function, input=input)
    return step(type(module).__name__, partial(_evaluate, module), input)


def _join_channels(*arrays):
    return np.concatenate(arrays, axis=1)


def _crop_and_join(skip, body):
    return _join_channels(skip[crop_window(skip.shape, body.shape)], body)


def _evaluate(module, input):
    """Call a layer in evaluation mode, without keeping anything."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    with M.no_grad():
        output = module(input)
    for part, mode in modes:
        part.training = mode
    return output


def optimise(graph):
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
            step.function = partial(_prepared_conv2d, fast_conv.prepare_conv2d(weight))
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
    return fast_conv.conv2d(**kwargs, prepared=filters)
