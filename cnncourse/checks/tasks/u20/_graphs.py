"""What the graph tasks share: drawn graphs, and normalised adjacency with parts that can go wrong."""

import numpy as np

LAPSES = {
    "not-normalised": ({"power": 0.0, "right_power": 0.0}, "A + I is used as it is. Â has D^−½ on both sides."),
    "no-self-loops": ({"loops": lambda A: 0 * np.eye(len(A))}, "I is missing in Â, so no node hears itself."),
    "column-sums": ({"degree": lambda A, looped: looped.sum(axis=0)},
        "D holds the column sums of A + I. In a directed graph the row sums are others, and those are wanted."),
    "row-normalised": ({"power": 1.0, "right_power": 0.0},
        "Each row of A + I is divided by its sum. Â = D^−½ (A + I) D^−½ has a root on either side."),
}  # fmt: skip


def graph(rng, nodes, weighted=False, directed=False, loops=False):
    """A with at least 0 everywhere, about half of the edges; node 0 has an edge to everyone, so that degrees differ."""
    A = (rng.random((nodes, nodes)) < 0.5) * 1.0
    A[0] = 1
    A = np.triu(A, 1) + (np.tril(rng.random((nodes, nodes)) < 0.4, -1) if directed else np.triu(A, 1).T)
    if weighted:
        strength = rng.uniform(0.2, 3, (nodes, nodes))
        A = A * (strength if directed else np.triu(strength) + np.triu(strength, 1).T)
    if loops:
        A += np.diag(rng.integers(0, 2, nodes) * rng.uniform(1, 2, nodes).round(0 if not weighted else 2))
        A[-1, -1] = 2
    return A


def balanced(adjacency, loops=lambda A: np.eye(len(A), dtype=np.int8), degree=lambda A, looped: looped.sum(axis=1),
             first=None, right_degree=None, power=0.5, right_power=None):  # fmt: skip
    """Â with the options as they are."""
    A = first(adjacency) if first else adjacency
    looped = A + loops(A)
    sums = degree(A, looped)
    others = right_degree(A, looped) if right_degree else sums
    with np.errstate(all="ignore"):
        left = np.power(1.0 * sums, -power)
        right = np.power(1.0 * others, -(power if right_power is None else right_power))
        return left[:, None] * looped * right
