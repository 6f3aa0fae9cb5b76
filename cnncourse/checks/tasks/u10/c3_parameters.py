"""Task 10.c3_parameters: a convolution whose output maps see only some of the input maps."""

import numpy as np

from cnncourse.checks.draw import fortran, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def c3_parameters(table):
    """25 weights for each connection, one bias for each output map."""
    return 25 * int(np.sum(table)) + table.shape[1]


# Which maps of S2 each map of C3 sees (table I of the paper).
MAPS = (
    "012", "123", "234", "345", "045", "015", "0123", "1234", "2345", "0345", "0145", "0125", "0134", "1245", "0235",
    "012345",
)  # fmt: skip


def paper():
    """The table of 1998: 60 of 96 connections."""
    return np.array([[int(str(i) in maps) for maps in MAPS] for i in range(6)])


def nearly(rng):
    """The paper's table without one to five of its connections."""
    table = paper()
    for i, j in rng.permutation(np.argwhere(table))[: rng.integers(1, 6)]:
        table[i, j] = 0
    return table


def cases(rng):
    """Nearly the paper's table, all connections, few, none; some with output maps that see nothing."""
    yield Case("nearly the paper's table", nearly(rng))
    yield Case("nearly the paper's table", readonly(nearly(rng)))
    yield Case("other tables", np.ones((6, 16), int))
    yield Case("other tables", np.eye(6, 16, int(rng.integers(0, 8)), dtype=int))
    yield Case("other tables", np.zeros((6, 16), int))
    for probability in (0.2, 0.5, 0.8):
        yield Case("other tables", (rng.random((6, 16)) < probability).astype(int))
    yield Case("other tables", fortran((rng.random((6, 16)) < 0.4).astype(int)))
    yield Case("other tables", strided((rng.random((6, 16)) < 0.6).astype(int)))


task = Task(
    "10.c3_parameters",
    {"nearly the paper's table": 1, "other tables": 1},
    c3_parameters,
    cases,
    [
        Mistake(
            "all-connections",
            lambda table: 25 * table.size + table.shape[1],
            "That is a convolution with all connections. Only the entries that are 1 have a kernel.",
        ),
        Mistake("biases-forgotten", lambda table: 25 * int(table.sum()), "The biases are missing: one per output map."),
        Mistake(
            "bias-per-input-map",
            lambda table: 25 * int(table.sum()) + table.shape[0],
            "A bias is counted for each *input* map. Rows are inputs, columns outputs: there are 16 output maps.",
        ),
        Mistake(
            "bias-per-connection",
            lambda table: 26 * int(table.sum()),
            "A bias is counted for each connection. The kernels of one output map are added up, and one bias is added.",
        ),
        Mistake(
            "one-bias",
            lambda table: 25 * int(table.sum()) + 1,
            "One bias is counted in all: each output map has one.",
        ),
        Mistake(
            "paper-by-heart",
            lambda table: 1516,
            "That is the paper's number whatever the table. Count the table that you are given.",
        ),
        Mistake(
            "kernel-shared",
            lambda table: 26 * table.shape[1],
            "One kernel is counted for each output map. It has one for each input map that it sees.",
        ),
        Mistake(
            "three-by-three",
            lambda table: 9 * int(table.sum()) + table.shape[1],
            "The kernels are counted as 3×3. LeNet's are 5×5.",
        ),
        Mistake(
            "kernel-side-for-area",
            lambda table: 5 * int(table.sum()) + table.shape[1],
            "A kernel is counted with 5 weights. It is 5×5.",
        ),
        Mistake(
            "zeros-counted",
            lambda table: 25 * int((table == 0).sum()) + table.shape[1],
            "The missing connections are counted. A 1 means connected.",
        ),
        Mistake(
            "bias-only-where-connected",
            lambda table: 25 * int(table.sum()) + int(table.any(axis=0).sum()),
            "An output map without any connection gets no bias. It is still a map with a bias, if a dull one.",
        ),
        Mistake(
            "adds-per-row",
            lambda table: sum(25 * int(row.sum()) + len(row) for row in table),
            "The biases are counted once for each row. There are as many as columns.",
        ),
        Mistake(
            "input-maps-for-connections",
            lambda table: 25 * int(table.any(axis=1).sum()) * table.shape[1] + table.shape[1],
            "Every input map that is used counts for all outputs. Count the entries that are 1.",
        ),
    ],
    see="10#C3: the connection table",
    place=1,
)
