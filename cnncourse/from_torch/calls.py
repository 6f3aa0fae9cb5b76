"""Calls of PyTorch's functions and methods during a trace, noted as steps."""

import functools
import inspect
import operator
from collections import namedtuple

import torch

from .aliases import View, with_dtype_of, write
from .binding import Unbound, bind
from .numbers_at_call import FUNCTIONS
from .operations import MAYBE_VIEWS, NEW, OPERATIONS, PIECES, VIEWS
from .places import Refused
from .proxies import Pieces, Proxy, TensorProxy
from .rules import CASTS, DROPOUTS, SAME, check, is_random, rename, returns_pair

KEEPS_RANK = ("conv", "pool", "norm", "relu", "sig", "tanh", "silu", "gelu", "hard", "elu", "mish", "pixel", "interp")
NORMS = ("norm", "linalg_norm", "linalg_vector_norm")  # these drop axes
Extreme = namedtuple("Extreme", "values indices")


class Calls:
    """The part of a `Recorder` that takes calls."""

    def call(self, function, args, kwargs):
        """Note a call of a PyTorch function or method; return what stands for its result."""
        name = rename(function)
        if name in ("size", "dim", "ndimension", "numel", "nelement", "to", "einsum", "meshgrid", "_assert",
                    "__setitem__", "__getitem__"):  # fmt: skip
            return getattr(self, "_call_" + name.strip("_"))(*args, **kwargs)
        in_place = name.endswith("_") and name not in ("detach_", "requires_grad_")
        plain = name.removesuffix("_")
        if torch.is_autocast_enabled("cpu"):
            self.refuse("computes under torch.autocast, in another precision")
        if plain in CASTS or plain in SAME:
            return self.call_named(plain, {"input": args[0] if args else kwargs["input"]})
        try:
            bound = bind(function, name, args, kwargs)
        except Unbound as problem:
            if plain in OPERATIONS:
                self.refuse(f"calls {plain}() with other arguments than PyTorch lists: {problem}")
            return self.miss(plain)
        out = bound.pop("out", None)
        in_place = bool(bound.pop("inplace", False)) or in_place
        if in_place or out is not None:
            return self.change(bound["input"] if out is None else out, plain, bound)
        return self.call_named(plain, bound)

    def miss(self, name):
        """Note that an operation has no counterpart; the trace goes on, to name all of them."""
        text = f"{name} ({self.place()})"
        if is_random(name):
            raise Refused(f"it draws random numbers in evaluation mode, too: {text}")
        self.unknown.append(text)
        if len(self.unknown) >= 10:
            raise Refused("")
        return self.tensor(self.new_ref())

    def call_named(self, name, bound):
        """Note an operation by its name, with its arguments by name."""
        same = check(self, name, bound)
        if same is not None:
            return same
        function = OPERATIONS.get(name)
        if function is None:
            return self.miss(name)
        self._check_arguments(name, function, bound)
        if name in VIEWS or name in PIECES:
            return self._view(name, function, bound)
        ref = self.note(name, function, (), bound)
        if returns_pair(name, bound):
            pair = [self.tensor(self.note("item", operator.getitem, (ref, k))) for k in range(2)]
            return Extreme(*pair)
        result = self.tensor(ref)
        if name in MAYBE_VIEWS:
            result.memory.join(self.as_tensor(bound["input"]).memory)
        elif (
            any(part in name for part in KEEPS_RANK)
            and name not in NORMS
            and issubclass(type(bound.get("input")), TensorProxy)
        ):
            self.same_rank[ref] = self.read(bound["input"])
        return result

    def _check_arguments(self, name, function, bound):
        accepted = _parameters(function)
        if accepted is not None:
            others = [one for one in bound if one not in accepted]
            for one in others:
                if bound[one] is None or bound[one] is False:
                    del bound[one]
                else:
                    self.refuse(f"calls {name}({one}={bound[one]!r}), an argument without a NumPy counterpart")

    def _view(self, name, function, bound):
        source = self.as_tensor(bound["input"])
        arguments = self.lower({key: value for key, value in bound.items() if key != "input"})
        view = (source.view_of or View()).then(function, arguments)
        result = TensorProxy(self, source.memory, view)
        ref = self.note(name, function, (source,), arguments)
        object.__setattr__(result, "taken", (source.memory.version, ref))
        if name not in PIECES:
            return result
        sizes = bound.get("split_size")
        length = len(sizes) if isinstance(sizes, (tuple, list)) and not issubclass(type(sizes), Proxy) else None
        return Pieces(self, result, length)

    def change(self, target, name, bound):
        """Note a change in place: the memory of `target` holds the operation's result from now on."""
        if not issubclass(type(target), TensorProxy):
            self.refuse(f"changes in place, by {name}, a tensor that is no result of the input")
        memory = target.memory
        if memory.constant:
            self.refuse(f"changes in place, by {name}, a parameter, a buffer or another constant tensor")
        if any(one.constant for one in memory.family):
            self.refuse(f"changes in place, by {name}, what may share memory with a constant tensor")
        self.read(target)
        if name in (*DROPOUTS, *SAME):
            return self.call_named(name, bound)
        if name in VIEWS:
            return self._change_shape(target, name, bound)
        if name not in NEW:
            return self.miss(name + "_") if name not in MAYBE_VIEWS else self.refuse(
                f"changes a tensor's shape in place by {name}_")  # fmt: skip
        result = self.call_named(name, dict(bound))
        if not issubclass(type(result), TensorProxy):
            self.refuse(f"changes several tensors in place by {name}")
        new = self.read(result)
        if (len(_tensors(bound)) > 1 and name != "setitem") or target is not bound.get("input"):
            new = self.note("with dtype of", with_dtype_of, (target, new))
        if target.view_of is None:
            memory.change(new, self.place())
        else:
            view = target.view_of
            whole = self.note("write", write(view.functions), (memory.ref, new, view.arguments))
            memory.change(whole, self.place())
        return target

    def _change_shape(self, target, name, bound):
        """Note that a tensor itself becomes a view of its memory, as by `squeeze_`."""
        if len(target.memory.family) > 1:  # `y = x.contiguous()` may be x itself
            self.refuse(f"changes a tensor's shape in place by {name}_, and perhaps another's with it")
        view = self.call_named(name, bound)
        for attribute in ("view_of", "taken"):
            object.__setattr__(target, attribute, getattr(view, attribute))
        return target

    def getitem(self, tensor, index):
        """tensor[index]: a view, or a copy if an index is itself a tensor or a list."""
        parts = index if isinstance(index, tuple) and not issubclass(type(index), Proxy) else (index,)
        plain = all(part is None or part is Ellipsis or isinstance(part, slice) or _is_int(part) for part in parts)
        return self.call_named("getitem" if plain else "gather_items", {"input": tensor, "index": index})

    def _call_getitem(self, tensor, index):
        return self.getitem(tensor, index)

    def _call_setitem(self, tensor, index, value):
        return self.change(tensor, "setitem", {"input": tensor, "index": index, "value": value})

    def _call_einsum(self, equation, *operands):
        if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
            operands = operands[0]
        return self.call_named("einsum", {"equation": equation, "operands": list(operands)})

    def _call_meshgrid(self, *tensors, indexing="ij"):
        tensors = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
        ref = self.note("meshgrid", OPERATIONS["meshgrid"], (list(tensors),), {"indexing": indexing})
        return tuple(self.tensor(self.note("item", operator.getitem, (ref, k))) for k in range(len(tensors)))

    def _call_assert(self, condition, message=""):
        self.note("check rank", FUNCTIONS["assert"], (condition, str(message)))

    def _call_to(self, tensor, *args, **kwargs):
        given = [*args, *(kwargs[name] for name in ("dtype", "other", "tensor") if name in kwargs)]
        for one in given:
            if issubclass(type(one), TensorProxy) or isinstance(one, torch.Tensor):
                return self.call_named("type_as", {"input": tensor, "other": one})
            if isinstance(one, torch.dtype):
                return self.call_named("cast", {"input": tensor, "dtype": one})
        result = self.as_tensor(tensor)  # another device or layout: the same tensor
        return self.call_named("clone", {"input": result}) if kwargs.get("copy") else result


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


@functools.cache
def _parameters(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return None if any(one.kind == one.VAR_KEYWORD for one in parameters) else {one.name for one in parameters}


def _tensors(tree):
    """Return the tensors among the arguments."""
    found = []
    for one in tree.values():
        if issubclass(type(one), TensorProxy) or isinstance(one, torch.Tensor):
            found.append(one)
    return found
