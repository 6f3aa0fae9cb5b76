"""Winograd convolution for 3×3 kernels at stride 1: fewer multiplications, from algebra.

An m×m tile of outputs comes from an (m+2)×(m+2) tile of inputs. Written as polynomials evaluated at m + 2
points (0, ±1, ±2, ∞), the tile's 9·m² products shrink to (m+2)², in one dimension

    y = Aᵀ [(G g) ⊙ (Bᵀ d)],      in two      Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A

for kernel g and input tile d. A two-dimensional transform of a tile is one matrix on the flattened tile,
the Kronecker product of the one-dimensional one with itself: so all tiles together are one GEMM, and the
products ⊙, summed over channels, are (m+2)² GEMMs. Source: A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural
Networks", CVPR 2016, arXiv:1509.09308; S. Winograd, 1980.

Cost: 2·C_out·C_in·(m+2)²/m² flops per output pixel instead of 18·C_out·C_in (m = 2: 2.25 times fewer, m = 4: 4 times
fewer), plus the transforms, which matter when there are few channels; tiles are stored (m+2)²/m² times the image.
Rounding: F(2×2) is about as exact as a dot product; the entries of F(4×4)'s transforms, up to 8, cost it more than
a decimal digit (float32 errors near 1e-5 of the output's largest entry, where im2col's are near 5e-7).
"""

import numpy as np

from .windows import pad_constant, pair, windows

# As many tiles at a time as the processor's cache likes.
BLOCK_BYTES = 1 << 21
LEAST_TILES = 96

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
    x = pad_constant(input, [(p, p) for p in pair(padding)])
    output = forward(x, weight, pair(stride), (1, 1), 1, m)
    return output if bias is None else output + bias[:, None, None]


def forward(x, weight, stride, dilation, groups, m=4):
    """Cross-correlate a padded `x` (N, C_in, H, W) with 3×3 filters; refuses what is not 3×3 at stride 1."""
    if weight.shape[2:] != (3, 3) or (*stride, *dilation, groups) != (1, 1, 1, 1, 1):
        raise ValueError(
            "algorithm: expected another than 'winograd' unless the kernel is 3×3 with stride, dilation and groups 1"
        )
    return convolve(x, transform_filters(weight, m), m)


def transform_filters(weight, m=4):
    """Return the filters' transforms G g Gᵀ as ((m+2)², C_out, C_in); worth keeping while weights stay the same."""
    _, G, _ = TRANSFORMS[m]
    both_axes = np.kron(G, G).astype(weight.dtype)
    C_out, C_in = weight.shape[:2]
    return (both_axes @ weight.reshape(-1, 9).T).reshape(-1, C_out, C_in)


def convolve(x, filters, m=4):
    """Cross-correlate a padded `x` (N, C_in, H, W) with transformed `filters`; returns (N, C_out, H − 2, W − 2)."""
    At, _, Bt = TRANSFORMS[m]
    to_tiles, from_tiles = np.kron(Bt, Bt).astype(x.dtype), np.kron(At, At).astype(x.dtype)
    (N, C_in, H, W), (T, C_out, _) = x.shape, filters.shape
    rows, columns = -(-(H - 2) // m), -(-(W - 2) // m)
    # The last tiles may reach over the edge: there the image is continued by zeros.
    x = pad_constant(x, [(0, rows * m + 2 - H), (0, columns * m + 2 - W)])
    tiles = windows(x, (m + 2, m + 2), (m, m), (1, 1))
    output = np.empty((N, C_out, rows, m, columns, m), x.dtype)
    for n, r in _blocks(N, rows, columns, T * max(C_in, C_out) * x.itemsize):
        d = tiles[n, :, :, :, r].transpose(2, 3, 1, 0, 4, 5)
        images, strips = d.shape[3:5]
        count = images * strips * columns
        d = (to_tiles @ d.reshape(T, C_in * count)).reshape(T, C_in, count)
        y = from_tiles @ np.matmul(filters, d).reshape(T, C_out * count)
        y = y.reshape(m, m, C_out, images, strips, columns)
        output[n, :, r] = y.transpose(3, 2, 4, 0, 5, 1)
    output = output.reshape(N, C_out, rows * m, columns * m)
    return np.ascontiguousarray(output[:, :, : H - 2, : W - 2])


def _blocks(N, rows, columns, tile_bytes):
    """Iterate over (images, tile rows) as slices that fit the cache, but hold enough tiles for a good GEMM."""
    tiles = max(LEAST_TILES, BLOCK_BYTES // tile_bytes)
    images, strips = max(1, tiles // (rows * columns)), min(rows, max(1, tiles // columns))
    for n in range(0, N, images):
        for r in range(0, rows, strips):
            yield slice(n, n + images), slice(r, r + strips)
