"""Convolution as a sum of K² matrix products, one for each position inside the kernel.

Fix a position k of the kernel: its share of the output is a 1×1 convolution of the image shifted by k.
At stride 1 the shift costs nothing: in the flattened padded image it is a slice that starts later, so BLAS
reads the image where it lies. The price is paid at the row ends, where a slice runs on into the next row
and computes columns that are thrown away. Source: A. Anderson et al., "Low-memory GEMM-based convolution
algorithms for deep neural networks", arXiv:1709.03395 (the kernel-accumulating family).

Cost in two dimensions: 2·N·C_out·H_out·W_pad·(C_in/groups)·K² flops (W_pad instead of W_out: the wasted columns) and
K² additions of the output; no columns are stored. Rounding: a dot product per kernel position, then K² additions.
"""

import math

import numpy as np

from .windows import offsets, output_size, pad_constant, pair, shifted


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlate `input` (N, C_in, H, W) with `weight` (C_out, C_in/groups, K_h, K_w) by shifted GEMMs.

    `stride`, `padding`, `dilation` are ints or (height, width) pairs; `bias` is (C_out,) or None.
    Returns (N, C_out, H_out, W_out).
    """
    x = pad_constant(input, [(p, p) for p in pair(padding)])
    output = forward(x, weight, pair(stride), pair(dilation), groups)
    return output if bias is None else output + bias[:, None, None]


def forward(x, weight, stride, dilation, groups):
    """Cross-correlate a padded `x` (N, C_in, *spatial) of any dimension; returns (N, C_out, *output)."""
    N, C_in, *sizes = x.shape
    C_out, _, *kernel_size = weight.shape
    positions = output_size(sizes, kernel_size, stride, dilation)
    # All positions at stride 1 are computed; a stride picks some of them afterwards.
    dense = output_size(sizes, kernel_size, (1,) * len(sizes), dilation)
    steps = [math.prod(sizes[a + 1 :]) for a in range(len(sizes))]
    length = sum((o - 1) * step for o, step in zip(dense, steps, strict=True)) + 1

    flat = np.ascontiguousarray(x).reshape(N, groups, C_in // groups, math.prod(sizes))
    rows = weight.reshape(groups, C_out // groups, C_in // groups, *kernel_size)
    output = np.zeros((N, groups, C_out // groups, dense[0] * steps[0]), x.dtype)
    for k in offsets(kernel_size):
        start = sum(k_a * d * step for k_a, d, step in zip(k, dilation, steps, strict=True))
        output[..., :length] += np.ascontiguousarray(rows[(..., *k)]) @ flat[..., start : start + length]
    wide = output.reshape(N, C_out, dense[0], *sizes[1:])
    return np.ascontiguousarray(wide[(..., *shifted((0,) * len(sizes), positions, stride, (1,) * len(sizes)))])
