"""Winograd convolution at the speed of BLAS; the idea and its formulas are in `algorithms.winograd`.

Both gradients have the same three parts as the forward pass: ∂L/∂x is a convolution, and
∂L/∂g = Gᵀ [(A ∂L/∂Y Aᵀ) ⊙ (Bᵀ d B)] G. Asked for together, both start from the same tiles of ∂L/∂Y.

Everything is a matrix product. A *strip* is some rows of tiles of some images, padded
and copied as (rows, images, C, columns). Along the columns the transform of several neighbouring tiles is one banded
matrix, and that product puts the channels last on the way. Along the rows it is the small matrix Bᵀ times six rows of
numbers; overlapping tiles read the same rows where they lie. Strips are small enough for the cache, and are shared
out over threads. The filters come in *panels* of 32 output channels.

Cost: 2·C_out·C_in·(m+2)²/m² flops per output pixel instead of 18·C_out·C_in (m = 2: 2.25 times fewer, m = 4: 4 times
fewer), plus the transforms, which matter when there are few channels; a strip's tiles hold (m+2)²/m² times its pixels.
Rounding: F(2×2) is about as exact as a dot product; the entries of F(4×4)'s transforms, up to 8, cost it more than
a decimal digit (float32 errors near 1e-5 of the output's largest entry, where im2col's are near 5e-7).
"""

from functools import cached_property

import numpy as np

from ..algorithms.winograd import TRANSFORMS
from . import ranges, threads
from .winograd_tiles import banded, cut, from_tiles, strips, to_tiles

# Output channels in a panel of filters, and how many kernels are transformed by one matrix product.
PANEL, CHUNK = 32, 256
# A strip of at most this many tiles stays in the cache, and BLAS multiplies it with a panel of filters without
# copying them: OpenBLAS does not copy matrices whose product takes at most 10⁶ multiplications.
TILES, SMALL_PRODUCT = 200, 10**6
# Tiles in a strip that are too few to share out: forward, and in the gradient of the filters.
FEW_TILES, MANY_TILES = 32, 128
# Kernels whose products stay in the cache, and kernels that are too many to add up strip by strip beside a convolution.
KERNELS, MANY_KERNELS = 1 << 14, 1 << 16


class Filters:
    """The transforms G g Gᵀ of 3×3 filters (C_out, C_in, 3, 3), for tiles of m×m outputs.

    They come in panels of `PANEL` output channels, each computed when it is needed; `compute_all` computes all, for use
    more than once. `flipped` turns the kernels around, for the convolution that runs backward from C_out to C_in.
    """

    def __init__(self, weight, m=4, flipped=False):
        _, G, _ = TRANSFORMS[m]
        G = G[:, ::-1] if flipped else G
        self.both_axes = np.kron(G, G).astype(weight.dtype)
        self.kernels = weight if flipped else weight.swapaxes(0, 1)
        self.m, (self.C_in, self.C_out) = m, self.kernels.shape[:2]
        self.panels = [slice(o, min(o + PANEL, self.C_out)) for o in range(0, self.C_out, PANEL)]
        self.computed = {}

    def panel(self, o):
        """Return the filters of the output channels `o`, one of `panels`, as (m+2, m+2, C_in, channels)."""
        if o.start in self.computed:
            return self.computed[o.start]
        kernels = self.kernels[:, o]
        rows = kernels.reshape(-1, 9)
        panel = np.empty((len(self.both_axes), len(rows)), rows.dtype)
        step = len(rows) if len(rows) % CHUNK else CHUNK
        chunks = panel.reshape(len(panel), -1, step).swapaxes(0, 1)
        np.matmul(self.both_axes, rows.reshape(-1, step, 9).swapaxes(1, 2), out=chunks)
        return panel.reshape(self.m + 2, self.m + 2, *kernels.shape[:2])

    def compute_all(self):
        """Compute all panels, if need be, and keep them: four times (m = 4) as many numbers as the filters."""
        if not self.computed:
            panels = threads.parallel_map(self.panel, self.panels)
            self.computed = {o.start: panel for o, panel in zip(self.panels, panels, strict=True)}
        return self


class Prepared:
    """The filters of one weight (C_out, C_in, 3, 3) for inference: transformed when first needed, and kept."""

    def __init__(self, weight):
        self.weight, (self.C_out, self.C_in) = weight, weight.shape[:2]
        self.computed = {}

    @cached_property
    def ordinary(self):
        """Whether the short cut may be taken with this weight (`ranges.ordinary`)."""
        return ranges.ordinary(self.weight)

    def filters(self, m):
        """Return `Filters` for tiles of m×m outputs: (m+2)²/9 times as many numbers as the weight has."""
        if m not in self.computed:
            self.computed[m] = Filters(self.weight, m).compute_all()
        return self.computed[m]


