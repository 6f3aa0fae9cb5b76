"""Winograd convolution for 3×3 kernels at stride 1: fewer multiplications, from algebra.

An m×m tile of outputs comes from an (m+2)×(m+2) tile of inputs. Written as polynomials evaluated at m + 2
points (0, ±1, ±2, ∞), the tile's 9·m² products shrink to (m+2)², in one dimension

    y = Aᵀ [(G g) ⊙ (Bᵀ d)],      in two      Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A

for kernel g and input tile d; the products ⊙, summed over channels, are (m+2)² matrix products. Both gradients have
the same three parts: ∂L/∂x is a convolution, and ∂L/∂g = Gᵀ [(A ∂L/∂Y Aᵀ) ⊙ (Bᵀ d B)] G. Source: A. Lavin, S. Gray,
"Fast Algorithms for Convolutional Neural Networks", CVPR 2016, arXiv:1509.09308; S. Winograd, "Arithmetic Complexity of
Computations", 1980.

How it runs at the speed of BLAS: a *strip* is some rows of tiles of some images, padded and copied as (rows, images, C,
columns). Along the columns the transform of several neighbouring tiles is one banded matrix, and that matrix product
puts the channels last on the way. Along the rows it is a few additions of long contiguous vectors, where the rows for
points p and −p share their even and odd parts. Strips are small enough for the cache, and are shared out over threads.

Cost: 2·C_out·C_in·(m+2)²/m² flops per output pixel instead of 18·C_out·C_in (m = 2: 2.25 times fewer, m = 4: 4 times
fewer), plus the transforms, which matter when there are few channels; a strip's tiles hold (m+2)²/m² times its pixels.
Rounding: F(2×2) is about as exact as a dot product; the entries of F(4×4)'s transforms, up to 8, cost it more than
a decimal digit (float32 errors near 1e-5 of the output's largest entry, where im2col's are near 5e-7).
"""

import itertools

import numpy as np

from . import threads
from .windows import pair

# Tiles in a strip: enough for good matrix products, few enough for the cache.
TILES, LEAST_TILES = 200, 64
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
    output = convolve(input, transform_filters(weight, m), pair(padding))
    return output if bias is None else output + bias[:, None, None]


