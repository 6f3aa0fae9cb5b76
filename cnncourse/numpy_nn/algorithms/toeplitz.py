"""Convolution as a matrix: y = M·x with the image written as one long vector.

M has a row for each output entry and a column for each input entry. It is sparse (each row has
C_in·K² weights) and repetitive (the same weights shift along: a block matrix whose blocks are Toeplitz
within Toeplitz): sparse connectivity and weight sharing, made visible. Mᵀ carries gradients back and is the
transposed convolution. Source: V. Dumoulin, F. Visin, arXiv:1603.07285, section 4.1.

Cost: M holds C_out·H_out·W_out·C_in·H·W numbers, nearly all of them zero, and as many multiply-adds for each
image: for 3×32×32 images and ten 5×5 filters at padding 2, 31 million instead of 760. Rounding: that of a
dot product whose terms are mostly exact zeros.
"""

import numpy as np

from ..functional._windows import output_size, pair


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1):
    """Cross-correlate `input` (N, C_in, H, W) with `weight` (C_out, C_in, K_h, K_w) by one big matrix.

    `stride`, `padding`, `dilation` are ints or (height, width) pairs; groups are not supported.
    Returns (N, C_out, H_out, W_out).
    """
    H, W = input.shape[2:]
    M = conv_matrix(weight, H, W, stride, padding, dilation)
    padded = [i + 2 * p for i, p in zip((H, W), pair(padding), strict=True)]
    H_out, W_out = output_size(padded, weight.shape[2:], pair(stride), pair(dilation))
    output = input.reshape(len(input), M.shape[1]) @ M.T
    output = output.reshape(len(input), len(weight), H_out, W_out)
    return output if bias is None else output + bias[:, None, None]


def conv_matrix(weight, height, width, stride=1, padding=0, dilation=1):
    """Return M (C_out·H_out·W_out, C_in·height·width) with M @ image.ravel() = conv2d(image).ravel().

    >>> conv_matrix(np.array([[[[1.0, 2.0]]]]), height=1, width=4)
    array([[1., 2., 0., 0.],
           [0., 1., 2., 0.],
           [0., 0., 1., 2.]])
    """
    C_out, C_in, K_h, K_w = weight.shape
    (S_h, S_w), (P_h, P_w), (D_h, D_w) = pair(stride), pair(padding), pair(dilation)
    H_out, W_out = output_size((height + 2 * P_h, width + 2 * P_w), (K_h, K_w), (S_h, S_w), (D_h, D_w))
    M = np.zeros((C_out, H_out, W_out, C_in, height, width), weight.dtype)
    for i, j, u, v in np.ndindex(H_out, W_out, K_h, K_w):
        h, w = S_h * i + D_h * u - P_h, S_w * j + D_w * v - P_w
        if 0 <= h < height and 0 <= w < width:
            M[:, i, j, :, h, w] = weight[:, :, u, v]
    return M.reshape(C_out * H_out * W_out, C_in * height * width)
