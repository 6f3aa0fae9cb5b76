"""Depthwise convolution: every channel has filters of its own, so there is no one big matrix product to be had.

A channel's image is written as one long line, row after row, and the kernel is taken apart into its rows:

1. *Along the lines.* K_w copies of the line, each shifted by one tap more, are the rows of a matrix R. The kernel, as a
   K_h×K_w matrix, times R filters the whole line with every row of the kernel at once: a small GEMM per channel.
2. *Down the columns.* One image row further down is `width` further along the line, so what the K_h filtered lines
   have to say about one output lies on a diagonal. Seen with longer strides, diagonals are columns: a product
   with a row of ones adds them up, and no copy is made.

At the row ends the lines run on into the next row; what is computed there is thrown away. The zeros after a row serve
as those before the next one. The images of a batch follow each other on the line, as if the batch were one more axis,
along which the kernel has one entry: a few long products instead of many short ones. Channels are taken a block at a
time, so that all of it stays in the processor's cache, and blocks are shared out over threads.
The gradients are the same two steps: that of the input is a convolution of the (spread) output's gradient with flipped
kernels, that of the weight multiplies R by the output's gradient laid out as such a line.
Source: A. Howard et al., "MobileNets", arXiv:1704.04861 (the layer).

Cost in two dimensions: 2·N·C_out·(H + P)·(W + P)·K² flops (with a stride S, (W + P)/S) and, per number of the line,
K_w + K_h numbers written and read again in the cache; the memory itself is only read and written once. Adding shifted
images times a weight, K² times over, would take K² such passes. Rounding: a dot product per kernel row, then K_h sums.
"""

import functools
import math

import numpy as np

from ..functional._windows import as_strided, inside, output_size, padded_size, windows
from . import threads

BLOCK_BYTES = 1 << 21


def forward(x, weight, stride, dilation, groups, padding=None, bias=None):
    """Cross-correlate `x` (N, C, *spatial) of any dimension, one group per channel, and add `bias`.

    `padding` holds (before, after) per axis, and is zero if left out.
    """
    if groups != x.shape[1]:
        raise ValueError(f"algorithm: expected another than 'depthwise' for {groups} groups of {x.shape[1]} channels")
    filters = weight.reshape(groups, -1, 1, *weight.shape[2:])
    return _correlate(x, filters, stride, dilation, padding or [(0, 0)] * len(stride), bias=bias)


def grad_weight(grad_output, x, weight_shape, stride, dilation, groups, padding):
    """Return ∂L/∂weight: the dot products of the output's gradient with the shifted images."""
    C, (*rows, K) = x.shape[1], weight_shape[2:]
    m = weight_shape[0] // C
    batch = _batch(x.shape, C, weight_shape[2:], tuple(stride), tuple(dilation), tuple(padding))
    grad = np.empty((len(batch.parts), C, m, *rows, K), x.dtype)
    images, upstream = batch.by_group(x), batch.by_group(grad_output)

    def block(item):
        n, c = item
        lines = batch.lines(batch.parts[n])
        R = lines.shifted(images[c, :, batch.parts[n]])
        g = np.zeros((len(R), m, lines.length), x.dtype)
        lines.windows(g)[...] = upstream[c, :, batch.parts[n]]
        # For each kernel row, R from that row on: (C, m, *rows, K, 1) = (C, 1, *rows, K, L) times (C, m, …, L, 1).
        later = as_strided(
            R,
            (len(R), 1, *rows, K, lines.length),
            (R.strides[0], 0, *(s * R.itemsize for s in lines.shifts[1:]), *R.strides[1:]),
        )
        g = g.reshape(*g.shape[:2], *[1] * len(rows), -1, 1)
        np.matmul(later, g, out=grad[n, c, ..., None])

    threads.parallel_map(block, batch.blocks())
    return grad.sum(axis=0).reshape(weight_shape)


