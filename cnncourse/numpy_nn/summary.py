"""What a network costs and sees, layer by layer, without running it. What a layer does to shapes is in `geometry`."""

from dataclasses import dataclass

from . import modules as M
from .geometry import multiply_adds, trace
from .receptive_field import ReceptiveField


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
        A layer refuses what it would get, for example because the image is smaller than its kernel.

    Examples
    --------
    >>> network = M.Sequential(M.Conv2d(1, 4, 3), M.ReLU(), M.MaxPool2d(2))
    >>> table = summary(network, (1, 1, 28, 28))
    >>> table.parameters, table.multiply_adds, table.rows[-1].output_shape
    (40, 24336, (1, 4, 13, 13))
    """
    input_shape = tuple(input_shape)
    if not all(isinstance(size, int) for size in input_shape) or len(input_shape) < 2:
        raise TypeError(f"input_shape: expected ints (N, C, …), got {input_shape}")
    names = {id(module): name for name, module in model.named_modules()}
    rows = []

    def visit(module, shape, output_shape, field):
        if type(module) is not M.Identity:
            gated = isinstance(module, M.Scale)  # its gate's layers have rows of their own
            parameters = 0 if gated else sum(parameter.size for parameter in module.parameters())
            work = multiply_adds(module, shape)
            rows.append(Row(names.get(id(module), ""), type(module).__name__, output_shape, parameters, work, field))

    try:
        trace(model, input_shape, ReceptiveField.of_input(len(input_shape) - 2), visit)
    except ValueError as error:
        before = f"the layer after {rows[-1].name or rows[-1].layer}" if rows else "the first layer"
        raise ValueError(f"input_shape: expected an input that {before} can take, got {input_shape}: {error}") from None
    return Summary(type(model).__name__, input_shape, tuple(rows))
