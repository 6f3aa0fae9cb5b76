"""What a module computes with during the trace: stand-ins that note every operation instead of computing it.

A `TensorProxy` stands for a tensor. A `Number` stands for what is known at the call only: a size, a shape, an
ndim, a dtype, or what is computed from them.
"""

import dis
import operator
import sys

import numpy as np
import torch

CONSTANT = {
    "device": torch.device("cpu"), "is_cuda": False, "is_cpu": True, "is_mps": False, "is_xpu": False, "is_meta": False,
    "is_sparse": False, "is_quantized": False, "is_nested": False, "is_mkldnn": False, "requires_grad": False,
    "grad": None, "grad_fn": None, "layout": torch.strided, "is_leaf": True,
}  # fmt: skip


class Proxy:
    """What tensors and numbers have in common."""

    __array_ufunc__ = None  # NumPy's operators leave the work to ours
    __hash__ = object.__hash__

    def __init__(self, recorder):
        object.__setattr__(self, "recorder", recorder)

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        recorder = find(args, kwargs or {})
        return recorder.call(function, args, kwargs or {})


def find(*trees):
    """Return the recorder of the first proxy among the arguments."""
    for tree in trees:
        if issubclass(type(tree), Proxy):
            return tree.recorder
        if isinstance(tree, (tuple, list, dict)):
            found = find(*(tree.values() if isinstance(tree, dict) else tree))
            if found is not None:
                return found
        elif isinstance(tree, slice):
            found = find(tree.start, tree.stop, tree.step)
            if found is not None:
                return found
    return None


class TensorProxy(Proxy):
    """A tensor that is not there yet."""

    def __init__(self, recorder, memory, view=None):
        super().__init__(recorder)
        object.__setattr__(self, "memory", memory)
        object.__setattr__(self, "view_of", view)  # None: the whole
        object.__setattr__(self, "taken", None)  # (version, Ref) of a view

    def stands_for(self):
        """Return the class of which the module's code takes this to be an instance."""
        return torch.Tensor

    def __getattr__(self, name):
        recorder = self.recorder
        if name in ("shape", "ndim", "dtype"):
            return recorder.number(name, self)
        if name in CONSTANT:
            return CONSTANT[name]
        if name == "data":
            return recorder.alias(self)
        if name in ("T", "mT"):
            return recorder.call_named("t" if name == "T" else "adjoint", {"input": self})
        function = getattr(torch.Tensor, name, None)
        if function is None:
            raise AttributeError(f"'Tensor' object has no attribute {name!r}")
        if not callable(function):
            recorder.refuse(f"reads the attribute {name!r} of a tensor")
        return lambda *args, **kwargs: recorder.call(function, (self, *args), kwargs)

    def __setattr__(self, name, value):
        if name == "requires_grad":
            return
        if hasattr(torch.Tensor, name):
            self.recorder.refuse(f"sets the attribute {name!r} of a tensor")
        object.__setattr__(self, name, value)

    def __bool__(self):
        self.recorder.refuse("takes a path that depends on a tensor's values")

    def __float__(self):
        self.recorder.refuse("turns a tensor's value into a Python number, on which its path could depend")

    __int__ = __index__ = __complex__ = __float__

    def __len__(self):
        self.recorder.refuse("needs the length of a tensor, which is known at the call only, as a Python number")

    def __iter__(self):
        pieces = self.recorder.call_named("unbind", {"input": self})
        return pieces.each(_unpacked(sys._getframe(1)))

    def __reversed__(self):
        self.recorder.refuse("reverses a tensor")

    def __contains__(self, value):
        self.recorder.refuse("takes a path that depends on a tensor's values")

    def __array__(self, *args, **kwargs):
        self.recorder.refuse("turns a tensor into a NumPy array")

    def __getitem__(self, index):
        return self.recorder.getitem(self, index)

    def __setitem__(self, index, value):
        self.recorder.change(self, "setitem", {"input": self, "index": index, "value": value})

    def __copy__(self):
        return self.recorder.alias(self)

    def __deepcopy__(self, memo):
        return self.recorder.call_named("clone", {"input": self})

    def __repr__(self):
        return "TensorProxy()"


