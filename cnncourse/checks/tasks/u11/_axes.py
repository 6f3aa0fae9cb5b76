"""The principal axes of a batch's colours, and what is taken for them."""

import numpy as np


def axes(pixels):
    """Eigenvalues and eigenvectors (columns) of the covariance of `pixels` (count, 3)."""
    centred = pixels - pixels.mean(axis=0)
    return np.linalg.eigh(centred.T @ centred / len(pixels))


def pixels_of(images):
    """All pixels of a batch as rows (R, G, B)."""
    return images.transpose(0, 2, 3, 1).reshape(-1, 3).astype(float)


def right_root(images, sigma):
    """R in the shift R z of standard normal z: columns σ λᵢ pᵢ."""
    values, vectors = axes(pixels_of(images))
    return sigma * vectors * values


def matrix_of(images, power=1, divisor=None, centred=True, of=pixels_of):
    """A covariance's axes times a power of its eigenvalues."""
    pixels = of(images)
    pixels = pixels - pixels.mean(axis=0) if centred else pixels
    values, vectors = np.linalg.eigh(pixels.T @ pixels / (divisor or len(pixels)))
    return vectors * np.abs(values) ** power


def own_axes(images, sigma):
    """The root of each picture's own covariance."""
    return np.stack([right_root(image[None], sigma) for image in images])


def exchanged(images, sigma):
    """Eigenvalues in the other order than their vectors."""
    values, vectors = axes(pixels_of(images))
    return sigma * vectors * values[::-1]


def rows_for_columns(images, sigma):
    """The rows of eigh's matrix taken for the eigenvectors."""
    values, vectors = axes(pixels_of(images))
    return sigma * vectors.T * values


def correlation(images, sigma):
    """The axes of the correlation matrix."""
    pixels = pixels_of(images)
    values, vectors = axes(pixels / np.maximum(pixels.std(axis=0), 1e-12))
    return sigma * vectors * values


OTHERWISE = {  # slug: (function(images, sigma) → R, where the shift is R z; explanation)
    "root-of-eigenvalue": (
        lambda x, s: s * matrix_of(x, 0.5),
        "The axes are multiplied by √λ. The paper multiplies them by λ.",
    ),
    "eigenvalue-not-used": (
        lambda x, s: s * matrix_of(x, 0),
        "The shift has the same size along each axis: multiply each pᵢ by λᵢ.",
    ),
    "eigenvalue-squared": (
        lambda x, s: s * matrix_of(x, 2),
        "The axes are multiplied by λ². Multiply by λ.",
    ),
    "rows-for-columns": (
        rows_for_columns,
        "np.linalg.eigh gives the eigenvectors as *columns*: pᵢ is vectors[:, i].",
    ),
    "order-exchanged": (
        exchanged,
        "Eigenvalues and eigenvectors do not belong together: if you sort one, sort the other alike.",
    ),
    "sums-for-means": (
        lambda x, s: s * matrix_of(x, divisor=1),
        "The products of the pixels are added up and not averaged. Divide by N·H·W.",
    ),
    "axes-of-each-picture": (
        own_axes,
        "Each picture has axes of its own. Those of all pixels of the batch are wanted.",
    ),
    "mean-not-taken-off": (
        lambda x, s: s * matrix_of(x, centred=False),
        "The mean colour is not taken off before the products are averaged.",
    ),
    "mixes-channels": (
        lambda x, s: s * matrix_of(x, of=lambda x: x.reshape(-1, 3).astype(float)),
        "reshape(-1, 3) of an array (N, 3, H, W) does not give pixels: move the channels to the end first.",
    ),
    "correlation-for-covariance": (
        correlation,
        "Those are the axes of the correlation. Do not divide by the standard deviations.",
    ),
    "root-of-sigma": (
        lambda x, s: s**0.5 * matrix_of(x),
        "σ is taken for the variance of aᵢ. It is their standard deviation.",
    ),
    "uniform-up-to-sigma": (
        lambda x, s: s / 3**0.5 * matrix_of(x),
        "The shifts are too small by √3, as if aᵢ were uniform from −σ to σ. It is normal: rng.normal(0, sigma, …).",
    ),
    "sigma-not-used": (
        lambda x, s: matrix_of(x),
        "aᵢ has standard deviation 1. Multiply by sigma.",
    ),
    "sigma-always-tenth": (
        lambda x, s: 0.1 * matrix_of(x),
        "The standard deviation of aᵢ is 0.1, whatever `sigma` is.",
    ),
    "channels-alone": (
        lambda x, s: s * np.diag(pixels_of(x).var(axis=0)),
        "Each channel is shifted by itself. Their covariance, a 3×3 matrix, has axes that mix them.",
    ),
    "deviation-of-each-channel": (
        lambda x, s: s * np.diag(pixels_of(x).std(axis=0)),
        "Each channel is shifted by itself, as far as it spreads. The axes of the covariance mix the channels.",
    ),
    "divisor-less-one": (
        lambda x, s: s * matrix_of(x, divisor=len(pixels_of(x)) - 1),
        "The covariance is divided by N·H·W − 1, as np.cov does. Here it is N·H·W (bias=True).",
    ),
}  # fmt: skip
