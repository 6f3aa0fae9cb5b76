"""Every node its own neighbour, and the weights balanced."""

import numpy as np

from cnncourse.checks.author import Call, Task
from cnncourse.checks.families import any_array
from cnncourse.checks.tasks.u20._graphs import LAPSES, balanced, graph

task = Task(see="Graphs: no grid, no order")


@task.right
def normalized_adjacency(adjacency):
    """D^−½ (A + I) D^−½, D the row sums of A + I."""
    looped = adjacency + np.eye(len(adjacency), dtype=np.int8)
    degree = looped.sum(axis=1)
    return looped / np.sqrt(np.outer(degree, degree))


@task.criterion(2)
def undirected(rng):
    """Friendships: entries 0 and 1 as float, whole number or bool, also a node without a neighbour."""
    yield Call(graph(rng, 4))
    yield Call(graph(rng, 6).astype(np.int64))
    yield Call(graph(rng, 7).astype(bool))
    lonely = graph(rng, 5)
    lonely[2] = lonely[:, 2] = 0
    yield Call(lonely)


@task.criterion(2)
def weighted_and_directed(rng):
    """Weights of any size from 0, in one direction only, and nodes that are joined to themselves."""
    yield Call(graph(rng, 4, weighted=True))
    yield Call(graph(rng, 5, directed=True))
    yield Call(graph(rng, 4, weighted=True, directed=True))
    yield Call(graph(rng, 5, loops=True))
    yield Call(graph(rng, 3, weighted=True, directed=True, loops=True))
    yield Call(graph(rng, 8, directed=True, loops=True).astype(np.int32))
    yield Call(graph(rng, 6, directed=True, loops=True).astype(bool))


@task.criterion(1)
def small_graphs(rng):
    """One node, two nodes, and no edge at all, beside others."""
    yield Call(np.zeros((1, 1)))
    yield Call(np.array([[0.0, 1.0], [1.0, 0.0]]))
    yield Call(np.zeros((3, 3)))
    yield Call(graph(rng, 2, weighted=True, loops=True))


@any_array(task)
def arrays(rng):
    yield Call(graph(rng, 5, weighted=True, directed=True))


def changed(adjacency, **options):
    """Right with the options as they are."""
    return balanced(adjacency, **options)


task.options(changed, LAPSES | {
    "no-self-loops": ({"loops": lambda A: 0 * np.eye(len(A))},
        "I is not added: no node hears itself. Add it before you take the row sums."),
    "column-sums": ({"degree": lambda A, looped: looped.sum(axis=0)},
        "D holds the column sums. In a directed graph they differ from the row sums, which are wanted."),
    "columns-then-rows": ({"degree": lambda A, looped: looped.sum(axis=0),
                           "right_degree": lambda A, looped: looped.sum(axis=1)},
        "The left factor has the column sums, the right one the row sums. Both are the row sums of A + I."),
    "counts-neighbours": ({"degree": lambda A, looped: (looped > 0).sum(axis=1)},
        "D counts the neighbours. It holds the sums of the weights."),
    "averaged-with-the-transposed": ({"first": lambda A: (A + 1.0 * A.T) / 2},
        "The graph is averaged with its transposed. A directed graph keeps its directions."),
    "or-for-plus": ({"loops": lambda A: np.eye(len(A), dtype=A.dtype if A.dtype == bool else np.int8)},
        "Of two arrays of bools `+` makes an *or*, so a loop that is there stays 1. Make numbers of them first."),
    "keeps-old-loops": ({"loops": lambda A: np.diag((np.diag(A) == 0) * 1.0)},
        "Where A has a loop, I is not added. A loop of A stays, and I comes on top."),
    "doubles-the-loop": ({"loops": lambda A: 2 * np.eye(len(A))}, "2·I is added: each node counts itself twice."),
    "row-normalised": ({"power": 1.0, "right_power": 0.0},
        "Each row is divided by its sum: D⁻¹(A + I). Wanted is half of it on either side: D^−½ (A + I) D^−½."),
    "column-normalised": ({"power": 0.0, "right_power": 1.0},
        "Each column is divided: (A + I) D⁻¹. Wanted is half of it on either side: D^−½ (A + I) D^−½."),
    "columns-by-column-sums": ({"power": 0.0, "right_power": 1.0, "degree": lambda A, looped: looped.sum(axis=0)},
        "Each column is divided by its sum. Wanted is half of the row sums on either side: D^−½ (A + I) D^−½."),
    "ones-everywhere": ({"loops": lambda A: np.ones(A.shape)}, "1 is added to every entry. I has ones on the diagonal "
        "only: np.eye(M)."),
    "multiplies-by-the-root": ({"power": -0.5}, "The factors are D^½. Weights are divided by the roots of the sums."),
    "not-normalised": ({"power": 0.0, "right_power": 0.0}, "That is A + I. Nodes with many neighbours would shout: "
        "multiply by D^−½ from both sides."),
})  # fmt: skip


@task.mistake
def loops_after_normalising(adjacency):
    """I is added after the division. It belongs to A before the row sums are taken."""
    degree = adjacency.sum(axis=1)
    root = 1 / np.sqrt(np.where(degree > 0, degree, 1))
    return root[:, None] * adjacency * root + np.eye(len(adjacency))


@task.mistake
def diagonal_only(right):
    """Only the diagonal is there: `*` multiplies matrices entry by entry. A matrix product is `@`."""
    return right * np.eye(len(right))


@task.mistake
def transposed(right):
    """The result is transposed. Row i holds the weights with which node i hears the others."""
    return right.T


@task.mistake
def laplacian(right):
    """This is I − Â, the normalised Laplacian. Wanted is Â itself."""
    return np.eye(len(right)) - right


@task.mistake
def changes_input(right, adjacency):
    """The values may be right, but `adjacency` is changed in place. Build a new array."""
    np.fill_diagonal(adjacency, 1 + np.diag(adjacency))
    return right
