"""Task 14.residual_forward: a block that adds to its input."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.u14._residual_mistakes import by_pixel


def residual_forward(input, weight1, weight2):
    """Right answer."""
    hidden = np.maximum(np.einsum("mc,nchw->nmhw", weight1, input), 0)
    return np.maximum(input + np.einsum("cm,nmhw->nchw", weight2, hidden), 0)


def cases(rng):
    """Narrow and wide blocks, all sides different and all sides equal; float32 and other layouts."""

    def drawn(n, c, h, w, m, dtype=np.float64):
        shapes = [(n, c, h, w), (m, c), (c, m)]
        x, weight1, weight2 = (normal(rng, *shape, dtype=dtype) for shape in shapes)
        return x, weight1, (weight2 / np.sqrt(m)).astype(dtype)

    yield Case("values", *drawn(2, 3, 4, 5, 6))
    yield Case("values", *drawn(3, 5, 2, 4, 2))
    yield Case("values", *drawn(3, 3, 3, 3, 3))
    yield Case("values", *drawn(1, 2, 6, 1, 4))
    yield Case("one of something", *drawn(1, 1, 3, 2, 3))
    yield Case("one of something", *drawn(2, 4, 1, 1, 1))
    yield Case("any array", *drawn(2, 4, 3, 2, 5, dtype=np.float32))
    yield Case("any array", *map(strided, drawn(2, 3, 4, 2, 4)))
    x, weight1, weight2 = drawn(3, 2, 4, 5, 3)
    yield Case("any array", readonly(x), fortran(weight1), readonly(weight2))


def _body(input, weight1, weight2):
    return by_pixel(weight2, np.maximum(by_pixel(weight1, input), 0))


def _in_place(input, weight1, weight2):
    input += _body(input, weight1, weight2)
    return np.maximum(input, 0)


def _of(function):
    """A mistake made of the input and what the two matrices add to it."""
    return lambda input, weight1, weight2: function(input, _body(input, weight1, weight2))


def _swapped_matrices(input, weight1, weight2):
    return np.maximum(input + by_pixel(weight1.T, np.maximum(by_pixel(weight2.T, input), 0)), 0)


def _plain(input, weight1, weight2):
    return by_pixel(weight2, by_pixel(weight1, input))


task = Task(
    "14.residual_forward",
    {"values": 2, "one of something": 1, "any array": 1},
    residual_forward,
    cases,
    [
        Mistake(
            "no-skip",
            _of(lambda x, f: np.maximum(f, 0)),
            "The input is not added. Without `input +` this is a plain stack of two layers.",
        ),
        Mistake(
            "no-final-relu",
            _of(lambda x, f: x + f),
            "The ReLU after the addition is missing, so values below zero come out.",
        ),
        Mistake(
            "relu-before-addition",
            _of(lambda x, f: x + np.maximum(f, 0)),
            "The ReLU comes before the addition: "
            "then the block can only add to its input, never take away. Add first, then ReLU.",
        ),
        Mistake(
            "relu-before-and-after",
            _of(lambda x, f: np.maximum(x + np.maximum(f, 0), 0)),
            "What the matrices give passes a ReLU before the addition, too. It goes into the sum as it is.",
        ),
        Mistake(
            "relu-on-each",
            _of(lambda x, f: np.maximum(x, 0) + np.maximum(f, 0)),
            "Each part passes its own ReLU. There is one, of the sum.",
        ),
        Mistake(
            "no-inner-relu",
            lambda input, weight1, weight2: np.maximum(input + _plain(input, weight1, weight2), 0),
            "The ReLU between the two matrices is missing, and W2·W1 is one matrix only.",
        ),
        Mistake(
            "no-relu",
            lambda input, weight1, weight2: input + _plain(input, weight1, weight2),
            "Both ReLUs are missing; the block is linear.",
        ),
        Mistake("no-skip-no-relu", _of(lambda x, f: f), "Neither is the input added nor does the result pass a ReLU."),
        Mistake(
            "skip-only",
            _of(lambda x, f: np.maximum(x, 0)),
            "That is the input after a ReLU; what the matrices give is not added.",
        ),
        Mistake("subtracts", _of(lambda x, f: np.maximum(x - f, 0)), "The branch is subtracted; it is added."),
        Mistake(
            "halves-the-sum", _of(lambda x, f: np.maximum((x + f) / 2, 0)), "The mean of both is taken; they are added."
        ),
        Mistake(
            "multiplies", _of(lambda x, f: np.maximum(x * f, 0)), "Input and branch are multiplied; they are added."
        ),
        Mistake(
            "input-rectified-first",
            lambda input, weight1, weight2: residual_forward(np.maximum(input, 0), weight1, weight2),
            "The input passes a ReLU before anything else. Both ways start from the input as it is.",
        ),
        Mistake(
            "matrices-swapped",
            _swapped_matrices,
            "The matrices are used in each other's place, transposed. "
            "weight1 (M, C) comes first: it takes C channels to M.",
        ),
        Mistake(
            "other-activation",
            _of(lambda x, f: np.abs(x + f)),
            "Negative values come out positive. ReLU makes them zero: np.maximum(x, 0).",
        ),
        Mistake(
            "changes-input",
            _in_place,
            "The values may be right, but the input is changed in place (`input += …`). Write `input + …`.",
        ),
    ],
    see="14#Learn the change, not the thing",
    place=1,
)
