"""Convolution as a product of spectra: the Fourier transform turns shifting and adding into multiplying.

Image and kernel are zero-padded to a common size, transformed, multiplied frequency by frequency (summed over input
channels) and transformed back. Multiplying spectra convolves; for the cross-correlation of deep learning
the kernel's spectrum is conjugated. Source: M. Mathieu, M. Henaff, Y. LeCun, "Fast Training of
Convolutional Networks through FFTs", arXiv:1312.5851.

Cost: for an F×F padded size, about 2.5·F²·log₂(F²) flops for each of N·C_in + C_out·C_in + N·C_out transforms, and
8·N·C_out·C_in·F²/2 for the products: independent of K, so it pays for large kernels. Memory: all spectra.
Rounding: relative to the output's *largest* entries, small outputs beside large ones lose digits; about 1e-7 in
float32, with a constant that grows like log F.
"""

import math

import numpy as np

from ..functional._windows import add_bias, output_size, pad_constant, pair, shifted


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlate `input` (N, C_in, H, W) with `weight` (C_out, C_in/groups, K_h, K_w) by FFT.

    `stride`, `padding`, `dilation` are ints or (height, width) pairs; `bias` is (C_out,) or None. A stride
    saves nothing: all positions are computed and some are kept. Returns (N, C_out, H_out, W_out).
    """
    return forward(input, weight, pair(stride), pair(dilation), groups, [(p, p) for p in pair(padding)], bias)


def forward(x, weight, stride, dilation, groups, padding=None, bias=None):
    """Cross-correlate `x` (N, C_in, *spatial) of any dimension, add `bias`; returns (N, C_out, *output).

    `padding` holds (before, after) per axis, and is zero if left out.
    """
    x = pad_constant(x, padding or [(0, 0)] * len(stride))
    N, C_in, *sizes = x.shape
    C_out, channels, *kernel_size = weight.shape
    axes = tuple(range(2, x.ndim))
    if N == 0:  # the FFT refuses to transform nothing
        return np.empty((0, C_out, *output_size(sizes, kernel_size, stride, dilation)), x.dtype)
    # Cyclic wrap-around spoils only positions where the window leaves the image, and those are dropped.
    spread = np.zeros(
        (C_out, channels, *(d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True))), x.dtype
    )
    spread[(..., *(slice(None, None, d) for d in dilation))] = weight
    X = np.fft.rfftn(x, sizes, axes)
    W = np.fft.rfftn(spread, sizes, axes)

    # One small matrix product per frequency: (C_out/g, C_in/g) times (C_in/g, N).
    frequencies = X.shape[2:]
    count = math.prod(frequencies)
    X = X.reshape(N, groups, channels, count).transpose(3, 1, 2, 0)
    W = W.reshape(groups, C_out // groups, channels, count).transpose(3, 0, 1, 2)
    Y = np.matmul(W.conj(), X).transpose(3, 1, 2, 0).reshape(N, C_out, *frequencies)
    y = np.fft.irfftn(Y, sizes, axes)
    positions = output_size(sizes, kernel_size, stride, dilation)
    start = (0,) * len(sizes)
    output = np.ascontiguousarray(y[(..., *shifted(start, positions, stride, dilation))], x.dtype)
    add_bias(output.reshape(N, groups, C_out // groups, -1), bias, groups)
    return output
