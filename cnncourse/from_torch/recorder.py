"""The trace: notes what a module does with stand-ins for tensors, as steps in NumPy."""

import functools
import operator
from collections import namedtuple

import numpy as np
import torch

from cnncourse.numpy_nn.graph import Ref, Step

from .aliases import Memory, View, keep, write
from .binding import Unbound, bind
from .numbers_at_call import FUNCTIONS, kind_of
from .operations import MAYBE_VIEWS, NEW, OPERATIONS, PIECES, VIEWS
from .places import NumberNeeded, Refused, describe, frames_of_now, is_users
from .proxies import Number, Pieces, Proxy, TensorProxy
from .rules import CASTS, DROPOUTS, SAME, check, is_random, rename, returns_pair

KEEPS_RANK = ("conv", "pool", "norm", "relu", "sig", "tanh", "silu", "gelu", "hard", "elu", "mish", "pixel", "interp")
Extreme = namedtuple("Extreme", "values indices")


class Branch(Exception):
    """There are more paths through the module than are followed."""


class Recorder:
    """Notes one path through a module.

    Parameters
    ----------
    names : dict
        From the id of each submodule to its name.
    owned : set
        Addresses of the memory of the module's parameters and buffers.
    answers : list of (answer, first free index)
        How to answer the first questions on the way.
    """

    def __init__(self, names, owned, answers=()):
        self.names, self.owned, self.answers = names, owned, list(answers)
        self.steps, self.constants = [], {}
        self.questions = []  # (Ref, candidates, answer, steps so far, next index)
        self.unknown = []  # operations without a counterpart, with their places
        self.next = 0
        self.known, self.seen, self.tensors, self.ranks, self.same_rank = {}, {}, {}, {}, {}
        self.shaped = {}  # from the Ref of a shape to its tensor's

    # Refusals

    def place(self):
        """Return where in the user's code the trace is now."""
        return describe(frames_of_now(), self.names)

    def refuse(self, what):
        """Stop the translation."""
        raise Refused(f"it {what} ({self.place()})")

    # Steps

    def new_ref(self):
        """Return the next free Ref."""
        self.next += 1
        return Ref(self.next - 1)

    def note(self, name, function, args=(), kwargs=None):
        """Add a step; return the Ref of its result."""
        result = self.new_ref()
        self.steps.append(Step(name, function, self.lower(args), self.lower(kwargs or {}), result, self.place()))
        return result

    def lower(self, value):
        """Return an argument as a step needs it: Refs for what is not known yet, arrays for tensors."""
        if issubclass(type(value), TensorProxy):
            return self.read(value)
        if issubclass(type(value), Pieces):
            return self.read(value.tensor)
        if issubclass(type(value), Number):
            return value.ref
        if isinstance(value, torch.Tensor):
            return self.constant(value)
        if isinstance(value, torch.dtype):
            return _numpy_dtype(value) or self.refuse(f"computes in {value}; float32 and float64 are possible")
        if isinstance(value, (torch.Size, tuple)):
            return tuple(self.lower(one) for one in value)
        if isinstance(value, list):
            return [self.lower(one) for one in value]
        if isinstance(value, dict):
            return {key: self.lower(one) for key, one in value.items()}
        if isinstance(value, slice):
            return slice(self.lower(value.start), self.lower(value.stop), self.lower(value.step))
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            return self.constant(torch.as_tensor(value))
        if value is None or value is Ellipsis or isinstance(value, (Ref, bool, int, float, str, np.dtype)):
            return value
        return self.refuse(f"passes a {type(value).__name__} to an operation")

    def constant(self, tensor):
        """Return the Ref of a tensor that was there before; the module's own share memory, others are copied."""
        if id(tensor) not in self.tensors:
            if _numpy_dtype(tensor.dtype) is None or tensor.layout != torch.strided or tensor.is_quantized:
                kind = str(tensor.dtype).removeprefix("torch.")
                self.refuse(f"computes with a {kind} tensor; float32 and float64 are possible (module.float())")
            mine = tensor.numel() and tensor.untyped_storage().data_ptr() in self.owned
            plain = tensor.detach().cpu().resolve_conj().resolve_neg()
            array = (plain if mine else plain.clone()).numpy()
            ref = self.new_ref()
            self.constants[ref.index] = array
            self.tensors[id(tensor)] = (tensor, ref) if mine else (tensor, ref, tensor._version)
        entry = self.tensors[id(tensor)]
        if len(entry) == 3 and entry[2] != tensor._version:  # it was changed since
            del self.tensors[id(tensor)]
            return self.constant(tensor)
        return entry[1]

    # Tensors

    def tensor(self, ref):
        """Return a stand-in for the result of a step."""
        return TensorProxy(self, Memory(ref))

    def alias(self, tensor):
        """Return another stand-in for the same tensor."""
        return TensorProxy(self, tensor.memory, tensor.view_of)

    def read(self, tensor):
        """Return the Ref of what a tensor holds now."""
        memory, view = tensor.memory, tensor.view_of
        if memory.unreadable:
            self.refuse("reads a tensor that perhaps shares memory with one changed in place before "
                        f"(at {memory.unreadable}); clone() one of them")  # fmt: skip
        if view is None:
            return memory.ref
        if tensor.taken is None or tensor.taken[0] != memory.version:
            ref = memory.ref
            for function, arguments in zip(view.functions, view.arguments, strict=True):
                ref = self.note(_name(function), function, (ref,), arguments)
            object.__setattr__(tensor, "taken", (memory.version, ref))
        return tensor.taken[1]

    def as_tensor(self, value):
        """Return the stand-in for a tensor of either sort."""
        if issubclass(type(value), TensorProxy):
            return value
        return TensorProxy(self, Memory(self.constant(value), constant=True))

    # Calls

    def call(self, function, args, kwargs):
        """Note a call of a PyTorch function or method; return what stands for its result."""
        name = rename(function)
        if name in ("size", "dim", "ndimension", "numel", "nelement", "to", "einsum", "_assert",
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
        elif any(part in name for part in KEEPS_RANK) and issubclass(type(bound.get("input")), TensorProxy):
            self.same_rank[ref] = self.read(bound["input"])
        return result

    def _check_arguments(self, name, function, bound):
        accepted = _parameters(function)
        if accepted is not None:
            others = [one for one in bound if one not in accepted]
            for one in others:
                if bound[one] in (None, False) and not issubclass(type(bound[one]), Proxy):
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
        if name not in NEW:
            return self.miss(name + "_") if name not in (*VIEWS, *MAYBE_VIEWS) else self.refuse(
                f"changes a tensor's shape in place by {name}_")  # fmt: skip
        result = self.call_named(name, dict(bound))
        if not issubclass(type(result), TensorProxy):
            self.refuse(f"changes several tensors in place by {name}")
        new = self.read(result)
        if (len(_tensors(bound)) > 1 and name != "setitem") or target is not bound.get("input"):
            new = self.note("keep", keep, (target, new))
        if target.view_of is None:
            memory.change(new, self.place())
        else:
            view = target.view_of
            whole = self.note("write", write(view.functions), (memory.ref, new, view.arguments))
            memory.change(whole, self.place())
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

    def _call_assert(self, condition, message=""):
        self.note("check rank", FUNCTIONS["assert"], (condition, str(message)))

    def _call_to(self, tensor, *args, **kwargs):
        given = [*args, *(kwargs[name] for name in ("dtype", "other", "tensor") if name in kwargs)]
        for one in given:
            if issubclass(type(one), TensorProxy) or isinstance(one, torch.Tensor):
                return self.call_named("type_as", {"input": tensor, "other": one})
            if isinstance(one, torch.dtype):
                return self.call_named("cast", {"input": tensor, "dtype": one})
        result = self.alias(self.as_tensor(tensor))  # another device or layout: the same values
        return self.call_named("clone", {"input": result}) if kwargs.get("copy") else result

    # Numbers

    def number(self, name, tensor):
        """Return the shape, ndim or dtype of a tensor."""
        if name == "ndim":
            ref = self._rank_of(tensor)
            return self.known.get(ref, Number(self, ref, "int"))
        ref = self.read(tensor)
        if (name, ref) not in self.seen:
            self.seen[name, ref] = self.note("shape", FUNCTIONS[name], (ref,))
        if name == "shape":
            self.shaped[self.seen[name, ref]] = ref
        return Number(self, self.seen[name, ref], {"shape": "size", "dtype": "dtype"}[name])

    def _rank_of(self, tensor):
        return self._rank_of_ref(self.read(tensor))

    def _rank_of_ref(self, ref):
        while ref in self.same_rank:
            ref = self.same_rank[ref]
        if ref not in self.ranks:
            self.ranks[ref] = self.note("shape", FUNCTIONS["ndim"], (ref,))
        return self.ranks[ref]

    def _call_size(self, tensor, dim=None, **kwargs):
        dim = kwargs.get("axis", dim)
        shape = self.number("shape", self.as_tensor(tensor))
        return shape if dim is None else shape[dim]

    def _call_dim(self, tensor):
        return self.number("ndim", self.as_tensor(tensor))

    def _call_numel(self, tensor):
        return self.compute("numel", self.number("shape", self.as_tensor(tensor)))

    _call_nelement, _call_ndimension = _call_numel, _call_dim

    def compute(self, function, *args):
        """Note a computation with sizes; the same one is noted once, and what is known is computed now."""
        function = FUNCTIONS.get(function, function)
        if any(isinstance(one, torch.dtype) for one in args if not issubclass(type(one), Proxy)):
            args = [_numpy_dtype(one) or np.dtype(object) if type(one) is torch.dtype else one for one in args]
        args = tuple(self.known.get(one.ref, one) if issubclass(type(one), Number) and not issubclass(type(one), Pieces)
                     else one for one in args)  # fmt: skip
        if not any(issubclass(type(one), Proxy) for one in args):
            return function(*args)
        kind = kind_of(function, args)
        lowered = self.lower(args)
        key = (function, repr(lowered))
        if key not in self.seen:
            self.seen[key] = self.note("compute", function, lowered)
        return self.known.get(self.seen[key], Number(self, self.seen[key], kind))

    def item(self, number, index):
        """Return an entry, or a slice, of a shape or of pieces."""
        if issubclass(type(number), Pieces):
            if isinstance(index, slice):
                return tuple(number[k] for k in range(number.__len__())[index])
            return self.call_named("getitem", {"input": number.tensor, "index": index})
        result = self.compute(operator.getitem, number, index)
        if isinstance(index, slice) and issubclass(type(result), Number):
            object.__setattr__(result, "length", _slice_length(index))
        return result

    def expect_length(self, number, wanted):
        """Note that unpacking needs so many entries."""
        ref = self.read(number.tensor) if issubclass(type(number), Pieces) else number.ref
        self.note("check rank", FUNCTIONS["expect"], (ref, wanted))

    def length(self, value):
        """Return len(value), known at the call."""
        if issubclass(type(value), Number) and not issubclass(type(value), Pieces):
            if value.length is not None:
                return value.length
            if value.ref in self.shaped:
                ref = self._rank_of_ref(self.shaped[value.ref])
                return self.known.get(ref, Number(self, ref, "int"))
        return self.compute("length", value)

    def choose(self, number):
        """Return a number of axes or of pieces as a Python number: a question with several answers."""
        if issubclass(type(number), Pieces) or number.kind == "size":
            number = self.length(number)
        elif number.ref not in self.ranks.values():
            namespace = next((frame.f_globals for frame in frames_of_now() if is_users(frame)), None)
            what = "it needs a size, which is known at the call only, as a Python number"
            raise NumberNeeded(f"{what} ({self.place()})", namespace)
        return self.ask(number.ref, (4, 2, 3, 5, 1, 0)) if issubclass(type(number), Number) else number

    def decide(self, number):
        """Return the truth of a condition on sizes: a question with two answers."""
        condition = number if number.kind == "bool" else self.compute(bool, number)
        return self.ask(condition.ref, (True, False)) if issubclass(type(condition), Number) else condition

    def ask(self, ref, candidates):
        """Take the answer that this path is about, or the first candidate."""
        if ref in self.known:
            return self.known[ref]
        if len(self.questions) < len(self.answers):
            answer, self.next = self.answers[len(self.questions)]
        else:
            answer = candidates[0]
        self.questions.append((ref, candidates, answer, len(self.steps), self.next, self.place()))
        self.known[ref] = answer
        return answer

    # Results

    def output(self, tree):
        """Return what the module returned, with Refs for tensors."""
        if issubclass(type(tree), Pieces):
            return self.read(tree.tensor)
        if issubclass(type(tree), Proxy) or isinstance(tree, torch.Tensor):
            return self.lower(tree)
        if isinstance(tree, tuple):
            parts = [self.output(one) for one in tree]
            return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
        if isinstance(tree, list):
            return [self.output(one) for one in tree]
        if isinstance(tree, dict):
            return {key: self.output(one) for key, one in tree.items()}
        if tree is None or isinstance(tree, (bool, int, float, str)):
            return tree
        return self.refuse(
            f"returns a {type(tree).__name__}; tensors, and tuples, lists and dicts of them are possible"
        )


def _slice_length(index):
    """Return how many entries a slice of a shape has, if it is long enough for it."""
    start, stop = index.start, index.stop
    if index.step not in (None, 1) or not all(one is None or type(one) is int for one in (start, stop)):
        return None
    if stop is None:
        return -start if start is not None and start < 0 else None
    if (start or 0) >= 0 and stop >= 0:
        return max(stop - (start or 0), 0)
    return max(stop - start, 0) if start is not None and start < 0 and stop < 0 else None


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _numpy_dtype(dtype):
    """Return NumPy's dtype; None where there is none."""
    names = ("float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")
    name = str(dtype).removeprefix("torch.")
    return np.dtype(name) if name in names else None


@functools.cache
def _parameters(function):
    import inspect

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


def _name(function):
    return next((name for name, one in OPERATIONS.items() if one is function), function.__name__)
