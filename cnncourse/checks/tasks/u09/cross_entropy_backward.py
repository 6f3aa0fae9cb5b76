"""Task 09.cross_entropy_backward: what was predicted minus what was wanted, over N."""

import numpy as np

from cnncourse.checks.task import Mistake, Task
from cnncourse.checks.tasks.u09 import _logits
from cnncourse.checks.tasks.u09._logits import log_softmax, naive_softmax, one_hot, softmax, softmax_by_one_maximum


def cross_entropy_backward(logits, labels):
    """(softmax − one-hot) / N."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    grad = exponentials / exponentials.sum(axis=1, keepdims=True)
    grad[np.arange(len(labels)), labels] -= 1
    return grad / len(labels)


def _with(softmax):
    return lambda logits, labels: (softmax(logits) - one_hot(logits, labels)) / len(labels)


def _all_label_columns(logits, labels):
    grad = softmax(logits)
    grad[:, labels] -= 1
    return grad / len(labels)


def _divides_first(logits, labels):
    return softmax(logits) / len(labels) - one_hot(logits, labels)


def _label_only(logits, labels):
    return (softmax(logits) - 1) * one_hot(logits, labels) / len(labels)


def _by_probabilities(logits, labels):
    return -one_hot(logits, labels) / softmax(logits) / len(labels)




def _changes_logits(logits, labels):
    logits -= logits.max(axis=1, keepdims=True)
    return cross_entropy_backward(logits, labels)


task = Task(
    "09.cross_entropy_backward",
    {"values": 2, "large logits": 1, "any array": 1},
    cross_entropy_backward,
    _logits.cases,
    [
        Mistake(
            "exponential-overflows",
            _with(naive_softmax),
            "exp of a large logit is infinite, and ∞/∞ is NaN. Subtract each row's largest logit first: softmax stays "
            "the "
            "same.",
        ),
        Mistake(
            "one-maximum-for-the-batch",
            _with(softmax_by_one_maximum),
            "The largest logit of the whole batch is subtracted; rows far below it have only zeros left, and 0/0 is "
            "NaN. "
            "Subtract each row's own maximum.",
        ),
        Mistake(
            "mean-forgotten",
            lambda logits, labels: softmax(logits) - one_hot(logits, labels),
            "The division by N is missing: the loss is the *mean* over the batch.",
        ),
        Mistake(
            "divides-by-classes-too",
            lambda logits, labels: (softmax(logits) - one_hot(logits, labels)) / logits.size,
            "The gradient is divided by N·C. The loss is a mean over the N images only.",
        ),
        Mistake(
            "divides-by-classes",
            lambda logits, labels: (softmax(logits) - one_hot(logits, labels)) / logits.shape[1],
            "The gradient is divided by C, the number of classes; it should be N, the number of images.",
        ),
        Mistake(
            "divides-too-early",
            _divides_first,
            "Only the probabilities are divided by N, the 1 that is subtracted is not: (p − 1)/N, not p/N − 1.",
        ),
        Mistake(
            "label-not-subtracted",
            lambda logits, labels: softmax(logits) / len(labels),
            "The label has no effect: 1 is subtracted at the label's column.",
        ),
        Mistake(
            "subtracts-everywhere",
            lambda logits, labels: (softmax(logits) - 1) / len(labels),
            "1 is subtracted in every column. Only the label's column gets it.",
        ),
        Mistake(
            "every-label-for-every-row",
            _all_label_columns,
            "grad[:, labels] -= 1 subtracts at *all* labels of the batch in *each* row. Pair them: "
            "grad[np.arange(N), labels] -= 1.",
        ),
        Mistake(
            "sign-reversed",
            lambda logits, labels: (one_hot(logits, labels) - softmax(logits)) / len(labels),
            "The sign is wrong: p − y. The loss falls when the label's logit grows, so its entry is negative.",
        ),
        Mistake(
            "one-added",
            lambda logits, labels: (softmax(logits) + one_hot(logits, labels)) / len(labels),
            "1 is added at the label's column, where it is subtracted.",
        ),
        Mistake(
            "softmax-over-images",
            lambda logits, labels: (softmax(logits, 0) - one_hot(logits, labels)) / len(labels),
            "The softmax runs down the columns, over the images (axis 0). The classes compete with each other: axis 1.",
        ),
        Mistake(
            "logits-for-probabilities",
            lambda logits, labels: (logits - one_hot(logits, labels)) / len(labels),
            "The logits stand where their softmax should: that would be the gradient of a squared error.",
        ),
        Mistake(
            "logarithms-for-probabilities",
            lambda logits, labels: (log_softmax(logits) - one_hot(logits, labels)) / len(labels),
            "The log-probabilities stand where the probabilities should.",
        ),
        Mistake(
            "exponential-not-normalised",
            lambda logits, labels: (
                np.exp(logits - logits.max(axis=1, keepdims=True)) - one_hot(logits, labels)
            ) / len(labels),
            "The exponentials are not divided by their sum.",
        ),
        Mistake(
            "label-column-only",
            _label_only,
            "Only the label's column gets a gradient. The others do too: raising their logits lowers the label's "
            "share.",
        ),
        Mistake(
            "gradient-by-probabilities",
            _by_probabilities,
            "−y/p is the gradient with respect to the *probabilities*. From there softmax's own gradient leads back "
            "to the logits, and "
            "together they are simply p − y.",
        ),
        Mistake(
            "gradient-of-squared-error",
            lambda logits, labels: 2 * (softmax(logits) - one_hot(logits, labels)) / len(labels),
            "There is a factor 2, as in the gradient of a square. The gradient is (p − y)/N.",
        ),
        Mistake(
            "best-class-for-label",
            lambda logits, labels: (softmax(logits) - one_hot(logits, logits.argmax(axis=1))) / len(labels),
            "1 is subtracted at the largest logit, whatever the label says.",
        ),
        Mistake(
            "labels-from-one",
            lambda logits, labels: cross_entropy_backward(logits, (labels - 1) % logits.shape[1]),
            "The label c is taken for column c − 1. Classes are numbered from 0.",
        ),
        Mistake(
            "averages-the-batch",
            lambda logits, labels: cross_entropy_backward(logits, labels).sum(axis=0),
            "The rows are added up: (C,). Each image's logits have a gradient of their own, (N, C).",
        ),
        Mistake(
            "returns-the-loss",
            lambda logits, labels: float(-log_softmax(logits)[np.arange(len(labels)), labels].mean()),
            "That is the loss. Its gradient with respect to each logit is asked for.",
        ),
        Mistake(
            "changes-input",
            _changes_logits,
            "The values are right, but the maximum is subtracted from the caller's logits (`-=`). Make a new array.",
        ),
    ],
    see="09#Softmax and cross-entropy",
    place=2,
)
