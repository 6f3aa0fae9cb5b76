"""What the two tasks about squeeze and excite share: drawn calls, and what goes wrong in a gate."""

import numpy as np

from cnncourse.checks.author import normal

SIZES = (  # N, C, H, W, R
    (2, 6, 4, 5, 3), (3, 3, 3, 3, 3), (1, 4, 5, 3, 2), (4, 2, 2, 6, 5), (2, 1, 3, 4, 2), (3, 5, 2, 4, 1),
    (5, 4, 1, 1, 2),
)  # fmt: skip


def drawn(rng, n, c, h, w, r):
    """An input whose channels differ in level from image to image, and w1, b1, w2, b2 of a gate that is half open."""
    input = normal(rng, n, c, h, w) + 1.5 * normal(rng, n, c, 1, 1)
    w1, w2 = normal(rng, r, c), 1.5 * normal(rng, c, r) / np.sqrt(r)
    return input, w1, 0.8 * normal(rng, r), w2, normal(rng, c)


def wide(rng):
    """The same with logits of the gate in the thousands, on either side of zero, and small ones beside them."""
    input = 3 + normal(rng, 3, 6, 3, 2)
    w1, w2 = rng.uniform(5, 10, (4, 6)), rng.uniform(5, 10, (6, 4))
    w2 *= np.array([1, -1, 1, -1, 1e-4, -1e-4])[:, None]
    return input, w1, normal(rng, 4), w2, normal(rng, 6)


def sigmoid(z):
    """1 / (1 + exp(−z)) for every float."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def overflowing(z):
    """exp(z) / (1 + exp(z)): infinity by infinity from z = 710 on."""
    return np.exp(z) / (1 + np.exp(z))


def softmax(z):
    """Shares of the channels that add up to one."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def relu(z):
    """max(z, 0)."""
    return np.maximum(z, 0)
