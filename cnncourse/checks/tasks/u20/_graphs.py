"""What the graph tasks share: drawn graphs, and normalised adjacency with parts that can go wrong."""

import numpy as np

LAPSES = {
    "not-normalised": ({"power": 0.0, "right_power": 0.0}, "A + I is used as it is. Â has D^−½ on both sides."),
    "no-self-loops": ({"loops": lambda A: 0 * np.eye(len(A))}, "I is missing in Â, so no node hears itself."),
    "no-self-loops-and-zeros": ({"loops": lambda A: 0 * np.eye(len(A)), "empty": 0.0}, "I is missing in Â, so no node "
        "hears itself, and a node without neighbours hears nothing."),
    "degree-without-the-loop-and-zeros": ({"degree": lambda A, looped: A.sum(axis=1), "empty": 0.0},
        "The row sums are those of A, and where one is 0, the factor is set to 0. D holds the row sums of A + I, in "
        "which every node counts itself: none is 0."),
    "column-sums": ({"degree": lambda A, looped: looped.sum(axis=0)},
        "D holds the column sums of A + I. In a directed graph the row sums are others, and those are wanted."),
    "degree-without-the-loop": ({"degree": lambda A, looped: A.sum(axis=1)},
        "The row sums are those of A. D holds the row sums of A + I, in which every node counts itself."),
    "rows-then-columns": ({"right_degree": lambda A, looped: looped.sum(axis=0)},
        "The right factor has the column sums, the left one the row sums. Both are the row sums of A + I."),
    "no-root": ({"power": 1.0}, "The factors are D⁻¹, not D^−½: each weight is divided by both sums."),
    "left-factor-only": ({"right_power": 0.0}, "The right factor D^−½ is missing."),
    "right-factor-only": ({"power": 0.0, "right_power": 0.5}, "The left factor D^−½ is missing."),
    "diagonal-set-to-1": ({"loops": lambda A: np.diag(1.0 - np.diag(A))},
        "The diagonal is set to 1. A loop of A stays, and I comes on top."),
    "edges-count-1": ({"first": lambda A: (A > 0) * 1.0},
        "Weights and loops are set to 1. A's entries are weights and stay as they are."),
    "made-symmetric": ({"first": lambda A: np.maximum(A, A.T)},
        "The graph is made symmetric first. A directed graph keeps its directions."),
    "row-normalised": ({"power": 1.0, "right_power": 0.0},
        "Each row of A + I is divided by its sum. Â = D^−½ (A + I) D^−½ has a root on either side."),
}  # fmt: skip


def graph(rng, nodes, weighted=False, directed=False, loops=False, deaf=False):
    """A with at least 0 everywhere, about half of the edges; node 0 has an edge to everyone, so that degrees differ.

    Where it is `deaf`, the last node hears no other.
    """
    A = (rng.random((nodes, nodes)) < 0.5) * 1.0
    A[0] = 1
    A = np.triu(A, 1) + (np.tril(rng.random((nodes, nodes)) < 0.4, -1) if directed else np.triu(A, 1).T)
    if weighted:
        strength = rng.uniform(0.2, 3, (nodes, nodes))
        A = A * (strength if directed else np.triu(strength) + np.triu(strength, 1).T)
    if deaf:
        A[-1] = 0
    if loops:
        A += np.diag(rng.integers(0, 2, nodes) * rng.uniform(1, 2, nodes).round(0 if not weighted else 2))
        A[-1, -1] = 2
    return A


def balanced(adjacency, loops=lambda A: np.eye(len(A), dtype=np.int8), degree=lambda A, looped: looped.sum(axis=1),
             first=None, right_degree=None, power=0.5, right_power=None, empty=np.inf):  # fmt: skip
    """Â with the options as they are."""
    A = first(adjacency) if first else adjacency
    looped = A + loops(A)
    sums = degree(A, looped)
    others = right_degree(A, looped) if right_degree else sums
    with np.errstate(all="ignore"):
        left = np.where((sums == 0) & (power > 0), empty, np.power(1.0 * sums, -power))
        right = np.power(1.0 * others, -(power if right_power is None else right_power))
        right = np.where(np.isinf(right), empty, right)
        return left[:, None] * looped * right
