"""Reading entries along one axis by position, and the adjoint: adding them back where they were read."""

import numpy as np


def gather(x, axis, positions, weights=None):
    """Return y with y[…, o, …] = Σ_t weights[o, t] · x[…, positions[o, t], …] along `axis`.

    Without `weights`, `positions` is one-dimensional and y[…, o, …] = x[…, positions[o], …].
    """
    if weights is None:
        return x.take(positions, axis)
    y = 0
    for t in range(positions.shape[1]):
        y = y + x.take(positions[:, t], axis) * _along(weights[:, t], axis, x.ndim)
    return y


def scatter_add(g, axis, size, positions, weights=None):
    """Return the gradient of `gather` with respect to `x`, of `size` along `axis`, for the upstream `g`."""
    if weights is None:
        positions, weights = positions[:, None], np.ones((len(positions), 1), g.dtype)
    g = np.moveaxis(g, axis, 0)
    x = np.zeros((size, *g.shape[1:]), g.dtype)
    for o in range(len(positions)):
        for t in range(positions.shape[1]):
            # Taps with weight 0 only fill a row of `positions`: they read nothing.
            if weights[o, t]:
                x[positions[o, t]] += weights[o, t] * g[o]
    return np.moveaxis(x, 0, axis)


def _along(vector, axis, ndim):
    """Shape a vector so that it multiplies along `axis` of an array with `ndim` dimensions."""
    return vector.reshape([-1 if a == axis % ndim else 1 for a in range(ndim)])
