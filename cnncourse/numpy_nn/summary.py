"""What a network costs and sees, layer by layer, without running it."""

import math
from dataclasses import dataclass
from fractions import Fraction

from .modules import Identity


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


@dataclass(frozen=True)
class Row:
    """One layer of a summary; shapes hold the batch size, counts are for one forward pass."""

    name: str
    layer: str
    output_shape: tuple
    parameters: int
    multiply_adds: int
    receptive_field: ReceptiveField


@dataclass(frozen=True)
class Summary:
    """A table of layers; `print` it, or read `rows` and the totals."""

    model: str
    input_shape: tuple
    rows: tuple

    @property
    def parameters(self):
        """The number of learned values."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self):
        """The number of multiply-adds of one forward pass."""
        return sum(row.multiply_adds for row in self.rows)

    def __str__(self):
        head = ("layer", "kind", "output", "parameters", "multiply-adds", "sees")
        lines = [
            (
                row.name,
                row.layer,
                "×".join(str(size) for size in row.output_shape[1:]),
                f"{row.parameters:,}",
                f"{row.multiply_adds:,}",
                "×".join(str(size) for size in row.receptive_field.size),
            )
            for row in self.rows
        ]
        total = ("total", "", "", f"{self.parameters:,}", f"{self.multiply_adds:,}", "")
        table = [head, *lines, total]
        widths = [max(len(line[column]) for line in table) for column in range(len(head))]

        def write(line):
            cells = [
                cell.rjust(width) if column >= 3 else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            return "  ".join(cells).rstrip()

        rule = "-" * len(write(head))
        shape = "×".join(str(size) for size in self.input_shape)
        title = f"{self.model} on an input of {shape}"
        return "\n".join([title, write(head), rule, *map(write, lines), rule, write(total)])

    def _repr_html_(self):
        return f"<pre>{self}</pre>"


def summary(model, input_shape):
    """Return the table of a model's layers: output shape, parameters, multiply-adds, receptive field.

    Nothing is computed and no weight is drawn; shapes are passed from layer to layer.

    Parameters
    ----------
    model : Module
    input_shape : tuple of int
        (N, C, H, W), or with fewer or more spatial axes. Multiply-adds are for the whole batch.

    Returns
    -------
    Summary

    Raises
    ------
    TypeError
        `input_shape` is no sequence of ints.
    ValueError
        A layer's output would be empty.
    """
    input_shape = tuple(input_shape)
    if not all(isinstance(size, int) for size in input_shape) or len(input_shape) < 2:
        raise TypeError(f"input_shape: expected ints (N, C, …), got {input_shape}")
    names = {id(module): name for name, module in model.named_modules()}
    rows = []

    def visit(module, shape, output_shape, field):
        name = names.get(id(module), "")
        if min(output_shape) < 1:
            label = name or type(module).__name__
            raise ValueError(f"input_shape: expected an input large enough for {label}, got {input_shape}")
        if type(module) is not Identity:
            parameters = sum(parameter.size for parameter in module.parameters())
            rows.append(Row(name, type(module).__name__, output_shape, parameters, module.multiply_adds(shape), field))

    model.trace(input_shape, ReceptiveField.of_input(len(input_shape) - 2), visit)
    return Summary(type(model).__name__, input_shape, tuple(rows))
