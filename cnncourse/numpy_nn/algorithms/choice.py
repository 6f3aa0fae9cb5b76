"""Which algorithm computes a convolution: a table that reads from top to bottom, the first match wins.

A learner overrides the choice with `conv2d(…, algorithm="fft")`; "im2col" is exact to the last digits of a dot
product and always possible. All functions take an input of any dimension and its paddings (before, after) per axis.
"""

import math

import numpy as np

from . import dense, depthwise, depthwise_toeplitz, fft, im2col, shifted, winograd

# Each has a `forward` and refuses what it cannot do. Those without gradients of their own leave them to im2col.
ALGORITHMS = {
    "im2col": im2col,
    "fft": fft,
    "shifted": shifted,
    "depthwise": depthwise,
    "depthwise_toeplitz": depthwise_toeplitz,
    "dense": dense,
}
TILE_SIZES = {"winograd2": 2, "winograd4": 4}
NAMES = ("auto", *ALGORITHMS, *TILE_SIZES)


def choose(x_shape, weight, stride, padding, dilation, groups, prepared=False):
    """Return the name of the algorithm that suits these shapes.

    | When | Algorithm | Why |
    | --- | --- | --- |
    | a kernel as large as the image | dense | a fully connected layer: one GEMM for all images |
    | a group per channel, a batch of small images | depthwise_toeplitz | a matrix per channel for all images |
    | a group per channel | depthwise | a small GEMM per channel; as exact as im2col |
    | float64 | im2col | as exact as a dot product |
    | 3×3, stride 1, dense, 32 channels or more, enough pixels | winograd4 | a quarter of the multiplications |
    | the same, prepared, the pixels of one small image | winograd2 | 16 instead of 36 numbers to read for a kernel |
    | few channels (more if 5×5 or larger), 24 numbers or more in a kernel row | shifted | fewer copies than im2col |
    | anything else | im2col | one GEMM; for 1×1 kernels the image itself is the matrix |
    """
    if dense.can(x_shape, weight.shape, padding, groups):
        return "dense"
    if groups > 1 and weight.shape[1] == 1:
        pays = depthwise_toeplitz.pays(x_shape, weight.shape, stride, padding, dilation)
        return "depthwise_toeplitz" if pays else "depthwise"
    # With few channels the transforms of tiles cost more than they save, and with few pixels those of filters.
    pixels = x_shape[0] * math.prod(x_shape[2:])
    if weight.dtype == np.float32 and _winograd_can(weight.shape, stride, dilation, groups):
        if min(weight.shape[:2]) >= 32 and pixels >= (40 if prepared else 300):
            return "winograd4" if pixels >= 80 else "winograd2"
    _, c_in, *rows, K = weight.shape
    # Rows that a stride puts on different lines are multiplied by together; shorter ones make poor GEMMs. With many
    # channels im2col's one GEMM outweighs its copies, the later the larger the kernel is.
    entries, few = c_in * K * math.prod(map(min, rows, stride)), 64 if K < 5 else 129
    if weight.dtype == np.float32 and math.prod(weight.shape[2:]) > 1 and entries >= 24 and c_in < few:
        return "shifted"
    return "im2col"


def prepare(weight):
    """Return what `forward` may keep between calls with the same `weight`, or None."""
    large, none = (1, 1, 100, 100), ((0, 0), (0, 0))
    if weight.ndim == 4 and choose(large, weight, (1, 1), none, (1, 1), 1) == "winograd4":
        return winograd.Prepared(weight)
    return None


def forward(x, weight, bias, stride, padding, dilation, groups, algorithm="auto", prepared=None):
    """Cross-correlate `x` with `weight` by the named or the chosen algorithm, and add `bias` (C_out,) or None."""
    name = _named(algorithm, x.shape, weight, stride, padding, dilation, groups, prepared is not None)
    if name in ALGORITHMS:
        return ALGORITHMS[name].forward(x, weight, stride, dilation, groups, padding, bias)
    m = TILE_SIZES[name]
    filters = winograd.Filters(weight, m) if prepared is None else prepared.filters(m)
    return winograd.convolve(x, filters, [before for before, _ in padding], bias)


def grad_weight(grad_output, x, weight, stride, padding, dilation, groups, algorithm="auto"):
    """Return ∂L/∂weight."""
    name = _named(algorithm, x.shape, weight, stride, padding, dilation, groups)
    if name in TILE_SIZES:
        return winograd.grad_filters(grad_output, x, [before for before, _ in padding], TILE_SIZES[name])
    return _with_gradients(name).grad_weight(grad_output, x, weight.shape, stride, dilation, groups, padding)


def grad_input(grad_output, weight, x_shape, stride, padding, dilation, groups, algorithm="auto"):
    """Return ∂L/∂x for an `x` of `x_shape`.

    At stride 1 this is itself a convolution, of the gradient with the flipped filters, and may take the same short cut.
    """
    name = _named(algorithm, x_shape, weight, stride, padding, dilation, groups)
    if name in TILE_SIZES:
        filters = winograd.Filters(weight, TILE_SIZES[name], flipped=True)
        return winograd.convolve(grad_output, filters, [2 - before for before, _ in padding])
    return _with_gradients(name).grad_input(grad_output, weight, x_shape, stride, dilation, groups, padding)


def _with_gradients(name):
    return ALGORITHMS[name] if hasattr(ALGORITHMS[name], "grad_weight") else im2col


def _named(algorithm, x_shape, weight, stride, padding, dilation, groups, prepared=False):
    if algorithm not in NAMES:
        raise ValueError(f"algorithm: expected one of {', '.join(NAMES)}, got {algorithm!r}")
    if algorithm in TILE_SIZES and not _winograd_can(weight.shape, stride, dilation, groups):
        raise ValueError(
            "algorithm: expected another than 'winograd' unless the kernel is 3×3 with stride, dilation and groups 1"
        )
    if algorithm == "auto":
        return choose(x_shape, weight, stride, padding, dilation, groups, prepared)
    return algorithm


def _winograd_can(weight_shape, stride, dilation, groups):
    return weight_shape[2:] == (3, 3) and (*stride, *dilation, groups) == (1, 1, 1, 1, 1)
