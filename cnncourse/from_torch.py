"""Run a PyTorch module in NumPy: trace it with torch.fx, then compute each step with `numpy_nn.functional`.

The tracer descends into modules until only calls of `torch.nn.functional`, tensor methods and operators are
left. Since our functionals have PyTorch's names and arguments, most of the translation is a look-up by name.
It stands outside of `numpy_nn`, which never imports torch.
"""

import operator

import numpy as np
import torch
from torch import fx, nn

from cnncourse.numpy_nn import functional as F
from cnncourse.numpy_nn.algorithms import threads


class _Tracer(fx.Tracer):
    """Stops at modules whose forward asks for the input's shape, which a trace does not know."""

    def is_leaf_module(self, module, path):
        return isinstance(module, LEAVES)


LEAVES = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


def from_torch(module):
    """Return a NumPy callable that computes what `module` computes in evaluation mode.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode, traceable by torch.fx, and built of operations that `numpy_nn.functional` has.
        Weights on the CPU are shared, not copied.

    Returns
    -------
    NumpyGraph
        Takes and returns arrays where the module takes and returns tensors.

    Raises
    ------
    TypeError
        `module` is no torch.nn.Module.
    ValueError
        It is in training mode.
    NotImplementedError
        It uses an operation without a NumPy counterpart, or its path depends on the data; the message
        names what.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"module: expected a torch.nn.Module, got {type(module).__name__}")
    if any(part.training for part in module.modules()):
        raise ValueError("module: expected evaluation mode, got training mode; call module.eval() first")
    try:
        graph = _Tracer().trace(module)
    except (fx.proxy.TraceError, TypeError) as error:
        raise NotImplementedError(f"module: torch.fx cannot trace {type(module).__name__}: {error}") from error
    return NumpyGraph(module, graph)


class NumpyGraph:
    """A traced module: a list of steps, each a NumPy function of the results of earlier ones."""

    def __init__(self, module, graph):
        self.name = type(module).__name__
        self.steps = []
        self.constants = {}
        self.norms = {}
        unknown = set()
        for node in graph.nodes:
            if node.op == "get_attr":
                self.constants[node.name] = _array(_attribute(module, node.target))
            elif node.op not in ("placeholder", "output"):
                function = _translate(node, module)
                if function is None:
                    unknown.add(_name(node.target))
                self.steps.append((node, function))
                if node.op == "call_module":
                    self.norms[node] = module.get_submodule(node.target)
        if unknown:
            raise NotImplementedError(f"module: {self.name} uses operations without a NumPy counterpart: "
                                      + ", ".join(sorted(unknown)))  # fmt: skip
        self.inputs = [node for node in graph.nodes if node.op == "placeholder"]
        (self.output,) = [node.args[0] for node in graph.nodes if node.op == "output"]
        last_use = {used.name: node.name for node, _ in self.steps for used in node.all_input_nodes}
        kept = {*self.constants, *(node.name for node in _nodes(self.output))}
        self.spent = {node.name: [] for node, _ in self.steps}  # what nobody will read after a step
        for name in last_use.keys() - kept:
            self.spent[last_use[name]].append(name)

    def __call__(self, *arrays):
        """Compute the output for the given inputs, float32 or float64 like the module's weights."""
        required = [node for node in self.inputs if not node.args]
        if not len(required) <= len(arrays) <= len(self.inputs):
            raise TypeError(f"arrays: {self.name} expected {len(required)} inputs, got {len(arrays)}")
        values = dict(self.constants)
        for node, array in zip(self.inputs, arrays, strict=False):
            values[node.name] = array
        for node in self.inputs[len(arrays) :]:
            values[node.name] = node.args[0]

        def value(node):
            return values[node.name]

        with threads.alone():  # once, not for every layer
            for node, function in self.steps:
                kwargs = fx.map_arg(node.kwargs, value) if node.kwargs else {}
                values[node.name] = function(*fx.map_arg(node.args, value), **kwargs)
                for name in self.spent[node.name]:
                    values[name] = None
        return fx.map_arg(self.output, value)

    def prepare(self):
        """Compute once what depends on weights alone; return self.

        Filters are transformed (`F.prepare_conv2d`), and a batch norm that alone reads what a convolution computes is
        folded into it (`F.fuse_conv_bn_weights`). A ReLU that alone reads a convolution's or a sum's output changes it
        in place. Changes of the module's weights are not noticed any more.
        """
        folded = {}
        for node, norm in self.norms.items():
            (conv,) = node.all_input_nodes
            foldable = isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None
            if foldable and self._weight(conv) is not None and len(conv.users) == 1:
                folded[conv], folded[node] = norm, None
        self.steps = [(node, self._prepared(node, function, folded)) for node, function in self.steps]
        return self

    def _weight(self, node):
        """Return the filters of a convolution whose filters and bias are constants; None for anything else."""
        if node.target not in (torch.conv2d, nn.functional.conv2d) or len(node.args) < 2:
            return None
        others = [used for used in node.all_input_nodes if used is not node.args[0]]
        return self.constants[node.args[1].name] if all(used.name in self.constants for used in others) else None

    def _prepared(self, node, function, folded):
        """Return the function of a step with what can be computed before its input is known."""
        weight = self._weight(node)
        if weight is None:
            if node in folded:
                return lambda input: input
            return _in_place(function) if self._owns_input(node, folded) else function
        (_, _, *rest), named = fx.map_arg((node.args, node.kwargs), lambda used: self.constants.get(used.name))
        settings = dict(zip(("bias", "stride", "padding", "dilation", "groups"), rest, strict=False)) | dict(named)
        bias = settings.pop("bias", None)
        if node in folded:
            norm = folded[node]
            arrays = [_array(x) for x in (norm.running_mean, norm.running_var, norm.weight, norm.bias)]
            weight, bias = F.fuse_conv_bn_weights(weight, bias, *arrays[:2], norm.eps, *arrays[2:])
        prepared = F.prepare_conv2d(weight)
        return lambda input, *_, **__: F.conv2d(input, weight, bias, **settings, prepared=prepared)

    def _owns_input(self, node, folded):
        """Return whether this is a ReLU that alone reads an array which was made for it."""
        if node.target not in CLIPPED or len(node.all_input_nodes) != 1:
            return False
        (source,) = node.all_input_nodes
        fresh = self._weight(source) is not None or source in folded or source.target in SUMS
        return fresh and len(source.users) == 1

    def __repr__(self):
        return f"NumpyGraph({self.name}, {len(self.steps)} steps)"


