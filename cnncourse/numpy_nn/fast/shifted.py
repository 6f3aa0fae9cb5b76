"""Convolution as a sum of matrix products, one for each row of the kernel.

Fix a row u of the kernel: its share of the output is a convolution with a kernel of one row. Write the image K_w times,
each copy shifted by one tap more and only as wide as the output, as the rows of a matrix R. Then a kernel row is one
GEMM with R, and the next kernel row needs no other matrix: one image row further down is just a slice of R that
starts one row later, which BLAS reads where it lies. So the image is copied K_w times, where im2col copies it K² times;
the price is that K_h products are added up. With a stride S, image rows u, u + S, u + 2S, … stand one after the other,
and S kernel rows start in the same place: these are one GEMM, and K_h/S products are left to add.
Source: A. Anderson et al., "Low-memory GEMM-based convolution algorithms for deep neural networks", arXiv:1709.03395.

Cost in two dimensions: 2·N·C_out·H_out·W_out·(C_in/groups)·K² flops; N·C_in·H_pad·W_out·K_w numbers are copied, and
the output is added to itself K_h − 1 times, in blocks of images that stay in the cache. The weight's gradient has the
same flops and copies; the input's is such a convolution itself, but with a stride, im2col's. Asked for together, both
use the copies of one. Rounding: a dot product per kernel row, then K_h additions.
"""

import math

import numpy as np

from ..functional._windows import add_bias, offsets, output_size, pad_constant, pad_strip, padded_size, windows
from . import im2col, threads

BLOCK_BYTES = 1 << 22


def forward(x, weight, stride, dilation, groups, padding=None, bias=None):
    """Cross-correlate `x` (N, C_in, *spatial) of any dimension, add `bias`; returns (N, C_out, *output).

    `padding` holds (before, after) per axis, and is zero if left out.
    """
    rows = _Rows(x.shape, weight.shape, stride, dilation, groups, padding)
    if threads.threads_for(rows.work) > max(1, len(x)):
        return _in_strips(x, weight, stride, dilation, groups, rows, bias)
    filters = rows.matrices(weight)
    output = np.empty((len(x), len(weight), *rows.whole), x.dtype)
    threads.parallel_map(lambda n: rows.multiply(filters, rows.shifted(x[n]), output[n], bias), rows.blocks())
    return np.ascontiguousarray(output[(..., *map(slice, rows.positions))])


def _in_strips(x, weight, stride, dilation, groups, rows, bias):
    """Return the same for few images: each thread takes some of their output rows, a convolution of its own."""
    output = np.empty((len(x), len(weight), *rows.positions), x.dtype)

    def strip(some):
        piece = pad_strip(x, some, weight.shape[2:], stride, dilation, rows.padding)
        output[:, :, some] = forward(piece, weight, stride, dilation, groups, bias=bias)

    threads.parallel_map(strip, threads.split_evenly(rows.positions[0], min(threads.thread_count(), rows.positions[0])))
    return output


def grad_weight(grad_output, x, weight_shape, stride, dilation, groups, padding):
    """Return ∂L/∂weight: for each kernel row, the output's gradient times the slice of R that it was multiplied by."""
    rows = _Rows(x.shape, weight_shape, stride, dilation, groups, padding)
    grads = threads.parallel_map(lambda n: rows.correlate(rows.shifted(x[n]), grad_output[n]), rows.blocks())
    return rows.weight([sum(products) for products in zip(*grads, strict=True)], x.dtype)


def grad_input(grad_output, weight, x_shape, stride, dilation, groups, padding):
    """Return ∂L/∂x for an `x` of `x_shape`: a convolution of the gradient with kernels turned around."""
    beyond = _beyond(grad_output.shape, weight.shape, x_shape, dilation, padding)
    if max(stride) == 1 and min(map(min, beyond)) >= 0:
        return forward(grad_output, _flipped(weight, groups), stride, dilation, groups, beyond)
    return im2col.grad_input(grad_output, weight, x_shape, stride, dilation, groups, padding)


