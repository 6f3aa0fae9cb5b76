"""Central differences under an upstream gradient."""

import numpy as np

from cnncourse.checks.author import Call, Task, fortran, normal, strided
from cnncourse.checks.families import upstream

task = Task(see="Is it right? The numerical check", probe="function_with_callable")


@task.right
def numerical_gradient(f, x, grad_output, eps=1e-6):
    """(L(x + eps) − L(x − eps)) / (2·eps) for each entry, with L(x) = Σ f(x)·grad_output."""
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        value = x[index]
        x[index] = value + eps
        above = (f(x) * grad_output).sum()
        x[index] = value - eps
        below = (f(x) * grad_output).sum()
        x[index] = value
        gradient[index] = (above - below) / (2 * eps)
    return gradient


EPS = 2.0**-4  # a power of two and values on a grid: x + eps − eps is x again, however it is written


def on_grid(rng, *shape):
    """Random multiples of 1/256."""
    return np.round(256 * normal(rng, *shape)) / 256


def function(name, **data):
    """A function of `callables.py`, as an argument."""
    return {"__callable__": name, **data}


@task.criterion(1)
def linear_functions(rng):
    """Matrices with more outputs than inputs, or fewer, also at x = 0."""
    yield Call(function("linear", matrix=normal(rng, 4, 6)), on_grid(rng, 2, 3), normal(rng, 4), EPS)
    yield Call(function("linear", matrix=normal(rng, 5, 2)), on_grid(rng, 2), normal(rng, 5), eps=EPS)
    yield Call(function("linear", matrix=normal(rng, 3, 3)), np.zeros(3), normal(rng, 3))


@task.criterion(1)
def central_differences(rng):
    """Curved functions with a large eps, which shows which difference is taken."""
    yield Call(function("sine", scale=2.0), on_grid(rng, 3, 4), normal(rng, 3, 4), EPS)
    yield Call(function("cubic", scale=1.5), on_grid(rng, 2, 1, 3, 2), normal(rng, 2, 1, 3, 2), eps=EPS / 2)
    yield Call(function("cubic", scale=0.75), on_grid(rng, 1), normal(rng, 1), 2 * EPS)
    yield Call(function("sine", scale=1.5), np.zeros((2, 2)), normal(rng, 2, 2))


@task.criterion(1)
def entries_that_act_together(rng):
    """Functions in which the effect of one entry depends on the others."""
    yield Call(function("squares", matrix=normal(rng, 3, 4)), on_grid(rng, 2, 2), normal(rng, 3), EPS)
    yield Call(function("squares", matrix=normal(rng, 2, 3)), on_grid(rng, 1, 3), normal(rng, 2), eps=EPS / 4)


@task.criterion(1)
def any_array(rng):
    """Arrays that are not stored row after row."""
    yield Call(function("cubic", scale=1.25), strided(on_grid(rng, 3, 2)), normal(rng, 3, 2), EPS)
    yield Call(function("sine", scale=3.0), fortran(on_grid(rng, 2, 3)), fortran(normal(rng, 2, 3)), EPS)
    yield Call(function("linear", matrix=normal(rng, 2, 6)), fortran(on_grid(rng, 3, 2)), strided(normal(rng, 2)), EPS)


def central(L, x, eps):
    """The right quotient."""
    return (L(x + eps) - L(x - eps)) / (2 * eps)