def grad_input(grad_output, weight, x_shape, stride, dilation, groups, padding):
    """Return ∂L/∂x for an `x` of `x_shape`: every window's gradient times the kernel, added where windows overlap."""
    N, C, *sizes = x_shape
    kernel, positions = weight.shape[2:], grad_output.shape[2:]
    reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    before = [r - p for r, (p, _) in zip(reach, padding, strict=True)]
    spread = [(o - 1) * s + 1 for o, s in zip(positions, stride, strict=True)]
    after = [i + r - b - s for i, r, b, s in zip(sizes, reach, before, spread, strict=True)]
    if min(before + after) < 0:  # more padding than a kernel reaches over
        padded = padded_size(sizes, padding)
        none = [(0, 0)] * len(sizes)
        return grad_input(grad_output, weight, (N, C, *padded), stride, dilation, groups, none)[inside(padding, sizes)]
    m = len(weight) // C
    flipped = weight.reshape(C, 1, m, *kernel)[(..., *[slice(None, None, -1)] * len(kernel))]
    return _correlate(
        grad_output, flipped, (1,) * len(kernel), dilation, list(zip(before, after, strict=True)), spacing=tuple(stride)
    )


def _correlate(x, filters, stride, dilation, padding, spacing=None, bias=None):
    """Cross-correlate groups of channels of `x` with `filters` (groups, outputs, inputs, *kernel).

    Before that, zeros are put around the image and, where `spacing` > 1, between its entries.
    """
    (groups, c_out, c_in), kernel = filters.shape[:3], filters.shape[3:]
    batch = _batch(x.shape, groups, kernel, tuple(stride), tuple(dilation), tuple(padding), spacing)
    taps = np.moveaxis(filters, 2, -2).reshape(groups, -1, c_in * kernel[-1])
    output = np.empty((len(x), groups * c_out, *batch.positions), x.dtype)
    images, outputs = batch.by_group(x), batch.by_group(output)
    bias = None if bias is None else bias.reshape(groups, c_out, *[1] * len(kernel))[:, :, None]

    def block(item):
        n, c = item
        lines = batch.lines(batch.parts[n])
        y = taps[c] @ lines.shifted(images[c, :, batch.parts[n]])
        for k, shift in zip(kernel[-2::-1], lines.shifts[:0:-1], strict=True):
            y = _add_diagonals(y.reshape(-1, k, y.shape[-1]), shift)
        y = lines.windows(y.reshape(-1, c_out, y.shape[-1]))
        outputs[c, :, batch.parts[n]] = y if bias is None else y + bias[c]

    threads.parallel_map(block, batch.blocks())
    return output


def _add_diagonals(y, shift):
    """Return Σ_k y[:, k, k·shift + l] for all l, as (len(y), 1, L)."""
    if y.shape[1] == 1:
        return y
    count, K, length = y.shape
    group, line, entry = y.strides
    diagonals = as_strided(y, (count, K, length - (K - 1) * shift), (group, line + shift * entry, entry))
    return np.ones((1, K), y.dtype) @ diagonals


@functools.lru_cache(maxsize=64)
def _batch(*geometry):
    """Return `_Batch(*geometry)`; a network meets the same geometries again and again."""
    return _Batch(*geometry)