def gradients(grad_output, x, weight, stride, padding, dilation, groups):
    """Return (∂L/∂x, ∂L/∂weight), at stride 1 both from one R, that of the upstream gradient.

    ∂L/∂x is a convolution of the gradient with kernels turned around, and x says which way these would have to change.
    """
    beyond = _beyond(grad_output.shape, weight.shape, x.shape, dilation, padding)
    flipped = _flipped(weight, groups)
    rows = _Rows(grad_output.shape, flipped.shape, stride, dilation, groups, beyond)
    if max(stride) > 1 or min(map(min, beyond)) < 0 or threads.threads_for(rows.work) > max(1, len(x)):
        return (
            grad_input(grad_output, weight, x.shape, stride, dilation, groups, padding),
            grad_weight(grad_output, x, weight.shape, stride, dilation, groups, padding),
        )
    filters = rows.matrices(flipped)
    grad = np.empty((*x.shape[:2], *rows.whole), x.dtype)

    def block(n):
        R = rows.shifted(grad_output[n])
        rows.multiply(filters, R, grad[n])
        return rows.correlate(R, x[n])

    grads = threads.parallel_map(block, rows.blocks())
    turned = rows.weight([sum(products) for products in zip(*grads, strict=True)], x.dtype)
    return np.ascontiguousarray(grad[(..., *map(slice, rows.positions))]), _flipped(turned, groups)


def _beyond(grad_shape, weight_shape, x_shape, dilation, padding):
    """Return the padding (before, after) with which the gradient's convolution has the size of x."""
    reach = [d * (k - 1) for k, d in zip(weight_shape[2:], dilation, strict=True)]
    return [
        (r - before, size + before - o)
        for r, size, o, (before, _) in zip(reach, x_shape[2:], grad_shape[2:], padding, strict=True)
    ]


