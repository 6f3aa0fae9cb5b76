"""A real kernel that slides over a photograph: the window, the products, and the output as it fills."""

from __future__ import annotations

import numpy as np
import traitlets

from cnncourse.viz.cells import add_frame
from cnncourse.viz.images import draw_values
from cnncourse.viz.style import DIVERGING, ORANGE, bare, figure_grid
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.base import MovingFigure

LARGEST = 64  # pixels on a side


class SlidingWindow(MovingFigure):
    """Slide a K×K kernel over a small photograph and watch the output fill in reading order.

    Parameters
    ----------
    image
        (H, W) in [0, 1], at most 64 on a side.
    kernels
        Name → (K, K) array, all of one size, K from 2 to 5.
    kernel
        The name of the one that is used first; by default the first.
    position
        (row, column) of the output that is computed.

    Raises
    ------
    ValueError
        If the image, the kernels or the position do not fit.
    """

    _esm = script("sliding_window")
    image = traitlets.List().tag(sync=True)  # rows of numbers with two decimals
    kernels = traitlets.Dict().tag(sync=True)
    kernel = traitlets.Unicode().tag(sync=True)
    row = traitlets.Int(0, min=0).tag(sync=True)
    column = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, image, kernels: dict, kernel: str | None = None, position=(0, 0)):
        image = np.asarray(image, dtype=float)
        if image.ndim != 2 or max(image.shape) > LARGEST or image.min() < 0 or image.max() > 1:
            raise ValueError(f"image must be (H, W) in [0, 1], at most {LARGEST} on a side, got shape {image.shape}")
        arrays = {name: np.asarray(values, dtype=float) for name, values in kernels.items()}
        shapes = {values.shape for values in arrays.values()}
        if len(shapes) != 1 or not shapes <= {(K, K) for K in range(2, 6)}:
            raise ValueError(f"kernels must be square, of one size from 2 to 5, got shapes {sorted(shapes)}")
        kernel = next(iter(arrays)) if kernel is None else kernel
        if kernel not in arrays:
            raise ValueError(f"kernel must be one of {list(arrays)}, got {kernel!r}")
        K = len(arrays[kernel])
        if any(not 0 <= at <= side - K for at, side in zip(position, image.shape, strict=True)):
            raise ValueError(f"position must be that of a window inside the image, got {position}")
        super().__init__(
            image=image.round(2).tolist(),
            kernels={name: values.round(3).tolist() for name, values in arrays.items()},
            kernel=kernel, row=int(position[0]), column=int(position[1]),
        )  # fmt: skip

    def output(self) -> np.ndarray:
        """Return the whole output, (H − K + 1, W − K + 1)."""
        weights = np.array(self.kernels[self.kernel])
        windows = np.lib.stride_tricks.sliding_window_view(np.array(self.image), weights.shape)
        return np.einsum("ijuv,uv->ij", windows, weights)

    def still(self):
        """Draw the step shown: image, window, kernel, products, and the output so far."""
        image, weights, output = np.array(self.image), np.array(self.kernels[self.kernel]), self.output()
        K, i, j = len(weights), self.row, self.column
        window = image[i : i + K, j : j + K]
        figure, axes = figure_grid(1, 5, size=(10, 2.6), width_ratios=[5, 3, 3, 3, 5])
        axes[0, 0].imshow(image, cmap="gray", vmin=0, vmax=1)
        add_frame(axes[0, 0], i, j, K, K, edgecolor=ORANGE, linewidth=2)
        draw_values(axes[0, 1], window, 0, 1, decimals=2)
        reach = np.abs(weights).max()
        draw_values(axes[0, 2], weights, -reach, reach, signed=True, decimals=_decimals(weights))
        draw_values(axes[0, 3], window * weights, -reach, reach, signed=True, decimals=2)
        done = np.arange(output.size).reshape(output.shape) <= i * output.shape[1] + j
        signed = output.min() < 0
        high = np.abs(output).max() if signed else 1
        axes[0, 4].imshow(np.where(done, output, np.nan), cmap=DIVERGING if signed else "gray",
                          vmin=-high if signed else 0, vmax=high)  # fmt: skip
        for place in (axes[0, 0], axes[0, 4]):
            bare(place)
            for spine in place.spines.values():
                spine.set(visible=True, color="0.4", linewidth=0.8)
        titles = ["image", "window", f"kernel: {self.kernel}", "products", f"output: sum {output[i, j]:.2f}"]
        for place, title in zip(axes[0], titles, strict=True):
            place.set_title(title)
        return figure

    def __repr__(self) -> str:
        return f"SlidingWindow: the kernel “{self.kernel}” at row {self.row}, column {self.column} of a photograph"


def _decimals(weights: np.ndarray) -> int:
    return 0 if np.array_equal(weights, weights.round()) else 2
