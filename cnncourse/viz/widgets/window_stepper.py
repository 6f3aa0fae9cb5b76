"""A window that steps over a small image: padding, stride and dilation chosen by the reader."""

from __future__ import annotations

import numpy as np
import traitlets

from cnncourse.viz.cells import strike_cells
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.base import MovingFigure
from cnncourse.viz.windows import sliding_window, window_rows

LARGEST = 9  # pixels on a side, without padding


class WindowStepper(MovingFigure):
    """Step a K×K window of ones over an image and watch the output fill.

    Parameters
    ----------
    image
        (n, n) whole numbers of at most two digits, n from 1 to 9; zeros pad it.
    size
        How much of the image is used: its first I rows and columns; by default all.
    kernel_size, stride, padding, dilation
        K from 1 to 5, S from 1 to 4, P from 0 to 4, D from 1 to 3, the same along both axes.
    position
        Which output is computed, counted from 0 in reading order.

    Raises
    ------
    ValueError
        If `image` is not such an array.
    traitlets.TraitError
        If a number is out of its range.
    """

    _esm = script("window_stepper")
    image = traitlets.List().tag(sync=True)
    size = traitlets.Int(5, min=1, max=LARGEST).tag(sync=True)
    kernel_size = traitlets.Int(3, min=1, max=5).tag(sync=True)
    stride = traitlets.Int(1, min=1, max=4).tag(sync=True)
    padding = traitlets.Int(0, min=0, max=4).tag(sync=True)
    dilation = traitlets.Int(1, min=1, max=3).tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, image, size: int | None = None, **settings):
        image = np.asarray(image)
        if image.ndim != 2 or image.shape[0] != image.shape[1] or not 1 <= len(image) <= LARGEST:
            raise ValueError(f"image must be square with sides of 1 to {LARGEST}, got shape {image.shape}")
        if not np.issubdtype(image.dtype, np.integer) or np.abs(image).max() > 99:
            raise ValueError("image must hold whole numbers of at most two digits")
        size = len(image) if size is None else size
        if size > len(image):
            raise ValueError(f"size must be at most the image's {len(image)}, got {size}")
        super().__init__(image=image.tolist(), size=size, **settings)

    def still(self):
        """Draw the step shown."""
        image, kernel = np.array(self.image)[: self.size, : self.size], np.ones((self.kernel_size, self.kernel_size))
        n = (self.size + 2 * self.padding - self.dilation * (self.kernel_size - 1) - 1) // self.stride + 1
        position = divmod(min(self.position, n * n - 1), n)
        figure = sliding_window(image, kernel, position, self.stride, self.padding, self.dilation)
        strike_cells(figure.axes[0], self.unread(n))
        return figure

    def unread(self, n: int) -> list[tuple[int, int]]:
        """Return the cells of the padded image, (row, column), that none of the n×n windows reads."""
        windows = [window_rows(o, self.kernel_size, self.stride, self.dilation) for o in range(n)]
        side, read = self.size + 2 * self.padding, set(np.ravel(windows))
        return [cell for cell in np.ndindex(side, side) if not read.issuperset(cell)]

    def __repr__(self) -> str:
        return (
            f"WindowStepper: a {self.kernel_size}×{self.kernel_size} window on a {self.size}×{self.size} image, "
            f"padding {self.padding}, stride {self.stride}, dilation {self.dilation}"
        )
