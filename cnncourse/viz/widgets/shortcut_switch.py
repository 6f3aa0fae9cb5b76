"""A deep stack whose shortcuts can be switched on and off, and what it leaves of a photograph."""

from __future__ import annotations

import base64

import numpy as np
import traitlets

from cnncourse.viz.images import image_row
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.base import MovingFigure


class ShortcutSwitch(MovingFigure):
    """Switch the shortcuts of a stack on and off, go through its layers, and see what is left of a photograph.

    Parameters
    ----------
    photograph
        (H, W) in [0, 1], at most 120 on a side. Kept in 256 shades, as are the others.
    without, with_shortcuts
        (n, H, W): what can be read from the maps after some of the layers; values outside of [0, 1] are clipped.
    layers
        After how many layers each of the n pictures is; rising.
    shortcut
        Whether the shortcuts are on at first.
    place
        Which of the `layers` is shown first, counted from 0; by default the last.

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    """

    _esm = script("shortcut_switch")
    height = traitlets.Int().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    photograph = traitlets.Unicode().tag(sync=True)  # bytes, row by row, in base64
    pictures = traitlets.List().tag(sync=True)  # [without, with] → one such text per place
    kept = traitlets.List().tag(sync=True)  # [without, with] → the share of the variance
    layers = traitlets.List().tag(sync=True)
    shortcut = traitlets.Bool(True).tag(sync=True)
    place = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, photograph, without, with_shortcuts, layers, shortcut: bool = True, place: int | None = None):
        photograph, both = np.asarray(photograph, float), [np.asarray(p, float) for p in (without, with_shortcuts)]
        if photograph.ndim != 2 or max(photograph.shape) > 120:
            raise ValueError(f"photograph must have two axes of at most 120 pixels, got shape {photograph.shape}")
        wanted = (len(layers), *photograph.shape)
        for name, pictures in zip(("without", "with_shortcuts"), both, strict=True):
            if pictures.shape != wanted:
                raise ValueError(f"{name} must have shape {wanted}, got {pictures.shape}")
        errors = [((pictures - photograph) ** 2).mean(axis=(1, 2)) / photograph.var() for pictures in both]
        super().__init__(
            height=photograph.shape[0], width=photograph.shape[1], photograph=_shades(photograph),
            pictures=[[_shades(picture) for picture in pictures] for pictures in both],
            kept=[[round(float(1 - e), 3) for e in error] for error in errors],
            layers=[int(number) for number in layers], shortcut=shortcut,
            place=len(layers) - 1 if place is None else place,
        )  # fmt: skip

    def still(self):
        """Draw the photograph and what is left of it, without and with shortcuts."""
        shown = [self.photograph, self.pictures[0][self.place], self.pictures[1][self.place]]
        arrays = [np.frombuffer(base64.b64decode(text), np.uint8).reshape(self.height, self.width) for text in shown]
        titles = ["the photograph", f"{self.layers[self.place]} layers, no shortcuts", "with shortcuts"]
        return image_row([array / 255 for array in arrays], titles, height=2.2)

    def __repr__(self) -> str:
        return f"ShortcutSwitch: what is left of a photograph after 1 to {self.layers[-1]} layers"


def _shades(picture: np.ndarray) -> str:
    return base64.b64encode(np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8).tobytes()).decode()
