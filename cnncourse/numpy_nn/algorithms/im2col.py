"""Convolution as one matrix product: write every window as a column, multiply by the weights.

The columns hold each input entry up to K² times; in exchange the arithmetic is a GEMM, the operation
that processors are best at. Source: K. Chellapilla, S. Puri, P. Simard, "High Performance
Convolutional Neural Networks for Document Processing", 2006.

Cost: 2·N·C_out·H_out·W_out·(C_in/groups)·K² flops, and N·C_in·K²·H_out·W_out numbers written and read again.
Rounding: that of a dot product of (C_in/groups)·K² terms.
"""

import math

import numpy as np

from ..functional._windows import add_windows, inside, output_size, pad_constant, pair, windows


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlate `input` (N, C_in, H, W) with `weight` (C_out, C_in/groups, K_h, K_w) by im2col and GEMM.

    `stride`, `padding`, `dilation` are ints or (height, width) pairs; `bias` is (C_out,) or None.
    Returns (N, C_out, H_out, W_out).

    >>> conv2d(np.arange(3.0).reshape(1, 1, 1, 3), np.array([[[[-1.0, 1.0]]]]))
    array([[[[1., 1.]]]])
    """
    K, S, P, D = weight.shape[2:], *map(pair, (stride, padding, dilation))
    padded = [i + 2 * p for i, p in zip(input.shape[2:], P, strict=True)]
    positions = output_size(padded, K, S, D)
    columns = im2col(input, K, S, P, D).reshape(len(input), groups, math.prod(weight.shape[1:]), math.prod(positions))
    output = weight.reshape(groups, len(weight) // groups, -1) @ columns
    output = output.reshape(len(input), len(weight), *positions)
    return output if bias is None else output + bias[:, None, None]


def im2col(input, kernel_size, stride=1, padding=0, dilation=1):
    """Write each window of `input` (N, C, H, W) as a column: (N, C·K_h·K_w, H_out·W_out).

    >>> im2col(np.arange(6.0).reshape(1, 1, 2, 3), 2)[0]
    array([[0., 1.],
           [1., 2.],
           [3., 4.],
           [4., 5.]])
    """
    K, S, P, D = map(pair, (kernel_size, stride, padding, dilation))
    view = windows(pad_constant(input, [(p, p) for p in P]), K, S, D)
    N, C, K_h, K_w, H_out, W_out = view.shape
    # BLAS takes no rows that overlap in memory, as the windows of a single channel's line would.
    return np.ascontiguousarray(view.reshape(N, C * K_h * K_w, H_out * W_out))


def col2im(columns, input_shape, kernel_size, stride=1, padding=0, dilation=1):
    """Add columns (N, C·K_h·K_w, L) back into an image of `input_shape`: the adjoint of `im2col`.

    >>> image = np.ones((1, 1, 2, 3))
    >>> col2im(im2col(image, 2), image.shape, 2)[0, 0]
    array([[1., 2., 1.],
           [1., 2., 1.]])
    """
    K, S, P, D = map(pair, (kernel_size, stride, padding, dilation))
    N, C, H, W = input_shape
    padded = (H + 2 * P[0], W + 2 * P[1])
    values = columns.reshape(N, C, *K, *output_size(padded, K, S, D))
    return add_windows(values, (N, C, *padded), S, D)[inside([(p, p) for p in P], (H, W))]
