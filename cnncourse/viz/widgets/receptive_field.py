"""The receptive field growing layer by layer, by the reader."""

from __future__ import annotations

import traitlets

from cnncourse.viz.receptive import layer_sizes, receptive_cones
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.base import MovingFigure


class ReceptiveFieldExplorer(MovingFigure):
    """Choose a unit of a stack of layers and see every unit below that it depends on.

    The picture is one-dimensional: a row of an image, and layers without padding above it.

    Parameters
    ----------
    stacks
        Name → list of (K, S, D), the first layer first.
    width
        The input's length, 5 to 41.
    stack
        The stack shown first; by default the first of `stacks`.
    level
        The level of the chosen unit, 0 (the input) up to the number of layers; a larger number means the top.
    unit
        The chosen unit, counted from 0; None means the middle one.

    Raises
    ------
    ValueError
        If a stack does not fit `width`, or `stack` is not one of `stacks`.
    """

    _esm = script("receptive_field")
    stacks = traitlets.Dict().tag(sync=True)
    width = traitlets.Int(21, min=5, max=41).tag(sync=True)
    stack = traitlets.Unicode().tag(sync=True)
    level = traitlets.Int(1, min=0).tag(sync=True)
    unit = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, stacks, width: int = 21, stack: str | None = None, level: int = 99, unit: int | None = None):
        if not stacks or not all(stacks.values()):
            raise ValueError(f"stacks must hold at least one stack with at least one layer, got {stacks!r}")
        stack = next(iter(stacks)) if stack is None else stack
        if stack not in stacks:
            raise ValueError(f"stack must be one of {list(stacks)}, got {stack!r}")
        sizes = {name: layer_sizes(layers, width) for name, layers in stacks.items()}
        level = min(level, len(stacks[stack]))
        unit = (sizes[stack][level] - 1) // 2 if unit is None else unit
        plain = {name: [list(layer) for layer in layers] for name, layers in stacks.items()}
        super().__init__(stacks=plain, width=width, stack=stack, level=level, unit=unit)

    def still(self):
        """Draw the stack with all that its middle unit at the top depends on."""
        return receptive_cones({self.stack: self.stacks[self.stack]}, self.width, columns=1)

    def __repr__(self) -> str:
        return f"ReceptiveFieldExplorer: unit {self.unit} of layer {self.level} in the stack “{self.stack}”"
