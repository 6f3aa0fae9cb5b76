"""Two ways back, and their gradients add up."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

NAMES = ("grad_input", "grad_weight1", "grad_weight2")
task = Task(see="The way back", names=NAMES)


@task.right
def residual_backward(grad_output, input, weight1, weight2):
    """g₁ = g · [x + W₂h > 0] goes to x and to W₂; W₂ᵀ g₁ · [W₁x > 0] goes to W₁ and, through W₁ᵀ, to x."""
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


def drawn(rng, n, c, h, w, m):
    """A call with an upstream gradient, an input and two matrices."""
    x = normal(rng, n, c, h, w)
    return Call(normal(rng, n, c, h, w), x, normal(rng, m, c), normal(rng, c, m) / np.sqrt(m))


def blocks(rng):
    """Narrow and wide blocks under drawn upstream gradients."""
    for sides in [(2, 3, 4, 5, 6), (3, 3, 3, 3, 3), (3, 5, 2, 4, 2), (2, 4, 3, 1, 3)]:
        yield drawn(rng, *sides)


@task.criterion(3, "grad_input")
def grad_input(rng):
    """The shortcut's gradient plus that of the branch."""
    yield from blocks(rng)


@task.criterion(2, "grad_weight1")
def grad_weight1(rng):
    """What comes back through W2 and both gates, times the input, summed over images and pixels."""
    yield from blocks(rng)


@task.criterion(1, "grad_weight2")
def grad_weight2(rng):
    """What comes back through the last gate, times the hidden values, summed over images and pixels."""
    yield from blocks(rng)


@any_array(task, points=2)
def arrays(rng):
    yield drawn(rng, 2, 4, 3, 2, 5)


def gated(raw, gated):
    """What has passed the last gate."""
    return gated


def backward(
    grad_output, input, weight1, weight2, *, skip=gated, branch=1, to_weight2=gated, last=lambda x, f: x + f > 0,
    inner=lambda z, g: z > 0, hidden=lambda z: np.maximum(z, 0), divisor=lambda x: 1,
):  # fmt: skip
    """The right answer, in parts that can go wrong: what reaches shortcut and weight2, the gates, the hidden values."""
    before = np.einsum("mc,nchw->nmhw", weight1, input)
    after = hidden(before)
    g = grad_output * last(input, np.einsum("cm,nmhw->nchw", weight2, after))
    g_after = np.einsum("cm,nchw->nmhw", weight2, g)
    g_before = g_after * inner(before, g_after)
    grads = np.einsum("nmhw,nchw->mc", g_before, input), np.einsum("nchw,nmhw->cm", to_weight2(grad_output, g), after)
    through = np.einsum("mc,nmhw->nchw", weight1, g_before)
    return skip(grad_output, g) + branch * through, *(grad / divisor(input) for grad in grads)


task.options(backward, {
    "no-skip": ({"skip": lambda raw, gated: 0}, "The gradient through the shortcut is missing: the input reaches the "
        "sum directly, too. Add the gradient of the sum."),
    "skip-only": ({"branch": 0}, "The input's gradient is only that of the shortcut. The branch through the matrices "
        "adds its own."),
    "no-final-relu": ({"last": lambda x, f: 1}, "The last ReLU is left out on the way back. Where the sum is not "
        "positive, nothing goes back, neither to the shortcut nor to the branch."),
    "skip-past-final-relu": ({"skip": lambda raw, gated: raw}, "The shortcut gets the upstream gradient as it came. "
        "The addition stands before the last ReLU, so that gate holds for the shortcut, too."),
    "weight2-past-final-relu": ({"to_weight2": lambda raw, gated: raw}, "weight2's gradient uses the upstream gradient "
        "as it came. It must pass the last ReLU first."),
    "no-inner-relu": ({"inner": lambda z, g: 1}, "The inner ReLU is left out on the way back. Multiply by (W1·x > 0)."),
    "hidden-not-rectified": ({"hidden": lambda z: z}, "The hidden values are taken before the ReLU. The forward pass "
        "puts relu(W1·x) into W2."),
    "gate-of-the-branch": ({"last": lambda x, f: f > 0}, "The last gate looks only at the branch. It is the sum, x + "
        "W2·relu(W1·x), that passes the ReLU."),
    "gate-of-the-input": ({"last": lambda x, f: x > 0}, "The last gate looks only at the input. It is the sum, x + "
        "W2·relu(W1·x), that passes the ReLU."),
    "gate-of-the-gradient": ({"inner": lambda z, g: g > 0}, "The inner gate looks at the gradient's sign. ReLU's gate "
        "is open where its *input*, W1·x, is positive."),
    "mean-over-batch": ({"divisor": len}, "The weights' gradients are divided by N. A shared weight's gradient is the "
        "sum over images and pixels."),
    "mean-over-pixels": ({"divisor": lambda x: x[0, 0].size}, "The weights' gradients are divided by H·W. A shared "
        "weight's gradient is the sum over images and pixels."),
    "mean-over-all": ({"divisor": lambda x: x[:, 0].size}, "The weights' gradients are means. A shared weight's "
        "gradient is the sum over images and pixels."),
})  # fmt: skip


@task.mistake
def argument_for_hidden(right, grad_output, input, weight1, weight2):
    """weight2's gradient is computed from W1·x. weight2 is applied to the hidden values: relu(W1·x)."""
    before = np.einsum("mc,nchw->nmhw", weight1, input)
    open_ = input + np.einsum("cm,nmhw->nchw", weight2, np.maximum(before, 0)) > 0
    return *right[:2], np.einsum("nchw,nmhw->cm", grad_output * open_, before)


@task.mistake
def transposed(right):
    """The weights' gradients are transposed: a gradient has the shape of its weight, also where it is square."""
    return right[0], right[1].T, right[2].T


@task.mistake
def results_swapped(right):
    """The gradients of weight1 and weight2 have changed places."""
    return right[0], right[2], right[1]


@task.mistake
def changes_input(right, grad_output):
    """The values are right, but grad_output is changed in place. Write `g = grad_output * gate`, not
    `grad_output *= gate`."""
    grad_output[...] = 0
    return right
