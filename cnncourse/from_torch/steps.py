"""The notes of a trace: steps in NumPy, what goes into them, and what comes out."""

import numpy as np
import torch

from cnncourse.numpy_nn.graph import Ref, Step

from .aliases import Memory
from .operations import OPERATIONS
from .places import Refused, describe, frames_of_now
from .proxies import Number, Pieces, Proxy, TensorProxy


class Steps:
    """The part of a `Recorder` that writes steps down."""

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
            return numpy_dtype(value) or self.refuse(f"computes in {value}; float32 and float64 are possible")
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
            if numpy_dtype(tensor.dtype) is None or tensor.layout != torch.strided or tensor.is_quantized:
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


def numpy_dtype(dtype):
    """Return NumPy's dtype; None where there is none."""
    names = ("float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")
    name = str(dtype).removeprefix("torch.")
    return np.dtype(name) if name in names else None


def _name(function):
    return next((name for name, one in OPERATIONS.items() if one is function), function.__name__)
