"""The operations that have a NumPy counterpart, by PyTorch's name."""

from .grids import GRIDS
from .layers import LAYERS
from .order import ORDER
from .pointwise import POINTWISE
from .reductions import REDUCTIONS
from .shapes import COPIES, MAYBE_VIEWS, PIECES, VIEWS

NEW = POINTWISE | REDUCTIONS | LAYERS | ORDER | GRIDS | COPIES  # results that share no memory with an input
OPERATIONS = NEW | VIEWS | PIECES | MAYBE_VIEWS

__all__ = ["MAYBE_VIEWS", "NEW", "OPERATIONS", "PIECES", "VIEWS"]