def _nodes(output):
    found = []
    fx.map_arg(output, found.append)
    return found


def _attribute(module, path):
    for name in path.split("."):
        module = getattr(module, name)
    return module


def _array(value):
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


def _name(target):
    return target if isinstance(target, str) else getattr(target, "__name__", repr(target))


def _translate(node, module):
    """Return the NumPy function for a node, or None."""
    if node.op == "call_module":
        return _leaf(module.get_submodule(node.target))
    if node.op == "call_method":
        return METHODS.get(node.target)
    if node.target in FUNCTIONS:
        return FUNCTIONS[node.target]
    name = getattr(node.target, "__name__", "")
    if name in ("dropout", "feature_dropout", "alpha_dropout", "stochastic_depth"):
        return lambda input, *args, **kwargs: input  # evaluation mode
    if name in SAME_NAME:
        return _without_inplace(getattr(F, name))
    return METHODS.get(name) if getattr(torch, name, None) is node.target else None


def _leaf(module):
    """Return batch or instance norm of a module as a function of its input."""
    arrays = [_array(x) for x in (module.running_mean, module.running_var, module.weight, module.bias)]
    use_batch = module.running_mean is None
    function = F.batch_norm if isinstance(module, nn.modules.batchnorm._BatchNorm) else F.instance_norm
    return lambda input: function(input, *arrays, use_batch, 0.0, module.eps)


def _without_inplace(function):
    def call(*args, inplace=False, **kwargs):
        return function(*args, **kwargs)

    return call


def _in_place(function):
    def call(input, *args, **kwargs):
        return function(input, *args, **kwargs | {"out": input})

    return call


SAME_NAME = {
    name
    for name in F.__all__
    if not name.endswith(("_backward", "_running", "_mask"))
    and name not in ("dropout", "batch_norm", "fuse_conv_bn_weights")
}


def _flatten(input, start_dim=0, end_dim=-1):
    shape = input.shape
    start, end = start_dim % input.ndim, end_dim % input.ndim
    return input.reshape(*shape[:start], -1 if input.size else int(np.prod(shape[start : end + 1])), *shape[end + 1 :])


def _dims(dims):
    """Accept dims one by one or as one sequence, as PyTorch's methods do."""
    return tuple(dims[0]) if len(dims) == 1 and isinstance(dims[0], (tuple, list, torch.Size)) else dims


def _mean(input, dim=None, keepdim=False):
    axis = tuple(dim) if isinstance(dim, (tuple, list)) else dim
    return np.asarray(input.mean(axis=axis, keepdims=keepdim))


def _chunk(input, chunks, dim=0):
    size = -(-input.shape[dim] // chunks)
    return tuple(np.split(input, range(size, input.shape[dim], size), axis=dim))


def _cat(tensors, dim=0):
    return np.concatenate(tensors, axis=dim)


def _hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False, out=None):
    return np.clip(input, min_val, max_val, out=out)


def _getattr(value, name):
    if name not in ("shape", "ndim"):
        raise NotImplementedError(f"module: reads the attribute {name!r} of a tensor")
    return getattr(value, name)


METHODS = {
    "add": operator.add,
    "mul": operator.mul,
    "sub": operator.sub,
    "flatten": _flatten,
    "mean": _mean,
    "chunk": _chunk,
    "cat": _cat,
    "concat": _cat,
    "relu": F.relu,
    "sigmoid": F.sigmoid,
    "tanh": F.tanh,
    "softmax": F.softmax,
    "permute": lambda input, *dims: input.transpose(_dims(dims)),
    "transpose": lambda input, dim0, dim1: np.swapaxes(input, dim0, dim1),
    "view": lambda input, *shape: input.reshape(_dims(shape)),
    "reshape": lambda input, *shape: input.reshape(_dims(shape)),
    "contiguous": lambda input: np.ascontiguousarray(input),
    "size": lambda input, dim=None: input.shape if dim is None else input.shape[dim],
    "dim": lambda input: input.ndim,
    "unsqueeze": lambda input, dim: np.expand_dims(input, dim),
    "squeeze": lambda input, dim=None: np.squeeze(input, dim),
}

FUNCTIONS = {
    operator.add: operator.add,
    operator.iadd: operator.add,
    operator.mul: operator.mul,
    operator.imul: operator.mul,
    operator.sub: operator.sub,
    operator.truediv: operator.truediv,
    operator.floordiv: operator.floordiv,
    operator.getitem: operator.getitem,
    getattr: _getattr,
    nn.functional.hardtanh: _hardtanh,  # nn.ReLU6 calls it with 0 and 6
}
CLIPPED = {nn.functional.relu, torch.relu, nn.functional.relu6, nn.functional.hardtanh}
SUMS = {operator.add, operator.iadd, torch.add}