def transform_filters(weight, m=4, flipped=False):
    """Return the filters' transforms G g Gᵀ as (m+2, m+2, C_in, C_out); worth keeping while weights stay the same.

    `flipped` gives those of the convolution that runs backward, from C_out to C_in, with kernels turned around.
    """
    _, G, _ = TRANSFORMS[m]
    G = G[:, ::-1] if flipped else G
    both_axes = np.kron(G, G).astype(weight.dtype)
    kernels = weight if flipped else weight.swapaxes(0, 1)
    C_in, C_out = kernels.shape[:2]
    kernels = kernels.reshape(C_in, C_out, 9)
    filters = np.empty((len(both_axes), C_in, C_out), weight.dtype)

    def transform(c):
        # A product for each input channel, written to where it belongs: so the axes change places in passing.
        np.matmul(both_axes, kernels[c].swapaxes(1, 2), out=filters[:, c].swapaxes(0, 1))

    threads.share(transform, threads.evenly(C_in, max(1, min(threads.count(), C_in // 64))))
    return filters.reshape(m + 2, m + 2, C_in, C_out)


def convolve(x, filters, padding):
    """Cross-correlate `x` (N, C_in, H, W) with transformed `filters`; returns (N, C_out, H + 2P − 2, W + 2P − 2).

    `padding` may be negative: then so many rows and columns of `x` are left out on either side.
    """
    m = len(filters) - 2
    At, _, Bt = TRANSFORMS[m]
    (N, _, H, W), C_out = x.shape, filters.shape[3]
    H_out, W_out = H + 2 * padding[0] - 2, W + 2 * padding[1] - 2
    output = np.empty((N, C_out, H_out, W_out), x.dtype)
    columns = -(-W_out // m)
    into, out_of = groups(Bt, columns, m, x.dtype), groups(At.T, columns, m, x.dtype)

    def convolve_strip(strip):
        n, i = strip
        d = to_tiles(cut(x, strip, columns, m, 2, padding), Bt, into, m)
        y = np.empty((m + 2, d.shape[2], m + 2, C_out), x.dtype).swapaxes(1, 2)
        np.matmul(d, filters, out=y)
        y = from_tiles(y, At, out_of, len(x[n]), columns)
        rows = slice(m * i.start, min(m * i.stop, H_out))
        output[n, :, rows] = y[: rows.stop - rows.start, ..., :W_out].transpose(1, 2, 0, 3)

    threads.share(convolve_strip, strips(N, -(-H_out // m), columns))
    return output


def grad_filters(grad_output, x, padding, m=4):
    """Return ∂L/∂weight (C_out, C_in, 3, 3) for the upstream `grad_output` (N, C_out, H_out, W_out)."""
    At, G, Bt = TRANSFORMS[m]
    N, C_out, H_out, W_out = grad_output.shape
    C_in, columns = x.shape[1], -(-W_out // m)
    inputs, outputs = groups(Bt, columns, m, x.dtype), groups(At.T, columns, m, x.dtype)
    both_axes = np.kron(G, G).astype(x.dtype)
    partial = []

    def correlate_strips(some):
        sums = []
        for strip in some:
            d = to_tiles(cut(x, strip, columns, m, 2, padding), Bt, inputs, m)
            g = to_tiles(cut(grad_output, strip, columns, m, 0, (0, 0)), At.T, outputs, m)
            products = g.swapaxes(2, 3) @ d
            sums = [np.add(*sums, products, out=products)] if sums else [products]
        partial.extend(products.reshape(len(both_axes), -1).T @ both_axes for products in sums)

    every = strips(N, -(-H_out // m), columns)
    shares = min(threads.count(), len(every))
    threads.share(correlate_strips, [every[k::shares] for k in range(shares)])
    return sum(partial, np.zeros((C_out * C_in, 9), x.dtype)).reshape(C_out, C_in, 3, 3)


def strips(N, rows, columns):
    """Return pairs of slices (images, rows of tiles) with about `TILES` tiles each, and some for every thread."""
    tiles = max(LEAST_TILES, min(TILES, N * rows * columns // threads.count()))
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


def to_tiles(pixels, M, groups, m):
    """Return M d Mᵀ as (m+2, m+2, tiles, C) for the tiles d of a strip, which stand m pixels apart."""
    height, images, C, width = pixels.shape
    t, size = M.shape
    rows, columns = (height - size) // m + 1, (width - size) // m + 1
    d = np.empty((height, images, columns * t, C), pixels.dtype)
    for j, band in groups:
        read = pixels[..., m * j.start : m * (j.stop - 1) + size]
        np.matmul(band, read.swapaxes(2, 3), out=d[:, :, t * j.start : t * j.stop])
    d = [d.reshape(height, -1)[r : r + m * (rows - 1) + 1 : m] for r in range(size)]

    tiles = np.empty((t, *d[0].shape), pixels.dtype)
    even, odd, spare = np.empty((3, *d[0].shape), pixels.dtype)
    M = even_and_odd(M)
    combine(M[0], d, tiles[0], spare)
    combine(M[-1], d, tiles[-1], spare)
    for r in range(1, t - 1, 2):
        combine(M[r], d, even, spare)
        combine(M[r + 1], d, odd, spare)
        np.add(even, odd, out=tiles[r])
        np.subtract(even, odd, out=tiles[r + 1])
    return tiles.reshape(t, rows * images * columns, t, C).swapaxes(1, 2)


def from_tiles(tiles, M, groups, images, columns):
    """Return M y Mᵀ for all tiles y (m+2, m+2, tiles, C), side by side as pixels (rows, images, C, columns)."""
    m, t = M.shape
    C = tiles.shape[3]
    rows = tiles.shape[2] // (images * columns)
    y = tiles.swapaxes(1, 2).reshape(t, rows, -1)
    sums = [y[0], *(part for r in range(1, t - 1, 2) for part in (y[r] + y[r + 1], y[r] - y[r + 1])), y[-1]]
    along = np.empty((rows, m, y.shape[2]), y.dtype)
    spare = np.empty_like(y[0])
    for r, coefficients in enumerate(even_and_odd(M.T).T):
        combine(coefficients, sums, along[:, r], spare)

    along = along.reshape(rows * m, images, columns * t, C)
    pixels = np.empty((rows * m, images, C, columns * m), y.dtype)
    for j, band in groups:
        read = along[:, :, t * j.start : t * j.stop]
        np.matmul(read.swapaxes(2, 3), band, out=pixels[..., m * j.start : m * j.stop])
    return pixels


def groups(M, columns, m, dtype):
    """Return (tiles, band) for groups of neighbouring tiles of a row: band holds M once a tile, m columns apart."""
    t, size = M.shape

    def band(count):
        blocks = np.zeros((count, t, m * (count - 1) + size), dtype)
        for k in range(count):
            blocks[k, :, m * k : m * k + size] = M
        return blocks.reshape(count * t, -1)

    return [(slice(j, min(j + GROUP, columns)), band(min(GROUP, columns - j))) for j in range(0, columns, GROUP)]


def even_and_odd(M):
    """Replace the rows for points p and −p by half their sum and half their difference: the even and the odd powers."""
    M = M.astype(float)
    plus, minus = M[1:-1:2], M[2:-1:2]
    M[1:-1:2], M[2:-1:2] = (plus + minus) / 2, (plus - minus) / 2
    return M


def combine(coefficients, rows, out, spare):
    """Write Σ coefficients[r]·rows[r] to `out`, skipping zeros and products by one."""
    # A Python number takes the rows' dtype, where NumPy's float64 would turn float32 rows into float64.
    terms = [(float(c), row) for c, row in zip(coefficients, rows, strict=True) if c]
    (c, row), *others = sorted(terms, key=lambda term: (abs(term[0]) == 1, term[0]))  # the ones last
    if abs(c) == 1 and others:
        (np.add if c == 1 else np.subtract)(others.pop()[1], row, out=out)
    else:
        np.multiply(row, c, out=out)
    for c, row in others:
        out += row if c == 1 else np.multiply(row, c, out=spare)
