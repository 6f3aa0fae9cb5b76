"""The probes: against least squares by another way, against counting by hand, against what they promise."""

import numpy as np
import pytest

from cnncourse.transfer import few_per_class, linear_probe, nearest_neighbours

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("N", "D"), [(30, 4), (5, 12), (7, 7), (1, 3)])
@pytest.mark.parametrize("l2", [1e-3, 2.5])
def test_linear_probe_is_the_minimum(N, D, l2):
    """Least squares with √l2 times the identity below it, and a column of ones that is not punished."""
    F, labels = RNG.standard_normal((N, D)) + 3, RNG.integers(0, 4, N)
    W, b = linear_probe(F, labels, 5, l2)
    left = np.block([[F, np.ones((N, 1))], [np.sqrt(l2) * np.eye(D), np.zeros((D, 1))]])
    want = np.linalg.lstsq(left, np.vstack([np.eye(5)[labels], np.zeros((D, 5))]), rcond=None)[0]
    np.testing.assert_allclose(W, want[:-1].T, atol=1e-8)
    np.testing.assert_allclose(b, want[-1], atol=1e-7)
    assert (W.shape, b.shape, W.dtype) == ((5, D), (5,), np.float64)
    assert np.abs(W[4]).max() < 1e-12  # a class without pictures
    small = linear_probe(F.astype(np.float32), labels, 5, l2)
    np.testing.assert_allclose(small[0], W, atol=1e-3)


def test_linear_probe_agrees_with_scipy():
    optimize = pytest.importorskip("scipy.optimize")
    F, labels, l2 = RNG.standard_normal((9, 3)), RNG.integers(0, 2, 9), 0.7
    target = np.eye(2)[labels]

    def loss(x):
        W, b = x[:6].reshape(2, 3), x[6:]
        return ((F @ W.T + b - target) ** 2).sum() + l2 * (W**2).sum()

    W, b = linear_probe(F, labels, 2, l2)
    found = optimize.minimize(loss, np.zeros(8))
    np.testing.assert_allclose(np.append(W, b), found.x, atol=1e-4)


def by_hand(train, labels, features, k):
    found = []
    for f in features:
        cosines = [round(float(f @ t / np.linalg.norm(f) / np.linalg.norm(t)), 9) for t in train]
        order = sorted(range(len(train)), key=lambda i: (-cosines[i], i))[:k]
        votes = [labels[i] for i in order]
        found.append(max(votes, key=lambda c: (votes.count(c), -votes.index(c))))
    return found


@pytest.mark.parametrize("k", [1, 2, 3, 5, 8, 12])
def test_neighbours_with_ties_of_all_kinds(k):
    # small whole numbers: many equal cosines, among them of vectors of different length
    train, labels = RNG.integers(-1, 2, (12, 3)) * 1.0 + [0, 0, 3], RNG.choice([-7, 0, 40], 12)
    train[6:9] = 2 * train[0:3]
    features = RNG.integers(-2, 3, (40, 3)) * 1.0 + [0, 0, 0.5]
    got = nearest_neighbours(train, labels, features, k)
    assert got.tolist() == by_hand(train, labels, features, k)
    assert got.dtype == labels.dtype
    assert nearest_neighbours(train, labels, features[:0], k).shape == (0,)


def test_few_per_class_draws_fairly_without_replacement():
    labels = np.array([5, -2, 5, 5, -2, 9, 5, 9, -2, 9, 9, 9])
    counts = np.zeros(12)
    pairs = set()
    for seed in range(600):
        chosen = few_per_class(labels, 2, np.random.default_rng(seed))
        assert (np.diff(chosen) > 0).all()
        assert [np.sum(labels[chosen] == c) for c in (5, -2, 9)] == [2, 2, 2]
        counts[chosen] += 1
        pairs.add((tuple(chosen[labels[chosen] == 5]), tuple(chosen[labels[chosen] == -2])))
    share = np.array([2 / np.sum(labels == c) for c in labels])
    assert np.abs(counts / 600 - share).max() < 0.1
    assert len(pairs) == 6 * 3  # independent: every pair of choices occurs
    assert few_per_class(labels, 3, np.random.default_rng(0)).tolist() == few_per_class(
        list(labels), 3, np.random.default_rng(0)
    ).tolist()


F, Y = np.ones((3, 2)), np.array([0, 1, 0])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: linear_probe(F, Y, 2, 0), "labels, l2: expected 0 to 1 and above 0, got 0 to 1 and 0"),
        (lambda: linear_probe(F, Y, 1, 1), "labels, l2: expected 0 to 0"),
        (lambda: linear_probe(F, Y[:2], 2, 1), "labels: expected 3 integers"),
        (lambda: linear_probe(F, Y * 1.0, 2, 1), "labels: expected 3 integers, got float64"),
        (lambda: linear_probe(F[0], Y, 2, 1), "features: expected .N, D."),
        (lambda: nearest_neighbours(F, Y, F, 4), "k: expected 1 to 3, got 4"),
        (lambda: nearest_neighbours(F, Y, F[:, :1], 1), "features: expected .M, 2."),
        (lambda: nearest_neighbours(F, Y, 0 * F, 1), "features: expected no zero vector"),
        (lambda: few_per_class(Y, 2, RNG), "per_class: expected 1 to 1"),
        (lambda: few_per_class(Y, 0, RNG), "per_class: expected 1 to 1"),
    ],
)
def test_refusals(call, says):
    with pytest.raises(ValueError, match=says):
        call()
