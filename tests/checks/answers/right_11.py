"""Right answers to unit 11, each written another way. (Modules are in `test_right_modules`.)"""

from fractions import Fraction

import numpy as np


def dropout_where(x, p, rng):
    mask = rng.uniform(size=x.shape) < 1 - p
    return np.where(mask, x / (1.0 - p), 0), mask


def dropout_binomial(x, p, rng):
    mask = rng.binomial(1, 1 - p, size=x.shape).astype(bool)
    y = x.copy()
    y[~mask] = 0
    y /= 1 - p
    return y, mask


def dropout_choice(x, p, rng):
    """A list of two, drawn from True and False."""
    mask = rng.choice([True, False], size=x.shape, p=[1 - p, p])
    return [mask * (x / (1 - p)), mask]


def dropout_loop(x, p, rng):
    mask = np.array([rng.random() > p for _ in range(x.size)], dtype=bool).reshape(x.shape)
    y = np.zeros_like(x)
    y[mask] = x[mask] / (1 - p)
    return y, mask


def dropout_nothing_to_drop(x, p, rng):
    if p == 0:
        return x, np.ones(x.shape, dtype=bool)
    mask = np.logical_not(rng.random(x.shape) < p)
    scale = (1.0 / (1.0 - p)) * mask
    return x * scale, mask


def dropout_float32(x, p, rng):
    """Draws in float32, and keeps the array's dtype."""
    mask = rng.random(x.shape, dtype=np.float32) >= p
    return (x * (mask.astype(x.dtype) / x.dtype.type(1 - p))).astype(x.dtype), mask


def dropout_child(x, p, rng):
    """A generator made from the given one."""
    own = np.random.default_rng(rng.integers(2**63))
    mask = own.random(x.shape) >= p
    return np.divide(x, 1 - p, where=mask, out=np.zeros_like(x)), mask


def dropout_back_where(grad_output, mask, p):
    return np.where(mask, grad_output / (1 - p), 0)


def dropout_back_index(grad_output, mask, p):
    grad = np.zeros_like(grad_output)
    grad[mask] = grad_output[mask] / (1 - p)
    return grad


def dropout_back_copy(grad_output, mask, p):
    grad = grad_output.copy()
    grad[~mask] = 0.0
    return grad * (1 / (1 - p))


