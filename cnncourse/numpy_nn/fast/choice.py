"""Which algorithm computes a convolution: a table that reads from top to bottom, the first match wins.

A learner overrides the choice with `conv2d(…, algorithm="fft")`; "im2col" is exact to the last digits of a dot
product and always possible. All functions take an input of any dimension and its paddings (before, after) per axis.
"""

import math

import numpy as np

from ..algorithms import fft
from ..functional._windows import output_size, padded_size
from . import dense, depthwise, depthwise_toeplitz, im2col, shifted, threads, winograd
from .ranges import even, ordinary

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


def choose(x_shape, weight, stride, padding, dilation, groups, prepared=False, of_input=False):
    """Return the name of the algorithm that suits these shapes.

    | When | Algorithm | Why |
    | --- | --- | --- |
    | a kernel as large as the image | dense | a fully connected layer: one GEMM for all images |
    | a group per channel, a batch of small images | depthwise_toeplitz | a matrix per channel for all images |
    | a group per channel | depthwise | a small GEMM per channel; as exact as im2col |
    | float64 | im2col | as exact as a dot product |
    | 3×3, stride 1, dense, 32 channels or more, enough pixels | winograd4 | a quarter of the multiplications |
    | the same, prepared, the pixels of one small image | winograd2 | 16 instead of 36 numbers to read for a kernel |
    | it copies and adds up clearly fewer numbers than im2col copies | shifted | K_w instead of K² copies of the image |
    | anything else | im2col | one GEMM; for 1×1 kernels the image itself is the matrix |

    `of_input` is for the gradient with respect to the input, where `shifted` must take less time by estimate.
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
    if weight.dtype == np.float32 and math.prod(weight.shape[2:]) > 1:
        if of_input:
            sooner = _shifted_adds_sooner(x_shape, weight.shape, stride, padding, dilation, groups)
        else:
            sooner = _shifted_moves_less(pixels, weight.shape, stride, groups)
        return "shifted" if sooner else "im2col"
    return "im2col"


def _shifted_moves_less(pixels, weight_shape, stride, groups):
    """Return whether `shifted` moves clearly fewer numbers than im2col, both counted for one place of the kernel."""
    (c_out, c_in, *rows, K), steps = weight_shape, math.prod(stride)
    c_out //= groups
    by_im2col = c_in * math.prod(rows) * K
    filters = 2 * by_im2col * c_out * steps / max(1, pixels)  # shifted rearranges them, once for all places
    taps = c_in * K * math.prod(stride[:-1])
    products = math.prod(-(-k // s) for k, s in zip(rows, stride, strict=False))
    copy = 1 if stride[-1] == 1 else 2  # to read every other number takes twice as long
    # The products are added up. With fewer than 24 rows a GEMM is slow, and several calls should save something.
    return taps >= 24 and copy * taps + (products - 1) * c_out + filters < 0.9 * copy * by_im2col


def _shifted_adds_sooner(x_shape, weight_shape, stride, padding, dilation, groups):
    """Return whether the input's gradient takes less time by `shifted`, which writes it as a convolution."""
    (c_out, c_in, *rows, K), (N, _, *sizes) = weight_shape, x_shape
    c_out //= groups
    if max(stride) > 1 or c_out * K < 24:  # with a stride, it leaves that to im2col
        return False
    padded = padded_size(sizes, padding)
    lines = output_size(padded, weight_shape[2:], stride, dilation)[0] * math.prod(padded[1:])
    columns = c_in * math.prod(rows) * K * lines
    heights = [i + d * (k - 1) for i, d, k in zip(sizes[:-1], dilation, rows, strict=False)]
    copies = c_out * K * math.prod(heights) * sizes[-1]
    sums = (math.prod(rows) - 1) * c_in * math.prod(sizes)
    filters = c_out * c_in * math.prod(rows) * K
    by_im2col = threads.microseconds(c_out * columns, 1.25 * columns)  # to add them takes longer than to write them
    by_shifted = threads.microseconds(filters * math.prod(sizes), copies + sums + 2 * filters / max(1, N))
    return by_shifted < by_im2col


def prepare(weight):
    """Return what `forward` may keep between calls with the same `weight`, or None."""
    large, none = (1, 1, 100, 100), ((0, 0), (0, 0))
    if weight.ndim == 4 and choose(large, weight, (1, 1), none, (1, 1), 1) == "winograd4":
        return winograd.Prepared(weight)
    return None


# These compute an output from entries that it does not depend on, too: NaN and infinity would reach it.
MIXING = ("fft", "depthwise_toeplitz", *TILE_SIZES)


