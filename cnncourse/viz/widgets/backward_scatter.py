"""The backward pass through a convolution as a scatter: each output hands its gradient back to its window."""

from __future__ import annotations

import numpy as np
import traitlets

from cnncourse.viz.backward import backward_scatter
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.base import MovingFigure

OUTPUTS = 9  # the most outputs along an axis: 7 pixels, padding 1, kernel 1
WEIGHTS = 4  # the largest kernel


class BackwardScatter(MovingFigure):
    """Watch the gradient of a convolution's input come together, one output at a time.

    Parameters
    ----------
    upstream
        (9, 9) whole numbers of at most one digit: the gradients that arrive; as many are used as there are outputs.
    kernel
        (4, 4) whole numbers of at most one digit, of which the first K rows and columns are used.
    size, kernel_size, stride, padding, dilation
        I from 3 to 7, K from 1 to 4, S from 1 to 3, P 0 or 1, D 1 or 2, the same along both axes.
    position
        The last output that has arrived, counted from 0 in reading order.
    counting
        Count arrivals instead: every gradient and every weight is 1.

    Raises
    ------
    ValueError
        If `upstream` or `kernel` is not such an array.
    traitlets.TraitError
        If a number is out of its range.
    """

    _esm = script("backward_scatter")
    upstream = traitlets.List().tag(sync=True)
    kernel = traitlets.List().tag(sync=True)
    size = traitlets.Int(5, min=3, max=7).tag(sync=True)
    kernel_size = traitlets.Int(3, min=1, max=WEIGHTS).tag(sync=True)
    stride = traitlets.Int(1, min=1, max=3).tag(sync=True)
    padding = traitlets.Int(0, min=0, max=1).tag(sync=True)
    dilation = traitlets.Int(1, min=1, max=2).tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)
    counting = traitlets.Bool(False).tag(sync=True)

    def __init__(self, upstream, kernel, **settings):
        arrays = {"upstream": (np.asarray(upstream), OUTPUTS), "kernel": (np.asarray(kernel), WEIGHTS)}
        for name, (array, side) in arrays.items():
            if array.shape != (side, side):
                raise ValueError(f"{name} must have shape ({side}, {side}), got {array.shape}")
            if not np.issubdtype(array.dtype, np.integer) or np.abs(array).max() > 9:
                raise ValueError(f"{name} must hold whole numbers of at most one digit")
        super().__init__(**{name: array.tolist() for name, (array, _) in arrays.items()}, **settings)

    def still(self):
        """Draw the step shown."""
        K, reach = self.kernel_size, self.dilation * (self.kernel_size - 1)
        n = (self.size + 2 * self.padding - reach - 1) // self.stride + 1
        g, w = np.array(self.upstream)[:n, :n], np.array(self.kernel)[:K, :K]
        if self.counting:
            g, w = np.ones_like(g), np.ones_like(w)
        position = divmod(min(self.position, n * n - 1), n)
        return backward_scatter(g, w, (self.size, self.size), position, self.stride, self.padding, self.dilation)

    def __repr__(self) -> str:
        return (
            f"BackwardScatter: a {self.kernel_size}×{self.kernel_size} kernel on a {self.size}×{self.size} image, "
            f"padding {self.padding}, stride {self.stride}, dilation {self.dilation}"
        )