def convolve(x, filters, padding, bias=None):
    """Cross-correlate `x` (N, C_in, H, W) with `Filters`, add a `bias`; returns (N, C_out, H + 2P − 2, W + 2P − 2).

    `padding` may be negative: then that many rows and columns of `x` are left out on either side.
    """
    H_out, W_out = (size + 2 * P - 2 for size, P in zip(x.shape[2:], padding, strict=True))
    output = np.empty((len(x), filters.C_out, H_out, W_out), x.dtype)
    tiling = _Tiling(output.shape, filters.m, x.dtype)
    every = tiling.strips(min(TILES, SMALL_PRODUCT // (PANEL * filters.C_in)), FEW_TILES)
    if len(every) > 1:  # a single strip needs each panel just once
        filters.compute_all()
    threads.parallel_map(
        lambda strip: tiling.convolve(tiling.inputs(x, strip, padding), filters, strip, output, bias), every
    )
    return output


def grad_filters(grad_output, x, padding, m=4):
    """Return ∂L/∂weight (C_out, C_in, 3, 3) for the upstream `grad_output` (N, C_out, H_out, W_out)."""
    tiling = _Tiling(grad_output.shape, m, x.dtype)
    every = tiling.strips(TILES, MANY_TILES)
    if len(every) != 1:

        def products(strip):
            return tiling.outputs(grad_output, strip).swapaxes(2, 3) @ tiling.inputs(x, strip, padding)

        shape = (m + 2, m + 2, grad_output.shape[1], x.shape[1])
        return _add_up(products, every, shape, np.kron(tiling.G, tiling.G))
    # Few tiles: the products of one panel of filters at a time stay in the cache until they are transformed back.
    tiles = (lambda: tiling.inputs(x, *every, padding), lambda: tiling.outputs(grad_output, *every))
    d, g = threads.parallel_map(lambda compute: compute(), tiles)
    grad = np.empty((g.shape[3], d.shape[3], 3, 3), x.dtype)
    back = np.kron(tiling.G, tiling.G)

    def panel(o):
        _transform_back(g[..., o].swapaxes(2, 3) @ d, back, out=grad[o])

    step = max(1, min(2 * PANEL, KERNELS // d.shape[3]))
    threads.parallel_map(panel, [slice(o, o + step) for o in range(0, len(grad), step)])
    return grad


def gradients(grad_output, x, weight, padding, m=4):
    """Return (∂L/∂x, ∂L/∂weight), both from the same tiles of the upstream gradient.

    ∂L/∂x is a convolution of the gradient with kernels turned around, and x says which way these would have to change.
    """
    beyond = [2 - P for P in padding]
    filters = Filters(weight, m, flipped=True)
    tiling = _Tiling(x.shape, m, x.dtype)
    every = tiling.strips(min(TILES, SMALL_PRODUCT // (PANEL * filters.C_in)), MANY_TILES)
    if len(every) <= 1 or weight.size > 9 * MANY_KERNELS:
        return convolve(grad_output, filters, beyond), grad_filters(grad_output, x, padding, m)
    filters.compute_all()
    grad = np.empty_like(x, order="C")

    def products(strip):
        g = tiling.inputs(grad_output, strip, beyond)
        tiling.convolve(g, filters, strip, grad)
        return g.swapaxes(2, 3) @ tiling.outputs(x, strip)

    shape = (m + 2, m + 2, *weight.shape[:2])
    return grad, _add_up(products, every, shape, filters.both_axes)


def _add_up(products, every, shape, both_axes):
    """Return Gᵀ (Σ products(strip)) G, each thread with a sum of its own."""

    def add_up(some):
        total = np.zeros(shape, both_axes.dtype)
        for strip in some:
            total += products(strip)
        return _transform_back(total, both_axes, np.empty((*shape[2:], 3, 3), both_axes.dtype))

    shares = max(1, min(threads.thread_count(), len(every)))
    return sum(threads.parallel_map(add_up, [every[k::shares] for k in range(shares)]))


def _transform_back(products, both_axes, out):
    """Write Gᵀ p G for products p (m+2, m+2, C_out, C_in) to `out` (C_out, C_in, 3, 3); `both_axes` is G ⊗ G."""
    np.matmul(products.reshape(len(both_axes), -1).T, both_axes, out=out.reshape(-1, 9))
    return out


class _Tiling:
    """How outputs (N, C_out, H_out, W_out) are made of m×m tiles, and the transforms from and to these."""

    def __init__(self, output_shape, m, dtype):
        self.N, _, self.H_out, self.W_out = output_shape
        self.m = m
        self.At, self.G, self.Bt = (M.astype(dtype) for M in TRANSFORMS[m])
        self.rows, self.columns = -(-self.H_out // m), -(-self.W_out // m)
        self.into, self.out_of = banded(self.Bt, self.columns, m), banded(self.At.T, self.columns, m)

    def strips(self, most, least):
        return strips(self.N, self.rows, self.columns, most, least)

    def inputs(self, x, strip, padding):
        """Return Bᵀ d B as (m+2, m+2, tiles, C_in) for the input tiles of a strip."""
        return to_tiles(cut(x, strip, self.columns, self.m, 2, padding), self.Bt, self.into, self.m)

    def outputs(self, g, strip):
        """Return A g Aᵀ as (m+2, m+2, tiles, C_out) for the gradient with respect to a strip's output tiles."""
        return to_tiles(cut(g, strip, self.columns, self.m, 0, (0, 0)), self.At.T, self.out_of, self.m)

    def convolve(self, d, filters, strip, output, bias=None):
        """Write the strip's convolution to `output`, given its input tiles as `inputs` returns them."""
        n, i = strip
        y = np.empty((self.m + 2, d.shape[2], self.m + 2, filters.C_out), d.dtype).swapaxes(1, 2)
        threads.parallel_map(lambda o: np.matmul(d, filters.panel(o), out=y[..., o]), filters.panels)
        y = from_tiles(y, self.At, self.out_of, len(output[n]), self.columns)
        rows = slice(self.m * i.start, min(self.m * i.stop, self.H_out))
        y = y[: rows.stop - rows.start, ..., : self.W_out]
        if bias is not None:
            y += bias[:, None]
        output[n, :, rows] = y.transpose(1, 2, 0, 3)