def forward(x, weight, bias, stride, padding, dilation, groups, algorithm="auto", prepared=None):
    """Cross-correlate `x` with `weight` by the named or the chosen algorithm, and add `bias` (C_out,) or None."""
    name = _named(algorithm, x.shape, weight, stride, padding, dilation, groups, prepared is not None)
    name = _for_values(name, x, weight, algorithm, prepared)
    if name in ALGORITHMS:
        return ALGORITHMS[name].forward(x, weight, stride, dilation, groups, padding, bias)
    m = TILE_SIZES[name]
    filters = winograd.Filters(weight, m) if prepared is None else prepared.filters(m)
    return winograd.convolve(x, filters, [before for before, _ in padding], bias)


def _for_values(name, images, weight, algorithm, prepared=None):
    """Return the algorithm that these values allow, in the place of one that would spoil other outputs.

    An output of F(2×2) is made of entries under its own kernel only, so a huge value rounds nothing else away.
    """
    if name not in MIXING:
        return name
    calm = name in TILE_SIZES and even(images)
    weight_allows = ordinary(weight) if prepared is None else prepared.ordinary
    if not weight_allows or not (calm or ordinary(images)):
        return "im2col"
    return "winograd2" if name == "winograd4" and algorithm == "auto" and not calm else name


def grad_weight(grad_output, x, weight, stride, padding, dilation, groups, algorithm="auto"):
    """Return ∂L/∂weight."""
    name = _named(algorithm, x.shape, weight, stride, padding, dilation, groups)
    if name in ("depthwise", "shifted") and not ordinary(x):  # they multiply what no window reads by zero
        name = "im2col"
    if name in MIXING:
        calm = name in TILE_SIZES and even(x) and even(grad_output)
        if not calm and (algorithm == "auto" and name in TILE_SIZES or not ordinary(x, grad_output)):
            name = "im2col"
    if name in TILE_SIZES:
        return winograd.grad_filters(grad_output, x, [before for before, _ in padding], TILE_SIZES[name])
    return _with_gradients(name).grad_weight(grad_output, x, weight.shape, stride, dilation, groups, padding)


def grad_input(grad_output, weight, x_shape, stride, padding, dilation, groups, algorithm="auto"):
    """Return ∂L/∂x for an `x` of `x_shape`.

    At stride 1 this is itself a convolution, of the gradient with the flipped filters, and may take the same short cut.
    """
    name = _named(algorithm, x_shape, weight, stride, padding, dilation, groups, of_input=True)
    if name in ("depthwise", "shifted") and not ordinary(weight):  # they multiply weights by zeros around the gradient
        name = "im2col"
    name = _for_values(name, grad_output, weight, algorithm)
    if name in TILE_SIZES:
        filters = winograd.Filters(weight, TILE_SIZES[name], flipped=True)
        return winograd.convolve(grad_output, filters, [2 - before for before, _ in padding])
    return _with_gradients(name).grad_input(grad_output, weight, x_shape, stride, dilation, groups, padding)


def gradients(grad_output, x, weight, stride, padding, dilation, groups, algorithm="auto"):
    """Return (∂L/∂x, ∂L/∂weight), computed together where that spares work."""
    geometry = (stride, padding, dilation, groups)
    names = {_named(algorithm, x.shape, weight, *geometry, of_input=of_input) for of_input in (True, False)}
    (name,) = names if len(names) == 1 else (None,)
    if name == "shifted" and ordinary(grad_output, x, weight):
        return shifted.gradients(grad_output, x, weight, *geometry)
    if name in TILE_SIZES and ordinary(weight):
        if even(x) and even(grad_output) or (algorithm != "auto" and ordinary(x, grad_output)):
            return winograd.gradients(grad_output, x, weight, [before for before, _ in padding], TILE_SIZES[name])
        if algorithm == "auto" and ordinary(x, grad_output):
            grad_x = grad_input(grad_output, weight, x.shape, *geometry, "winograd2")
            return grad_x, grad_weight(grad_output, x, weight, *geometry, "im2col")
    return (
        grad_input(grad_output, weight, x.shape, *geometry, algorithm),
        grad_weight(grad_output, x, weight, *geometry, algorithm),
    )


def _with_gradients(name):
    return ALGORITHMS[name] if hasattr(ALGORITHMS[name], "grad_weight") else im2col


def _named(algorithm, x_shape, weight, stride, padding, dilation, groups, prepared=False, of_input=False):
    if algorithm not in NAMES:
        raise ValueError(f"algorithm: expected one of {', '.join(NAMES)}, got {algorithm!r}")
    if algorithm in TILE_SIZES and not _winograd_can(weight.shape, stride, dilation, groups):
        raise ValueError(
            f"algorithm: expected another than {algorithm!r} unless the kernel is 3×3, "
            f"with stride, dilation and groups of 1"
        )
    if algorithm == "auto":
        return choose(x_shape, weight, stride, padding, dilation, groups, prepared, of_input)
    return algorithm


def _winograd_can(weight_shape, stride, dilation, groups):
    return weight_shape[2:] == (3, 3) and (*stride, *dilation, groups) == (1, 1, 1, 1, 1)
