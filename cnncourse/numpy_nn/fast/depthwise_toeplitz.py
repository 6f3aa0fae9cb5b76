"""Depthwise convolution of small images: a matrix for each channel.

On an image of a few rows, `depthwise` spends its time on many short lines. Here a channel's convolution is written as a
matrix T with a row for each input entry and a column for each output entry, as in `toeplitz`: mostly zeros, but for 7×7
images it is just 49×49, and all images of a batch take it in one product, read and written where they lie. T is a sum
of the kernel's taps, each times a matrix of zeros and ones that is the same for all channels: these matrices, written
as the rows of S, make it one more product, T = w S. Zeros around the image, strides and dilations are all in S. The
gradients are the same two products backwards: ∂L/∂x = g Tᵀ, and ∂L/∂w = (xᵀ g) Sᵀ.

What T has for an input row and an output row depends only on how far these are apart. So the product makes each of
these bands once, and T is a copy of them, in which neighbouring output rows stand side by side already.

Cost, with I input and O output entries of an image of H rows: about 2·C_out·I·O·(2K²/H + N) flops; the C_out·I·O
numbers of all T are written and read a block of channels at a time. It pays for small I·O and large N. Rounding: that
of a dot product of K² terms, the others are exact zeros; but an infinite entry makes its whole image NaN in that
channel.
"""

import functools
import math

import numpy as np
from numpy.lib import stride_tricks

from ..functional._windows import output_size, padded_size
from . import threads

BLOCK_BYTES = 1 << 21  # of the T of a block of channels
LARGEST = 1 << 12  # entries of T


def pays(x_shape, weight_shape, stride, padding, dilation):
    """Return whether T is small, and its making is shared by enough images."""
    entries = math.prod(x_shape[2:]) * math.prod(_positions(x_shape, weight_shape, stride, dilation, padding))
    return entries <= LARGEST and entries * math.prod(weight_shape[2:]) <= 8000 * x_shape[0]


def forward(x, weight, stride, dilation, groups, padding=None, bias=None):
    """Cross-correlate `x` (N, C, *spatial) of any dimension, one group per channel, and add `bias`.

    `padding` holds (before, after) per axis, and is zero if left out.
    """
    padding = padding or [(0, 0)] * len(stride)
    positions = _positions(x.shape, weight.shape, stride, dilation, padding)
    matrices = _Matrices(x.shape, weight.shape, positions, stride, dilation, groups, padding)
    output = np.empty((len(x), len(weight), matrices.O), x.dtype)
    X, Y = matrices.inputs(x), matrices.outputs(output)

    def block(c):
        np.matmul(X[c], matrices.T(weight, c), out=Y[c])

    threads.parallel_map(block, matrices.blocks())
    if bias is not None:
        output += bias[:, None]
    return output.reshape(*output.shape[:2], *positions)


def grad_weight(grad_output, x, weight_shape, stride, dilation, groups, padding):
    """Return ∂L/∂weight = (xᵀ g) Sᵀ."""
    matrices = _Matrices(x.shape, weight_shape, grad_output.shape[2:], stride, dilation, groups, padding)
    X, G = matrices.inputs(x), matrices.outputs(grad_output)
    grad = np.empty((matrices.C, matrices.m, matrices.K), x.dtype)
    S = matrices.S(x.dtype)

    def block(c):
        products = X[c].swapaxes(2, 3) @ G[c]
        grad[c] = (products.reshape(-1, S.shape[1]) @ S.T).reshape(grad[c].shape)

    threads.parallel_map(block, matrices.blocks())
    return grad.reshape(weight_shape)


def grad_input(grad_output, weight, x_shape, stride, dilation, groups, padding):
    """Return ∂L/∂x = g Tᵀ for an `x` of `x_shape`."""
    matrices = _Matrices(x_shape, weight.shape, grad_output.shape[2:], stride, dilation, groups, padding)
    grad = np.empty(x_shape, grad_output.dtype)
    G, X = matrices.outputs(grad_output), matrices.inputs(grad)

    def block(c):
        X[c] = (G[c] @ matrices.T(weight, c).swapaxes(2, 3)).sum(axis=1, keepdims=True)

    threads.parallel_map(block, matrices.blocks())
    return grad


