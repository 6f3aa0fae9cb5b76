"""The way back: who heard me?"""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, upstream
from cnncourse.checks.tasks.u20._graphs import LAPSES, balanced, graph

task = Task(see="Graphs: no grid, no order", names=("grad_features", "grad_weight"), lists_allowed=True)


@task.right
def graph_conv_backward(grad_output, adjacency, features, weight):
    """Âᵀ G Wᵀ and (Â X)ᵀ G."""
    A = balanced(adjacency)
    return A.T @ grad_output @ weight.T, (A @ features).T @ grad_output


def drawn(rng, nodes, c_in, c_out, **kind):
    """A call for a drawn graph with a drawn upstream gradient."""
    upstream_gradient, A = normal(rng, nodes, c_out), graph(rng, nodes, **kind)
    return Call(upstream_gradient, A, normal(rng, nodes, c_in), normal(rng, c_in, c_out))


def graphs(rng):
    """Directed and undirected graphs, with weights, loops, one node; as many nodes as features."""
    yield drawn(rng, 5, 3, 2)
    yield drawn(rng, 5, 2, 4, directed=True)
    yield drawn(rng, 4, 2, 2, directed=True, deaf=True)
    yield drawn(rng, 4, 3, 2, directed=True, weighted=True, loops=True)
    yield drawn(rng, 1, 2, 3)
    for side in (2, 3, 4):
        yield drawn(rng, side, side, side, directed=True, weighted=True)


@task.criterion(3)
def grad_features(rng):
    """A node gets the gradient of everyone who heard it, in directed graphs, too."""
    yield from graphs(rng)


@task.criterion(2)
def grad_weight(rng):
    """All nodes share the weight, so what they ask of it adds up."""
    yield from graphs(rng)


@any_array(task)
def arrays(rng):
    yield drawn(rng, 5, 3, 2, directed=True, weighted=True)


def backward(
    grad_output, adjacency, features, weight, *, of_features=lambda G, A, X, W: A.T @ G @ W.T,
    of_weight=lambda G, A, X, W: (A @ X).T @ G, **options,
):  # fmt: skip
    """Right with the options as they are, some of which are those of Â."""
    given = grad_output, balanced(adjacency, **options), features, weight
    return of_features(*given), of_weight(*given)


task.options(backward, LAPSES)
task.options(backward, {
    "hears-for-heard": ({"of_features": lambda G, A, X, W: A @ G @ W.T},
        "grad_features has Â where Âᵀ belongs. Node j gets the gradients of the nodes that heard *it*: column j. In an "
        "undirected graph the two are equal."),
    "graph-forgotten-in-features": ({"of_features": lambda G, A, X, W: G @ W.T},
        "grad_features is G Wᵀ: the graph is missing. Each node was heard by its neighbours, too."),
    "graph-forgotten-in-weight": ({"of_weight": lambda G, A, X, W: X.T @ G},
        "grad_weight is Xᵀ G. What met the weight are the sums over neighbours, Â X."),
    "wrong-way-in-weight": ({"of_weight": lambda G, A, X, W: (A.T @ X).T @ G},
        "grad_weight has Âᵀ X in it. The forward pass multiplied Â X by W."),
    "weight-not-transposed": ({"of_features": lambda G, A, X, W: A.T @ G @ W},
        "grad_features has W where Wᵀ belongs. Square weights raise no error."),
    "weight-gradient-transposed": ({"of_weight": lambda G, A, X, W: G.T @ A @ X},
        "grad_weight is transposed: Gᵀ Â X. A gradient has the shape of its array."),
    "mean-over-nodes": ({"of_weight": lambda G, A, X, W: (A @ X).T @ G / len(A)},
        "grad_weight is divided by the number of nodes. All share W, so their gradients add up."),
    "weight-missing": ({"of_features": lambda G, A, X, W: A.T @ G @ np.ones_like(W.T)},
        "grad_features does not depend on W's values. The gradient comes back through Wᵀ."),
    "graph-twice": ({"of_features": lambda G, A, X, W: A.T @ A.T @ G @ W.T},
        "grad_features goes through the graph twice. One layer is one step there and one step back."),
    "graph-twice-in-weight": ({"of_weight": lambda G, A, X, W: (A @ X).T @ A.T @ G},
        "grad_weight has the graph in it twice. What met the weight are the sums over neighbours, Â X, and these meet "
        "G."),
    "features-of-a-node-only": ({"of_weight": lambda G, A, X, W: np.outer((A @ X)[0], G[0])},
        "grad_weight comes from the first node only. Every node adds its share."),
})  # fmt: skip
upstream(task)


@task.mistake
def normalises_the_transposed(right, grad_output, adjacency, weight):
    """grad_features has the normalised Aᵀ where Âᵀ belongs. In a directed graph they differ: normalise first, with the
    row sums of A + I, and transpose then."""
    return balanced(adjacency.T) @ grad_output @ weight.T, right[1]


@task.mistake
def means_over_nodes(right, adjacency):
    """Both gradients are divided by the number of nodes. What the nodes ask for adds up."""
    return tuple(part / len(adjacency) for part in right)


@task.mistake
def order_exchanged(right):
    """The two gradients come in the other order. Wanted: (grad_features, grad_weight)."""
    return right[1], right[0]


@task.mistake
def changes_input(right, grad_output):
    """The values may be right, but an argument is changed in place. Build new arrays."""
    grad_output[...] = 0
    return right
