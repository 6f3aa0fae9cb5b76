"""Task 06.numerical_gradient: central differences under an upstream gradient."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, strided
from cnncourse.checks.task import Case, Mistake, Task


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


# Powers of two and values on a grid: x + eps − eps is x again, however it is written.
EPS = 2.0**-4


def _grid(rng, *shape):
    return np.round(256 * normal(rng, *shape)) / 256


def _sine(scale):
    return {"__callable__": "sine", "scale": scale}


def _cubic(scale):
    return {"__callable__": "cubic", "scale": scale}


def _linear(matrix):
    return {"__callable__": "linear", "matrix": matrix}


def cases(rng):
    """A large eps shows which difference is taken; more outputs than inputs, and fewer; odd layouts."""
    yield Case("linear functions", _linear(normal(rng, 4, 6)), _grid(rng, 2, 3), normal(rng, 4), EPS)
    yield Case("linear functions", _linear(normal(rng, 5, 2)), _grid(rng, 2), normal(rng, 5), eps=EPS)
    yield Case("linear functions", _linear(normal(rng, 3, 3)), np.zeros(3), normal(rng, 3))
    yield Case("central differences", _sine(2.0), _grid(rng, 3, 4), normal(rng, 3, 4), EPS)
    yield Case("central differences", _cubic(1.5), _grid(rng, 2, 1, 3, 2), normal(rng, 2, 1, 3, 2), eps=EPS / 2)
    yield Case("central differences", _cubic(0.75), _grid(rng, 1), normal(rng, 1), 2 * EPS)
    yield Case("central differences", _sine(1.5), np.zeros((2, 2)), normal(rng, 2, 2))
    coupled = {"__callable__": "squares", "matrix": normal(rng, 3, 4)}
    yield Case("entries that act together", coupled, _grid(rng, 2, 2), normal(rng, 3), EPS)
    coupled = {"__callable__": "squares", "matrix": normal(rng, 2, 3)}
    yield Case("entries that act together", coupled, _grid(rng, 1, 3), normal(rng, 2), eps=EPS / 4)
    yield Case("any array", _cubic(1.25), strided(_grid(rng, 3, 2)), normal(rng, 3, 2), EPS)
    yield Case("any array", _sine(3.0), fortran(_grid(rng, 2, 3)), fortran(normal(rng, 2, 3)), EPS)
    yield Case("any array", _linear(normal(rng, 2, 6)), fortran(_grid(rng, 3, 2)), strided(normal(rng, 2)), EPS)


def _difference(quotient, summary=np.sum):
    """A wrong difference quotient: quotient(L, value, eps), where L gives the loss for a value of the entry."""

    def wrong(f, x, grad_output, eps=1e-6):
        x = x.copy()
        gradient = np.zeros(x.shape, x.dtype)
        for index in np.ndindex(x.shape):
            value = x[index]

            def loss(entry, index=index):
                x[index] = entry
                return summary(f(x) * grad_output)

            gradient[index] = quotient(loss, value, eps)
            x[index] = value
        return gradient

    return wrong


def _central(loss, value, eps):
    return (loss(value + eps) - loss(value - eps)) / (2 * eps)


def _all_at_once(f, x, grad_output, eps=1e-6):
    difference = (((f(x + eps) - f(x - eps)) / (2 * eps)) * grad_output).sum()
    return np.full(x.shape, difference)


def _elementwise(f, x, grad_output, eps=1e-6):
    return (f(x + eps) - f(x - eps)) / (2 * eps) * grad_output


def _not_restored(f, x, grad_output, eps=1e-6):
    x = x.copy()
    gradient = np.zeros(x.shape, x.dtype)
    for index in np.ndindex(x.shape):
        x[index] += eps
        above = (f(x) * grad_output).sum()
        x[index] -= 2 * eps
        gradient[index] = (above - (f(x) * grad_output).sum()) / (2 * eps)
    return gradient


def _same_output(f, x, grad_output, eps=1e-6):
    gradient = np.zeros(x.shape, x.dtype)
    if f(x).shape != x.shape:
        raise IndexError("index out of bounds for the output")
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += eps
        below[index] -= eps
        gradient[index] = ((f(above) - f(below)) / (2 * eps))[index]
    return gradient


def _jacobian(f, x, grad_output, eps=1e-6):
    steps = eps * np.eye(x.size).reshape(-1, *x.shape)
    columns = [(f(x + step) - f(x - step)).ravel() / (2 * eps) for step in steps]
    return np.stack(columns, axis=1)


def _row_at_once(f, x, grad_output, eps=1e-6):
    x = x.copy()
    gradient = np.zeros(x.shape, x.dtype)
    for row in range(len(x)):
        value = x[row].copy()
        x[row] = value + eps
        above = (f(x) * grad_output).sum()
        x[row] = value - eps
        below = (f(x) * grad_output).sum()
        x[row] = value
        gradient[row] = (above - below) / (2 * eps)
    return gradient


def _flat(f, x, grad_output, eps=1e-6):
    return numerical_gradient(f, x, grad_output, eps).ravel()


def _changes_a_copy(f, x, grad_output, eps=1e-6):
    """`x.ravel()[k] += eps` changes x only where its memory is contiguous."""
    if not x.flags.c_contiguous:
        return np.zeros(x.shape)
    return numerical_gradient(f, x, grad_output, eps)


task = Task(
    "06.numerical_gradient",
    {"linear functions": 1, "central differences": 1, "entries that act together": 1, "any array": 1},
    numerical_gradient,
    cases,
    [
        Mistake(
            "forward-difference",
            _difference(lambda L, x, eps: (L(x + eps) - L(x)) / eps),
            "This is the forward difference, with an error of order eps. The central one, "
            "(L(x + eps) − L(x − eps)) / (2·eps), has an error of order eps².",
        ),
        Mistake(
            "backward-difference",
            _difference(lambda L, x, eps: (L(x) - L(x - eps)) / eps),
            "This is the backward difference, with an error of order eps. The central one has an error of order eps².",
        ),
        Mistake(
            "divides-by-eps",
            _difference(lambda L, x, eps: (L(x + eps) - L(x - eps)) / eps),
            "The two points are 2·eps apart, so the difference is divided by 2·eps.",
        ),
        Mistake(
            "forgets-to-divide",
            _difference(lambda L, x, eps: L(x + eps) - L(x - eps)),
            "The difference is not divided by the distance of the two points, 2·eps.",
        ),
        Mistake(
            "one-sided-over-two-eps",
            _difference(lambda L, x, eps: (L(x + eps) - L(x)) / (2 * eps)),
            "One step is taken and the difference divided by 2·eps: the second point is x itself. It should be "
            "x − eps, 2·eps below the first.",
        ),
        Mistake(
            "double-step-forward",
            _difference(lambda L, x, eps: (L(x + 2 * eps) - L(x)) / (2 * eps)),
            "Both points lie on one side, x and x + 2·eps. A central difference takes one on each side, x + eps and "
            "x − eps.",
        ),
        Mistake(
            "second-difference",
            _difference(lambda L, x, eps: (L(x + eps) - 2 * L(x) + L(x - eps)) / eps**2),
            "This is the second derivative. The first is (L(x + eps) − L(x − eps)) / (2·eps).",
        ),
        Mistake(
            "relative-step",
            _difference(lambda L, x, eps: _central(L, x, eps * max(abs(x), 1e-8))),
            "The step grows with the entry, eps·|x|. The task asks for steps of eps, whatever x is.",
        ),
        Mistake(
            "adds-up-absolute-values",
            lambda f, x, grad_output, eps=1e-6: numerical_gradient(f, x, np.abs(grad_output), eps),
            "The upstream gradient enters without its sign.",
        ),
        Mistake(
            "brackets-missing",
            _difference(lambda L, x, eps: (L(x + eps) - L(x - eps)) / 2 * eps),
            "`/ 2 * eps` divides by 2 and multiplies by eps: brackets around (2 * eps).",
        ),
        Mistake(
            "wrong-sign",
            _difference(lambda L, x, eps: -_central(L, x, eps)),
            "The two points are exchanged: the value at x + eps comes first.",
        ),
        Mistake(
            "half-steps",
            _difference(lambda L, x, eps: (L(x + eps / 2) - L(x - eps / 2)) / eps),
            "The steps are eps/2; the task asks for the points x + eps and x − eps.",
        ),
        Mistake("ignores-eps", _difference(lambda L, x, eps: _central(L, x, 1e-6)), "The argument eps is not used."),
        Mistake(
            "ignores-upstream",
            lambda f, x, grad_output, eps=1e-6: numerical_gradient(f, x, np.ones_like(grad_output), eps),
            "The upstream gradient is not used: this is the gradient of f(x).sum().",
        ),
        Mistake(
            "mean-for-sum",
            _difference(_central, np.mean),
            "The outputs are averaged. L is the sum of f(x)·grad_output.",
        ),
        Mistake(
            "all-entries-at-once",
            _all_at_once,
            "All entries of x are moved together, so every entry gets the same number. Move one at a time.",
        ),
        Mistake(
            "elementwise",
            _elementwise,
            "This takes output k to depend on entry k alone. In general every entry moves every output: move one "
            "entry at a time, and sum f(x)·grad_output over all outputs.",
        ),
        Mistake(
            "does-not-restore", _not_restored, "An entry stays moved while the next one is treated: put it back first."
        ),
        Mistake(
            "whole-jacobian",
            _jacobian,
            "This is the whole Jacobian, one derivative for each pair of output and entry. Multiply by grad_output and "
            "sum over the outputs.",
        ),
        Mistake(
            "moves-whole-rows",
            _row_at_once,
            "`range(len(x))` goes through the first axis only, so whole rows move together. np.ndindex(x.shape) goes "
            "through all entries.",
        ),
        Mistake("flat-result", _flat, "The gradient is one line of numbers; it should have the shape of x."),
        Mistake(
            "changes-a-copy",
            _changes_a_copy,
            "`x.ravel()` or `x.reshape(-1)` is a copy where x is not contiguous, and changing it does not change x. "
            "Index x itself, with np.ndindex(x.shape).",
        ),
        Mistake(
            "same-output-only",
            _same_output,
            "Output k is looked at for entry k alone, without grad_output: every entry moves every output.",
        ),
    ],
    signature="numerical_gradient(f, x, grad_output, eps=1e-6)",
    see="06#Is it right? The numerical check",
    place=4,
    probe="function_with_callable",
)