def _flipped(weight, groups):
    """Return the filters with inputs and outputs exchanged and every kernel turned around."""
    C_out, c_in, *kernel = weight.shape
    turned = weight.reshape(groups, C_out // groups, c_in, *kernel)[(..., *[slice(None, None, -1)] * len(kernel))]
    return turned.swapaxes(1, 2).reshape(groups * c_in, C_out // groups, *kernel)


class _Rows:
    """The arithmetic of R (images, groups, remainders·C_in/groups·K_w, L): which image rows stand where in it.

    Along each axis but the last, rows are sorted by their remainder modulo the stride, so that those that a kernel row
    meets follow each other. Kernel rows that start in the same place for different remainders share a GEMM.
    """

    def __init__(self, x_shape, weight_shape, stride, dilation, groups, padding):
        self.stride, self.dilation, self.groups = stride, dilation, groups
        self.N, self.C, *self.sizes = x_shape
        self.weight_shape, self.kernel = weight_shape, weight_shape[2:]
        self.padding = padding or [(0, 0)] * len(stride)
        padded = padded_size(self.sizes, self.padding)
        self.positions = output_size(padded, self.kernel, stride, dilation)
        # A few zero rows make all remainders equally many.
        self.quotients = [-(-i // s) for i, s in zip(padded[:-1], stride[:-1], strict=True)]
        self.padded = [*(q * s for q, s in zip(self.quotients, stride[:-1], strict=True)), padded[-1]]
        lines = [*self.quotients, self.positions[-1]]
        self.shape = (groups, math.prod(stride[:-1]) * weight_shape[1] * self.kernel[-1], math.prod(lines))
        # What a slice of R computes: all outputs, and with three axes also rows between one plane and the next.
        self.whole = (*self.positions[:1], *lines[1:]) if len(lines) > 1 else self.positions
        self.steps = [math.prod(lines[a + 1 :]) for a in range(len(lines))]
        self.length = sum((o - 1) * step for o, step in zip(self.positions, self.steps, strict=True)) + 1
        self.products = self._products()
        multiply_adds = math.prod(weight_shape) * self.length
        self.work = self.N * threads.microseconds(multiply_adds, math.prod(self.shape))

    def _products(self):
        """Return (kernel rows, first remainder, start on R's lines) for each GEMM."""
        products = []
        for start, remainder, k in sorted((*self._place(k), k) for k in offsets(self.kernel[:-1])):
            if products and products[-1][2] == start and products[-1][1] + len(products[-1][0]) == remainder:
                products[-1][0].append(k)
            else:
                products.append(([k], remainder, start))
        return products

    def _place(self, k):
        """Return (start, remainder) of kernel row `k`."""
        start, remainder = 0, 0
        for k_a, d, s, step in zip(k, self.dilation, self.stride, self.steps, strict=False):
            start += k_a * d // s * step
            remainder = remainder * s + k_a * d % s
        return start, remainder

    def slices(self, R):
        """Iterate over the slices of R that the products take."""
        taps = self.weight_shape[1] * self.kernel[-1]
        for k, remainder, start in self.products:
            yield R[:, :, remainder * taps : (remainder + len(k)) * taps, start : start + self.length]

    def matrices(self, weight):
        """Return each product's part of `weight`, (groups, C_out/groups, remainders·C_in/groups·K_w)."""
        rows = np.moveaxis(weight.reshape(self.groups, -1, *self.weight_shape[1:]), (0, 1, 2), (-4, -3, -2))
        return [
            np.concatenate([rows[i].reshape(*rows.shape[-4:-2], -1) for i in k], axis=2) for k, _, _ in self.products
        ]

    def weight(self, products, dtype):
        """Return `weight` again from transposed `matrices`."""
        C_out, c_in, *kernel = self.weight_shape
        weight = np.zeros((self.groups, C_out // self.groups, c_in, *kernel), dtype)
        rows = np.moveaxis(weight, (0, 1, 2), (-4, -3, -2))
        for (k, _, _), product in zip(self.products, products, strict=False):
            for i, part in zip(k, np.split(product.swapaxes(1, 2), len(k), axis=2), strict=True):
                rows[i] = part.reshape(rows[i].shape)
        return weight.reshape(self.weight_shape)

    def multiply(self, filters, R, output, bias=None):
        """Write Σ matrix · slice of R, and the bias, to some images' `output` (n, C_out, *whole)."""
        y = output.reshape(len(R), self.groups, -1, math.prod(self.whole))[..., : self.length]
        product = np.empty_like(y)
        for number, (matrix, slice_of_R) in enumerate(zip(filters, self.slices(R), strict=True)):
            np.matmul(matrix, slice_of_R, out=product if number else y)
            if number:
                y += product
        add_bias(y, bias, self.groups)

    def correlate(self, R, grad_output):
        """Return the gradients with respect to `matrices`, transposed: those of some images."""
        g = self.lines(grad_output).swapaxes(2, 3)
        return [(slice_of_R @ g).sum(axis=0) for slice_of_R in self.slices(R)]

    def blocks(self):
        """Return slices of images: enough for all threads, and so few that their R stays in the cache."""
        return threads.blocks(self.N, BLOCK_BYTES // (4 * math.prod(self.shape)), self.work)

    def lines(self, g):
        """Return an output's gradient as (images, groups, C_out/groups, L), zero at rows that are no outputs."""
        g = pad_constant(g, [(0, w - o) for w, o in zip(self.whole, g.shape[2:], strict=True)])
        return g.reshape(len(g), self.groups, -1, math.prod(self.whole))[..., : self.length]

    def shifted(self, x):
        """Return R for some images `x` (n, C, *sizes)."""
        before = [before for before, _ in self.padding]
        x = pad_constant(x, [(b, i - b - o) for b, i, o in zip(before, self.padded, self.sizes, strict=True)])
        ones = (1,) * (len(self.stride) - 1)
        taps = windows(x, (*ones, self.kernel[-1]), (*ones, self.stride[-1]), (*ones, self.dilation[-1]))
        return self._by_remainders(taps.reshape(*x.shape[:2], self.kernel[-1], *self.padded[:-1], -1))

    def _by_remainders(self, taps):
        """Turn (n, C, K_w, *rows, W_out) into R."""
        pairs = [n for q, s in zip(self.quotients, self.stride, strict=False) for n in (q, s)]
        taps = taps.reshape(len(taps), self.groups, -1, self.kernel[-1], *pairs, self.positions[-1])
        q = range(4, taps.ndim - 1, 2)
        taps = taps.transpose(0, 1, *(a + 1 for a in q), 2, 3, *q, taps.ndim - 1)
        return np.ascontiguousarray(taps).reshape(len(taps), *self.shape)