class Number(Proxy):
    """A size, a shape, a dtype, or what is computed from them.

    Parameters
    ----------
    ref : Ref
    kind : "int", "float", "bool", "size" (several ints), "several" (tensors) or "dtype"
    length : int or None
        How many there are, where that is known.
    """

    def __init__(self, recorder, ref, kind, length=None):
        super().__init__(recorder)
        for name, value in (("ref", ref), ("kind", kind), ("length", length)):
            object.__setattr__(self, name, value)

    def stands_for(self):
        """Return the class of which the module's code takes this to be an instance."""
        kinds = {"int": int, "float": float, "bool": bool, "size": torch.Size, "several": tuple, "dtype": torch.dtype}
        return kinds.get(self.kind, Number)

    def __bool__(self):
        return self.recorder.decide(self)

    def __len__(self):
        if self.length is None:
            object.__setattr__(self, "length", self.recorder.choose(self))
        return self.length

    def __iter__(self):
        if self.kind not in ("size", "several"):
            raise TypeError(f"'{self.kind}' object is not iterable")
        return self.each(_unpacked(sys._getframe(1)))

    def each(self, wanted=None):
        """Iterate; `wanted` is how many names they are unpacked into."""
        if wanted is not None and self.length is None:
            self.recorder.expect_length(self, wanted)
            object.__setattr__(self, "length", wanted)
        return iter([self[k] for k in range(self.__len__())])

    def __getitem__(self, index):
        return self.recorder.item(self, index)

    def __getattr__(self, name):
        if self.kind == "size" and name == "numel":
            return lambda: self.recorder.compute("numel", self)
        if self.kind == "dtype" and name == "is_floating_point":
            return self.recorder.compute("is_float", self)
        raise AttributeError(f"{self.kind!r} object has no attribute {name!r}")

    def __int__(self):
        return self.recorder.choose(self)

    __index__ = __int__

    def __float__(self):
        return float(self.recorder.choose(self))

    def __divmod__(self, other):
        return self // other, self % other

    def __rdivmod__(self, other):
        return other // self, other % self

    def __array_ufunc__(self, function, method, *inputs, **options):
        """Take NumPy's functions of one number, as in np.sqrt(x.size(1)); its operators leave the work to ours."""
        if len(inputs) == 1 and method == "__call__" and not options:
            return self.recorder.compute(function, self)
        names = {"subtract": "sub", "multiply": "mul", "true_divide": "truediv", "divide": "truediv",
                 "floor_divide": "floordiv", "power": "pow", "remainder": "mod"}  # fmt: skip
        python = getattr(operator, names.get(function.__name__, function.__name__), None)
        if method != "__call__" or options or python is None or len(inputs) != 2:
            return NotImplemented
        return python(*(one.item() if isinstance(one, np.generic) else one for one in inputs))

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __round__(self, digits=None):
        return self.recorder.compute("round", self, *([] if digits is None else [digits]))

    def __format__(self, form):
        return repr(self)

    def __repr__(self):
        return f"<{self.kind} known at the call>"


class Pieces(Number):
    """What `split`, `chunk` and `unbind` return: views of one tensor, whose number is perhaps not known yet."""

    def __init__(self, recorder, tensor, length=None):
        super().__init__(recorder, None, "several", length)
        object.__setattr__(self, "tensor", tensor)


def _unpacked(frame):
    """Return n if the frame is at `a, b, … = this` with n names; None elsewhere."""
    for instruction in dis.get_instructions(frame.f_code):
        if instruction.offset == frame.f_lasti:
            return instruction.argval if instruction.opname == "UNPACK_SEQUENCE" else None
    return None


# Operators. Each tensor one is named as PyTorch's function; each number one is Python's own.
TWO = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "true_divide", "floordiv": "floor_divide", "mod": "remainder",
    "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lt": "lt", "le": "le", "gt": "gt", "ge": "ge", "eq": "eq", "ne": "ne",
}  # fmt: skip
ONE = {"neg": "neg", "pos": "positive", "abs": "abs", "invert": "bitwise_not"}
REFLECTED = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
_SECOND = {"pow": "exponent"}


def _tensor_two(name, swapped=False, in_place=False):
    def method(self, other):
        if other is None or isinstance(other, (str, tuple, list, dict)):
            return name == "ne" if name in ("eq", "ne") else NotImplemented
        left, right = (other, self) if swapped else (self, other)
        bound = {"input": left, _SECOND.get(name, "other"): right}
        return self.recorder.change(self, name, bound) if in_place else self.recorder.call_named(name, bound)

    return method


def _number_two(python, name, swapped=False):
    function = getattr(operator, python + "_" * (python in ("and", "or")))

    def method(self, other):
        if issubclass(type(other), TensorProxy) or isinstance(other, torch.Tensor):
            left, right = (other, self) if swapped else (self, other)
            return self.recorder.call_named(name, {"input": left, _SECOND.get(name, "other"): right})
        if other is None or isinstance(other, (str, dict)):
            return python == "ne" if python in ("eq", "ne") else NotImplemented
        return self.recorder.compute(function, *((other, self) if swapped else (self, other)))

    return method


def _number_one(function):
    return lambda self: self.recorder.compute(function, self)


for _python, _name in TWO.items():
    setattr(TensorProxy, f"__{_python}__", _tensor_two(_name))
    setattr(Number, f"__{_python}__", _number_two(_python, _name))
    if _python in REFLECTED:
        setattr(TensorProxy, f"__r{_python}__", _tensor_two(_name, swapped=True))
        if _python != "matmul":
            setattr(TensorProxy, f"__i{_python}__", _tensor_two(_name, in_place=True))
        setattr(Number, f"__r{_python}__", _number_two(_python, _name, swapped=True))
for _python, _name in ONE.items():
    setattr(TensorProxy, f"__{_python}__", lambda self, name=_name: self.recorder.call_named(name, {"input": self}))
    setattr(Number, f"__{_python}__", _number_one(getattr(operator, _python)))
for _python in ("ceil", "floor", "trunc"):
    setattr(Number, f"__{_python}__", _number_one(_python))
for _class in (TensorProxy, Number):  # defining __eq__ took the hash away
    _class.__hash__ = object.__hash__