def norm_cumulative(input, size=5, alpha=1e-4, beta=0.75, k=2.0):
    """Differences of running sums."""
    N, C, H, W = input.shape
    sums = np.concatenate([np.zeros((N, 1, H, W)), np.cumsum(input.astype(float) ** 2, axis=1)], axis=1)
    first = np.clip(np.arange(C) - size // 2, 0, C)
    last = np.clip(np.arange(C) + size // 2 + 1, 0, C)
    return input / np.power(k + alpha * (sums[:, last] - sums[:, first]), beta)


def norm_band(input, size=5, alpha=1e-4, beta=0.75, k=2.0):
    """A matrix of ones near the diagonal."""
    C = input.shape[1]
    near = np.abs(np.subtract.outer(np.arange(C), np.arange(C))) <= size // 2
    return input * (k + alpha * np.einsum("cj,njhw->nchw", near.astype(input.dtype), input**2)) ** -beta


def norm_padded(input, size=5, alpha=1e-4, beta=0.75, k=2.0):
    half = size // 2
    squared = np.pad(np.square(input), ((0, 0), (half, half), (0, 0), (0, 0)))
    total = sum(squared[:, i : i + input.shape[1]] for i in range(size))
    return input / np.exp(beta * np.log(k + alpha * total))


def norm_loops(input, size=5, alpha=1e-4, beta=0.75, k=2.0):
    N, C, H, W = input.shape
    y = np.zeros((N, C, H, W))
    for n, c, i, j in np.ndindex(N, C, H, W):
        total = 0.0
        for q in range(max(0, c - (size - 1) // 2), min(C - 1, c + (size - 1) // 2) + 1):
            total += float(input[n, q, i, j]) ** 2
        y[n, c, i, j] = input[n, c, i, j] / (k + alpha * total) ** beta
    return y


def ten_loops(images, size):
    N, C, H, W = images.shape
    crops = np.zeros((N, 10, C, size, size), dtype=images.dtype)
    starts = [(0, 0), (0, W - size), (H - size, 0), (H - size, W - size), ((H - size) // 2, (W - size) // 2)]
    for n in range(N):
        for t, (i, j) in enumerate(starts):
            crops[n, t] = images[n, :, i : i + size, j : j + size]
            crops[n, t + 5] = np.flip(images[n], axis=2)[:, i : i + size, j : j + size]
    return crops


def ten_by_mirrored_places(images, size):
    """The mirrored picture's left is the picture's right."""
    y, x = images.shape[2] - size, images.shape[3] - size

    def five(left, right):
        cut = lambda i, j: images[:, :, i : i + size, j : j + size]
        return [cut(0, left), cut(0, right), cut(y, left), cut(y, right), cut(int(round(y / 2)), int(round(x / 2)))]

    crops = five(0, x) + [np.fliplr(c.transpose(2, 3, 0, 1)).transpose(2, 3, 0, 1) for c in five(x, 0)]
    return np.stack(crops).swapaxes(0, 1)


def ten_from_the_end(images, size):
    """Slices that count from the end."""
    top, left = (images.shape[2] - size) // 2, (images.shape[3] - size) // 2
    both = np.stack([images, np.flip(images, -1)], axis=1)
    parts = [both[..., :size, :size], both[..., :size, -size:], both[..., -size:, :size], both[..., -size:, -size:],
             both[..., top : top + size, left : left + size]]  # fmt: skip
    return np.stack(parts, axis=2).reshape(len(images), 10, images.shape[1], size, size)


def top_sorted(logits, labels, k):
    """The label's logit against the k-th largest."""
    least = np.sort(logits, axis=1)[:, -k]
    return np.mean(logits[np.arange(len(labels)), labels] < least)


def top_partition(logits, labels, k):
    least = np.partition(logits, logits.shape[1] - k, axis=1)[:, logits.shape[1] - k]
    return 1 - (np.take_along_axis(logits, labels[:, None].astype(int), 1)[:, 0] >= least).mean()


def top_loops(logits, labels, k):
    wrong = 0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        wrong += sum(z > row[label] for z in row) >= k
    return wrong / len(labels)


def top_lists(logits, labels, k):
    """Labels in a sorted list, in which the label's logit counts as the first of equals."""
    missed = [list(sorted(row, reverse=True)).index(row[label]) >= k for row, label in zip(logits, labels, strict=True)]
    return np.float64(np.count_nonzero(missed)) / len(missed)


def shift_normal(images, rng, sigma=0.1):
    """np.cov, one picture after the other, a sign of its own for each axis."""
    covariance = np.cov(images.astype(float).transpose(1, 0, 2, 3).reshape(3, -1), bias=True)
    values, vectors = np.linalg.eigh(covariance)
    result = np.array(images, dtype=float)
    for n in range(len(result)):
        a = rng.normal(0, sigma, 3)
        for i in range(3):
            result[n] += (-1) ** i * a[i] * values[i] * vectors[:, i].reshape(3, 1, 1)
    return result


def shift_svd(images, rng, sigma=0.1):
    """Singular values of the pixels."""
    pixels = np.moveaxis(images, 1, -1).reshape(-1, 3)
    _, s, axes = np.linalg.svd(pixels - pixels.mean(0), full_matrices=False)
    values = np.zeros(3)
    values[: len(s)] = s**2 / len(pixels)
    a = rng.normal(scale=sigma, size=(3, len(images)))
    shift = sum(a[i][:, None] * values[i] * axes[i] for i in range(len(axes)))
    return images + shift.astype(images.dtype).reshape(-1, 3, 1, 1)


def shift_by_the_covariance(images, rng, sigma=0.1):
    """Σ λᵢ aᵢ pᵢ has the distribution of σ C z: the covariance itself times normal numbers."""
    x = images.reshape(*images.shape[:2], -1)
    x = x - x.mean(axis=(0, 2), keepdims=True)
    C = np.einsum("ncp,ndp->cd", x, x) / (x.shape[0] * x.shape[2])
    return images + (sigma * rng.standard_normal((len(images), 3)) @ C)[:, :, None, None]


def shift_multivariate(images, rng, sigma=0.1):
    pixels = images.transpose(1, 0, 2, 3).reshape(3, -1).astype(float)
    pixels = pixels - pixels.mean(axis=1, keepdims=True)
    C = pixels @ pixels.T / pixels.shape[1]
    return images + rng.multivariate_normal(np.zeros(3), sigma**2 * C @ C, len(images))[..., None, None]


def shift_eig(images, rng, sigma=0.1):
    """The eigenvalues in falling order, with their vectors."""
    red, green, blue = (images[:, c].ravel().astype(float) for c in range(3))
    M = np.stack([red, green, blue], axis=1)
    values, vectors = np.linalg.eig((M.T @ M) / len(M) - np.outer(M.mean(0), M.mean(0)))
    order = np.argsort(values.real)[::-1]
    values, vectors = values.real[order], vectors.real[:, order]
    a = rng.normal(0.0, sigma, size=(images.shape[0], 3))
    return images + np.einsum("ci,i,ni->nc", vectors, values, a)[:, :, np.newaxis, np.newaxis]


def ten_of_all_windows(images, size):
    """A view of every window there is, of which ten are taken."""

    def five(pictures):
        windows = np.lib.stride_tricks.sliding_window_view(pictures, (size, size), axis=(2, 3))
        last, right = windows.shape[2] - 1, windows.shape[3] - 1
        for i, j in ((0, 0), (0, right), (last, 0), (last, right), (last // 2, right // 2)):
            yield windows[:, :, i, j]

    return np.moveaxis(np.array([*five(images), *five(np.flip(images, -1))]), 0, 1)


def top_fraction(logits, labels, k):
    """A generator expression over lists, and a fraction, which may be whole."""
    rows = zip(logits.tolist(), labels.tolist(), strict=True)
    return Fraction(sum(sum(z > row[c] for z in row) >= k for row, c in rows), len(labels))


ANSWERS = {
    "11.dropout": [
        dropout_where, dropout_binomial, dropout_choice, dropout_loop, dropout_nothing_to_drop, dropout_float32,
        dropout_child,
    ],
    "11.dropout_backward": [dropout_back_where, dropout_back_index, dropout_back_copy],
    "11.local_response_norm": [norm_cumulative, norm_band, norm_padded, norm_loops],
    "11.ten_crop": [ten_loops, ten_by_mirrored_places, ten_from_the_end, ten_of_all_windows],
    "11.top_k_error": [top_sorted, top_partition, top_loops, top_lists, top_fraction],
    "11.colour_shift": [shift_normal, shift_svd, shift_by_the_covariance, shift_multivariate, shift_eig],
}  # fmt: skip
