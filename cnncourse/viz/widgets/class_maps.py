"""One photograph, one network: click a class or a channel and see its map."""

from __future__ import annotations

import base64

import numpy as np
import traitlets

from cnncourse.viz.images import image_row
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.base import MovingFigure


class ClassMaps(MovingFigure):
    """Choose a class or a channel, and see over the photograph, in grey, where it answers: red for it, blue against it.

    Parameters
    ----------
    photograph
        uint8 (H, W, 3), at most 160 on a side.
    groups
        name → list of (label, note, map): a map (h, w) of any size, with its sign. The maps of one group share their
        scale, and are kept in hundredths of its largest absolute value.
    group, item
        Which map is shown first.

    Raises
    ------
    ValueError
        If the photograph or a map has another shape, or there is no such group or item.
    """

    _esm = script("class_maps")
    height = traitlets.Int().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    photograph = traitlets.Unicode().tag(sync=True)  # bytes, row by row, in base64
    groups = traitlets.List().tag(sync=True)
    group = traitlets.Int(0, min=0).tag(sync=True)
    item = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, photograph, groups, group: int = 0, item: int = 0):
        photograph = np.asarray(photograph)
        if photograph.dtype != np.uint8 or photograph.shape[2:] != (3,) or max(photograph.shape) > 160:
            raise ValueError(
                f"photograph must be uint8 (H, W, 3), at most 160 on a side, got {photograph.dtype} {photograph.shape}"
            )
        carried = []
        for name, items in groups.items():
            maps = [np.asarray(one, float) for _, _, one in items]
            wrong = next((one.shape for one in maps if one.ndim != 2), None)
            if wrong is not None:
                raise ValueError(f"the maps of {name!r} must be (h, w), got shape {wrong}")
            largest = max(np.abs(one).max() for one in maps) or 1
            carried.append({"name": name, "items": [
                {"label": label, "note": note, "shape": list(one.shape),
                 "values": np.rint(100 * one / largest).astype(int).ravel().tolist()}
                for (label, note, _), one in zip(items, maps, strict=True)
            ]})  # fmt: skip
        if not 0 <= group < len(carried) or not 0 <= item < len(carried[group]["items"]):
            raise ValueError(f"group, item must be one of the maps, got {group} and {item}")
        super().__init__(
            height=photograph.shape[0], width=photograph.shape[1], groups=carried, group=group, item=item,
            photograph=base64.b64encode(photograph.tobytes()).decode(),
        )  # fmt: skip

    def still(self):
        """Draw the photograph, and it under the first maps of the chosen group."""
        pixels = np.frombuffer(base64.b64decode(self.photograph), np.uint8).reshape(self.height, self.width, 3) / 255
        items = self.groups[min(self.group, len(self.groups) - 1)]["items"][:4]
        shown, grey = [pixels], pixels.mean(axis=2, keepdims=True)
        for one in items:
            values = np.array(one["values"]).reshape(one["shape"]) / 100
            rows, columns = (np.arange(n) * k // n for n, k in zip(pixels.shape, values.shape, strict=False))
            values = values[rows][:, columns, None]
            colour = np.where(values > 0, [0.84, 0.0, 0.0], [0.0, 0.3, 0.8])
            shown.append(grey + 0.65 * np.abs(values) * (colour - grey))
        return image_row(shown, ["the photograph", *(one["label"] for one in items)], height=1.9)

    def __repr__(self) -> str:
        count = sum(len(group["items"]) for group in self.groups)
        return f"ClassMaps: {count} maps of classes and channels over a photograph"
