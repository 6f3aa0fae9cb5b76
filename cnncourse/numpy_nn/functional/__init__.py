"""Pure functions on arrays with the names, arguments and meaning of `torch.nn.functional`.

Every differentiable `f(input, …)` has an `f_backward(grad_output, input, …)` in the same file that takes
the same further arguments and returns one gradient per array argument.
"""

from .conv import conv1d, conv1d_backward, conv2d, conv2d_backward, conv3d, conv3d_backward

__all__ = [
    "conv1d",
    "conv1d_backward",
    "conv2d",
    "conv2d_backward",
    "conv3d",
    "conv3d_backward",
]
