"""Does the numbering of the nodes matter?"""

import numpy as np

from cnncourse.checks.author import Call, Task, normal, readonly, strided
from cnncourse.checks.tasks.u20._graphs import graph

task = Task(see="Graphs: no grid, no order", probe="function_with_callable")


@task.right
def permutation_error(layer, adjacency, features, permutation):
    """max |layer(P A Pᵀ, P X) − P layer(A, X)|, row i of P X being X[permutation[i]]."""
    renamed = adjacency[permutation][:, permutation]
    return float(np.abs(layer(renamed, features[permutation]) - layer(adjacency, features)[permutation]).max())


def function(name, **data):
    """A function of `callables.py`, as an argument."""
    return {"__callable__": name, **data}


def order(rng, nodes):
    """A permutation that is not its own inverse."""
    while True:
        p = rng.permutation(nodes)
        if (p[p] != np.arange(nodes)).any():
            return p


def by_place(rng, nodes, c_in, c_out=2, loud=None):
    """A layer in which the node's number counts: not equivariant."""
    place = normal(rng, nodes, 1)
    if loud is not None:
        place *= 0.1
        place[loud] = 5
    return function("graph_by_place", weight=normal(rng, c_in, c_out), place=place)


@task.criterion(2)
def equivariant_layers(rng):
    """Layers that sum over neighbours, in graphs of both kinds: the error is 0, up to rounding; beside one that is not
    equivariant."""
    for nodes, directed in ((5, False), (6, True), (4, True)):
        layer = function("graph_sum", weight=normal(rng, 3, 2)) if nodes > 4 else by_place(rng, nodes, 3)
        yield Call(layer, graph(rng, nodes, directed=directed, weighted=True), normal(rng, nodes, 3), order(rng, nodes))


@task.criterion(2)
def other_layers(rng):
    """Layers in which the numbers of the nodes count; the largest difference may have any sign and any place."""
    for nodes, c_in in ((5, 3), (4, 4), (6, 2), (3, 3), (7, 1)):
        A, p = graph(rng, nodes, directed=True, weighted=True), order(rng, nodes)
        c_out = nodes if c_in == nodes else 2  # as many features as nodes: mixing them up gives numbers, no error
        for loud in (None, 0, nodes - 1):
            yield Call(by_place(rng, nodes, c_in, c_out, loud), A, normal(rng, nodes, c_in), p)
    yield Call(by_place(rng, 5, 2), graph(rng, 5), normal(rng, 5, 2), permutation=np.arange(5))


@task.criterion(1)
def any_array(rng):
    """Arrays that are not stored row after row, or must not be changed."""
    yield Call(by_place(rng, 5, 2), strided(graph(rng, 5, directed=True)), readonly(normal(rng, 5, 2)), order(rng, 5))
    yield Call(by_place(rng, 4, 3), readonly(graph(rng, 4)), strided(normal(rng, 4, 3)), readonly(order(rng, 4)))


def both(A, p):
    """P A Pᵀ."""
    return A[p][:, p]


def measured(layer, adjacency, features, permutation, *, graph=both, nodes=lambda X, p: X[p], after=lambda Y, p: Y[p],
             summary=lambda d: np.abs(d).max()):  # fmt: skip
    """Right with the options as they are."""
    p = permutation
    return float(summary(layer(graph(adjacency, p), nodes(features, p)) - after(layer(adjacency, features), p)))


def inverse(p):
    """The permutation that undoes p."""
    return np.argsort(p)


