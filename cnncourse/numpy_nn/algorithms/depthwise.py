"""Depthwise convolution: every channel has filters of its own, so there is no matrix product to be had.

Each position k of the kernel adds the shifted image times one weight per channel. Channels are
taken a block at a time, so that the image, the product and the sum stay in the processor's cache over all K²
steps. Source: A. Howard et al., "MobileNets", arXiv:1704.04861 (the layer).

Cost in two dimensions: 2·N·C_out·H_out·W_out·K² flops in elementwise passes; the memory traffic is that of reading
the input and writing the output once, as long as a block fits the cache. Rounding: K² additions, one by one.
"""

import numpy as np

from .windows import offsets, output_size, pad_constant, pair, shifted

BLOCK_BYTES = 1 << 18


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1):
    """Cross-correlate each channel of `input` (N, C, H, W) with its own filters `weight` (C·m, 1, K_h, K_w).

    `stride`, `padding`, `dilation` are ints or (height, width) pairs; `bias` is (C·m,) or None.
    Returns (N, C·m, H_out, W_out).
    """
    x = pad_constant(input, [(p, p) for p in pair(padding)])
    output = forward(x, weight, pair(stride), pair(dilation), input.shape[1])
    return output if bias is None else output + bias[:, None, None]


def forward(x, weight, stride, dilation, groups):
    """Cross-correlate a padded `x` (N, C, *spatial) of any dimension, one group per channel."""
    N, C, *sizes = x.shape
    if groups != C:
        raise ValueError(f"algorithm: expected another than 'depthwise' for {groups} groups of {C} channels")
    kernel_size = weight.shape[2:]
    m = len(weight) // C
    positions = output_size(sizes, kernel_size, stride, dilation)
    filters = weight.reshape(C, m, *kernel_size, *[1] * len(sizes))
    output = np.empty((N, C, m, *positions), x.dtype)
    step = max(1, BLOCK_BYTES // max(1, output[:1, :1].nbytes))
    for n in range(N):
        for start in range(0, C, step):
            c = slice(start, start + step)
            total = output[n, c]
            product = np.empty_like(total)
            for number, k in enumerate(offsets(kernel_size)):
                entries = x[(n, c, None, *shifted(k, positions, stride, dilation))]
                np.multiply(entries, filters[(c, slice(None), *k)], out=product if number else total)
                if number:
                    total += product
    return output.reshape(N, C * m, *positions)
