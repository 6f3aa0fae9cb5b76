"""Pure functions on arrays with the names, arguments and meaning of `torch.nn.functional`.

Every differentiable `f(input, …)` has an `f_backward(grad_output, input, …)` in the same file that takes
the same further arguments and returns one gradient per array argument. Each file lists its functions in `__all__`.
"""

# ruff: noqa: F403 - the names are those of the files' own lists

from .activation import *
from .adaptive_max_pool import *
from .adaptive_pool import *
from .avg_pool import *
from .batch_norm import *
from .conv import *
from .conv_transpose import *
from .cross_entropy import *
from .dropout import *
from .folding import *
from .fuse import *
from .gated_activation import *
from .group_norm import *
from .instance_norm import *
from .layer_norm import *
from .linear import *
from .local_response_norm import *
from .max_pool import *
from .mse_loss import *
from .nll_loss import *
from .padding import *
from .resize import *
from .shuffle import *
from .softmax import *
from .stochastic_depth import *

__all__ = [name for name, value in globals().items() if callable(value) and not name.startswith("_")]
