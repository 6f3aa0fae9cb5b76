"""Right answers to unit 09, each written another way."""

import math

import numpy as np


def entropy_logaddexp(logits, labels):
    log_sums = np.logaddexp.reduce(logits, axis=1)
    return np.mean(log_sums - np.take_along_axis(logits, labels[:, None], axis=1)[:, 0])


def entropy_loops(logits, labels):
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        top = max(row)
        total += top + math.log(sum(math.exp(z - top) for z in row)) - row[label]
    return total / len(labels)


def entropy_one_hot(logits, labels):
    z = logits - logits.max(1)[:, None]
    log_p = z - np.log(np.exp(z).sum(1))[:, None]
    return np.array(-(np.eye(logits.shape[1])[labels] * log_p).sum() / len(logits))


def gradient_log_space(logits, labels):
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return (np.exp(log_p) - np.eye(logits.shape[1])[labels]) / logits.shape[0]


def gradient_jacobian(logits, labels):
    """Each row's −1/p through softmax's Jacobian, which cancels to p − y: column by column."""
    grad = np.empty(logits.shape)
    for n, (row, label) in enumerate(zip(logits, labels, strict=True)):
        p = np.exp(row - row.max())
        p /= p.sum()
        for c in range(len(row)):
            grad[n, c] = (p[c] - (1.0 if c == label else 0.0)) / len(logits)
    return grad


def gradient_put(logits, labels):
    z = np.array(logits, order="F")
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
    np.subtract.at(z, (np.arange(len(z)), labels), 1)
    return z / np.float64(len(z))


def sgd_comprehension(params, grads, velocity, lr, momentum, weight_decay):
    velocity = [momentum * v + g + weight_decay * p for p, g, v in zip(params, grads, velocity, strict=True)]
    return [p - lr * v for p, v in zip(params, velocity, strict=True)], velocity


def sgd_in_copies(params, grads, velocity, lr, momentum, weight_decay):
    params, velocity = [p.copy() for p in params], [v.copy() for v in velocity]
    for i, g in enumerate(grads):
        velocity[i] *= momentum
        velocity[i] += g
        velocity[i] += weight_decay * params[i]
        params[i] -= lr * velocity[i]
    return params, velocity


def sgd_tuples(params, grads, velocity, lr, momentum, weight_decay):
    def one(p, g, v):
        if weight_decay:
            g = g + weight_decay * p
        v = g if momentum == 0 else np.add(np.multiply(v, momentum), g)
        return np.subtract(p, lr * v), v

    return tuple(zip(*map(one, params, grads, velocity), strict=True))


def kaiming_scaled(shape, rng):
    return rng.normal(0.0, math.sqrt(2 / math.prod(shape[1:])), size=shape)


def kaiming_one_by_one(shape, rng):
    weight = np.empty(shape)
    std = (2 / weight[0].size) ** 0.5
    for index in np.ndindex(*shape):
        weight[index] = rng.normal() * std
    return weight


def kaiming_box_muller(shape, rng):
    u, v = rng.random(shape), rng.random(shape)
    normal = np.sqrt(-2 * np.log(1 - u)) * np.cos(2 * np.pi * v)
    return (normal * (np.prod(shape[1:]) / 2) ** -0.5).astype(np.float32)


def kaiming_filters(shape, rng):
    return np.stack([rng.standard_normal(shape[1:]) / np.sqrt(np.prod(shape[1:]) / 2) for _ in range(shape[0])])


def crop_indices(images, padding, rng):
    """All at once, by index arrays."""
    N, C, H, W = images.shape
    padded = np.pad(images, [(0, 0), (0, 0), (padding,) * 2, (padding,) * 2])
    top, left = rng.integers(2 * padding + 1, size=(2, N))
    rows, columns = top[:, None] + np.arange(H), left[:, None] + np.arange(W)
    mirrored = rng.random(N) < 0.5
    columns[mirrored] = columns[mirrored, ::-1]
    return padded[np.arange(N)[:, None, None, None], np.arange(C)[:, None, None], rows[:, None, :, None],
                  columns[:, None, None, :]]  # fmt: skip


def crop_after_flip(images, padding, rng):
    """Mirrors first, then shifts by signed offsets into zeros."""
    H, W = images.shape[2:]
    out = np.zeros(images.shape)
    for n, image in enumerate(images):
        if rng.integers(2):
            image = np.fliplr(image.transpose(1, 2, 0)).transpose(2, 0, 1)
        dy, dx = int(rng.integers(-padding, padding, endpoint=True)), int(rng.integers(-padding, padding + 1))
        here = out[n, :, max(dy, 0) : H + min(dy, 0), max(dx, 0) : W + min(dx, 0)]
        here[...] = image[:, max(-dy, 0) : H + min(-dy, 0), max(-dx, 0) : W + min(-dx, 0)]
    return out


def crop_windows(images, padding, rng):
    """Chooses one of all windows by one number."""
    H, W = images.shape[2:]
    padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (H, W), axis=(2, 3))
    result = []
    for all_windows in windows:
        which = rng.choice((2 * padding + 1) ** 2)
        crop = all_windows[:, which // (2 * padding + 1), which % (2 * padding + 1)]
        result.append(np.flip(crop, -1) if rng.choice([True, False]) else crop)
    return np.stack(result)


ANSWERS = {
    "09.cross_entropy": [entropy_logaddexp, entropy_loops, entropy_one_hot],
    "09.cross_entropy_backward": [gradient_log_space, gradient_jacobian, gradient_put],
    "09.sgd_step": [sgd_comprehension, sgd_in_copies, sgd_tuples],
    "09.kaiming_normal": [kaiming_scaled, kaiming_one_by_one, kaiming_box_muller, kaiming_filters],
    "09.random_crop_flip": [crop_indices, crop_after_flip, crop_windows],
}
