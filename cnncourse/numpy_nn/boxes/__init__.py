"""Boxes (x0, y0, x1, y1) in pixels, half open, as in `torchvision.ops`: x to the right, y downwards, x1 and y1 outside.

overlap        areas, intersection over union, its generalisation for boxes that do not touch
suppression    of several boxes around one thing, keep the best
anchors        boxes on a grid, which of them stand for which true box, and offsets from them
focal          the loss for many easy examples and few that matter
regions        RoI pooling and RoIAlign: maps of one size from boxes of any size

`average_precision` beside this folder says how good a detector's boxes are.
"""

# ruff: noqa: F403 - the names are those of the files' own lists

from .anchors import *
from .focal import *
from .overlap import *
from .regions import *
from .suppression import *

__all__ = [name for name, value in globals().items() if callable(value) and not name.startswith("_")]
