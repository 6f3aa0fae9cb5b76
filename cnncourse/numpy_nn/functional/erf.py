"""The error function, which NumPy lacks and the exact GELU needs."""

import numpy as np

# Cody's minimax quotients p(t)/q(t), lowest power first; one pair for each range of |x|.
SMALL = (
    (3.20937758913846947e03, 3.77485237685302021e02, 1.13864154151050156e02, 3.16112374387056560e00,
     1.85777706184603153e-1),
    (2.84423683343917062e03, 1.28261652607737228e03, 2.44024637934444173e02, 2.36012909523441209e01, 1.0),
)  # fmt: skip
MIDDLE = (
    (1.23033935479799725e03, 2.05107837782607147e03, 1.71204761263407058e03, 8.81952221241769090e02,
     2.98635138197400131e02, 6.61191906371416295e01, 8.88314979438837594e00, 5.64188496988670089e-1,
     2.15311535474403846e-8),
    (1.23033935480374942e03, 3.43936767414372164e03, 4.36261909014324716e03, 3.29079923573345963e03,
     1.62138957456669019e03, 5.37181101862009858e02, 1.17693950891312499e02, 1.57449261107098347e01, 1.0),
)  # fmt: skip
LARGE = (
    (6.58749161529837803e-4, 1.60837851487422766e-2, 1.25781726111229246e-1, 3.60344899949804439e-1,
     3.05326634961232344e-1, 1.63153871373020978e-2),
    (2.33520497626869185e-3, 6.05183413124413191e-2, 5.27905102951428412e-1, 1.87295284992346725e00,
     2.56852019228982242e00, 1.0),
)  # fmt: skip


def _quotient(coefficients, t):
    numerator, denominator = (np.full_like(t, c[-1]) for c in coefficients)
    for polynomial, c in zip((numerator, denominator), coefficients, strict=True):
        for value in reversed(c[:-1]):  # Horner's rule, in place
            polynomial *= t
            polynomial += value
    return numerator / denominator


def erf(x):
    """Return 2/√π ∫₀ˣ exp(−t²) dt, elementwise, to about one unit in the last place of float64.

    Parameters
    ----------
    x : ndarray
        Any shape; computed in float64 whatever the dtype.

    Returns
    -------
    ndarray of float64, values in [−1, 1].

    Notes
    -----
    W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of
    Computation 23 (1969), 631–637: erf near zero, exp(−x²) times a quotient for erfc further out.
    """
    x = np.asarray(x, dtype=np.float64)
    result = np.array(np.sign(x))  # beyond |x| = 6, erf is ±1 to the last bit
    size = np.abs(x)

    near = size <= 0.46875
    result[near] = x[near] * _quotient(SMALL, x[near] ** 2)

    between = (size > 0.46875) & (size <= 4)
    y = size[between]
    result[between] *= 1 - np.exp(-y * y) * _quotient(MIDDLE, y)

    far = (size > 4) & (size < 6)
    y = size[far]
    t = 1 / (y * y)
    result[far] *= 1 - np.exp(-y * y) / y * (1 / np.sqrt(np.pi) - t * _quotient(LARGE, t))
    return result
