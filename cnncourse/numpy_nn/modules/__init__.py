"""Layers and containers with an explicit backward pass; names and arguments are those of `torch.nn`.

Each file lists its layers in `__all__`. What a layer costs and sees is not in it, but in `numpy_nn.geometry`.
"""

# ruff: noqa: F403 - the names are those of the files' own lists

from . import init
from .activation import *
from .base import *
from .causal import *
from .containers import *
from .conv import *
from .linear import *
from .norm import *
from .order import *
from .pooling import *

__all__ = ["init", *(name for name, value in globals().items() if callable(value) and not name.startswith("_"))]
