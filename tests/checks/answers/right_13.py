"""Right answers to unit 13, each written another way. (Modules are in `test_right_modules`.)"""

import math
from fractions import Fraction

import numpy as np


def mlpconv_matmul(input, w1, b1, w2, b2):
    """Channels last, matrix products, channels back."""
    x = np.moveaxis(input, 1, -1)
    h = np.clip(x @ w1.T + b1, 0, None)
    y = np.clip(h @ w2.T + b2, 0, None)
    return np.moveaxis(y, -1, 1)


def mlpconv_loops(input, w1, b1, w2, b2):
    N, _, H, W = input.shape
    y = np.zeros((N, len(w2), H, W))
    for n, i, j in np.ndindex(N, H, W):
        h = w1 @ input[n, :, i, j] + b1
        h[h < 0] = 0
        v = w2 @ h + b2
        y[n, :, i, j] = v * (v > 0)
    return y


def mlpconv_tensordot(input, w1, b1, w2, b2):
    h = np.tensordot(w1, input, axes=(1, 1)) + b1.reshape(-1, 1, 1, 1)
    h = (h + np.abs(h)) / 2
    y = np.tensordot(w2, h, axes=(1, 0)) + b2.reshape(-1, 1, 1, 1)
    return np.where(y > 0, y, 0).transpose(1, 0, 2, 3)


def mlpconv_columns(input, w1, b1, w2, b2):
    """Pixels as columns, and a row of ones for the biases."""
    N, C, H, W = input.shape
    x = input.transpose(1, 0, 2, 3).reshape(C, -1)
    ones = np.ones((1, x.shape[1]), x.dtype)
    h = np.maximum(np.hstack([w1, b1[:, None]]) @ np.vstack([x, ones]), 0)
    y = np.maximum(np.hstack([w2, b2[:, None]]) @ np.vstack([h, ones]), 0)
    return y.reshape(-1, N, H, W).swapaxes(0, 1)


def cost_layers(c_in, c1, c3, c5, c_pool, height, width):
    """A list of the six convolutions."""
    layers = [(c_in, c1, 1), (c_in, c3[0], 1), (*c3, 3), (c_in, c5[0], 1), (*c5, 5), (c_in, c_pool, 1)]
    parameters = sum(b * (a * k**2 + 1) for a, b, k in layers)
    return parameters, sum(a * b * k * k * height * width for a, b, k in layers)


def cost_arrays(c_in, c1, c3, c5, c_pool, height, width):
    """NumPy's integers, in a list."""
    ins = np.array([c_in, c_in, c3[0], c_in, c5[0], c_in])
    outs = np.array([c1, *c3, *c5, c_pool])
    weights = ins * outs * np.array([1, 1, 9, 1, 25, 1])
    return [int((weights + outs).sum()), weights.sum() * height * width]


def concat_loop(grad_output, channels):
    grads, start = [], 0
    for count in channels:
        grads.append(grad_output[:, start : start + count].copy())
        start += count
    return grads


def concat_split(grad_output, channels):
    return np.split(grad_output, np.cumsum(channels)[:-1], axis=1)


def concat_tuple(grad_output, channels):
    ends = [sum(channels[: i + 1]) for i in range(len(channels))]
    return tuple(grad_output.take(np.arange(e - c, e), axis=1) for e, c in zip(ends, channels, strict=True))


def concat_masks(grad_output, channels):
    owner = np.repeat(np.arange(len(channels)), channels)
    return [grad_output[:, owner == i, :, :] for i in range(len(channels))]


def kernel_shared(kernel):
    """The root of the singular value with each, both signs turned."""
    u, s, vh = np.linalg.svd(kernel)
    return -u[:, 0] * np.sqrt(s[0]), -np.sqrt(s[0]) * vh[0, :]


def kernel_eigenvectors(kernel):
    """The row is the strongest eigenvector of Kᵀ K; the column is then K times it."""
    _, vectors = np.linalg.eigh(kernel.T @ kernel)
    row = vectors[:, -1]
    return kernel @ row, row


def kernel_other_eigenvectors(kernel):
    values, vectors = np.linalg.eigh(kernel @ kernel.T)
    column = vectors[:, np.argmax(values)]
    return column, column @ kernel


def kernel_power(kernel):
    """Column and row in turns, each the best for the other."""
    column = kernel[:, np.abs(kernel).sum(axis=0).argmax()] + 0.0
    row = np.zeros(kernel.shape[1])
    for _ in range(3000):
        if not column.any():
            return column, row
        row = kernel.T @ column / (column @ column)
        column = kernel @ row / (row @ row) if row.any() else column * 0
    return column.tolist(), row.tolist()


def smooth_targets(logits, labels, smoothing):
    """A table of targets."""
    N, C = logits.shape
    q = np.full((N, C), smoothing / C)
    q[np.arange(N), labels] += 1 - smoothing
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -(q * log_p).sum() / N


def smooth_two_parts(logits, labels, smoothing):
    """The loss for the label and the mean loss over all classes, mixed."""
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    own = -np.take_along_axis(log_p, labels[:, None].astype(np.int64), axis=1).mean()
    return (1 - smoothing) * own - smoothing * log_p.mean()


def smooth_loops(logits, labels, smoothing):
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        top = max(row)
        norm = top + math.log(sum(math.exp(z - top) for z in row))
        for c, z in enumerate(row):
            total += ((1 - smoothing) * (c == label) + smoothing / len(row)) * (norm - z)
    return total / len(labels)


def smooth_back_targets(logits, labels, smoothing):
    C = logits.shape[1]
    q = (1 - smoothing) * np.eye(C)[labels] + smoothing / C
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    return (p - q) / len(logits)


def smooth_back_loops(logits, labels, smoothing):
    grad = np.zeros_like(logits)
    N, C = logits.shape
    for n in range(N):
        e = np.exp(logits[n] - np.max(logits[n]))
        for c in range(C):
            wanted = smoothing / C + (1 - smoothing if c == labels[n] else 0)
            grad[n, c] = (e[c] / e.sum() - wanted) / N
    return grad


def smooth_back_mixed(logits, labels, smoothing):
    """The gradients for the label and for equal targets, mixed."""
    p = np.exp(logits - logits.max(1)[:, None])
    p = p / p.sum(1)[:, None]
    own = p.copy()
    np.subtract.at(own, (np.arange(len(own)), labels), 1)
    return ((1 - smoothing) * own + smoothing * (p - 1 / logits.shape[1])) / logits.shape[0]


def cost_fractions(c_in, c1, c3, c5, c_pool, height, width):
    """Whole fractions, and a whole number of NumPy's."""
    weights = c_in * (c1 + c3[0] + c5[0] + c_pool) + 9 * math.prod(c3) + 25 * math.prod(c5)
    return Fraction(weights + c1 + sum(c3) + sum(c5) + c_pool), np.int64(weights) * height * width


ANSWERS = {
    "13.mlpconv": [mlpconv_matmul, mlpconv_loops, mlpconv_tensordot, mlpconv_columns],
    "13.inception_cost": [cost_layers, cost_arrays, cost_fractions],
    "13.concat_backward": [concat_loop, concat_split, concat_tuple, concat_masks],
    "13.separate_kernel": [kernel_shared, kernel_eigenvectors, kernel_other_eigenvectors, kernel_power],
    "13.smooth_cross_entropy": [smooth_targets, smooth_two_parts, smooth_loops],
    "13.smooth_cross_entropy_backward": [smooth_back_targets, smooth_back_loops, smooth_back_mixed],
}
