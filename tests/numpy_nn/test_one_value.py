"""One value that is no number, or a huge one, spoils the outputs that see it, and no others."""

import itertools

import numpy as np
import pytest

from cnncourse.numpy_nn import functional as F
from cnncourse.numpy_nn.fast import choice
from cnncourse.numpy_nn.functional._windows import inside, output_size, padded_size, shifted

# algorithm: shapes of input and weight, stride, padding, dilation, groups
CASES = {
    "winograd4": [((2, 32, 16, 14), (33, 32, 3, 3), 1, 1, 1, 1), ((1, 32, 21, 20), (32, 32, 3, 3), 1, 0, 1, 1)],
    "shifted": [
        ((2, 30, 20, 19), (8, 30, 3, 3), 1, 1, 1, 1),
        ((2, 30, 20, 19), (8, 30, 3, 3), 2, 0, 1, 1),
        ((2, 30, 9, 8, 7), (8, 30, 3, 3, 3), 1, 0, 1, 1),
    ],
    "im2col": [
        ((2, 3, 9, 8), (4, 3, 3, 3), 1, 0, 1, 1),
        ((2, 4, 11, 10), (4, 2, 3, 3), 2, 2, 2, 2),
        ((3, 4, 9, 8), (5, 4, 1, 1), 1, 0, 1, 1),
        ((3, 4, 9, 8), (5, 4, 1, 1), 2, 0, 1, 1),
        ((2, 3, 11), (4, 3, 3), 1, 0, 1, 1),
    ],
    "depthwise": [((1, 6, 20, 21), (12, 1, 3, 3), 1, 1, 1, 6), ((1, 4, 20, 21), (4, 1, 3, 3), 2, 0, 1, 4)],
    "depthwise_toeplitz": [((9, 6, 7, 6), (6, 1, 3, 3), 1, 1, 1, 6), ((9, 3, 7, 6), (6, 1, 3, 2), 2, 0, 1, 3)],
    "dense": [((3, 4, 5, 6), (7, 4, 5, 6), 1, 0, 1, 1)],
}
ALL = [(name, case) for name, cases in CASES.items() for case in cases]
NAMED = [(name, case) for name in ("fft", "winograd2", "winograd4", "shifted") for case in CASES["winograd4"]]


def by_definition(x, w, g, S, P, D, groups):
    """Return the output and both gradients, tap by tap in float64; zeros are multiplied only where padding is read."""
    x, w, g = (a.astype(np.float64) for a in (x, w, g))
    axes, (N, C) = w.ndim - 2, x.shape[:2]
    paddings = [(P, P)] * axes
    padded = np.pad(x, [(0, 0), (0, 0), *paddings])
    padded = padded.reshape(N, groups, C // groups, *padded.shape[2:])
    w, g = w.reshape(groups, -1, *w.shape[1:]), g.reshape(N, groups, -1, *g.shape[2:])
    y, grad_x, grad_w = np.zeros(g.shape), np.zeros(padded.shape), np.zeros(w.shape)
    for k in np.ndindex(w.shape[3:]):
        seen = (..., *shifted(k, g.shape[3:], (S,) * axes, (D,) * axes))
        y += np.einsum("goc,ngc...->ngo...", w[(..., *k)], padded[seen])
        grad_x[seen] += np.einsum("goc,ngo...->ngc...", w[(..., *k)], g)
        grad_w[(..., *k)] = np.einsum("ngcp,ngop->goc", *(a.reshape(*a.shape[:3], -1) for a in (padded[seen], g)))
    grad_x = grad_x.reshape(N, C, *grad_x.shape[3:])[inside(paddings, x.shape[2:])]
    return y.reshape(N, -1, *y.shape[3:]), grad_x, grad_w.reshape(-1, *grad_w.shape[2:])


def drawn(case, dtype=np.float32):
    x_shape, w_shape, S, P, D, _ = case
    axes = len(x_shape) - 2
    positions = output_size(padded_size(x_shape[2:], [(P, P)] * axes), w_shape[2:], (S,) * axes, (D,) * axes)
    rng = np.random.default_rng(0)
    shapes = x_shape, w_shape, (x_shape[0], w_shape[0], *positions)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def computed(case, x, w, g, algorithm="auto"):
    """Return the output and the gradients, asked for together and one at a time."""
    dimension = x.ndim - 2
    forward, backward = getattr(F, f"conv{dimension}d"), getattr(F, f"conv{dimension}d_backward")
    arguments = (x, w, None, *case[2:])
    both = backward(g, *arguments, algorithm=algorithm)
    apart = [backward(g, *arguments, algorithm=algorithm, output_mask=[k == n for k in range(3)])[n] for n in range(2)]
    return forward(*arguments, algorithm=algorithm), *both[:2], *apart


def five(case, arrays):
    """Return by definition what `computed` returns."""
    y, grad_x, grad_w = by_definition(*arrays, *case[2:])
    return y, grad_x, grad_w, grad_x, grad_w


def places(array):
    """Return a corner, the opposite one, and a place in the middle."""
    return [(0,) * array.ndim, tuple(n - 1 for n in array.shape), tuple(n // 2 for n in array.shape)]


@pytest.mark.parametrize(("name", "case"), ALL)
def test_these_shapes_lead_to_these_algorithms(name, case):
    x_shape, w_shape, S, P, D, groups = case
    axes = len(x_shape) - 2
    weight = np.zeros(w_shape, np.float32)
    assert choice.choose(x_shape, weight, (S,) * axes, ((P, P),) * axes, (D,) * axes, groups) == name


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, -np.inf])
@pytest.mark.parametrize("which", range(3), ids=["input", "weight", "upstream"])
@pytest.mark.parametrize(("name", "case"), [*(("auto", case) for _, case in ALL), *NAMED])
def test_what_is_no_number_reaches_the_outputs_that_see_it(name, case, which, value):
    for dtype, place in itertools.product((np.float32, np.float64), range(3)):
        arrays = drawn(case, dtype)
        arrays[which][places(arrays[which])[place]] = value
        for got, wanted in zip(computed(case, *arrays, name), five(case, arrays), strict=True):
            np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted))
            np.testing.assert_array_equal(np.isinf(got), np.isinf(wanted))
            scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0)
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4 * scale)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("value", [100, 1e4, 1e10, 3e38])
@pytest.mark.parametrize("which", [0, 2], ids=["input", "upstream"])
@pytest.mark.parametrize("case", [case for _, case in ALL])
def test_a_huge_value_costs_the_others_little(case, which, value):
    """Where outputs do not depend on it: at most ten times im2col's error, or no more than without the huge value.

    All channels of a pixel may hold one.
    """
    usual = [
        np.abs(got - wanted) for got, wanted in zip(computed(case, *drawn(case)), five(case, drawn(case)), strict=True)
    ]
    for place, channels in itertools.product(range(3), ("one", "all")):
        arrays = drawn(case)
        index = places(arrays[which])[place]
        index = index if channels == "one" else (index[0], slice(None), *index[2:])
        spoiled = [a.copy() for a in arrays]
        spoiled[which][index] = np.nan
        blind = map(np.isfinite, five(case, spoiled))
        arrays[which][index] = value
        results = zip(
            computed(case, *arrays), computed(case, *arrays, "im2col"), five(case, arrays), blind, usual, strict=True
        )
        for number, (got, exact, wanted, others, before) in enumerate(results):
            error, allowed, before = (
                e[others].max(initial=0) for e in (np.abs(got - wanted), np.abs(exact - wanted), before)
            )
            assert error <= max(10 * allowed, before), (number, place, channels)
