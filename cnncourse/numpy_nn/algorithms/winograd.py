"""Winograd convolution for 3×3 kernels at stride 1: fewer multiplications, from algebra.

An m×m tile of outputs comes from an (m+2)×(m+2) tile of inputs. Written as polynomials evaluated at m + 2
points (0, ±1, ±2, ∞), the tile's 9·m² products shrink to (m+2)², in one dimension

    y = Aᵀ [(G g) ⊙ (Bᵀ d)],      in two      Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A

for kernel g and input tile d; the products ⊙, summed over channels, are (m+2)² matrix products. Both gradients have
the same three parts: ∂L/∂x is a convolution, and ∂L/∂g = Gᵀ [(A ∂L/∂Y Aᵀ) ⊙ (Bᵀ d B)] G. Asked for together, both
start from the same tiles of ∂L/∂Y. Source: A. Lavin, S. Gray,
"Fast Algorithms for Convolutional Neural Networks", CVPR 2016, arXiv:1509.09308; S. Winograd, "Arithmetic Complexity of
Computations", 1980.

How it runs at the speed of BLAS: everything is a matrix product. A *strip* is some rows of tiles of some images, padded
and copied as (rows, images, C, columns). Along the columns the transform of several neighbouring tiles is one banded
matrix, and that product puts the channels last on the way. Along the rows it is the small matrix Bᵀ times six rows of
numbers; overlapping tiles read the same rows where they lie. Strips are small enough for the cache, and are shared
out over threads. The filters come in *panels* of 32 output channels.

Cost: 2·C_out·C_in·(m+2)²/m² flops per output pixel instead of 18·C_out·C_in (m = 2: 2.25 times fewer, m = 4: 4 times
fewer), plus the transforms, which matter when there are few channels; a strip's tiles hold (m+2)²/m² times its pixels.
Rounding: F(2×2) is about as exact as a dot product; the entries of F(4×4)'s transforms, up to 8, cost it more than
a decimal digit (float32 errors near 1e-5 of the output's largest entry, where im2col's are near 5e-7).
"""

import itertools

import numpy as np

from . import threads
from .windows import as_strided, pair

# Output channels in a panel of filters, and how many kernels are transformed by one matrix product.
PANEL, CHUNK = 32, 256
# A strip has at most so many tiles that it stays in the cache, and that BLAS multiplies it with a panel of filters
# where they lie: OpenBLAS does not copy matrices whose product takes at most 10⁶ multiplications.
TILES, SMALL_PRODUCT = 200, 10**6
# Tiles in a strip that are too few to share out: forward, and in the gradient of the filters.
FEW_TILES, MANY_TILES = 32, 128
# Kernels whose products stay in the cache, and kernels that are too many to add up strip by strip beside a convolution.
KERNELS, MANY_KERNELS = 1 << 14, 1 << 16
# So many neighbouring tiles of a row are transformed by one banded matrix.
GROUP = 4

# F(2, 3), from the points 0, 1, −1, ∞.
F2 = (
    np.array([[1, 1, 1, 0], [0, 1, -1, -1]]),
    np.array([[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]]),
    np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]),
)
# F(4, 3), from the points 0, 1, −1, 2, −2, ∞.
F4 = (
    np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]),
    np.array(
        [
            [1 / 4, 0, 0],
            [-1 / 6, -1 / 6, -1 / 6],
            [-1 / 6, 1 / 6, -1 / 6],
            [1 / 24, 1 / 12, 1 / 6],
            [1 / 24, -1 / 12, 1 / 6],
            [0, 0, 1],
        ]
    ),
    np.array(
        [
            [4, 0, -5, 0, 1, 0],
            [0, -4, -4, 1, 1, 0],
            [0, 4, -4, -1, 1, 0],
            [0, -2, -1, 2, 1, 0],
            [0, 2, -1, -2, 1, 0],
            [0, 4, 0, -5, 0, 1],
        ]
    ),
)
TRANSFORMS = {2: F2, 4: F4}


def winograd_f23(signal, kernel):
    """Cross-correlate a signal of even length n ≥ 4 with a kernel of 3, two outputs at a time; returns n − 2 values."""
    At, G, Bt = F2
    tiles = np.lib.stride_tricks.sliding_window_view(signal, 4)[::2]
    return ((tiles @ Bt.T) * (G @ kernel) @ At.T).ravel()


def conv2d(input, weight, bias=None, stride=1, padding=0, m=4):
    """Cross-correlate `input` (N, C_in, H, W) with 3×3 `weight` (C_out, C_in, 3, 3) in m×m tiles, m = 2 or 4.

    Only stride 1; `padding` is an int or pair; `bias` is (C_out,) or None. Returns (N, C_out, H_out, W_out).
    """
    if pair(stride) != (1, 1) or weight.shape[2:] != (3, 3):
        raise ValueError(f"winograd: expected a 3×3 kernel at stride 1, got {weight.shape[2:]} at {stride}")
    return convolve(input, Filters(weight, m), pair(padding), bias)


