"""Boxes (x0, y0, x1, y1) in PyTorch, half open; the functions of `numpy_nn.boxes` under the same names.

Gradients come from autograd. Most of them are in `torchvision.ops`, too, where they are faster; tests compare them.
"""

# ruff: noqa: F403 - the names are those of the files' own lists

from .anchors import *
from .focal import *
from .overlap import *
from .regions import *
from .suppression import *

__all__ = [name for name, value in globals().items() if callable(value) and not name.startswith("_")]
