"""One minus the soft Dice overlap of each picture."""

import numpy as np

from cnncourse.checks.author import Task
from cnncourse.checks.tasks.u19 import _dice
from cnncourse.checks.tasks.u19._dice import fractions, sigmoid

task = Task(see="Losses when the thing is small")


@task.right
def dice_loss(logits, target, eps=1.0):
    """Mean over the pictures of 1 − (2 Σ pt + ε) / (Σ p + Σ t + ε); p by tanh, which no logit overflows."""
    p = (1 + np.tanh(logits / 2)) / 2
    overlap = 2 * (p * target).sum(axis=(1, 2, 3)) + eps
    total = p.sum(axis=(1, 2, 3)) + target.sum(axis=(1, 2, 3)) + eps
    return (1 - overlap / total).mean()


_dice.criteria(task)


def loss(logits, target, eps, end=lambda f: 1 - f, mean=np.mean, **options):
    """Right with the options as they are."""
    _, _, above, below = fractions(logits, target, eps, **options)
    with np.errstate(all="ignore"):
        return float(mean(end(above / below)))


task.options(loss, {slug: ({"p_of": p_of}, text) for slug, (p_of, text) in _dice.PROBABILITIES.items()})
task.options(loss, _dice.SUMS)
task.options(loss, {
    "one-minus-missing": ({"end": lambda f: f}, "This is the overlap. The loss is 1 minus it."),
    "negative-overlap": ({"end": lambda f: -f}, "This is minus the overlap. It has the same gradient; wanted is 1 "
        "minus the overlap."),
    "logarithm": ({"end": lambda f: -np.log(f)}, "This is minus the logarithm of the overlap. Wanted is 1 minus it."),
    "sum-for-mean": ({"mean": np.sum}, "The losses of the pictures are added up. Their mean is wanted."),
    "first-picture-only": ({"mean": lambda f: f.ravel()[0]}, "Only the first picture counts."),
})  # fmt: skip


@task.mistake
def jaccard(logits, target, eps):
    """This is 1 − IoU: the divisor is the union. Dice's is the sum of both sizes."""
    p = sigmoid(logits)
    both = (p * target).sum((1, 2, 3))
    return float((1 - (both + eps) / (p.sum((1, 2, 3)) + target.sum((1, 2, 3)) - both + eps)).mean())


@task.mistake
def cross_entropy(logits, target):
    """This is the binary cross-entropy, a mean over pixels. Wanted is the Dice loss."""
    return float((np.logaddexp(0, logits) - logits * target).mean())


@task.mistake
def cross_entropy_added(right, logits, target):
    """The binary cross-entropy is added. Wanted is the Dice loss alone."""
    return right + cross_entropy(logits, target)


@task.mistake
def mean_with_the_background(right, again, logits, target):
    """The mean of thing and background is taken, as if both were classes. One channel has one Dice, the thing's."""
    return (right + again(logits=-logits, target=1 - target)) / 2


@task.mistake
def one_per_picture(logits, target, eps):
    """There is one loss per picture. Their mean is wanted, one number."""
    _, _, above, below = fractions(logits, target, eps)
    return (1 - above / below).ravel()
