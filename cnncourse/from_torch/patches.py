"""What is replaced while a module is traced, and put back afterwards."""

import builtins
import contextlib
import functools
import math
import types

import torch
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from .numbers_at_call import LIMITS, MATH, check_rank
from .proxies import Number, Proxy, TensorProxy, find

# PyTorch's functions whose arguments may be sizes or pieces, which its parser would not accept from a stand-in.
SIZED = ("zeros", "ones", "empty", "rand", "randn")
TAKING_NUMBERS = (
    *SIZED, "full", "randint", "arange", "linspace", "tensor", "as_tensor", "cat", "concat", "concatenate", "stack",
)  # fmt: skip


# … and of methods of tensors that were there before, as in self.weight.expand(x.size(0), -1)
METHODS = (
    "__getitem__", "expand", "view", "reshape", "repeat", "tile", "repeat_interleave", "narrow", "unflatten", "roll",
    "new_zeros", "new_ones", "new_full", "new_empty", "split", "chunk",
)  # fmt: skip
FUNCTIONS_TAKING_NUMBERS = (
    "interpolate", "pad", "adaptive_avg_pool2d", "adaptive_max_pool2d", "avg_pool2d", "max_pool2d", "one_hot", "fold",
)  # fmt: skip


@contextlib.contextmanager
def patched(namespaces=()):
    """Replace `isinstance`, `len`, `max`, `min`, `math.sqrt` and some of PyTorch by ones that know stand-ins."""
    saved = []

    def put(owner, name, new):
        saved.append((owner, name, owner.__dict__.get(name)))
        setattr(owner, name, new)

    shadowed = [(names, name) for names in namespaces for name in CONVERSIONS if name not in names]
    try:
        for names, name in shadowed:
            names[name] = CONVERSIONS[name]
        put(builtins, "isinstance", _isinstance(builtins.isinstance))
        put(builtins, "len", _len(builtins.len))
        for name in ("max", "min"):
            put(builtins, name, _extreme(getattr(builtins, name), name))
        for function in (*MATH, math.gcd, math.isqrt):
            put(math, function.__name__, _of_numbers(function))
        for name in METHODS:
            put(torch.Tensor, name, _taking_numbers(getattr(torch.Tensor, name)))
        for name in FUNCTIONS_TAKING_NUMBERS:
            put(torch.nn.functional, name, _taking_numbers(getattr(torch.nn.functional, name)))
        put(torch, "finfo", _finfo(torch.finfo))
        put(torch._C.ScriptFunction, "__call__", _from_its_source(torch._C.ScriptFunction.__call__))
        for name in TAKING_NUMBERS:
            put(torch, name, _taking_numbers(getattr(torch, name)))
        for norm in _norms():
            put(norm, "_check_input_dim", _checking_rank(norm._check_input_dim))
        put(_InstanceNorm, "forward", _instance_norm(_InstanceNorm.forward))
        yield
    finally:
        for owner, name, old in reversed(saved):
            if old is None:  # it was inherited
                delattr(owner, name)
            else:
                setattr(owner, name, old)
        for names, name in shadowed:
            del names[name]


class _Conversion(type):
    """A class that behaves as `int` or `float`, and converts a size that is known at the call only as well."""

    def __call__(cls, *args, **kwargs):
        if args and _is(Number, args[0]):
            return args[0].recorder.compute(cls.__name__, args[0])
        return cls.original(*args, **kwargs)

    def __instancecheck__(cls, value):
        return isinstance(value, cls.original)

    def __subclasscheck__(cls, other):
        return issubclass(other, cls.original)

    def __eq__(cls, other):
        return other is cls.original or other is cls

    def __hash__(cls):
        return hash(cls.original)


# They stand in the module's own file, and only while it is traced again because it converts a size: as builtins they
# would deceive all other code that runs meanwhile.
CONVERSIONS = {one.__name__: _Conversion(one.__name__, (one,), {"original": one}) for one in (int, float)}


