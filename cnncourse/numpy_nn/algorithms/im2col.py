"""Convolution as one matrix product: write every window as a column, multiply by the weights.

The columns hold each input entry up to K² times; in exchange the arithmetic is a GEMM, the operation
that processors are best at. Source: K. Chellapilla, S. Puri, P. Simard, "High Performance
Convolutional Neural Networks for Document Processing", 2006.

Cost in two dimensions: 2·N·C_out·H_out·W_out·(C_in/groups)·K² flops, and N·C_in·K²·H_out·W_out numbers
written and read again; for 1×1 kernels at stride 1 nothing is copied, since the image is the matrix. Each
gradient costs as much. Blocks of images are shared out over threads. Rounding: that of a dot product of
(C_in/groups)·K² terms.
"""

import math

import numpy as np

from . import threads
from .windows import add_bias, add_windows, inside, output_size, pad_constant, pair, windows

# Columns of as many images at a time as fit in a processor's cache are cheaper to read back.
BLOCK_BYTES = 1 << 22


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlate `input` (N, C_in, H, W) with `weight` (C_out, C_in/groups, K_h, K_w) by im2col and GEMM.

    `stride`, `padding`, `dilation` are ints or (height, width) pairs; `bias` is (C_out,) or None.
    Returns (N, C_out, H_out, W_out).
    """
    x = pad_constant(input, [(p, p) for p in pair(padding)])
    return forward(x, weight, pair(stride), pair(dilation), groups, bias)


def im2col(input, kernel_size, stride=1, padding=0, dilation=1):
    """Write each window of `input` (N, C, H, W) as a column: (N, C·K_h·K_w, H_out·W_out)."""
    K, S, P, D = map(pair, (kernel_size, stride, padding, dilation))
    x = pad_constant(input, [(p, p) for p in P])
    return _columns(windows(x, K, S, D), 1)[:, 0]


def col2im(columns, input_shape, kernel_size, stride=1, padding=0, dilation=1):
    """Add columns (N, C·K_h·K_w, L) back into an image of `input_shape`: the adjoint of `im2col`."""
    K, S, P, D = map(pair, (kernel_size, stride, padding, dilation))
    N, C, H, W = input_shape
    padded = (H + 2 * P[0], W + 2 * P[1])
    values = columns.reshape(N, C, *K, *output_size(padded, K, S, D))
    return add_windows(values, (N, C, *padded), S, D)[inside([(p, p) for p in P], (H, W))]


def forward(x, weight, stride, dilation, groups, bias=None):
    """Cross-correlate a padded `x` (N, C_in, *spatial) of any dimension, add `bias`; returns (N, C_out, *output)."""
    view = windows(x, weight.shape[2:], stride, dilation)
    N, C_out, spatial = len(x), len(weight), view.shape[weight.ndim :]
    rows = weight.reshape(groups, C_out // groups, -1)
    output = np.empty((N, groups, C_out // groups, math.prod(spatial)), x.dtype)

    def block(n):
        threads.matmul(rows, _columns(view[n], groups), out=output[n])
        add_bias(output[n], bias, groups)

    threads.share(block, _blocks(N, view.nbytes))
    return output.reshape(N, C_out, *spatial)


def grad_weight(grad_output, x, weight_shape, stride, dilation, groups):
    """Return ∂L/∂weight = Σ over images and positions of grad_output · column, for a padded `x`."""
    view = windows(x, weight_shape[2:], stride, dilation)
    C_out = weight_shape[0]
    upstream = grad_output.reshape(len(x), groups, C_out // groups, math.prod(grad_output.shape[2:]))

    def block(n):
        return threads.matmul(upstream[n], _columns(view[n], groups).swapaxes(2, 3)).sum(axis=0)

    products = threads.share(block, _blocks(len(x), view.nbytes))
    return np.reshape(sum(products), weight_shape) if products else np.zeros(weight_shape, x.dtype)


def grad_input(grad_output, weight, x_shape, stride, dilation, groups):
    """Return ∂L/∂x of the padded input: the columns' gradients, added where the windows overlap."""
    (N, C_out), kernel = grad_output.shape[:2], weight.shape[2:]
    rows = weight.reshape(groups, C_out // groups, -1).swapaxes(1, 2)
    if math.prod(kernel) == 1 and grad_output.shape[2:] == x_shape[2:]:
        # The columns are the image itself: the transposed matrix is all there is to it.
        return forward(grad_output, rows.reshape(x_shape[1], C_out // groups, *kernel), stride, dilation, groups)
    spatial = grad_output.shape[2:]
    upstream = grad_output.reshape(N, groups, C_out // groups, math.prod(spatial))
    grad = np.empty(x_shape, grad_output.dtype)

    def block(n):
        columns = threads.matmul(rows, upstream[n]).reshape(len(upstream[n]), x_shape[1], *kernel, *spatial)
        add_windows(columns, grad[n].shape, stride, dilation, out=grad[n])

    threads.share(block, _blocks(N, N * x_shape[1] * math.prod(kernel) * upstream[:1, :1, :1].nbytes))
    return grad


def _columns(view, groups):
    """Return windows (N, C, *kernel, *output) as (N, groups, C/groups·K, L).

    They are copied only where they must be: for 1×1 kernels at stride 1 the columns *are* the image.
    """
    N, C = view.shape[:2]
    axes = (view.ndim - 2) // 2
    K, L = (math.prod(view.shape[a : a + axes]) for a in (2, 2 + axes))
    # BLAS takes no rows that overlap in memory, as the windows of a single channel's line would.
    return np.ascontiguousarray(view.reshape(N, groups, C // groups * K, L))


def _blocks(N, nbytes):
    """Return slices of images whose columns together take about `BLOCK_BYTES`."""
    return threads.blocks(N, BLOCK_BYTES * N // max(1, nbytes))
