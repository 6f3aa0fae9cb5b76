"""Cross-entropy with a target that leaves a little to every class (Szegedy et al. 2016)."""

import numpy as np

from cnncourse.checks.author import Task
from cnncourse.checks.tasks.u09._logits import (
    LOGARITHM_OF_THE_SUM,
    log_softmax,
    naive_softmax,
    softmax,
    softmax_by_one_maximum,
)
from cnncourse.checks.tasks.u13 import _smooth
from cnncourse.checks.tasks.u13._smooth import target

task = Task(see="Label smoothing")


@task.right
def smooth_cross_entropy(logits, labels, smoothing):
    """Mean over the batch of log Σ exp(logits) − (1 − s) · the label's logit − s · the mean logit."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    own = shifted[np.arange(len(labels)), labels]
    return (log_sum - (1 - smoothing) * own - smoothing * shifted.mean(axis=1)).mean()


_smooth.criteria(task)


def loss(logits, labels, smoothing, log_p=log_softmax, of=target, reduce=np.mean, add=lambda q, p: 0):
    """Right with the options as they are."""
    q = of(logits, labels, smoothing)
    with np.errstate(all="ignore"):
        return float(reduce(add(q, logits) - (q * log_p(logits)).sum(axis=1)))


def entropy(q, logits):
    """Σ q log q of each row."""
    return (q * np.log(np.maximum(q, 1e-300))).sum(axis=1)


task.options(loss, {slug: ({"of": of}, text) for slug, (of, text) in _smooth.TARGETS.items()})
task.options(loss, {
    "exponential-overflows": ({"log_p": lambda z: np.log(naive_softmax(z))},
        "exp of a large logit is infinite, and ∞/∞ is NaN. Subtract each row's largest logit first."),
    **LOGARITHM_OF_THE_SUM,
    "logarithm-of-zero": ({"log_p": lambda z: np.log(softmax(z))},
        "A probability that is too small for a float becomes 0, and its logarithm −∞. With smoothing every class "
        "counts: take log p = z − log Σ exp(z), after subtracting the maximum."),
    "one-maximum-for-the-batch": ({"log_p": lambda z: np.log(softmax_by_one_maximum(z))},
        "The largest logit of the whole batch is subtracted. Subtract each row's own maximum."),
    "tiny-number-in-the-logarithm": ({"log_p": lambda z: np.log(softmax(z) + 1e-12)},
        "A tiny number is added in the logarithm. That avoids −∞ and gives too small a loss; log Σ exp(z) − z needs no "
        "such help."),
    "sum-for-mean": ({"reduce": np.sum}, "The losses of the images are added up. Their mean is wanted."),
    "softmax-over-images": ({"log_p": lambda z: log_softmax(z, 0)},
        "The softmax runs down the columns, over the images. The classes compete with each other: axis 1."),
    "normaliser-missing": ({"log_p": lambda z: z},
        "The logits themselves count as log-probabilities. Subtract log Σ exp(z)."),
    "logarithm-missing": ({"log_p": softmax}, "The logarithm is missing: −q·p where −q·log p is wanted."),
    "softmax-twice": ({"log_p": lambda z: log_softmax(softmax(z))}, "Softmax is applied twice."),
    "entropy-of-the-target-subtracted": ({"add": entropy},
        "The target's own entropy is subtracted: that is the Kullback–Leibler divergence. It has the same gradient, "
        "and another value."),
    "first-image-only": ({"reduce": lambda rows: rows[0]}, "Only the first image counts."),
})  # fmt: skip


@task.mistake
def smooths_the_probabilities(logits, labels, smoothing):
    """The probabilities are smoothed, and the labels are not: −log((1 − s)·p + s/C). The targets are smoothed."""
    p = (1 - smoothing) * softmax(logits) + smoothing / logits.shape[1]
    return float(-np.log(p[np.arange(len(labels)), labels]).mean())


@task.mistake
def divides_by_classes_too(right, logits):
    """The sum is divided by N·C. Divide by N, the number of images."""
    return right / logits.shape[1]


@task.mistake
def sign_missing(right):
    """The sign is wrong: the loss is *minus* Σ q log p, and never negative."""
    return -right


@task.mistake
def base_two(right):
    """The logarithm has base 2. The natural one is wanted: `np.log`."""
    return right / np.log(2)


@task.mistake
def one_loss_per_image(logits, labels, smoothing):
    """You return each image's own loss, (N,). Their mean is wanted: one number."""
    return -(target(logits, labels, smoothing) * log_softmax(logits)).sum(axis=1)


@task.mistake
def changes_input(right, logits):
    """The value is right, but the maximum is subtracted from the caller's logits (`-=`). Make a new array."""
    logits -= logits.max(axis=1, keepdims=True)
    return right
