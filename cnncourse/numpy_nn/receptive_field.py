"""Which input pixels an output can depend on, as it grows from layer to layer."""

import math
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class ReceptiveField:
    """Which input pixels an output can depend on: for each spatial axis (size, jump, start).

    `size` is the width of the patch, `jump` the distance between the patches of neighbouring outputs,
    `start` the centre of the first output's patch, all in input pixels. The patch may reach into the
    padding, and may be larger than the input.
    """

    axes: tuple

    @classmethod
    def of_input(cls, axes):
        """One pixel sees itself."""
        return cls(((1, Fraction(1), 0.0),) * axes)

    def through(self, window):
        """Return the field after a layer with that window: (kernel size, stride, padding, dilation)."""
        if window is None or not self.axes:
            return self
        after = []
        for (size, jump, start), (K, S, P, D) in zip(self.axes, window, strict=True):
            reach = D * (K - 1)
            after.append((size + reach * jump, jump * S, start + float((reach / 2 - P) * float(jump))))
        return ReceptiveField(tuple(after))

    def union(self, other):
        """Return the smallest patch that holds both, for paths that meet."""
        joined = []
        for (size, jump, start), (other_size, _, other_start) in zip(self.axes, other.axes, strict=True):
            first = min(start - size / 2, other_start - other_size / 2)
            last = max(start + size / 2, other_start + other_size / 2)
            joined.append((max(size, other_size, math.ceil(last - first - 1e-9)), jump, (first + last) / 2))
        return ReceptiveField(tuple(joined))

    @property
    def size(self):
        """The patch's size for each axis, in input pixels."""
        return tuple(math.ceil(size) for size, _, _ in self.axes)
