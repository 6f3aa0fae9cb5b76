"""Convolution by its definition: one loop for each letter of the formula, forward and backward.

    y[n, o, i, j] = b[o] + Σ_c Σ_u Σ_v w[o, c, u, v] · x[n, c, S·i + D·u − P, S·j + D·v − P]

Entries outside the image count as zero. This is the meaning that every other algorithm must keep; it is
far too slow for anything else. With groups, output channel o belongs to group g = ⌊o / (C_out/groups)⌋
and sees the input channels g·C_in/groups + c.

Cost: 2·N·C_out·H_out·W_out·(C_in/groups)·K² flops, each as several Python operations; no extra memory.
Rounding: terms are added one by one, so errors grow like the number of terms at worst, its root typically.
"""

import numpy as np

from ..functional._windows import output_size, pair


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlate `input` (N, C_in, H, W) with `weight` (C_out, C_in/groups, K_h, K_w) by loops.

    `stride`, `padding`, `dilation` are ints or (height, width) pairs; `bias` is (C_out,) or None.
    Returns (N, C_out, H_out, W_out).
    """
    N, C_out, H_out, W_out = _output_shape(input, weight, stride, padding, dilation)
    output = np.zeros((N, C_out, H_out, W_out), input.dtype)
    if bias is not None:
        output += bias[:, None, None]
    for y_index, w_index, x_index in _terms(input, weight, stride, padding, dilation, groups):
        output[y_index] += weight[w_index] * input[x_index]
    return output


def conv2d_backward(grad_output, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv2d`; the last is None without bias.

    Each product w·x of the forward sum passes its output's gradient to both factors: to x times w, to w times x.
    """
    grad_input, grad_weight = np.zeros_like(input), np.zeros_like(weight)
    for y_index, w_index, x_index in _terms(input, weight, stride, padding, dilation, groups):
        grad_input[x_index] += weight[w_index] * grad_output[y_index]
        grad_weight[w_index] += input[x_index] * grad_output[y_index]
    grad_bias = None if bias is None else np.zeros_like(bias)
    if bias is not None:
        for n, o, i, j in np.ndindex(grad_output.shape):
            grad_bias[o] += grad_output[n, o, i, j]
    return grad_input, grad_weight, grad_bias


def _terms(input, weight, stride, padding, dilation, groups):
    """Iterate over the products of the sum: the indices of y, w and x in each."""
    N, C_in, H, W = input.shape
    _, channels, K_h, K_w = weight.shape
    (S_h, S_w), (P_h, P_w), (D_h, D_w) = pair(stride), pair(padding), pair(dilation)
    _, C_out, H_out, W_out = _output_shape(input, weight, stride, padding, dilation)
    for n in range(N):
        for o in range(C_out):
            first = o // (C_out // groups) * channels
            for i in range(H_out):
                for j in range(W_out):
                    for c in range(channels):
                        for u in range(K_h):
                            for v in range(K_w):
                                h, w = S_h * i + D_h * u - P_h, S_w * j + D_w * v - P_w
                                if 0 <= h < H and 0 <= w < W:
                                    yield (n, o, i, j), (o, c, u, v), (n, first + c, h, w)


def _output_shape(input, weight, stride, padding, dilation):
    padded = [i + 2 * p for i, p in zip(input.shape[2:], pair(padding), strict=True)]
    return len(input), len(weight), *output_size(padded, weight.shape[2:], pair(stride), pair(dilation))
