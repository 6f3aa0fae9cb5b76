"""A weighted sum over the neighbours, then one matrix for all nodes."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array
from cnncourse.checks.tasks.u20._graphs import LAPSES, balanced, graph

task = Task(see="Graphs: no grid, no order")


@task.right
def graph_conv(adjacency, features, weight):
    """Â X W."""
    return balanced(adjacency) @ features @ weight


def drawn(rng, nodes, c_in, c_out, **kind):
    """A call for a drawn graph."""
    return Call(graph(rng, nodes, **kind), normal(rng, nodes, c_in), normal(rng, c_in, c_out))


@task.criterion(2)
def undirected(rng):
    """Graphs of friendships with several features per node."""
    yield drawn(rng, 5, 3, 2)
    yield drawn(rng, 4, 1, 3)
    yield drawn(rng, 6, 4, 1)
    yield drawn(rng, 1, 2, 3)


@task.criterion(1)
def directed_and_weighted(rng):
    """Edges of one direction, weights, loops: row i of A holds what node i hears."""
    yield drawn(rng, 5, 2, 3, directed=True)
    yield drawn(rng, 4, 2, 2, directed=True, deaf=True)
    yield drawn(rng, 4, 3, 2, directed=True, weighted=True, loops=True)
    yield drawn(rng, 6, 2, 2, weighted=True)


@task.criterion(1)
def all_sides_alike(rng):
    """As many nodes as features before and after: wrong axes raise no error there."""
    for side in (2, 3, 4):
        yield drawn(rng, side, side, side, directed=True, weighted=True)


@any_array(task)
def arrays(rng):
    yield drawn(rng, 5, 3, 2, directed=True, weighted=True)


def product(adjacency, features, weight, compute=lambda A, X, W: A @ X @ W, **options):
    """Â with a part that goes wrong, or another product of the three."""
    return compute(balanced(adjacency, **options), features, weight)


task.options(product, LAPSES)
task.options(product, {
    "neighbours-twice": ({"compute": lambda A, X, W: A @ A @ X @ W},
        "The sum over neighbours is taken twice: neighbours of neighbours speak. One layer is one step."),
    "hears-the-wrong-way": ({"compute": lambda A, X, W: A.T @ X @ W},
        "Â is transposed. Row i holds the weights with which node i hears the others."),
    "weight-transposed": ({"compute": lambda A, X, W: A @ X @ W.T},
        "The weight is transposed. It has shape (C_in, C_out); square ones raise no error."),
    "neighbours-forgotten": ({"compute": lambda A, X, W: X @ W},
        "Each node's features are multiplied by W, and no neighbour is heard: Â is missing."),
    "weights-forgotten": ({"compute": lambda A, X, W: A @ X}, "W is missing: the sums over neighbours come out."),
    "applies-relu": ({"compute": lambda A, X, W: np.maximum(A @ X @ W, 0)},
        "A ReLU is applied. The layer is linear; a nonlinearity comes between layers."),
    "nodes-last": ({"compute": lambda A, X, W: (A @ X @ W).T}, "The result is transposed. Each node has a row."),
    "adds-itself-again": ({"compute": lambda A, X, W: A @ X @ W + X @ W},
        "Each node is added once more. I in A + I does that already."),
    "largest-for-sum": ({"compute": lambda A, X, W: (A[:, :, None] * X[None]).max(axis=1) @ W},
        "The largest of the neighbours is taken. Wanted is their weighted sum."),
    "mean-over-nodes": ({"compute": lambda A, X, W: A @ X @ W / len(A)},
        "The result is divided by the number of nodes. Â is normalised already."),
    "everyone-hears-all": ({"compute": lambda A, X, W: np.repeat((A @ X @ W).mean(0, keepdims=True), len(A), 0)},
        "All nodes get one and the same row. Each node hears its own neighbours."),
})  # fmt: skip


@task.mistake
def graph_transposed(again, adjacency):
    """The graph is transposed. Row i of A holds what node i hears: A stays as it is."""
    return again(adjacency=adjacency.T)


@task.mistake
def changes_input(right, features):
    """The values may be right, but an argument is changed in place. Build new arrays."""
    features[...] = 0
    return right
