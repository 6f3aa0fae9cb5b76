"""Which algorithm computes a convolution: a table that reads from top to bottom, the first match wins.

`forward`, `grad_weight` and `grad_input` take a padded input of any dimension. A learner overrides the choice
with `conv2d(…, algorithm="fft")`; "im2col" is exact to the last digits of a dot product and always possible.
"""

from functools import partial

import numpy as np

from . import depthwise, fft, im2col, shifted, winograd
from .windows import pad_constant

# Each takes (x, weight, stride, dilation, groups) and refuses what it cannot do.
FORWARD = {
    "im2col": im2col.forward,
    "shifted": shifted.forward,
    "depthwise": depthwise.forward,
    "fft": fft.forward,
    "winograd2": partial(winograd.forward, m=2),
    "winograd4": partial(winograd.forward, m=4),
}
NAMES = ("auto", *FORWARD)


def choose(x, weight, stride, dilation, groups):
    """Return the name of the algorithm that suits these shapes.

    | When | Algorithm | Why |
    | --- | --- | --- |
    | float64 | im2col | as exact as a dot product |
    | 3×3, stride 1, dense, enough channels and tiles | winograd4 | a quarter of the multiplications |
    | anything else | im2col | one GEMM; for 1×1 kernels the image itself is the matrix |
    """
    C_out, C_in = weight.shape[:2]
    plain_3x3 = weight.shape[2:] == (3, 3) and (*stride, *dilation, groups) == (1, 1, 1, 1, 1)
    # With few channels the transforms cost more than they save; tiny images are mostly tile edges.
    if x.dtype == np.float32 and plain_3x3 and min(C_in, C_out) >= 64 and min(x.shape[2:]) >= 8:
        return "winograd4"
    return "im2col"


def forward(x, weight, stride, dilation, groups, algorithm="auto"):
    """Cross-correlate a padded `x` with `weight` by the named or the chosen algorithm."""
    if algorithm not in NAMES:
        raise ValueError(f"algorithm: expected one of {', '.join(NAMES)}, got {algorithm!r}")
    name = choose(x, weight, stride, dilation, groups) if algorithm == "auto" else algorithm
    return FORWARD[name](x, weight, stride, dilation, groups)


def grad_weight(grad_output, x, weight_shape, stride, dilation, groups):
    """Return ∂L/∂weight for a padded `x`."""
    return im2col.grad_weight(grad_output, x, weight_shape, stride, dilation, groups)


def grad_input(grad_output, weight, x_shape, stride, dilation, groups):
    """Return ∂L/∂x for a padded `x` of `x_shape`.

    At stride 1 this is itself a convolution, of the gradient with the flipped filters, and may take the same
    short cut as the forward pass.
    """
    back = weight[:, :, ::-1, ::-1].swapaxes(0, 1) if weight.ndim == 4 and groups == 1 else weight
    if choose(grad_output, back, stride, dilation, groups) == "winograd4":
        return winograd.forward(pad_constant(grad_output, [(2, 2), (2, 2)]), back, stride, dilation, groups)
    return im2col.grad_input(grad_output, weight, x_shape, stride, dilation, groups)
