"""What was predicted minus what was wanted, with smoothed targets."""

import numpy as np

from cnncourse.checks.author import Task
from cnncourse.checks.tasks.u09._logits import log_softmax, naive_softmax, softmax, softmax_by_one_maximum
from cnncourse.checks.tasks.u13 import _smooth
from cnncourse.checks.tasks.u13._smooth import target

task = Task(see="Label smoothing")


@task.right
def smooth_cross_entropy_backward(logits, labels, smoothing):
    """(softmax − target) / N."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    grad = exponentials / exponentials.sum(axis=1, keepdims=True) - smoothing / logits.shape[1]
    grad[np.arange(len(labels)), labels] -= 1 - smoothing
    return grad / len(labels)


_smooth.criteria(task)


def gradient(logits, labels, smoothing, p=softmax, of=target, divisor=len):
    """Right with the options as they are."""
    with np.errstate(all="ignore"):
        return (p(logits) - of(logits, labels, smoothing)) / divisor(logits)


task.options(gradient, {slug: ({"of": of}, text) for slug, (of, text) in _smooth.TARGETS.items()})
task.options(gradient, {
    "exponential-overflows": ({"p": naive_softmax},
        "exp of a large logit is infinite, and ∞/∞ is NaN. Subtract each row's largest logit first."),
    "one-maximum-for-the-batch": ({"p": softmax_by_one_maximum},
        "The largest logit of the whole batch is subtracted; rows far below it have only zeros left, and 0/0 is NaN."),
    "mean-forgotten": ({"divisor": lambda z: 1}, "The division by N is missing: the loss is the mean over the batch."),
    "divides-by-classes-too": ({"divisor": np.size},
        "The gradient is divided by N·C. The loss is a mean over the N images only."),
    "divides-by-classes": ({"divisor": lambda z: z.shape[1]}, "The gradient is divided by C. It should be N."),
    "target-not-subtracted": ({"of": lambda z, y, s: 0}, "The target is not subtracted: that is softmax alone."),
    "softmax-over-images": ({"p": lambda z: softmax(z, 0)},
        "The softmax runs down the columns, over the images. The classes compete with each other: axis 1."),
    "logits-for-probabilities": ({"p": lambda z: z}, "The logits are where their softmax should be."),
    "logarithms-for-probabilities": ({"p": log_softmax},
        "The log-probabilities are where the probabilities should be."),
})  # fmt: skip


@task.mistake
def sign_reversed(right):
    """The sign is wrong: p − q. The loss falls when the label's logit grows, so its entry is negative."""
    return -right


@task.mistake
def gradient_by_probabilities(logits, labels, smoothing):
    """−q/p is the gradient with respect to the *probabilities*. From there softmax's own gradient leads back to the
    logits, and together they are p − q."""
    with np.errstate(all="ignore"):
        return -target(logits, labels, smoothing) / softmax(logits) / len(labels)


@task.mistake
def label_column_only(logits, labels, smoothing, right):
    """Only the label's column gets a gradient. The others do, too."""
    return np.where(np.arange(logits.shape[1]) == labels[:, None], right, 0)


@task.mistake
def averages_the_batch(right):
    """The rows are added up: (C,). Each image's logits have a gradient of their own, (N, C)."""
    return right.sum(axis=0)


@task.mistake
def every_label_for_every_row(logits, labels, smoothing):
    """grad[:, labels] -= … subtracts at *all* labels of the batch in *each* row. Pair them: grad[np.arange(N),
    labels]."""
    grad = softmax(logits) - smoothing / logits.shape[1]
    grad[:, labels] -= 1 - smoothing
    return grad / len(labels)


@task.mistake
def changes_input(right, logits):
    """The values are right, but the maximum is subtracted from the caller's logits (`-=`). Make a new array."""
    logits -= logits.max(axis=1, keepdims=True)
    return right
