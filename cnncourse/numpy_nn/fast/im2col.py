"""Convolution as one matrix product: write every window as a column, multiply by the weights.

The columns hold each input entry up to K² times; in exchange the arithmetic is a GEMM, the operation
that processors are best at. Source: K. Chellapilla, S. Puri, P. Simard, "High Performance
Convolutional Neural Networks for Document Processing", 2006.

Cost in two dimensions: 2·N·C_out·H_out·W_out·(C_in/groups)·K² flops, and N·C_in·K²·H_out·W_out numbers
written and read again; for 1×1 kernels at stride 1 nothing is copied, since the image is the matrix. Each
gradient costs as much. Blocks of images, or of rows of a large image, are shared out over threads. Rounding: that of a
dot product of (C_in/groups)·K² terms.
"""

import itertools
import math

import numpy as np

from ..functional._windows import (
    add_bias,
    add_windows,
    inside,
    offsets,
    output_size,
    pad_constant,
    pad_strip,
    padded_size,
    windows,
)
from . import threads
from .ranges import ordinary

# As many columns at a time as fit in a processor's cache are cheaper to read back.
BLOCK_BYTES = 1 << 22


def forward(x, weight, stride, dilation, groups, padding=None, bias=None):
    """Cross-correlate `x` (N, C_in, *spatial) of any dimension, add `bias`; returns (N, C_out, *output).

    `padding` holds (before, after) per axis, and is zero if left out.
    """
    columns = _Columns(x, weight.shape[2:], stride, dilation, groups, padding)
    N, C_out = len(x), len(weight)
    filters = weight.reshape(groups, C_out // groups, -1)
    output = np.empty((N, groups, C_out // groups, math.prod(columns.positions)), x.dtype)

    def block(item):
        y = output[columns.index_of(item)]
        threads.matmul(filters, columns.columns_of(item), out=y)
        add_bias(y, bias, groups)

    threads.parallel_map(block, columns.blocks(C_out))
    return output.reshape(N, C_out, *columns.positions)


def grad_weight(grad_output, x, weight_shape, stride, dilation, groups, padding=None):
    """Return ∂L/∂weight = Σ over images and positions of grad_output · column."""
    columns = _Columns(x, weight_shape[2:], stride, dilation, groups, padding)
    upstream = grad_output.reshape(len(x), groups, weight_shape[0] // groups, math.prod(columns.positions))

    def block(item):
        g = upstream[columns.index_of(item)]
        return threads.matmul(g, columns.columns_of(item).swapaxes(2, 3)).sum(axis=0)

    products = threads.parallel_map(block, columns.blocks(weight_shape[0]))
    return np.reshape(sum(products), weight_shape) if products else np.zeros(weight_shape, x.dtype)


def grad_input(grad_output, weight, x_shape, stride, dilation, groups, padding=None):
    """Return ∂L/∂x for an `x` of `x_shape`: the columns' gradients, added where the windows overlap."""
    gaps = max(stride) > 1 and max(dilation) > 1  # in the kernels: then zeros there are as good as entries
    exact = not ordinary(weight) or (gaps and not ordinary(grad_output))  # what is no number must not meet zeros
    if gaps and not exact:
        weight, dilation = _without_dilation(weight, dilation), (1,) * len(dilation)
    (N, C_out), C, kernel, spatial = grad_output.shape[:2], x_shape[1], weight.shape[2:], grad_output.shape[2:]
    rows = weight.reshape(groups, C_out // groups, -1).swapaxes(1, 2)
    padding = padding or [(0, 0)] * len(kernel)
    padded = padded_size(x_shape[2:], padding)
    single = math.prod(kernel) == 1 and padded == tuple(x_shape[2:])  # nothing overlaps
    if single and spatial == padded:
        # The columns are the image itself: the transposed matrix is all there is to it.
        return forward(grad_output, rows.reshape(C, C_out // groups, *kernel), stride, dilation, groups)
    grad = np.empty(x_shape, grad_output.dtype)
    sums = None if exact else _Sums(padded, kernel, spatial, stride, dilation)

    def block(n):
        g = grad_output[n] if single or exact else sums.lines(grad_output[n])
        columns = threads.matmul(rows, g.reshape(len(g), groups, C_out // groups, -1))
        if single:
            add_windows(columns.reshape(len(g), C, *kernel, *spatial), grad[n].shape, stride, dilation, grad[n])
        elif exact:
            values = columns.reshape(len(g), C, *kernel, *spatial)
            whole = add_windows(values, (len(g), C, *padded), stride, dilation)
            grad[n] = whole[inside(padding, x_shape[2:])]
        else:
            sums.write(columns.reshape(len(g), C, *kernel, -1), grad[n], padding)

    image = C * math.prod((*kernel, *spatial))  # numbers in its columns
    work = threads.microseconds(N * image * C_out / groups, 2 * N * image)
    threads.parallel_map(block, threads.blocks(N, _images(image * grad.itemsize), work))
    return grad


class _Sums:
    """The columns' gradients, added up to the gradient of a padded image of size `padded`.

    An entry of the kernel meets every S-th row and column of the image. So the image is taken apart into S images along
    each axis: rows (and columns) whose numbers leave the same remainder modulo S belong together. Such an image is one
    long line in memory. The gradients of one entry for all windows are a line too, and are added as a whole, along the
    kernel's rows and then down. These are a few long sums instead of one short sum for each row of the image.
    """

    def __init__(self, padded, kernel, positions, stride, dilation):
        self.stride, self.positions = stride, positions
        self.sizes = [-(-i // s) for i, s in zip(padded, stride, strict=True)]
        self.steps = [math.prod(self.sizes[a + 1 :]) for a in range(len(padded))]
        *down, self.along = (_entries_by_shift(*axis) for axis in zip(kernel, stride, dilation, strict=True))
        self.down = list(itertools.product(*down))

    def lines(self, g):
        """Return an output's gradient `g` (n, C_out, *positions) as lines (n, C_out, L), zeros between its rows."""
        widths = [*self.positions[:1], *self.sizes[1:]] if len(self.sizes) > 1 else self.sizes
        gaps = [(0, i - o) for i, o in zip(widths, self.positions, strict=True)]
        return pad_constant(g, gaps).reshape(*g.shape[:2], -1)

    def write(self, columns, out, padding):
        """Add up columns' gradients (n, C, *kernel, L), and write what lies inside of the padding to `out`."""
        L, total = columns.shape[-1], math.prod(self.sizes)
        (_, first, remainders), *others = self.along
        for shift, entries, places in others:
            columns[..., places, shift:] += columns[..., entries, : L - shift]
        images = np.zeros((*columns.shape[:2], *self.stride, total), columns.dtype)
        for combined in self.down:
            shifts, entries, places = zip(*combined, strict=True) if combined else ((), (), ())
            start = sum(shift * step for shift, step in zip(shifts, self.steps, strict=False))
            stop = min(start + L, total)
            line = columns[(..., *entries, first, slice(stop - start))]
            images[(..., *places, remainders, slice(start, stop))] += line
        images = images.reshape(*images.shape[:-1], *self.sizes)
        for remainder in offsets(self.stride):
            target, source = [], []
            for r, s, (before, _), size in zip(remainder, self.stride, padding, out.shape[2:], strict=True):
                q = -((r - before) // s)  # the first that is not in the padding
                places = range(q * s + r - before, size, s)
                target.append(slice(places.start, size, s))
                source.append(slice(q, q + len(places)))
            out[(..., *target)] = images[(slice(None), slice(None), *remainder, *source)]


def _entries_by_shift(K, S, D):
    """Return (shift, entries, remainders) for the kernel entries of one axis that start equally far; S or D is 1."""
    return [(D * k // S, slice(k, min(k + S, K)), slice(0, min(S, K - k))) for k in range(0, K, S)]


def _without_dilation(weight, dilation):
    """Return the kernels with zeros in the gaps between their entries."""
    sizes = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], dilation, strict=True)]
    whole = np.zeros((*weight.shape[:2], *sizes), weight.dtype)
    whole[(..., *(slice(None, None, d) for d in dilation))] = weight
    return whole


class _Columns:
    """The columns of some images, a block of images or of output rows at a time."""

    def __init__(self, x, kernel, stride, dilation, groups, padding):
        self.x, self.kernel, self.stride, self.dilation, self.groups = x, kernel, stride, dilation, groups
        self.padding = padding or [(0, 0)] * len(kernel)
        self.positions = output_size(padded_size(x.shape[2:], self.padding), kernel, stride, dilation)
        # For 1×1 kernels at stride 1 the columns *are* the image.
        self.copied = math.prod((*kernel, *stride)) > 1 or any(map(any, self.padding))

    def blocks(self, channels):
        """Return slices (images, output rows) whose columns take about `BLOCK_BYTES`; `channels` is C_out."""
        N, C = self.x.shape[:2]
        image = C * math.prod((*self.kernel, *self.positions))  # numbers in its columns
        work = threads.microseconds(N * image * channels / self.groups, N * image if self.copied else 0)
        parts = 1
        if self.copied:
            parts = -(-image * self.x.itemsize // BLOCK_BYTES)
            if N < threads.threads_for(work):
                parts = -(-parts // threads.thread_count()) * threads.thread_count()
        rows = threads.split_evenly(self.positions[0], max(1, min(parts, self.positions[0])))
        return list(itertools.product(threads.blocks(N, _images(image * self.x.itemsize), work), rows))

    def index_of(self, item):
        """Return the index of a block in (N, groups, channels, L)."""
        n, rows = item
        L = math.prod(self.positions[1:])
        return n, slice(None), slice(None), slice(rows.start * L, rows.stop * L)

    def columns_of(self, item):
        """Return the columns (n, groups, C/groups·K, L) of a block."""
        n, rows = item
        if not self.copied:
            return self.x[n].reshape(-1, self.groups, self.x.shape[1] // self.groups, math.prod(self.positions))
        strip = pad_strip(self.x[n], rows, self.kernel, self.stride, self.dilation, self.padding)
        return _as_columns(windows(strip, self.kernel, self.stride, self.dilation), self.groups)


def _as_columns(view, groups):
    """Return windows (N, C, *kernel, *output) as (N, groups, C/groups·K, L), copied only where they must be."""
    N, C = view.shape[:2]
    axes = (view.ndim - 2) // 2
    K, L = (math.prod(view.shape[a : a + axes]) for a in (2, 2 + axes))
    # BLAS takes no rows that overlap in memory, as the windows of a single channel's line would.
    return np.ascontiguousarray(view.reshape(N, groups, C // groups * K, L))


def _images(nbytes):
    """Return how many images' columns, `nbytes` each, take about `BLOCK_BYTES`."""
    return BLOCK_BYTES // max(1, nbytes)