def _positions(x_shape, weight_shape, stride, dilation, padding):
    return output_size(padded_size(x_shape[2:], padding), weight_shape[2:], stride, dilation)


@functools.lru_cache(maxsize=16)
def _selection(sizes, kernel, positions, stride, dilation, padding, dtype):
    """Return S as bands (K, I', R, O'): whether the tap k takes one input entry to one output entry.

    I' and O' count the entries of a row, or of what an image has besides its first axis. Along the first axis, R counts
    how far the output row is below the input row, from the last input row and the first output row on.
    """
    S = np.ones((1, 1, 1), dtype)
    axes = list(zip(sizes, kernel, positions, stride, dilation, padding, strict=True))
    for I, K, O, s, d, (before, _) in axes[1:]:
        k, i, o = np.ogrid[:K, :I, :O]
        S = np.kron(S, (i == o * s + k * d - before).astype(dtype))
    I, K, O, s, d, (before, _) = axes[0]
    k, r = np.ogrid[:K, : I + (O - 1) * s]
    first = (I - 1 - r == k * d - before).astype(dtype)
    return (first[:, None, None, :, None] * S[:, :, None, :]).reshape(K * len(S), S.shape[1], r.size, S.shape[2])


class _Matrices:
    """T and S of one convolution, and arrays seen as T meets them: channel by channel, (C, m, N, entries)."""

    def __init__(self, x_shape, weight_shape, positions, stride, dilation, groups, padding):
        self.N, self.C, *sizes = x_shape
        self.m, self.K = weight_shape[0] // groups, math.prod(weight_shape[2:])
        self.I, self.O = math.prod(sizes), math.prod(positions)
        if groups != self.C or self.I * self.O > LARGEST:
            raise ValueError(
                "algorithm: expected another than 'depthwise_toeplitz' unless every channel is a group and images are "
                f"small: at most {LARGEST} pairs of an input and an output entry, got {self.I * self.O}"
            )
        self.geometry = (tuple(sizes), weight_shape[2:], positions, stride, dilation, tuple(padding))

    def S(self, dtype):
        """Return S (K, I·O)."""
        return self.spread(_selection(*self.geometry, np.dtype(dtype))).reshape(self.K, -1)

    def T(self, weight, c):
        """Return T (channels, m, I, O) for a slice of channels."""
        taps, bands = weight.reshape(self.C, self.m, self.K)[c], _selection(*self.geometry, weight.dtype)
        product = taps.reshape(-1, self.K) @ bands.reshape(self.K, -1)
        return self.spread(product.reshape(len(taps), self.m, *bands.shape[1:]))

    def spread(self, bands):
        """Return (…, I, O) of (…, I', R, O'): each pair of an input and an output row gets its band."""
        (H, *_), _, (H_out, *_), (s, *_), *_ = self.geometry
        *stack, inner, _, outer = bands.shape
        *steps, i, r, o = bands.strides
        first = bands[..., H - 1 :, :]  # for input row 0 and output row 0; one input row later, one band earlier,
        # so that the view reaches back over where `first` begins
        shape, strides = (*stack, H, inner, H_out, outer), (*steps, -r, i, s * r, o)
        return np.ascontiguousarray(stride_tricks.as_strided(first, shape, strides)).reshape(*stack, self.I, self.O)

    def inputs(self, x):
        return x.reshape(self.N, self.C, 1, self.I).transpose(1, 2, 0, 3)

    def outputs(self, y):
        return y.reshape(self.N, self.C, self.m, self.O).transpose(1, 2, 0, 3)

    def blocks(self):
        """Return slices of channels whose T takes about `BLOCK_BYTES`."""
        entries = self.m * self.I * self.O
        work = threads.microseconds(self.C * entries * (self.K + self.N), self.C * entries)
        return threads.blocks(self.C, BLOCK_BYTES // (4 * max(1, entries)), work)