SIGN = "The largest difference is taken with its sign, so a large negative one does not count. Take absolute values."
task.options(measured, {
    "graph-keeps-its-numbers": ({"graph": lambda A, p: A},
        "The nodes have new numbers and the graph has the old ones. Both belong together: P A Pᵀ."),
    "rows-only": ({"graph": lambda A, p: A[p]},
        "Only the rows of A are renumbered: P A. Row and column i belong to one node: P A Pᵀ."),
    "columns-only": ({"graph": lambda A, p: A[:, p]},
        "Only the columns of A are renumbered: A Pᵀ. Row and column i belong to one node: P A Pᵀ."),
    "graph-inverse": ({"graph": lambda A, p: both(A, inverse(p))},
        "The graph is renumbered by the inverse: Pᵀ A P. It is A[p][:, p], with the same p as the features."),
    "second-factor-not-transposed": ({"graph": lambda A, p: A[p][:, inverse(p)]},
        "The graph is P A P. The columns are renumbered by Pᵀ from the right: P A Pᵀ."),
    "graph-diagonal": ({"graph": lambda A, p: A[p, p]},
        "A[p, p] takes one entry for each node, those of the diagonal. Rows and columns are picked by A[p][:, p] or "
        "A[np.ix_(p, p)]."),
    "graph-transposed": ({"graph": lambda A, p: both(A, p).T},
        "The graph is transposed as well. Renumbering keeps the direction of every edge."),
    "features-stay": ({"nodes": lambda X, p: X},
        "The graph has new numbers and the features the old ones. Both are renumbered: layer(P A Pᵀ, P X)."),
    "features-inverse": ({"nodes": lambda X, p: X[inverse(p)]},
        "The features are renumbered by the inverse. Row i of P X is X[permutation[i]]."),
    "output-stays": ({"after": lambda Y, p: Y},
        "The output is compared with the old one as it was: that asks for invariance. Equivariance compares with "
        "P layer(A, X)."),
    "output-columns": ({"after": lambda Y, p: Y[:, p]},
        "The features of the output are renumbered, not its nodes. P from the left moves the rows."),
    "output-inverse": ({"after": lambda Y, p: Y[inverse(p)]},
        "The output is renumbered by the inverse. It is the same P on both sides."),
    "inverse-everywhere": ({"graph": lambda A, p: both(A, inverse(p)), "nodes": lambda X, p: X[inverse(p)],
                            "after": lambda Y, p: Y[inverse(p)]},
        "Everything is renumbered by the inverse. Row i of P X is X[permutation[i]]."),
    "forgets-absolute": ({"summary": lambda d: d.max()}, SIGN),
    "forgets-absolute-value": ({"summary": lambda d: (-d).max()}, SIGN),
    "sum-for-largest": ({"summary": lambda d: np.abs(d).sum()}, "The differences are added up; the task asks for the "
        "largest."),
    "largest-row-sum": ({"summary": lambda d: np.abs(d).sum(axis=1).max()},
        "This is the matrix norm of the differences, the largest sum of a row: np.linalg.norm(…, np.inf) of a matrix. "
        "Wanted is the largest entry."),
    "mean-for-largest": ({"summary": lambda d: np.abs(d).mean()},
        "This is the mean difference; the task asks for the largest."),
    "norm": ({"summary": np.linalg.norm},
        "This is the Euclidean norm of the difference; the task asks for the largest absolute value."),
    "squared": ({"summary": lambda d: (d**2).max()},
        "This is the largest squared difference; the task asks for the absolute value."),
    "first-feature-only": ({"summary": lambda d: np.abs(d[:, 0]).max()}, "Only the first feature is looked at."),
    "first-node-only": ({"summary": lambda d: np.abs(d[0]).max()}, "Only the first node is looked at."),
    "always-zero": ({"summary": lambda d: 0},
        "The answer is 0 for every layer. A layer in which numbers of nodes count does not commute with P."),
    "smallest-for-largest": ({"summary": lambda d: np.abs(d).min()}, "This is the smallest difference; wanted is the "
        "largest."),
})  # fmt: skip


@task.mistake
def relative_error(right, layer, adjacency, features):
    """The difference is divided by the size of the output. Asked is the absolute difference."""
    return right / float(np.abs(layer(adjacency, features)).max())
