"""Task 09.cross_entropy: minus the logarithm of the probability given to the right class."""

import numpy as np

from cnncourse.checks.diagnose import Finding
from cnncourse.checks.task import Mistake, Task
from cnncourse.checks.tasks.u09 import _logits
from cnncourse.checks.tasks.u09._logits import log_softmax, naive_softmax, one_hot, softmax, softmax_by_one_maximum

TINY = "tiny-number-in-the-logarithm"


def cross_entropy(logits, labels):
    """Mean over the batch of log Σ exp(logits) − logit of the label."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return (log_sum - shifted[np.arange(len(labels)), labels]).mean()  # float32 where the logits are


def _rows(logits, labels):
    return -log_softmax(logits)[np.arange(len(labels)), labels]


def _of_probabilities(probabilities, log=np.log):
    """A wrong answer that takes the logarithm of some probabilities."""
    return lambda logits, labels: float(
        -log(probabilities(logits)[np.arange(len(labels)), labels]).mean()
    )


def _subtracted_only_inside(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(axis=1)) - logits[np.arange(len(labels)), labels]).mean())


def _every_pair(logits, labels):
    return float(-log_softmax(logits)[:, labels].mean())


def _one_hot_mean(logits, labels):
    return float(-(one_hot(logits, labels) * log_softmax(logits)).mean())


def _binary(logits, labels):
    y, p = one_hot(logits, labels), softmax(logits)
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1).mean())


def _changes_logits(logits, labels):
    logits -= logits.max(axis=1, keepdims=True)
    return float(_rows(logits, labels).mean())


def _labels_from_one(logits, labels):
    return float(-log_softmax(logits)[np.arange(len(labels)), labels - 1].mean())


class LossTask(Task):
    """Knows a guarded logarithm by its results, whatever the guard: the loss stays below what is right."""

    def find(self, trials):
        """The finding, as for any task; a guarded logarithm where the losses are finite and too small."""
        failed = [t for t in trials if t.difference is not None]
        if failed and any(t.case.criterion == "large logits" for t in failed) and all(map(_too_small, failed)):
            guarded = next(m for m in self.mistakes if m.slug == TINY)
            return Finding(TINY, guarded.explanation, guarded.see or self.see)
        return super().find(trials)


def _too_small(trial):
    got, slug = trial.outcome.value, trial.difference.slug
    is_rounding = slug == "low-precision"
    is_capped = trial.case.criterion == "large logits" and isinstance(got, float) and 0 < got < trial.wanted
    return is_rounding or is_capped and np.abs(trial.case.args[0]).max() > 100 * got


task = LossTask(
    "09.cross_entropy",
    {"values": 2, "large logits": 1, "any array": 1},
    cross_entropy,
    _logits.cases,
    [
        Mistake(
            "exponential-overflows",
            _of_probabilities(naive_softmax),
            "exp of a large logit is infinite, and ∞/∞ is NaN. Softmax does not change if each row's largest logit is "
            "subtracted first; then the largest exponential is 1.",
        ),
        Mistake(
            "logarithm-of-zero",
            _of_probabilities(softmax),
            "A probability that is too small for a float becomes 0, and its logarithm −∞, though the loss is finite. "
            "Do "
            "not form the probability: the loss is log Σ exp(z) − z of the label, after subtracting the maximum.",
        ),
        Mistake(
            "one-maximum-for-the-batch",
            _of_probabilities(softmax_by_one_maximum),
            "The largest logit of the whole batch is subtracted. A row whose logits lie far below it has only zeros "
            "left "
            "after exp: subtract each row's own maximum.",
        ),
        Mistake(
            TINY,
            _of_probabilities(softmax, lambda p: np.log(p + 1e-12)),
            "The probability is kept away from zero, by adding a tiny number or by clipping. That avoids −∞ and gives "
            "too "
            "small a loss where the label's probability is tiny, which is where the loss matters most. "
            "log Σ exp(z) − z of the label needs no such help.",
        ),
        Mistake(
            "maximum-subtracted-once",
            _subtracted_only_inside,
            "The maximum is subtracted within log Σ exp, but not from the label's logit (or not added again "
            "afterwards).",
        ),
        Mistake(
            "sum-for-mean",
            lambda logits, labels: float(_rows(logits, labels).sum()),
            "The losses of the images are added up. Their mean is asked for: then the step does not depend on the "
            "batch's "
            "size.",
        ),
        Mistake(
            "divides-by-classes-too",
            _one_hot_mean,
            "The mean runs over all N·C entries of (one-hot · log-probabilities). Only N of them count: divide by N.",
        ),
        Mistake(
            "divides-by-classes",
            lambda logits, labels: float(_rows(logits, labels).sum() / logits.shape[1]),
            "The sum is divided by C, the number of classes; it should be N, the number of images.",
        ),
        Mistake(
            "one-loss-per-image",
            _rows,
            "You return each image's own loss, (N,). Their mean is asked for: one number.",
        ),
        Mistake(
            "sign-missing",
            lambda logits, labels: float(-_rows(logits, labels).mean()),
            "The sign is wrong: the loss is *minus* the mean log-probability, and never negative.",
        ),
        Mistake(
            "softmax-over-images",
            lambda logits, labels: float(-log_softmax(logits, 0)[np.arange(len(labels)), labels].mean()),
            "The softmax runs down the columns, over the images (axis 0). The classes compete with each other: axis 1.",
        ),
        Mistake(
            "softmax-over-everything",
            lambda logits, labels: float(
                -log_softmax(logits.reshape(1, -1)).reshape(logits.shape)[np.arange(len(labels)), labels].mean()
            ),
            "One softmax runs over the whole batch. Each row has its own: axis=1, keepdims=True.",
        ),
        Mistake(
            "every-label-for-every-row",
            _every_pair,
            "log_p[:, labels] takes *all* labels from *each* row, (N, N) values. Wanted is the label of row n from "
            "row n: "
            "log_p[np.arange(N), labels].",
        ),
        Mistake(
            "best-class-for-label",
            lambda logits, labels: float(-log_softmax(logits).max(axis=1).mean()),
            "The largest probability is taken, whatever the label says.",
        ),
        Mistake(
            "normaliser-missing",
            lambda logits, labels: float(-logits[np.arange(len(labels)), labels].mean()),
            "The logits themselves count as log-probabilities. They need normalising: subtract log Σ exp(z).",
        ),
        Mistake(
            "logarithm-missing",
            lambda logits, labels: float(-softmax(logits)[np.arange(len(labels)), labels].mean()),
            "The logarithm is missing: −p where −log p is wanted.",
        ),
        Mistake(
            "base-two",
            lambda logits, labels: float(_rows(logits, labels).mean() / np.log(2)),
            "The logarithm has base 2. The natural one is asked for: `np.log`.",
        ),
        Mistake(
            "base-ten",
            lambda logits, labels: float(_rows(logits, labels).mean() / np.log(10)),
            "The logarithm has base 10. The natural one is asked for: `np.log`.",
        ),
        Mistake(
            "squared-error",
            lambda logits, labels: float(((softmax(logits) - one_hot(logits, labels)) ** 2).sum(axis=1).mean()),
            "That is the squared distance of the probabilities from the one-hot labels, not cross-entropy.",
        ),
        Mistake(
            "softmax-twice",
            lambda logits, labels: float(_rows(softmax(logits), labels).mean()),
            "Softmax is applied twice: once to the logits, and once within the loss. The input is logits; one is "
            "enough.",
        ),
        Mistake(
            "binary-cross-entropy",
            _binary,
            "The terms (1 − y)·log(1 − p) of binary cross-entropy are added. Among C classes only the label's −log p "
            "counts.",
        ),
        Mistake(
            "entropy-of-prediction",
            lambda logits, labels: float(-(softmax(logits) * log_softmax(logits)).sum(axis=1).mean()),
            "That is the entropy of the predicted distribution: the labels have no part in it.",
        ),
        Mistake(
            "labels-from-one",
            _labels_from_one,
            "The label c is taken for column c − 1. Classes are numbered from 0.",
        ),
        Mistake(
            "first-image-only",
            lambda logits, labels: float(_rows(logits, labels)[0]),
            "Only the first image counts. The loss is the mean over all of them.",
        ),
        Mistake(
            "changes-input",
            _changes_logits,
            "The value is right, but the maximum is subtracted from the caller's logits (`-=`). Make a new array: "
            "`shifted = logits - …`.",
        ),
    ],
    see="09#Softmax and cross-entropy",
    place=1,
)
