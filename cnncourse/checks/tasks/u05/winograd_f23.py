"""Two outputs of a kernel of three with four multiplications."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Winograd: fewer multiplications", lists_allowed=True)


@task.right
def winograd_f23(signal, kernel):
    """y[2t], y[2t + 1] from signal[2t … 2t + 3] by the four products of S. Winograd, 1980."""
    d0, d1, d2, d3 = sliding_window_view(signal, 4)[::2].T
    g0, g1, g2 = kernel
    m1 = (d0 - d2) * g0
    m2 = (d1 + d2) * (g0 + g1 + g2) / 2
    m3 = (d2 - d1) * (g0 - g1 + g2) / 2
    m4 = (d1 - d3) * g2
    return np.stack([m1 + m2 + m3, m2 - m3 - m4], axis=1).ravel()


@task.criterion(2)
def one_tile(rng):
    """Four inputs, two outputs; kernels with zeros show a single wrong product."""
    for kernel in (normal(rng, 3), *np.eye(3)):
        yield Call(normal(rng, 4), kernel)


@task.criterion(1)
def many_tiles(rng):
    """Longer signals, whose tiles overlap by two."""
    for n in (6, 8, 10, 12, 14):
        yield Call(normal(rng, n), normal(rng, 3))
    yield Call(1e3 * normal(rng, 64), normal(rng, 3))


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 8), normal(rng, 3))


def changed(signal, kernel, products=lambda d, g, m: m, outputs=lambda m1, m2, m3, m4: (m1 + m2 + m3, m2 - m3 - m4)):
    """The algorithm with one or two of the products, or the last step, changed: products(d, g, m) gives the four."""
    d, g = [signal[k : len(signal) - 3 + k : 2] for k in range(4)], kernel
    m = [
        (d[0] - d[2]) * g[0],
        (d[1] + d[2]) * sum(g) / 2,
        (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2,
        (d[1] - d[3]) * g[2],
    ]
    return np.stack(outputs(*products(d, g, m)), axis=1).ravel()


task.options(changed, {
    "forgets-the-half": ({"products": lambda d, g, m: (m[0], 2 * m[1], 2 * m[2], m[3])},
        "The middle products are twice too large: the kernel's transform is (g0 ± g1 + g2)/2."),
    "forgets-the-half-of-m2": ({"products": lambda d, g, m: (m[0], 2 * m[1], m[2], m[3])},
        "m2 is twice too large: it holds (g0 + g1 + g2)/2."),
    "forgets-the-half-of-m3": ({"products": lambda d, g, m: (m[0], m[1], 2 * m[2], m[3])},
        "m3 is twice too large: it holds (g0 − g1 + g2)/2."),
    "sign-of-m3": ({"products": lambda d, g, m: (m[0], m[1], -m[2], m[3])},
        "The third product has the wrong sign: it is (d2 − d1)·(g0 − g1 + g2)/2."),
    "sign-of-m1": ({"products": lambda d, g, m: ((d[0] + d[2]) * g[0], *m[1:])},
        "The first product is (d0 − d2)·g0, with a minus."),
    "sign-of-m2": ({"products": lambda d, g, m: (m[0], (d[1] - d[2]) * sum(g) / 2, *m[2:])},
        "The second product is (d1 + d2)·(g0 + g1 + g2)/2, with a plus in the first bracket."),
    "sign-of-g1": ({"products": lambda d, g, m: (*m[:2], (d[2] - d[1]) * sum(g) / 2, m[3])},
        "The third product uses (g0 + g1 + g2)/2 once more; it is (g0 − g1 + g2)/2."),
    "sign-of-m4": ({"outputs": lambda m1, m2, m3, m4: (m1 + m2 + m3, m2 - m3 + m4)},
        "The fourth product enters with the wrong sign: y1 = m2 − m3 − m4, where m4 = (d1 − d3)·g2."),
    "m3-added-in-y1": ({"outputs": lambda m1, m2, m3, m4: (m1 + m2 + m3, m2 + m3 - m4)},
        "y1 adds the third product; it is y1 = m2 − m3 − m4."),
    "m3-subtracted-in-y0": ({"outputs": lambda m1, m2, m3, m4: (m1 + m2 - m3, m2 - m3 - m4)},
        "y0 subtracts the third product; it is y0 = m1 + m2 + m3."),
})  # fmt: skip


@task.mistake
def flips_the_kernel(again, kernel):
    """This is the true convolution, with the kernel reversed. A cross-correlation is
    y[i] = Σ_k kernel[k]·signal[i + k]. (`np.convolve` reverses; `np.correlate` does not.)"""
    return again(kernel=kernel[::-1])


def tiled(again, signal, step, length=lambda n: n - 3):
    """Tiles that move on by another step, their outputs one after the other."""
    starts = range(0, max(length(len(signal)), 1), step)
    return np.concatenate([again(signal=signal[t : t + 4]) for t in starts])


LAST = "tiles start at 0, 2, …, n − 4, and range(0, n - 4, 2) stops before n − 4."
task.options(tiled, {
    "first-tile-only": ({"step": 1, "length": lambda n: 1},
        "Only the first tile is computed. The tile moves on by two, its number of outputs, until the signal ends."),
    "tiles-do-not-overlap": ({"step": 4},
        "The tile moves on by four, its length. It yields two outputs, so it must move on by two: neighbouring tiles "
        "share two inputs."),
    "tiles-overlap-too-much": ({"step": 1},
        "The tile moves on by one, so outputs come twice. It yields two outputs: move on by two."),
})  # fmt: skip


def rewritten(right, signal, kernel, change):
    """The right values, changed at last."""
    return change(right)


task.options(rewritten, {
    "not-interleaved": ({"change": lambda y: np.concatenate([y[::2], y[1::2]])},
        "First come all even outputs, then all odd ones. y[2t] and y[2t + 1] of a tile belong side by side."),
    "outputs-swapped": ({"change": lambda y: y.reshape(-1, 2)[:, ::-1].ravel()},
        "The two outputs of each tile are exchanged."),
    "one-row-per-tile": ({"change": lambda y: y.reshape(-1, 2)},
        "The outputs are in one row per tile, (n/2 − 1, 2); wanted is one line of n − 2 values."),
    "every-other-pair-missing": ({"change": lambda y: np.where(np.arange(len(y)) % 4 < 2, y, 0)},
        "The tile moves on by four and leaves every other pair of outputs at zero. It yields two outputs, so it must "
        "move on by two."),
    "last-tile-missing": ({"change": lambda y: np.append(y[:-2], [0, 0])}, "The last two outputs stay zero: " + LAST),
    "last-tile-zero": ({"change": lambda y: y[:-2]}, "The last tile is missing: " + LAST),
})  # fmt: skip


@task.mistake
def full_correlation(signal, kernel):
    """The outputs at the border, where the kernel sticks out of the signal, are included. The valid ones are n − 2."""
    return np.correlate(signal, kernel, "full")


@task.mistake
def same_padding(signal, kernel):
    """There is one output for each input, as if zeros were around the signal. The valid ones are n − 2."""
    return np.correlate(signal, kernel, "same")