class _Batch:
    """How a batch is cut into blocks: `parts` of its images, whose lines follow each other, and slices of groups."""

    def __init__(self, x_shape, groups, kernel, stride, dilation, padding, spacing=None):
        (self.N, C, *self.sizes), self.groups, self.known = x_shape, groups, {}
        spacing = spacing or (1,) * len(kernel)
        self.geometry = [(1, *kernel), (1, *stride), (1, *dilation), ((0, 0), *padding), (1, *spacing)]
        one = self.lines(slice(0, 1))
        self.positions = one.positions[1:]
        # Few copies make R, and as long are the kernel's filtered lines, which are written and added up.
        self.copies = C // groups * kernel[-1]
        self.work = (
            self.N
            * groups
            * threads.microseconds(moved=one.shifted_length * (self.copies + 2 * math.prod(kernel[:-1])))
        )
        images = max(1, BLOCK_BYTES // (4 * self.copies * one.shifted_length))
        self.parts = threads.split_evenly(self.N, -(-self.N // images))

    def lines(self, part):
        """Return the arithmetic of the lines of some images."""
        count = part.stop - part.start
        if count not in self.known:
            self.known[count] = _Lines((count, *self.sizes), *self.geometry)
        return self.known[count]

    def by_group(self, x):
        """Return (N, C, *spatial) as a view (groups, C/groups, N, *spatial)."""
        return np.moveaxis(x.reshape(len(x), self.groups, x.shape[1] // self.groups, *x.shape[2:]), 0, 2)

    def blocks(self):
        """Return (number of a part, slice of groups) for all blocks, whose R takes about `BLOCK_BYTES`."""
        helpers = threads.threads_for(self.work)
        longest = max((self.lines(part).shifted_length for part in self.parts), default=1)
        step = max(1, BLOCK_BYTES // (4 * self.copies * longest))
        if len(self.parts) < helpers:  # equal parts of the groups for all threads
            step = -(-self.groups // (-(-self.groups // (step * helpers)) * helpers))
        return [(n, slice(c, c + step)) for n in range(len(self.parts)) for c in range(0, self.groups, step)]


class _Lines:
    """The arithmetic of images written as one long line: where windows start, and how far a kernel row shifts them.

    The first axis is that of the images. Along each of the others, the zeros after one row are those before the next.
    """

    def __init__(self, sizes, kernel, stride, dilation, padding, spacing):
        self.stride, self.kernel, self.dilation, self.spacing = stride, kernel, dilation, spacing
        spread = [(i - 1) * s + 1 for i, s in zip(sizes, spacing, strict=True)]
        padded = padded_size(spread, padding)
        self.positions = output_size(padded, kernel, stride, dilation)
        # With a stride along the rows, only every S-th entry is the first of a window.
        S = stride[-1]
        cells = [size + max(widths) for size, widths in zip(spread, padding, strict=True)]
        cells[-1] = -(-cells[-1] // S) * S
        self.cells = [math.prod(cells[a + 1 :]) for a in range(len(cells))]  # from one entry to the next on the line
        self.start = sum(before * cell for (before, _), cell in zip(padding, self.cells, strict=True))
        last = sum((size - 1) * cell for size, cell in zip(padded, self.cells, strict=True))
        self.total = -(-(last + 1) // S) * S
        self.steps = [cell // S for cell in self.cells[:-1]] + [1]
        self.shifts = [d * step for d, step in zip(dilation[:-1], self.steps[:-1], strict=True)]
        self.shifted_length = (self.total - dilation[-1] * (kernel[-1] - 1) - 1) // S + 1
        self.length = self.shifted_length - sum((k - 1) * s for k, s in zip(kernel[:-1], self.shifts, strict=True))

    def shifted(self, x):
        """Return R (groups, c_in·K, L) of a block `x` (groups, c_in, *sizes): all its lines, shifted by each tap."""
        lines = np.zeros((*x.shape[:2], self.total), x.dtype)
        strides = [s * cell * x.itemsize for s, cell in zip(self.spacing, self.cells, strict=True)]
        inside_of_zeros = np.lib.stride_tricks.as_strided(
            lines[..., self.start :], x.shape, (*lines.strides[:2], *strides)
        )
        inside_of_zeros[...] = x
        taps = windows(lines, self.kernel[-1:], self.stride[-1:], self.dilation[-1:])
        return np.ascontiguousarray(taps).reshape(len(x), -1, taps.shape[-1])

    def windows(self, line):
        """Return the entries of `line` (…, L) at which windows start, as a view (…, *positions)."""
        strides = [s * step * line.itemsize for s, step in zip((*self.stride[:-1], 1), self.steps, strict=True)]
        return as_strided(line, (*line.shape[:-1], *self.positions), (*line.strides[:-1], *strides))
