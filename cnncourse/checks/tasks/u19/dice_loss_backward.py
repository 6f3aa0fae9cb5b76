"""The gradient of the Dice loss: the rule for quotients, then the sigmoid's slope."""

import numpy as np

from cnncourse.checks.author import Task
from cnncourse.checks.tasks.u19 import _dice
from cnncourse.checks.tasks.u19._dice import fractions, sigmoid

task = Task(see="Losses when the thing is small")


@task.right
def dice_loss_backward(logits, target, eps=1.0):
    """−(2t · divisor − numerator) / divisor² / N, times p(1 − p)."""
    p = (1 + np.tanh(logits / 2)) / 2
    overlap = 2 * (p * target).sum(axis=(1, 2, 3), keepdims=True) + eps
    total = p.sum(axis=(1, 2, 3), keepdims=True) + target.sum(axis=(1, 2, 3), keepdims=True) + eps
    grad_p = (overlap - 2 * target * total) / total**2
    return grad_p * p * (1 - p) / len(logits)


_dice.criteria(task)


def gradient(logits, target, eps, quotient=lambda t, a, b: (a - 2 * t * b) / b**2, slope=lambda p: p * (1 - p),
             count=len, **options):  # fmt: skip
    """Right with the options as they are; `a` is the numerator and `b` the divisor."""
    p, t, above, below = fractions(logits, target, eps, **options)
    with np.errstate(all="ignore"):
        return quotient(t, above, below) * slope(p) / count(logits)


task.options(gradient, {
    "exponential-overflows": ({"p_of": _dice.overflowing}, _dice.PROBABILITIES["exponential-overflows"][1]),
    "sigmoid-turned": ({"p_of": lambda z: sigmoid(-z)}, _dice.PROBABILITIES["sigmoid-turned"][1]),
    "sigmoid-missing": ({"p_of": lambda z: z, "slope": np.ones_like}, _dice.PROBABILITIES["sigmoid-missing"][1]),
})  # fmt: skip
SUMS = dict(_dice.SUMS)
for slug in ("two-forgotten", "means-for-sums", "squares-below"):
    del SUMS[slug]  # their derivatives are other ones; below
task.options(gradient, SUMS)
task.options(gradient, {
    "two-forgotten": ({"two": 1.0, "quotient": lambda t, a, b: (a - t * b) / b**2}, _dice.SUMS["two-forgotten"][1]),
    "slope-missing": ({"slope": np.ones_like}, "This is the gradient with respect to p. The sigmoid lies between p and "
        "the logits: times p(1 − p)."),
    "slope-is-p": ({"slope": lambda p: p}, "The sigmoid's slope is p(1 − p)."),
    "slope-of-one-minus-p": ({"slope": lambda p: 1 - p}, "The sigmoid's slope is p(1 − p)."),
    "slope-of-tanh": ({"slope": lambda p: 1 - p**2}, "1 − p² is the slope of tanh. The sigmoid's is p(1 − p)."),
    "divisor-not-differentiated": ({"quotient": lambda t, a, b: -2 * t / b},
        "The divisor is taken for a constant. p is in it, too: raising p where nothing is costs something."),
    "numerator-not-differentiated": ({"quotient": lambda t, a, b: a / b**2},
        "The numerator is taken for a constant. p is in it, too, where t is not 0."),
    "two-lost-on-the-way": ({"quotient": lambda t, a, b: (a - t * b) / b**2},
        "The derivative of 2Σpt is 2t; the 2 is lost."),
    "divisor-counted-twice": ({"quotient": lambda t, a, b: 2 * (a - t * b) / b**2},
        "The divisor Σp + Σt + ε has the derivative 1, not 2: t does not depend on p."),
    "divisor-not-squared": ({"quotient": lambda t, a, b: (a - 2 * t * b) / b},
        "The rule for quotients divides by the *square* of the divisor."),
    "wrong-sign": ({"quotient": lambda t, a, b: (2 * t * b - a) / b**2},
        "This is the gradient of the overlap. The loss is 1 minus it, so the sign turns."),
    "quotient-the-wrong-way-round": ({"quotient": lambda t, a, b: (2 * t * a - b) / b**2},
        "Numerator and divisor are exchanged in the rule: (a/b)′ = (a′b − ab′) / b²."),
    "sum-over-the-batch": ({"count": lambda z: 1}, "The division by N is missing: the loss is a mean over the "
        "pictures."),
    "mean-over-pixels": ({"count": np.size}, "It is divided by the number of pixels. The loss is a mean over the N "
        "pictures."),
})  # fmt: skip


@task.mistake
def slope_of_the_logit(logits, target, eps):
    """The sigmoid's slope is p(1 − p), with the probability p, not the logit."""
    return gradient(logits, target, eps, slope=lambda p: logits * (1 - logits))


@task.mistake
def jaccard(logits, target, eps):
    """This is the gradient of 1 − IoU, whose divisor is the union. Dice's is the sum of both sizes."""
    p, t, both, total = fractions(logits, target, eps, two=1.0)
    union = total - both + eps
    return (both * (1 - t) - t * union) / union**2 * p * (1 - p) / len(logits)


@task.mistake
def of_cross_entropy(logits, target):
    """This is the gradient of the binary cross-entropy, in which every pixel counts by itself."""
    return (sigmoid(logits) - target) / logits.size


@task.mistake
def first_picture_only(right):
    """Only the first picture has a gradient."""
    return np.where(np.arange(len(right))[:, None, None, None] < 1, right, 0)
