"""Task 14.residual_backward: two ways back, and their gradients add up."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.u14._residual_mistakes import wrong_backward


def residual_backward(grad_output, input, weight1, weight2):
    """Right answer."""
    before = np.einsum("mc,nchw->nmhw", weight1, input)
    hidden = np.maximum(before, 0)
    total = input + np.einsum("cm,nmhw->nchw", weight2, hidden)
    grad_total = grad_output * (total > 0)
    grad_before = np.einsum("cm,nchw->nmhw", weight2, grad_total) * (before > 0)
    return (
        grad_total + np.einsum("mc,nmhw->nchw", weight1, grad_before),
        np.einsum("nmhw,nchw->mc", grad_before, input),
        np.einsum("nchw,nmhw->cm", grad_total, hidden),
    )


NAMES = ("grad_input", "grad_weight1", "grad_weight2")


def cases(rng):
    """Narrow and wide blocks under drawn upstream gradients; float32 and other layouts."""

    def drawn(n, c, h, w, m, dtype=np.float64):
        shapes = [(n, c, h, w), (n, c, h, w), (m, c), (c, m)]
        grad, x, weight1, weight2 = (normal(rng, *shape, dtype=dtype) for shape in shapes)
        return grad, x, weight1, (weight2 / np.sqrt(m)).astype(dtype)

    for sides in [(2, 3, 4, 5, 6), (3, 3, 3, 3, 3), (3, 5, 2, 4, 2), (2, 4, 3, 1, 3)]:
        arrays = drawn(*sides)
        for name in NAMES:
            yield Case(name, *arrays)
    yield Case("any array", *drawn(2, 4, 3, 2, 5, dtype=np.float32))
    yield Case("any array", *map(strided, drawn(2, 3, 4, 2, 4)))
    grad, x, weight1, weight2 = drawn(1, 2, 4, 5, 3)
    yield Case("any array", fortran(grad), readonly(x), fortran(weight1), readonly(weight2))


def _in_place(grad_output, input, weight1, weight2):
    result = residual_backward(grad_output, input, weight1, weight2)
    grad_output[...] = 0
    return result


task = Task(
    "14.residual_backward",
    {"grad_input": 3, "grad_weight1": 2, "grad_weight2": 1, "any array": 2},
    residual_backward,
    cases,
    [
        Mistake(
            "no-skip",
            wrong_backward(skip=False),
            "The gradient through the shortcut is missing: the input reaches "
            "the sum directly, too. Add the gradient of the sum.",
        ),
        Mistake(
            "skip-only",
            wrong_backward(branch=False),
            "The input's gradient is only that of the shortcut. The branch through the matrices adds its own.",
        ),
        Mistake(
            "no-final-relu",
            wrong_backward(last_gate=False),
            "The last ReLU is left out on the way back. Where the "
            "sum is not positive, nothing goes back, neither to the shortcut nor to the branch.",
        ),
        Mistake(
            "skip-past-final-relu",
            wrong_backward(skip_upstream="raw"),
            "The shortcut gets the upstream gradient as "
            "it came. The addition stands before the last ReLU, so that gate holds for the shortcut, too.",
        ),
        Mistake(
            "weight2-past-final-relu",
            wrong_backward(upstream_to_weights="raw"),
            "weight2's gradient uses the upstream gradient as it came. It must pass the last ReLU first.",
        ),
        Mistake(
            "no-inner-relu",
            wrong_backward(inner_gate=False),
            "The inner ReLU is left out on the way back. Multiply by (W1·x > 0).",
        ),
        Mistake(
            "hidden-not-rectified",
            wrong_backward(hidden=False),
            "The hidden values are taken before the ReLU. The forward pass puts relu(W1·x) into W2.",
        ),
        Mistake(
            "gate-of-the-branch",
            wrong_backward(last_gate_on="body"),
            "The last gate looks only at the branch. It is the sum, x + W2·relu(W1·x), that passes the ReLU.",
        ),
        Mistake(
            "gate-of-the-input",
            wrong_backward(last_gate_on="input"),
            "The last gate looks only at the input. It is the sum, x + W2·relu(W1·x), that passes the ReLU.",
        ),
        Mistake(
            "gate-of-the-gradient",
            wrong_backward(inner_gate_on="upstream"),
            "The inner gate looks at the gradient's sign. ReLU's gate is open where its *input*, W1·x, is positive.",
        ),
        Mistake(
            "mean-over-batch",
            wrong_backward(scale="N"),
            "The weights' gradients are divided by N. A shared weight's gradient is the sum over images and pixels.",
        ),
        Mistake(
            "mean-over-pixels",
            wrong_backward(scale="HW"),
            "The weights' gradients are divided by H·W. A shared weight's gradient is the sum over images and pixels.",
        ),
        Mistake(
            "mean-over-all",
            wrong_backward(scale="NHW"),
            "The weights' gradients are means. A shared weight's gradient is the sum over images and pixels.",
        ),
        Mistake(
            "transposed",
            wrong_backward(transpose=True),
            "The weights' gradients are transposed: a gradient has the "
            "shape of its weight, also where the matrix is square.",
        ),
        Mistake(
            "results-swapped",
            lambda *args: (lambda a, b, c: (a, c, b))(*residual_backward(*args)),
            "The gradients of weight1 and weight2 have changed places.",
        ),
        Mistake(
            "changes-input",
            _in_place,
            "The values are right, but grad_output is changed in place. Write "
            "`g = grad_output * gate`, not `grad_output *= gate`.",
        ),
    ],
    names=NAMES,
    see="14#The way back",
    place=2,
)
