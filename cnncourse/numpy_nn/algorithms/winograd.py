"""Winograd convolution for 3×3 kernels at stride 1: fewer multiplications, from algebra.

An m×m tile of outputs comes from an (m+2)×(m+2) tile of inputs. Written as polynomials evaluated at m + 2
points (0, ±1, ±2, ∞), the tile's 9·m² products shrink to (m+2)², in one dimension

    y = Aᵀ [(G g) ⊙ (Bᵀ d)],      in two      Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A

for kernel g and input tile d; the products ⊙, summed over channels, are (m+2)² matrix products. Source: A. Lavin,
S. Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, arXiv:1509.09308; S. Winograd, "Arithmetic
Complexity of Computations", 1980.

Cost: 2·C_out·C_in·(m+2)²/m² flops per output pixel instead of 18·C_out·C_in (m = 2: 2.25 times fewer, m = 4: 4 times
fewer), plus the transforms, which matter when there are few channels.
Rounding: F(2×2) is about as exact as a dot product; the entries of F(4×4)'s transforms, up to 8, cost it more than
a decimal digit (float32 errors near 1e-5 of the output's largest entry, where im2col's are near 5e-7).
"""

import numpy as np

from ..functional._windows import pair

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
    At, G, Bt = (matrix.astype(input.dtype) for matrix in TRANSFORMS[m])
    (P_h, P_w), (N, C, H, W) = pair(padding), input.shape
    H_out, W_out = H + 2 * P_h - 2, W + 2 * P_w - 2
    rows, columns = -(-H_out // m), -(-W_out // m)  # of tiles; zeros fill up the last ones
    fill = (P_h, m * rows + 2 - H - P_h), (P_w, m * columns + 2 - W - P_w)
    x = np.pad(input, ((0, 0), (0, 0), *fill))
    d = np.lib.stride_tricks.sliding_window_view(x, (m + 2, m + 2), (2, 3))[:, :, ::m, ::m]
    d = (Bt @ d @ Bt.T).reshape(N, C, rows * columns, m + 2, m + 2)
    products = (G @ weight @ G.T).transpose(2, 3, 0, 1) @ d.transpose(0, 3, 4, 1, 2)  # summed over channels
    y = At @ products.transpose(0, 3, 4, 1, 2) @ At.T
    y = y.reshape(N, len(weight), rows, columns, m, m).swapaxes(3, 4).reshape(N, len(weight), m * rows, m * columns)
    y = np.ascontiguousarray(y[:, :, :H_out, :W_out])
    return y if bias is None else y + bias[:, None, None]