def _norms():
    """Return PyTorch's norm layers that look at the number of axes."""
    waiting, found = [_NormBase], []
    while waiting:
        one = waiting.pop()
        waiting.extend(one.__subclasses__())
        if "_check_input_dim" in one.__dict__ and one.__module__.startswith("torch."):
            found.append(one)
    return found


def _is(kind, value):
    return issubclass(type(value), kind)


def _isinstance(original):
    # Not by a property `__class__`: PyTorch's C++ code would take the stand-in for a tensor, too, and crash.
    def isinstance(value, kinds, /):
        if issubclass(type(value), Proxy) and issubclass(value.stands_for(), kinds):
            return True
        return original(value, kinds)

    return isinstance


def _len(original):
    def len(value, /):
        if _is(TensorProxy, value) or _is(Number, value):
            return value.recorder.length(value)
        return original(value)

    return len


def _extreme(original, name):
    @functools.wraps(original)
    def extreme(*values, **named):
        numbers = not named and values[1:] and not any(_is(TensorProxy, one) for one in values)
        if numbers and any(_is(Number, one) for one in values):
            return find(values).compute(name, *values)
        return original(*values, **named)

    return extreme


def _of_numbers(original):
    def function(*values):
        recorder = find(values) if any(_is(Number, one) for one in values) else None
        return original(*values) if recorder is None else recorder.compute(original, *values)

    return function


def _finfo(original):
    def finfo(dtype=None):
        if not _is(Number, dtype):
            return original(dtype) if dtype is not None else original()
        names = ("min", "max", "eps", "tiny", "smallest_normal")
        limits = {name: dtype.recorder.compute(LIMITS[name], dtype) for name in names}
        return types.SimpleNamespace(dtype=dtype, **limits)

    return finfo


def _from_its_source(original):
    """Run what a torch.jit.script function was made from: its compiled form takes no stand-ins."""

    def __call__(self, *args, **kwargs):
        recorder = find(args, kwargs)
        if recorder is None:
            return original(self, *args, **kwargs)
        source = getattr(self, "_torchdynamo_inline", None)
        if source is None:
            recorder.refuse(f"calls the compiled torch.jit function {self.name!r}, whose steps Python does not see")
        return source(*args, **kwargs)

    return __call__


def _taking_numbers(original):
    @functools.wraps(original)
    def function(*args, **kwargs):
        if not _has_number(args, kwargs):
            return original(*args, **kwargs)
        recorder = find(args, kwargs)
        if original.__name__ in ("tensor", "as_tensor"):
            return recorder.call_named("tensor", {"data": args[0], "dtype": kwargs.get("dtype")})
        if original.__name__ in SIZED and args and not isinstance(args[0], (tuple, list)):
            args = (args,)
        return recorder.call(original, args, kwargs)

    return function


def _has_number(*trees):
    for tree in trees:
        if _is(Number, tree):
            return True
        if type(tree) is slice:
            tree = (tree.start, tree.stop, tree.step)
        if isinstance(tree, (tuple, list, dict)) and not _is(Proxy, tree):
            if any(_has_number(one) for one in (tree.values() if isinstance(tree, dict) else tree)):
                return True
    return False


class _Rank:
    """Something with a number of axes, for PyTorch's own check."""

    def __init__(self, axes):
        self.axes = axes

    def dim(self):
        return self.axes


def _checking_rank(original):
    def _check_input_dim(self, input):
        if not _is(TensorProxy, input):
            return original(self, input)
        recorder = input.recorder
        recorder.note("check rank", functools.partial(check_rank, check=lambda axes: original(self, _Rank(axes))),
                      (input,))  # fmt: skip
        return None

    return _check_input_dim


def _instance_norm(original):
    def forward(self, input):
        if not _is(TensorProxy, input):
            return original(self, input)
        self._check_input_dim(input)
        statistics = not self.track_running_stats
        bound = {"input": input, "running_mean": self.running_mean, "running_var": self.running_var,
                 "weight": self.weight, "bias": self.bias, "use_input_stats": statistics, "eps": self.eps,
                 "unbatched": self._get_no_batch_dim()}  # fmt: skip
        return input.recorder.call_named("instance_norm", bound)

    return forward
