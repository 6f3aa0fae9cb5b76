"""Task 05.winograd_f23: two outputs of a kernel of three with four multiplications."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.checks.draw import normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def winograd_f23(signal, kernel):
    """y[2t], y[2t + 1] from signal[2t … 2t + 3] by the four products of S. Winograd, 1980."""
    d0, d1, d2, d3 = sliding_window_view(signal, 4)[::2].T
    g0, g1, g2 = kernel
    m1 = (d0 - d2) * g0
    m2 = (d1 + d2) * (g0 + g1 + g2) / 2
    m3 = (d2 - d1) * (g0 - g1 + g2) / 2
    m4 = (d1 - d3) * g2
    return np.stack([m1 + m2 + m3, m2 - m3 - m4], axis=1).ravel()


def cases(rng):
    """One tile, several, and many; kernels with zeros show a single wrong product."""
    yield Case("one tile", normal(rng, 4), normal(rng, 3))
    for kernel in np.eye(3):
        yield Case("one tile", normal(rng, 4), kernel)
    yield Case("many tiles", normal(rng, 6), normal(rng, 3))
    yield Case("many tiles", normal(rng, 10), normal(rng, 3))
    yield Case("many tiles", 1e3 * normal(rng, 64), normal(rng, 3))
    yield Case("any array", normal(rng, 8, dtype=np.float32), normal(rng, 3, dtype=np.float32))
    yield Case("any array", strided(normal(rng, 12)), strided(normal(rng, 3)))
    yield Case("any array", readonly(normal(rng, 6)), readonly(normal(rng, 3)))


def _with_products(products, outputs=lambda m1, m2, m3, m4: (m1 + m2 + m3, m2 - m3 - m4)):
    """The algorithm with wrong products or a wrong last step."""

    def wrong(signal, kernel):
        tiles = signal[:-2:2], signal[1:-1:2], signal[2::2], signal[3::2]
        return np.stack(outputs(*products(tiles, kernel)), axis=1).reshape(-1)

    return wrong


def _right(d, g):
    return (
        (d[0] - d[2]) * g[0],
        (d[1] + d[2]) * (g[0] + g[1] + g[2]) / 2,
        (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2,
        (d[1] - d[3]) * g[2],
    )


def _scaled(m2, m3):
    return lambda d, g: (_right(d, g)[0], _right(d, g)[1] * m2, _right(d, g)[2] * m3, _right(d, g)[3])


def _concatenated(signal, kernel):
    y = winograd_f23(signal, kernel)
    return np.concatenate([y[::2], y[1::2]])


def _swapped(signal, kernel):
    return winograd_f23(signal, kernel).reshape(-1, 2)[:, ::-1].reshape(-1)


def _tiles_of_four(signal, kernel):
    usable = len(signal) // 4 * 4
    return np.concatenate([winograd_f23(signal[t : t + 4], kernel) for t in range(0, usable, 4)])


def _rest_stays_zero(signal, kernel):
    y = np.zeros(len(signal) - 2, signal.dtype)
    for t in range(0, len(signal) - 3, 4):
        y[t : t + 2] = winograd_f23(signal[t : t + 4], kernel)
    return y


def _every_place(signal, kernel):
    return np.concatenate([winograd_f23(signal[t : t + 4], kernel) for t in range(len(signal) - 3)])


def _last_tile_zero(signal, kernel):
    y = winograd_f23(signal, kernel)
    y[-2:] = 0
    return y


def _full(signal, kernel):
    return np.convolve(signal, kernel[::-1])


def _pairs(signal, kernel):
    return winograd_f23(signal, kernel).reshape(-1, 2)


task = Task(
    "05.winograd_f23",
    {"one tile": 2, "many tiles": 1, "any array": 1},
    winograd_f23,
    cases,
    [
        Mistake(
            "flips-the-kernel",
            lambda signal, kernel: winograd_f23(signal, kernel[::-1]),
            "This is the true convolution, with the kernel reversed. A cross-correlation is "
            "y[i] = Σ_k kernel[k]·signal[i + k]. (`np.convolve` reverses; `np.correlate` does not.)",
        ),
        Mistake(
            "first-tile-only",
            lambda signal, kernel: winograd_f23(signal[:4], kernel),
            "Only the first tile is computed. The tile moves on by two, its number of outputs, until the signal ends.",
        ),
        Mistake(
            "tiles-do-not-overlap",
            _tiles_of_four,
            "The tile moves on by four, its length. It yields two outputs, so it must move on by two: neighbouring "
            "tiles share two inputs.",
        ),
        Mistake(
            "every-other-pair-missing",
            _rest_stays_zero,
            "The tile moves on by four and leaves every other pair of outputs at zero. It yields two outputs, so it "
            "must move on by two.",
        ),
        Mistake(
            "tiles-overlap-too-much",
            _every_place,
            "The tile moves on by one, so outputs come twice. It yields two outputs: move on by two.",
        ),
        Mistake(
            "not-interleaved",
            _concatenated,
            "First come all even outputs, then all odd ones. y[2t] and y[2t + 1] of a tile belong side by side.",
        ),
        Mistake("outputs-swapped", _swapped, "The two outputs of each tile are exchanged."),
        Mistake(
            "one-row-per-tile",
            _pairs,
            "The outputs stand in one row per tile, (n/2 − 1, 2); wanted is one line of n − 2 values.",
        ),
        Mistake(
            "forgets-the-half",
            _with_products(_scaled(2, 2)),
            "The middle products are twice too large: the kernel's transform is (g0 ± g1 + g2)/2.",
        ),
        Mistake(
            "forgets-the-half-of-m2", _with_products(_scaled(2, 1)), "m2 is twice too large: it holds (g0 + g1 + g2)/2."
        ),
        Mistake(
            "forgets-the-half-of-m3", _with_products(_scaled(1, 2)), "m3 is twice too large: it holds (g0 − g1 + g2)/2."
        ),
        Mistake(
            "sign-of-m3",
            _with_products(_scaled(1, -1)),
            "The third product has the wrong sign: it is (d2 − d1)·(g0 − g1 + g2)/2.",
        ),
        Mistake(
            "sign-of-m4",
            _with_products(_right, lambda m1, m2, m3, m4: (m1 + m2 + m3, m2 - m3 + m4)),
            "The fourth product enters with the wrong sign: y1 = m2 − m3 − m4, where m4 = (d1 − d3)·g2.",
        ),
        Mistake(
            "m3-added-in-y1",
            _with_products(_right, lambda m1, m2, m3, m4: (m1 + m2 + m3, m2 + m3 - m4)),
            "y1 adds the third product; it is y1 = m2 − m3 − m4.",
        ),
        Mistake(
            "m3-subtracted-in-y0",
            _with_products(_right, lambda m1, m2, m3, m4: (m1 + m2 - m3, m2 - m3 - m4)),
            "y0 subtracts the third product; it is y0 = m1 + m2 + m3.",
        ),
        Mistake(
            "sign-of-m1",
            _with_products(lambda d, g: ((d[0] + d[2]) * g[0], *_right(d, g)[1:])),
            "The first product is (d0 − d2)·g0, with a minus.",
        ),
        Mistake(
            "sign-of-m2",
            _with_products(lambda d, g: (_right(d, g)[0], (d[1] - d[2]) * sum(g) / 2, *_right(d, g)[2:])),
            "The second product is (d1 + d2)·(g0 + g1 + g2)/2, with a plus in the first bracket.",
        ),
        Mistake(
            "sign-of-g1",
            _with_products(lambda d, g: (*_right(d, g)[:2], (d[2] - d[1]) * sum(g) / 2, _right(d, g)[3])),
            "The third product uses (g0 + g1 + g2)/2 once more; it is (g0 − g1 + g2)/2.",
        ),
        Mistake(
            "full-correlation",
            _full,
            "The outputs at the border, where the kernel sticks out of the signal, are included. The valid ones are "
            "n − 2.",
        ),
        Mistake(
            "same-padding",
            lambda signal, kernel: _full(signal, kernel)[1:-1],
            "There is one output for each input, as if zeros stood around the signal. The valid ones are n − 2.",
        ),
        Mistake(
            "last-tile-missing",
            _last_tile_zero,
            "The last two outputs stay zero: tiles start at 0, 2, …, n − 4, and range(0, n - 4, 2) stops before n − 4.",
        ),
        Mistake(
            "last-tile-zero",
            lambda signal, kernel: winograd_f23(signal, kernel)[:-2],
            "The last tile is missing: tiles start at 0, 2, …, n − 4, and range(0, n - 4, 2) stops before n − 4.",
        ),
    ],
    see="05#Winograd: fewer multiplications",
    place=4,
    lists_allowed=True,
)
