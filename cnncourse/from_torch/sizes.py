"""Sizes during a trace: shapes, and numbers computed from them, known at the call only."""

import operator

import numpy as np
import torch

from cnncourse.numpy_nn.graph import Ref

from .numbers_at_call import FUNCTIONS, kind_of
from .places import NumberNeeded, frames_of_now, is_users
from .proxies import Number, Pieces, Proxy
from .steps import numpy_dtype

AXES = (4, 2, 3, 5, 1, 0)  # numbers of axes, or of pieces, in the order in which they are tried


class Sizes:
    """The part of a `Recorder` that computes with sizes, and asks where a path depends on them."""

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
            args = [numpy_dtype(one) or np.dtype(object) if type(one) is torch.dtype else one for one in args]
        args = tuple(self.known.get(one.ref, one) if issubclass(type(one), Number) and not issubclass(type(one), Pieces)
                     else one for one in args)  # fmt: skip
        if not any(issubclass(type(one), Proxy) for one in args):
            return function(*args)
        kind = kind_of(function, args)
        lowered = self.lower(args)
        key = (function, repr(lowered))
        if key not in self.seen:
            self.seen[key] = self.note("compute", function, lowered)
            self.made[self.seen[key]] = function, lowered
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
        """Note how many entries unpacking needs."""
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
            whole, part = self._slice_of_a_shape(value.ref)
            if whole is not None:
                rank = self.choose(Number(self, self._rank_of_ref(self.shaped[whole]), "int"))
                return len(range(rank)[part])
        return self.compute("length", value)

    def choose(self, number):
        """Return a number of axes or of pieces as a Python number: a question with several answers."""
        if issubclass(type(number), Pieces) or number.kind == "size":
            number = self.length(number)
        elif not self._is_of_ranks(number.ref):
            namespace = next((frame.f_globals for frame in frames_of_now() if is_users(frame)), None)
            what = "it needs a size, which is known at the call only, as a Python number"
            raise NumberNeeded(f"{what} ({self.place()})", namespace)
        if not issubclass(type(number), Number):
            return number
        return self._ask_ranks(number.ref) if self._is_of_ranks(number.ref) else self.ask(number.ref, AXES)

    def _slice_of_a_shape(self, ref):
        """Return (a shape's Ref, the slice) for a slice of a shape with plain bounds, else (None, None)."""
        function, args = self.made.get(ref, (None, ()))
        found = function is operator.getitem and args[0] in self.shaped and isinstance(args[1], slice)
        plain = found and all(one is None or type(one) is int for one in (args[1].start, args[1].stop, args[1].step))
        return args if plain else (None, None)

    def _is_of_ranks(self, ref):
        """Return whether a number is one of axes, or computed from such numbers alone."""
        if ref in self.ranks.values() or ref in self.known:
            return True
        args = self.made[ref][1] if ref in self.made else ()
        return bool(args) and all(self._is_of_ranks(one) if isinstance(one, Ref) else type(one) in (int, float, bool)
                                  for one in args)  # fmt: skip

    def _ask_ranks(self, ref):
        """Return a number that `_is_of_ranks`, once the numbers of axes are answered."""
        if ref not in self.known and ref in self.made:
            function, args = self.made[ref]
            self.known[ref] = function(*(self._ask_ranks(one) if isinstance(one, Ref) else one for one in args))
        return self.ask(ref, AXES)

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