def difference(f, x, grad_output, eps, quotient=central, summary=np.sum):
    """Another quotient of L(entry), the loss for another value of the entry, or another loss."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.copy()

        def loss(entry, index=index, moved=moved):
            moved[index] = entry
            return summary(f(moved) * grad_output)

        gradient[index] = quotient(loss, x[index], eps)
    return gradient


task.options(difference, {
    "forward-difference": ({"quotient": lambda L, x, eps: (L(x + eps) - L(x)) / eps},
        "This is the forward difference, with an error of order eps. The central one, "
        "(L(x + eps) − L(x − eps)) / (2·eps), has an error of order eps²."),
    "backward-difference": ({"quotient": lambda L, x, eps: (L(x) - L(x - eps)) / eps},
        "This is the backward difference, with an error of order eps. The central one has an error of order eps²."),
    "divides-by-eps": ({"quotient": lambda L, x, eps: (L(x + eps) - L(x - eps)) / eps},
        "The two points are 2·eps apart, so the difference is divided by 2·eps."),
    "forgets-to-divide": ({"quotient": lambda L, x, eps: L(x + eps) - L(x - eps)},
        "The difference is not divided by the distance of the two points, 2·eps."),
    "one-sided-over-two-eps": ({"quotient": lambda L, x, eps: (L(x + eps) - L(x)) / (2 * eps)},
        "One step is taken and the difference divided by 2·eps: the second point is x itself. It should be x − eps, "
        "2·eps below the first."),
    "double-step-forward": ({"quotient": lambda L, x, eps: (L(x + 2 * eps) - L(x)) / (2 * eps)},
        "Both points are on one side, x and x + 2·eps. A central difference takes one on each side, x + eps and "
        "x − eps."),
    "second-difference": ({"quotient": lambda L, x, eps: (L(x + eps) - 2 * L(x) + L(x - eps)) / eps**2},
        "This is the second derivative. The first is (L(x + eps) − L(x − eps)) / (2·eps)."),
    "relative-step": ({"quotient": lambda L, x, eps: central(L, x, eps * max(abs(x), 1e-8))},
        "The step grows with the entry, eps·|x|. The task asks for steps of eps, whatever x is."),
    "brackets-missing": ({"quotient": lambda L, x, eps: (L(x + eps) - L(x - eps)) / 2 * eps},
        "`/ 2 * eps` divides by 2 and multiplies by eps: brackets around (2 * eps)."),
    "wrong-sign": ({"quotient": lambda L, x, eps: -central(L, x, eps)},
        "The two points are exchanged: the value at x + eps comes first."),
    "half-steps": ({"quotient": lambda L, x, eps: central(L, x, eps / 2)},
        "The steps are eps/2; the task asks for the points x + eps and x − eps."),
    "ignores-eps": ({"quotient": lambda L, x, eps: central(L, x, 1e-6)}, "The argument eps is not used."),
    "mean-for-sum": ({"summary": np.mean}, "The outputs are averaged. L is the sum of f(x)·grad_output."),
})  # fmt: skip

upstream(task, sign=False)


@task.mistake
def adds_up_absolute_values(again, grad_output):
    """The upstream gradient enters without its sign."""
    return again(grad_output=np.abs(grad_output))


# Which entries move.


@task.mistake
def all_zeros(x):
    """Every difference is zero: both calls of f saw the same x. `x.flatten()` and `x.copy()` are other arrays: either
    move x itself, `x[index] += eps`, or give f the copy that you moved. (Or the result is never written.)"""
    return np.zeros(x.shape)


@task.mistake
def changes_a_copy(right, x):
    """`x.ravel()` or `x.reshape(-1)` is a copy where x is not contiguous, and changing it does not change x. Index x
    itself, with np.ndindex(x.shape)."""
    return right if x.flags.c_contiguous else np.zeros(x.shape)


@task.mistake
def all_entries_at_once(f, x, grad_output, eps):
    """All entries of x are moved together, so every entry gets the same number. Move one at a time."""
    return np.full(x.shape, ((f(x + eps) - f(x - eps)) / (2 * eps) * grad_output).sum())


@task.mistake
def elementwise(f, x, grad_output, eps):
    """This takes output k to depend only on entry k. In general every entry moves every output: move one entry at a
    time, and sum f(x)·grad_output over all outputs."""
    return (f(x + eps) - f(x - eps)) / (2 * eps) * grad_output


@task.mistake
def moves_whole_rows(f, x, grad_output, eps):
    """`range(len(x))` goes through the first axis only, so whole rows move together. np.ndindex(x.shape) goes through
    all entries."""
    gradient = np.zeros(x.shape)
    for row, step in enumerate(eps * np.eye(len(x)).reshape(len(x), -1, *[1] * (x.ndim - 1))):
        gradient[row] = ((f(x + step) - f(x - step)) * grad_output).sum() / (2 * eps)
    return gradient


@task.mistake
def does_not_restore(f, x, grad_output, eps):
    """An entry stays moved while the next one is treated: put it back first."""
    x, gradient = x.copy(), np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += eps
        above = (f(x) * grad_output).sum()
        x[index] -= 2 * eps
        gradient[index] = (above - (f(x) * grad_output).sum()) / (2 * eps)
    return gradient


# What is returned.


def jacobian(f, x, eps):
    """All derivatives, (outputs, entries)."""
    steps = eps * np.eye(x.size).reshape(-1, *x.shape)
    return np.stack([(f(x + step) - f(x - step)).ravel() / (2 * eps) for step in steps], axis=1)


@task.mistake
def whole_jacobian(f, x, eps):
    """This is the whole Jacobian, one derivative for each pair of output and entry. Multiply by grad_output and sum
    over the outputs."""
    return jacobian(f, x, eps)


@task.mistake
def same_output_only(f, x, eps):
    """Output k is looked at only for entry k, without grad_output: every entry moves every output."""
    if f(x).shape != x.shape:
        raise IndexError("index out of bounds for the output")
    return np.diag(jacobian(f, x, eps)).reshape(x.shape)


@task.mistake
def flat_result(right):
    """The gradient is one line of numbers; it should have the shape of x."""
    return right.ravel()
