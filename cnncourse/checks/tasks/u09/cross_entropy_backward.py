"""What was predicted minus what was wanted, over N."""

import numpy as np

from cnncourse.checks.author import Task
from cnncourse.checks.tasks.u09 import _logits
from cnncourse.checks.tasks.u09._logits import log_softmax, naive_softmax, one_hot, softmax, softmax_by_one_maximum

task = Task(see="Softmax and cross-entropy")


@task.right
def cross_entropy_backward(logits, labels):
    """(softmax − one-hot) / N."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    grad = exponentials / exponentials.sum(axis=1, keepdims=True)
    grad[np.arange(len(labels)), labels] -= 1
    return grad / len(labels)


_logits.criteria(task)


def gradient(logits, labels, p=softmax, y=one_hot, divisor=len):
    """Right with the options as they are."""
    return (p(logits) - y(logits, labels)) / divisor(logits)


task.options(gradient, {
    "exponential-overflows": ({"p": naive_softmax},
        "exp of a large logit is infinite, and ∞/∞ is NaN. Subtract each row's largest logit first: softmax stays the "
        "same."),
    "one-maximum-for-the-batch": ({"p": softmax_by_one_maximum},
        "The largest logit of the whole batch is subtracted; rows far below it have only zeros left, and 0/0 is NaN. "
        "Subtract each row's own maximum."),
    "mean-forgotten": ({"divisor": lambda z: 1},
        "The division by N is missing: the loss is the *mean* over the batch."),
    "divides-by-classes-too": ({"divisor": np.size},
        "The gradient is divided by N·C. The loss is a mean over the N images only."),
    "divides-by-classes": ({"divisor": lambda z: z.shape[1]},
        "The gradient is divided by C, the number of classes; it should be N, the number of images."),
    "label-not-subtracted": ({"y": lambda z, labels: 0},
        "The label has no effect: 1 is subtracted at the label's column."),
    "subtracts-everywhere": ({"y": lambda z, labels: 1},
        "1 is subtracted in every column. Only the label's column gets it."),
    "one-added": ({"y": lambda z, labels: -one_hot(z, labels)},
        "1 is added at the label's column, where it is subtracted."),
    "best-class-for-label": ({"y": lambda z, labels: one_hot(z, z.argmax(axis=1))},
        "1 is subtracted at the largest logit, whatever the label says."),
    "label-for-one-hot": ({"y": lambda z, labels: labels[:, None]},
        "The number of the class is subtracted from the whole row. Wanted is 1 at the label's column, 0 elsewhere."),
    "labels-from-one": ({"y": lambda z, labels: one_hot(z, (labels - 1) % z.shape[1])},
        "The label c is taken for column c − 1. Classes are numbered from 0."),
    "softmax-over-images": ({"p": lambda z: softmax(z, 0)},
        "The softmax runs down the columns, over the images (axis 0). The classes compete with each other: axis 1."),
    "logits-for-probabilities": ({"p": lambda z: z},
        "The logits are where their softmax should be: that would be the gradient of a squared error."),
    "logarithms-for-probabilities": ({"p": log_softmax},
        "The log-probabilities are where the probabilities should be."),
    "exponential-not-normalised": ({"p": lambda z: np.exp(z - z.max(axis=1, keepdims=True))},
        "The exponentials are not divided by their sum."),
})  # fmt: skip


@task.mistake
def divides_too_early(logits, labels):
    """Only the probabilities are divided by N, the 1 that is subtracted is not: (p − 1)/N, not p/N − 1."""
    return softmax(logits) / len(labels) - one_hot(logits, labels)


@task.mistake
def every_label_for_every_row(logits, labels):
    """grad[:, labels] -= 1 subtracts at *all* labels of the batch in *each* row. Pair them: grad[np.arange(N), labels]
    -= 1."""
    grad = softmax(logits)
    grad[:, labels] -= 1
    return grad / len(labels)


@task.mistake
def sign_reversed(right):
    """The sign is wrong: p − y. The loss falls when the label's logit grows, so its entry is negative."""
    return -right


@task.mistake
def label_column_only(right, logits, labels):
    """Only the label's column gets a gradient. The others do too: raising their logits lowers the label's share."""
    return right * one_hot(logits, labels)


@task.mistake
def gradient_by_probabilities(logits, labels):
    """−y/p is the gradient with respect to the *probabilities*. From there softmax's own gradient leads back to the
    logits, and together they are simply p − y."""
    return -one_hot(logits, labels) / softmax(logits) / len(labels)


@task.mistake
def gradient_of_squared_error(right):
    """There is a factor 2, as in the gradient of a square. The gradient is (p − y)/N."""
    return 2 * right


@task.mistake
def averages_the_batch(right):
    """The rows are added up: (C,). Each image's logits have a gradient of their own, (N, C)."""
    return right.sum(axis=0)


@task.mistake
def returns_the_loss(logits, labels):
    """That is the loss. Its gradient with respect to each logit is asked for."""
    return float(-log_softmax(logits)[np.arange(len(labels)), labels].mean())


@task.mistake
def changes_input(right, logits):
    """The values are right, but the maximum is subtracted from the caller's logits (`-=`). Make a new array."""
    logits -= logits.max(axis=1, keepdims=True)
    return right
