"""Convolution as a sum of matrix products, one for each row of the kernel.

Fix a row u of the kernel: its share of the output is a convolution with a kernel of one row. Write the image K_w times,
each copy shifted by one tap more and only as wide as the output, as the rows of a matrix R. Then a kernel row is one
GEMM with R, and the next kernel row needs no other matrix: one image row further down is just a slice of R that
starts one row later. So the image is copied K_w times, where im2col copies it K² times; the price is that K_h products
are added up. Source: A. Anderson et al., "Low-memory GEMM-based convolution algorithms for deep neural networks",
arXiv:1709.03395.

Cost: 2·N·C_out·H_out·W_out·(C_in/groups)·K² flops; N·C_in·H_pad·W_out·K_w numbers are copied, and the output is added
to itself K_h − 1 times. Rounding: a dot product per kernel row, then K_h additions.
"""

import numpy as np

from ..functional._windows import pad_constant, pair, windows


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlate `input` (N, C_in, H, W) with `weight` (C_out, C_in/groups, K_h, K_w) by shifted GEMMs.

    `stride`, `padding`, `dilation` are ints or (height, width) pairs; `bias` is (C_out,) or None.
    Returns (N, C_out, H_out, W_out).
    """
    (S_h, S_w), (P_h, P_w), (D_h, D_w) = map(pair, (stride, padding, dilation))
    N, (C_out, channels, K_h, K_w) = len(input), weight.shape
    x = pad_constant(input, [(P_h, P_h), (P_w, P_w)])
    rows = windows(x, (1, K_w), (1, S_w), (1, D_w))[:, :, 0]  # (N, C_in, K_w, H_pad, W_out)
    H_pad, W_out = rows.shape[3:]
    R = rows.reshape(N, groups, channels * K_w, H_pad, W_out)
    H_out = (H_pad - D_h * (K_h - 1) - 1) // S_h + 1
    output = np.zeros((N, groups, C_out // groups, H_out * W_out), x.dtype)
    for u in range(K_h):
        kernel_row = weight[:, :, u].reshape(groups, C_out // groups, channels * K_w)
        later = R[:, :, :, D_h * u : D_h * u + S_h * H_out : S_h]
        output += kernel_row @ later.reshape(N, groups, channels * K_w, H_out * W_out)
    output = output.reshape(N, C_out, H_out, W_out)
    return output if bias is None else output + bias[:, None, None]
