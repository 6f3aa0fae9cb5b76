"""Reading entries along one axis by position, and the adjoint: adding them back where they were read."""

import numpy as np


def gather(x, axis, positions, weights=None):
    """Return y with y[…, o, …] = Σ_t weights[o, t] · x[…, positions[o, t], …] along `axis`.

    A position of −1 reads nothing. Without `weights`, `positions` is one-dimensional and
    y[…, o, …] = x[…, positions[o], …].
    """
    if weights is None:
        return x.take(positions, axis)
    x = np.moveaxis(x, axis, 0)
    y = np.zeros((len(positions), *x.shape[1:]), x.dtype)
    for t in range(positions.shape[1]):
        (some,) = np.nonzero(positions[:, t] >= 0)
        y[some] += weights[some, t].reshape(-1, *[1] * (x.ndim - 1)) * x[positions[some, t]]
    return np.ascontiguousarray(np.moveaxis(y, 0, axis))


def scatter_add(g, axis, size, positions, weights=None):
    """Return the gradient of `gather` with respect to `x`, of `size` along `axis`, for the upstream `g`."""
    if weights is None:
        positions, weights = positions[:, None], np.ones((len(positions), 1), g.dtype)
    g = np.moveaxis(g, axis, 0)
    x = np.zeros((size, *g.shape[1:]), g.dtype)
    for o, t in np.argwhere(positions >= 0):
        x[positions[o, t]] += weights[o, t] * g[o]
    return np.moveaxis(x, 0, axis)
