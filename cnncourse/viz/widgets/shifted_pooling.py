"""An image that the reader shifts, and what maximum and mean pooling make of it."""

from __future__ import annotations

import numpy as np
import traitlets

from cnncourse.viz.images import image_row
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.base import MovingFigure


class ShiftedPooling(MovingFigure):
    """Shift an image in a circle and watch the maxima and the means of its windows.

    Parameters
    ----------
    image
        (H, W) of numbers in [0, 1], 8 to 64 on a side. Kept in hundredths.
    window
        K = S, 1 to 4.
    down, right
        The shift shown first, in pixels, 0 to 8.

    Raises
    ------
    ValueError
        If `image` is not such an array.
    """

    _esm = script("shifted_pooling")
    image = traitlets.List().tag(sync=True)
    window = traitlets.Int(2, min=1, max=4).tag(sync=True)
    down = traitlets.Int(0, min=0, max=8).tag(sync=True)
    right = traitlets.Int(0, min=0, max=8).tag(sync=True)

    def __init__(self, image, window: int = 2, down: int = 0, right: int = 0):
        image = np.asarray(image, dtype=float)
        if image.ndim != 2 or not all(8 <= side <= 64 for side in image.shape):
            raise ValueError(f"image must have two axes of 8 to 64 pixels, got shape {image.shape}")
        if not (image.min() >= 0 and image.max() <= 1):
            raise ValueError(f"image must hold numbers in [0, 1], got {image.min():g} to {image.max():g}")
        hundredths = np.rint(100 * image).astype(int).tolist()
        super().__init__(image=hundredths, window=window, down=down, right=right)

    def still(self):
        """Draw the shifted image, its maxima and its means."""
        image = np.roll(np.array(self.image) / 100, (self.down, self.right), axis=(0, 1))
        K = self.window
        H, W = (side // K * K for side in image.shape)
        windows = image[:H, :W].reshape(H // K, K, W // K, K)
        titles = [f"shifted {self.down} down, {self.right} right", f"maxima of {K}×{K}", f"means of {K}×{K}"]
        pictures = [image, windows.max(axis=(1, 3)), windows.mean(axis=(1, 3))]
        return image_row(pictures, titles, height=2.2, low=0, high=1)

    def __repr__(self) -> str:
        size = f"{len(self.image)}×{len(self.image[0])}"
        return f"ShiftedPooling: a {size} image, windows of {self.window}×{self.window}"