class Filters:
    """The transforms G g Gᵀ of 3×3 filters (C_out, C_in, 3, 3), for tiles of m×m outputs.

    They come in panels of `PANEL` output channels, each computed when it is needed; `keep` computes all, for use
    more than once. `flipped` turns the kernels around, for the convolution that runs backward from C_out to C_in.
    """

    def __init__(self, weight, m=4, flipped=False):
        _, G, _ = TRANSFORMS[m]
        G = G[:, ::-1] if flipped else G
        self.both_axes = np.kron(G, G).astype(weight.dtype)
        self.kernels = weight if flipped else weight.swapaxes(0, 1)
        self.m, (self.C_in, self.C_out) = m, self.kernels.shape[:2]
        self.panels = [slice(o, min(o + PANEL, self.C_out)) for o in range(0, self.C_out, PANEL)]
        self.kept = {}

    def panel(self, o):
        """Return the filters of the output channels `o`, one of `panels`, as (m+2, m+2, C_in, channels)."""
        if o.start in self.kept:
            return self.kept[o.start]
        kernels = self.kernels[:, o]
        rows = kernels.reshape(-1, 9)
        panel = np.empty((len(self.both_axes), len(rows)), rows.dtype)
        step = len(rows) if len(rows) % CHUNK else CHUNK
        chunks = panel.reshape(len(panel), -1, step).swapaxes(0, 1)
        np.matmul(self.both_axes, rows.reshape(-1, step, 9).swapaxes(1, 2), out=chunks)
        return panel.reshape(self.m + 2, self.m + 2, *kernels.shape[:2])

    def keep(self):
        """Compute all panels, if need be, and keep them: four times (m = 4) as many numbers as the filters."""
        if not self.kept:
            panels = threads.share(self.panel, self.panels)
            self.kept = {o.start: panel for o, panel in zip(self.panels, panels, strict=True)}
        return self


class Prepared:
    """The filters of one weight (C_out, C_in, 3, 3) for inference: transformed when first needed, and kept."""

    def __init__(self, weight):
        self.weight, (self.C_out, self.C_in) = weight, weight.shape[:2]
        self.kept = {}

    def filters(self, m):
        """Return `Filters` for tiles of m×m outputs: (m+2)²/9 times as many numbers as the weight has."""
        if m not in self.kept:
            self.kept[m] = Filters(self.weight, m).keep()
        return self.kept[m]


