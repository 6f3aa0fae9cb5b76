"""The operations that have a NumPy counterpart, by PyTorch's name."""

from .layers import LAYERS
from .pointwise import POINTWISE
from .reductions import REDUCTIONS
from .shapes import COPIES, MAYBE_VIEWS, PIECES, VIEWS

NEW = POINTWISE | REDUCTIONS | LAYERS | COPIES  # results that share no memory with an input
OPERATIONS = NEW | VIEWS | PIECES | MAYBE_VIEWS

__all__ = ["MAYBE_VIEWS", "NEW", "OPERATIONS", "PIECES", "VIEWS"]
