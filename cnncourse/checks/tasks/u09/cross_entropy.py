"""Minus the logarithm of the probability given to the right class."""

import numpy as np

from cnncourse.checks.author import Finding, Task, Values
from cnncourse.checks.tasks.u09 import _logits
from cnncourse.checks.tasks.u09._logits import (
    LOGARITHM_OF_THE_SUM,
    log_softmax,
    naive_softmax,
    one_hot,
    softmax,
    softmax_by_one_maximum,
)

TINY = "tiny-number-in-the-logarithm"


class Loss(Values):
    """Knows a guarded logarithm by its results, whatever the guard: the loss stays below what is right."""

    def find(self, task, trials):
        """The finding, as for any task; a guarded logarithm where there is none and the losses are too small."""
        found = super().find(task, trials)
        guarded = next(m for m in task.mistakes if m.slug == TINY)
        wrong = [t for t in trials if t.difference is not None and t.difference.slug != "low-precision"]
        if wrong and all(map(_is_capped, wrong)) and not (found and found.slug in {m.slug for m in task.mistakes}):
            return Finding(TINY, guarded.explanation, guarded.see or task.see)
        return found


def _is_capped(trial):
    got = trial.outcome.value
    capped = trial.case.criterion == "large logits" and isinstance(got, float) and 0 < got < trial.wanted
    return capped and np.abs(trial.case.args[0]).max() > 50 * got


task = Task(see="Softmax and cross-entropy", judged=Loss())


@task.right
def cross_entropy(logits, labels):
    """Mean over the batch of log Σ exp(logits) − logit of the label."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return (log_sum - shifted[np.arange(len(labels)), labels]).mean()  # float32 where the logits are


_logits.criteria(task)


def at_labels(values, labels):
    """The entry of each row at its label."""
    return values[np.arange(len(labels)), labels]


def loss(logits, labels, log_p=log_softmax, pick=at_labels, reduce=np.mean):
    """Right with the options as they are."""
    return float(-reduce(pick(log_p(logits), labels)))


task.options(loss, {
    "exponential-overflows": ({"log_p": lambda z: np.log(naive_softmax(z))},
        "exp of a large logit is infinite, and ∞/∞ is NaN. Softmax does not change if each row's largest logit is "
        "subtracted first; then the largest exponential is 1."),
    **LOGARITHM_OF_THE_SUM,
    "logarithm-of-zero": ({"log_p": lambda z: np.log(softmax(z))},
        "A probability that is too small for a float becomes 0, and its logarithm −∞, though the loss is finite. Do "
        "not form the probability: the loss is log Σ exp(z) − z of the label, after subtracting the maximum."),
    "one-maximum-for-the-batch": ({"log_p": lambda z: np.log(softmax_by_one_maximum(z))},
        "The largest logit of the whole batch is subtracted. A row whose logits lie far below it has only zeros left "
        "after exp: subtract each row's own maximum."),
    TINY: ({"log_p": lambda z: np.log(softmax(z) + 1e-12)},
        "The probability is kept away from zero, by adding a tiny number or by clipping. That avoids −∞ and gives too "
        "small a loss where the label's probability is tiny, which is where the loss matters most. "
        "log Σ exp(z) − z of the label needs no such help."),
    "sum-for-mean": ({"reduce": np.sum},
        "The losses of the images are added up. Their mean is asked for: then the step does not depend on the batch's "
        "size."),
    "divides-by-classes-too": ({"pick": lambda values, labels: values * one_hot(values, labels)},
        "The mean runs over all N·C entries of (one-hot · log-probabilities). Only N of them count: divide by N."),
    "softmax-over-images": ({"log_p": lambda z: log_softmax(z, 0)},
        "The softmax runs down the columns, over the images (axis 0). The classes compete with each other: axis 1."),
    "softmax-over-everything": ({"log_p": lambda z: log_softmax(z.reshape(1, -1)).reshape(z.shape)},
        "One softmax runs over the whole batch. Each row has its own: axis=1, keepdims=True."),
    "every-label-for-every-row": ({"pick": lambda values, labels: values[:, labels]},
        "log_p[:, labels] takes *all* labels from *each* row, (N, N) values. Wanted is the label of row n from row n: "
        "log_p[np.arange(N), labels]."),
    "best-class-for-label": ({"pick": lambda values, labels: values.max(axis=1)},
        "The largest probability is taken, whatever the label says."),
    "labels-from-one": ({"pick": lambda values, labels: at_labels(values, labels - 1)},
        "The label c is taken for column c − 1. Classes are numbered from 0."),
    "normaliser-missing": ({"log_p": lambda z: z},
        "The logits themselves count as log-probabilities. They need normalising: subtract log Σ exp(z)."),
    "logarithm-missing": ({"log_p": softmax}, "The logarithm is missing: −p where −log p is wanted."),
    "softmax-twice": ({"log_p": lambda z: log_softmax(softmax(z))},
        "Softmax is applied twice: once to the logits, and once within the loss. The input is logits; one is enough."),
    "first-image-only": ({"reduce": lambda rows: rows[0]},
        "Only the first image counts. The loss is the mean over all of them."),
})  # fmt: skip


@task.mistake
def maximum_subtracted_once(right, logits):
    """The maximum is subtracted within log Σ exp, but not from the label's logit (or not added again afterwards)."""
    return right - logits.max(axis=1).mean()


@task.mistake
def divides_by_classes(right, logits):
    """The sum is divided by C, the number of classes; it should be N, the number of images."""
    return right * logits.shape[0] / logits.shape[1]


@task.mistake
def one_loss_per_image(logits, labels):
    """You return each image's own loss, (N,). Their mean is asked for: one number."""
    return -at_labels(log_softmax(logits), labels)


@task.mistake
def sign_missing(right):
    """The sign is wrong: the loss is *minus* the mean log-probability, and never negative."""
    return -right


@task.mistake
def base_two(right):
    """The logarithm has base 2. The natural one is asked for: `np.log`."""
    return right / np.log(2)


@task.mistake
def base_ten(right):
    """The logarithm has base 10. The natural one is asked for: `np.log`."""
    return right / np.log(10)


@task.mistake
def squared_error(logits, labels):
    """That is the squared distance of the probabilities from the one-hot labels, not cross-entropy."""
    return float(((softmax(logits) - one_hot(logits, labels)) ** 2).sum(axis=1).mean())


@task.mistake
def binary_cross_entropy(right, logits, labels):
    """The terms (1 − y)·log(1 − p) of binary cross-entropy are added. Among C classes only the label's −log p
    counts."""
    return right - float(((1 - one_hot(logits, labels)) * np.log(1 - softmax(logits))).sum(axis=1).mean())


@task.mistake
def entropy_of_prediction(logits):
    """That is the entropy of the predicted distribution: the labels have no part in it."""
    return float(-(softmax(logits) * log_softmax(logits)).sum(axis=1).mean())


@task.mistake
def changes_input(right, logits):
    """The value is right, but the maximum is subtracted from the caller's logits (`-=`). Make a new array: `shifted =
    logits - …`."""
    logits -= logits.max(axis=1, keepdims=True)
    return right