def convolve(x, filters, padding, bias=None):
    """Cross-correlate `x` (N, C_in, H, W) with `Filters`, add a `bias`; returns (N, C_out, H + 2P − 2, W + 2P − 2).

    `padding` may be negative: then so many rows and columns of `x` are left out on either side.
    """
    H_out, W_out = (size + 2 * P - 2 for size, P in zip(x.shape[2:], padding, strict=True))
    output = np.empty((len(x), filters.C_out, H_out, W_out), x.dtype)
    tiling = _Tiling(output.shape, filters.m, x.dtype)
    every = tiling.strips(min(TILES, SMALL_PRODUCT // (PANEL * filters.C_in)), FEW_TILES)
    if len(every) > 1:  # a single strip needs each panel just once
        filters.keep()
    threads.share(lambda strip: tiling.convolve(tiling.inputs(x, strip, padding), filters, strip, output, bias), every)
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
    d, g = threads.share(lambda compute: compute(), tiles)
    grad = np.empty((g.shape[3], d.shape[3], 3, 3), x.dtype)
    back = np.kron(tiling.G, tiling.G)

    def panel(o):
        _transform_back(g[..., o].swapaxes(2, 3) @ d, back, out=grad[o])

    step = max(1, min(2 * PANEL, KERNELS // d.shape[3]))
    threads.share(panel, [slice(o, o + step) for o in range(0, len(grad), step)])
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
    filters.keep()
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

    shares = max(1, min(threads.count(), len(every)))
    return sum(threads.share(add_up, [every[k::shares] for k in range(shares)]))


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
        """Return A g Aᵀ as (m+2, m+2, tiles, C_out) for the gradient by a strip's output tiles."""
        return to_tiles(cut(g, strip, self.columns, self.m, 0, (0, 0)), self.At.T, self.out_of, self.m)

    def convolve(self, d, filters, strip, output, bias=None):
        """Write the strip's convolution to `output`, given its input tiles as `inputs` returns them."""
        n, i = strip
        y = np.empty((self.m + 2, d.shape[2], self.m + 2, filters.C_out), d.dtype).swapaxes(1, 2)
        threads.share(lambda o: np.matmul(d, filters.panel(o), out=y[..., o]), filters.panels)
        y = from_tiles(y, self.At, self.out_of, len(output[n]), self.columns)
        rows = slice(self.m * i.start, min(self.m * i.stop, self.H_out))
        y = y[: rows.stop - rows.start, ..., : self.W_out]
        if bias is not None:
            y += bias[:, None]
        output[n, :, rows] = y.transpose(1, 2, 0, 3)


def strips(N, rows, columns, most, least):
    """Return pairs of slices (images, rows of tiles) with at most about `most` tiles each, and some for every thread.

    No strip is smaller than `least` tiles just to keep a thread busy.
    """
    tiles = max(least, min(most, N * rows * columns // threads.count()))
    images = max(1, min(N, tiles // (rows * columns)))
    height = min(rows, max(1, tiles // (columns * images)))
    # As few as can be, and as even as so many can be.
    return list(itertools.product(threads.evenly(N, -(-N // images)), threads.evenly(rows, -(-rows // height))))


def cut(x, strip, columns, m, overlap, padding):
    """Copy a strip out of `x` with zeros around it: (rows of pixels, images, C, columns of pixels)."""
    n, i = strip
    C, H, W = x.shape[1:]
    top, left = m * i.start - padding[0], -padding[1]
    height, width = m * (i.stop - i.start) + overlap, m * columns + overlap
    pixels = np.empty((height, len(x[n]), C, width), x.dtype)
    rows, cols = slice(max(0, top), min(H, top + height)), slice(max(0, left), min(W, left + width))
    above, below, before, after = rows.start - top, rows.stop - top, cols.start - left, cols.stop - left
    pixels[above:below, ..., before:after] = x[n, :, rows, cols].transpose(2, 0, 1, 3)
    pixels[:above] = pixels[max(above, below) :] = 0
    pixels[..., :before] = pixels[..., max(before, after) :] = 0
    return pixels


def to_tiles(pixels, M, bands, m):
    """Return M d Mᵀ as (m+2, m+2, tiles, C) for the tiles d of a strip, which stand m pixels apart."""
    height, images, C, width = pixels.shape
    t, size = M.shape
    rows, columns = (height - size) // m + 1, (width - size) // m + 1
    d = np.empty((height, images, columns * t, C), pixels.dtype)
    for some, groups, band in bands:
        read = overlapping(pixels[..., m * some.start :], 3, groups, band.shape[1], m * GROUP)
        write = d[:, :, t * some.start : t * some.stop].reshape(height, images, groups, -1, C)
        np.matmul(band, read.transpose(0, 1, 3, 4, 2), out=write)

    tiles = np.empty((t, rows, images * columns * t * C), pixels.dtype)
    np.matmul(M, overlapping(d.reshape(height, -1), 0, rows, size, m), out=tiles.swapaxes(0, 1))
    return tiles.reshape(t, rows * images * columns, t, C).swapaxes(1, 2)


def from_tiles(tiles, M, bands, images, columns):
    """Return M y Mᵀ for all tiles y (m+2, m+2, tiles, C), side by side as pixels (rows, images, C, columns)."""
    m, t = M.shape
    C = tiles.shape[3]
    rows = tiles.shape[2] // (images * columns)
    along = M @ tiles.swapaxes(1, 2).reshape(t, rows, -1).swapaxes(0, 1)

    along = along.reshape(rows * m, images, columns * t, C)
    pixels = np.empty((rows * m, images, C, columns * m), along.dtype)
    for some, groups, band in bands:
        read = along[:, :, t * some.start : t * some.stop].reshape(rows * m, images, groups, -1, C)
        write = pixels[..., m * some.start : m * some.stop].reshape(rows * m, images, C, groups, -1)
        np.matmul(read.swapaxes(3, 4), band, out=write.swapaxes(2, 3))
    return pixels


def banded(M, columns, m):
    """Return (tiles, groups, band) for a row of tiles, cut into groups: band holds M once a tile, m columns apart."""
    t, size = M.shape

    def band(count):
        blocks = np.zeros((count, t, m * (count - 1) + size), M.dtype)
        for k in range(count):
            blocks[k, :, m * k : m * k + size] = M
        return blocks.reshape(count * t, -1)

    groups, rest = divmod(columns, GROUP)
    whole = [(slice(0, groups * GROUP), groups, band(GROUP))] if groups else []
    return whole + ([(slice(groups * GROUP, columns), 1, band(rest))] if rest else [])


def overlapping(x, axis, count, size, step):
    """Return `count` pieces of `x`, `size` entries along `axis` every `step`, as a view: (…, count, size, …)."""
    before, here, after = x.strides[:axis], x.strides[axis], x.strides[axis + 1 :]
    shape = (*x.shape[:axis], count, size, *x.shape[axis + 1 :])
    return as_strided(x, shape, (*before, step * here, here, *after))
