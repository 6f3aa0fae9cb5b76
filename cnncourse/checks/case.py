"""One call that an answer must get right, and its arguments as plain values."""

import inspect
from functools import cached_property

import numpy as np

from cnncourse.checks.callables import with_functions
from cnncourse.checks.compare import show
from cnncourse.grading.inside import probes
from cnncourse.grading.inside.values import SCALARS

MOST_KNOWN = 10_000_000  # numbers that a case keeps


class Case:
    """One call that an answer must get right: Case("stride", x, w, stride=2).

    Parameters
    ----------
    criterion : which of the task's criteria this case belongs to; where it is the name of one part of the
        result (`Task.names`), only that part counts
    *args, **kwargs : the arguments of the call; arrays keep their memory layout (Fortran, strided, read-only)
    """

    def __init__(self, criterion, *args, **kwargs):
        self.criterion, self.args, self.kwargs = criterion, args, kwargs
        self.known = {}  # what trusted answers gave for this case, so that each runs once

    def once(self, key, compute):
        """What `compute()` gave when `key` was new. A case that keeps too much forgets the values used longest ago."""
        if key in self.known:
            self.known[key] = self.known.pop(key)
            return self.known[key][0]
        value = compute()
        self.known[key] = value, count_numbers(value)
        while len(self.known) > 1 and sum(size for _, size in self.known.values()) > MOST_KNOWN:
            del self.known[next(iter(self.known))]
        return value

    @cached_property
    def has_arrays(self):
        """Whether an argument is or holds an array or a function."""
        return holds_array((self.args, self.kwargs))

    @cached_property
    def has_functions(self):
        """Whether an argument is or holds a function."""
        return holds_function((self.args, self.kwargs))

    @cached_property
    def shapes(self):
        """The call as a text, in which arrays are their shapes."""
        return self.call_text("").replace("float32", "float64")

    def arguments(self, reference=None):
        """The arguments by name, made anew as an answer gets them; by number where nothing names them."""
        args, kwargs = probes.unpack(with_functions(pack(self)))
        names = list(inspect.signature(reference).parameters) if reference else []
        names += [f"argument {i + 1}" for i in range(len(names), len(args))]
        return {**dict(zip(names, args, strict=False)), **kwargs}

    def call_text(self, name, reference=None):
        """The call as a learner would write it, arrays as <dtype shape>, named where the reference names them."""
        several = reference and sum(not isinstance(a, dict) and holds_array(a) for a in self.args) > 1
        names = list(inspect.signature(reference).parameters)[: len(self.args)] if several else []
        names += [""] * (len(self.args) - len(names))
        pairs = [*zip(names, self.args, strict=True), *self.kwargs.items()]
        return f"{name}({', '.join(f'{key}={show(value)}' if key else show(value) for key, value in pairs)})"


class Call(Case):
    """A case whose criterion is the function that yields it (see `Task.criterion`): Call(x, w, stride=2)."""

    def __init__(self, *args, **kwargs):
        super().__init__("", *args, **kwargs)


def run_answer(answer, case):
    """Call a trusted answer (reference or known mistake) on a case's arguments as a learner's answer gets them."""
    args, kwargs = probes.unpack(with_functions(pack(case)))
    with np.errstate(all="ignore"):
        return answer(*args, **kwargs)


def holds_array(value):
    """Whether a value is, or holds, an array (or a function, which may give one)."""
    if isinstance(value, dict):
        return "__callable__" in value or any(map(holds_array, value.values()))
    return isinstance(value, np.ndarray) or (isinstance(value, (list, tuple)) and any(map(holds_array, value)))


def holds_function(value):
    """Whether a value is, or holds, a function that the trusted side works out."""
    if type(value) in SCALARS:
        return False
    if isinstance(value, dict):
        return "__callable__" in value or any(map(holds_function, value.values()))
    return callable(value) or (isinstance(value, (list, tuple)) and any(map(holds_function, value)))


def count_numbers(value):
    """How many numbers an argument, or a list, tuple, dict or object of such, holds."""
    value = getattr(value, "__dict__", value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return sum(map(count_numbers, value))
    return value.size if isinstance(value, np.ndarray) else 1


def pack(case):
    """The arguments of a case as plain values; memory layouts that a pipe would lose are written down."""
    return tuple(_pack(a) for a in case.args), {key: _pack(value) for key, value in case.kwargs.items()}


def _pack(value):
    if type(value) in SCALARS:
        return value
    if isinstance(value, np.ndarray) and value.size > 1:
        layout = None
        if not value.flags.writeable:
            layout = "readonly"
        elif not value.flags.c_contiguous:
            layout = "fortran" if value.flags.f_contiguous else "strided"
        return {"__layout__": layout, "array": np.ascontiguousarray(value)} if layout else value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(_pack(item) for item in value)
    return value
