"""The operations that have a NumPy counterpart, by PyTorch's name."""

from .grids import GRIDS
from .layers import LAYERS
from .order import ORDER
from .pointwise import POINTWISE, STAND_INS
from .reductions import REDUCTIONS
from .shapes import COPIES, MAYBE_VIEWS, PIECES, VIEWS

# Results that share no memory with an input. What comes later counts: so a layer of `numpy_nn` replaces its stand-in.
NEW = STAND_INS | POINTWISE | REDUCTIONS | LAYERS | ORDER | GRIDS | COPIES
OPERATIONS = NEW | VIEWS | PIECES | MAYBE_VIEWS

__all__ = ["MAYBE_VIEWS", "NEW", "OPERATIONS", "PIECES", "VIEWS"]
