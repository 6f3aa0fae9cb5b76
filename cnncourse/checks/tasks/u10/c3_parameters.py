"""A convolution whose output maps see only some of the input maps."""

import numpy as np

from cnncourse.checks.author import TORCH_ALLOWED, Call, Task, fortran, readonly, strided

task = Task(see="C3: the connection table", banned=TORCH_ALLOWED, seconds=20.0)


@task.right
def c3_parameters(table):
    """25 weights for each connection, one bias for each output map."""
    return 25 * int(np.sum(table)) + table.shape[1]


MAPS = (  # which maps of S2 each map of C3 sees (table I of the paper)
    "012", "123", "234", "345", "045", "015", "0123", "1234", "2345", "0345", "0145", "0125", "0134", "1245", "0235",
    "012345",
)  # fmt: skip


def nearly(rng):
    """The table of 1998 without one to five of its 60 connections."""
    table = np.array([[int(str(i) in maps) for maps in MAPS] for i in range(6)])
    for i, j in rng.permutation(np.argwhere(table))[: rng.integers(1, 6)]:
        table[i, j] = 0
    return table


@task.criterion(1, "nearly the paper's table")
def of_the_paper(rng):
    """The table of 1998 with some connections fewer."""
    for _ in range(5):
        yield Call(nearly(rng))
    yield Call(readonly(nearly(rng)))


@task.criterion(1)
def other_tables(rng):
    """All connections, few, none; some with output maps that see nothing; in any layout."""
    yield Call(np.ones((6, 16), int))
    yield Call(np.eye(6, 16, int(rng.integers(0, 8)), dtype=int))
    yield Call(np.zeros((6, 16), int))
    for probability in rng.uniform(0.1, 0.9, 12):
        yield Call((rng.random((6, 16)) < probability).astype(int))
    yield Call(fortran((rng.random((6, 16)) < 0.4).astype(int)))
    yield Call(strided((rng.random((6, 16)) < 0.6).astype(int)))


def counted(table, weights=lambda t: 25 * t.sum(), biases=lambda t: t.shape[1]):
    """Another count of weights, or of biases."""
    return int(weights(table)) + int(biases(table))


task.options(counted, {
    "all-connections": ({"weights": lambda t: 25 * t.size},
        "That is a convolution with all connections. Only the entries that are 1 have a kernel."),
    "biases-forgotten": ({"biases": lambda t: 0}, "The biases are missing: one per output map."),
    "bias-per-input-map": ({"biases": len},
        "A bias is counted for each *input* map. Rows are inputs, columns outputs: there are 16 output maps."),
    "bias-per-connection": ({"biases": np.sum},
        "A bias is counted for each connection. The kernels of one output map are added up, and one bias is added."),
    "one-bias": ({"biases": lambda t: 1}, "One bias is counted in all: each output map has one."),
    "paper-by-heart": ({"weights": lambda t: 1500},
        "That is the paper's number whatever the table. Count the table that you are given."),
    "kernel-shared": ({"weights": lambda t: 25 * t.shape[1]},
        "One kernel is counted for each output map. It has one for each input map that it sees."),
    "three-by-three": ({"weights": lambda t: 9 * t.sum()}, "The kernels are counted as 3×3. LeNet's are 5×5."),
    "kernel-side-for-area": ({"weights": lambda t: 5 * t.sum()}, "A kernel is counted with 5 weights. It is 5×5."),
    "zeros-counted": ({"weights": lambda t: 25 * (t == 0).sum()},
        "The missing connections are counted. A 1 means connected."),
    "bias-only-where-connected": ({"biases": lambda t: t.any(axis=0).sum()},
        "An output map without any connection gets no bias. It is still a map with a bias, if a dull one."),
    "adds-per-row": ({"biases": np.size},
        "The biases are counted once for each row. There are as many as columns."),
    "input-maps-for-connections": ({"weights": lambda t: 25 * t.any(axis=1).sum() * t.shape[1]},
        "Every input map that is used counts for all outputs. Count the entries that are 1."),
})  # fmt: skip
