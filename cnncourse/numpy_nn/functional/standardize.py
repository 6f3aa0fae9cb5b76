"""The heart of every normalisation: subtract the mean, divide by the standard deviation, both ways."""

import numpy as np

from ._arguments import check_floats


def standardize(x, axes, eps):
    """Return (x̂, 1/√(σ² + ε)), where x̂ = (x − μ) / √(σ² + ε) over `axes`.

    Parameters
    ----------
    x : ndarray
        Any shape.
    axes : tuple of int
        The axes that μ and the biased σ² (divisor: the number of values) are taken over.
    eps : float
        Added to the variance.

    Returns
    -------
    (ndarray, ndarray)
        x̂ with the shape of x, and the factor that the difference was multiplied by.
    """
    with np.errstate(invalid="ignore", divide="ignore"):  # no values at all, or a negative ε: NaN, as asked
        count = np.float64(np.prod([x.shape[axis] for axis in axes])).astype(x.dtype)
        centred = x - x.sum(axis=axes, keepdims=True) / count
        variance = (centred * centred).sum(axis=axes, keepdims=True) / count
        factor = (1 / np.sqrt(variance + x.dtype.type(eps))).astype(x.dtype)
        return centred * factor, factor


def standardize_backward(grad_normalized, normalized, factor, axes):
    """Return the gradient with respect to x, from the gradient with respect to x̂ = `normalized`.

    μ and σ² depend on every x of their group, which takes two parts out of the gradient: its mean, and
    its component along x̂:

        ∂L/∂x = factor · (g − mean(g) − x̂ · mean(g x̂))

    Notes
    -----
    Ioffe & Szegedy, "Batch normalization" (2015), section 3, with the terms gathered.
    """
    with np.errstate(invalid="ignore"):
        mean = grad_normalized.mean(axis=axes, keepdims=True)
        along = (grad_normalized * normalized).mean(axis=axes, keepdims=True)
        return factor * (grad_normalized - mean - normalized * along)


def check_channel_vectors(input, C, **vectors):
    """Refuse arrays other than shape (C,) of the input's dtype; None stands for an absent one."""
    check_floats(input=input, **vectors)
    for name, vector in vectors.items():
        if vector is not None and vector.shape != (C,):
            raise ValueError(f"{name}: expected shape ({C},), one value per channel, got {vector.shape}")


def per_channel(vector, ndim):
    """Give a (C,) vector the shape (1, C, 1, …) that lines up with an input of `ndim` dimensions."""
    return vector.reshape((1, -1) + (1,) * (ndim - 2))


def affine(normalized, weight, bias):
    """Return normalised · γ + β; either may be None, both must broadcast."""
    output = normalized if weight is None else normalized * weight
    return output if bias is None else output + bias
