"""Cross-entropy that turns away from what is classified well already."""

import numpy as np

from cnncourse.checks.author import Task
from cnncourse.checks.tasks.u18 import _focal
from cnncourse.checks.tasks.u18._focal import log_sigmoid, log_with_eps, naive_log, towards

task = Task(see="Many easy places")


@task.right
def focal_loss(logits, targets, alpha=0.25, gamma=2.0):
    """With z the logit of what is true: Σ α_t · exp(−γ ln(1 + e^z)) · ln(1 + e^−z)."""
    true = targets == 1
    z = np.where(true, logits, -logits)
    weight = np.where(true, alpha, 1 - alpha).astype(logits.dtype)
    return (weight * np.exp(-gamma * np.logaddexp(0, z)) * np.logaddexp(0, -z)).sum()


_focal.criteria(task)


def loss(
    logits, targets, alpha, gamma, log=log_sigmoid, power=lambda log, z, gamma: np.exp(gamma * log(-z)),
    weigh=lambda weight: weight, reduce=np.sum, alpha_of=lambda alpha: alpha,
):  # fmt: skip
    """Right with the options as they are."""
    z, weight, _ = towards(logits, targets, alpha_of(alpha))
    with np.errstate(all="ignore"):
        return reduce((-weigh(weight) * power(log, z, gamma) * log(z)).astype(logits.dtype))


task.options(loss, {
    "logarithm-of-zero": ({"log": naive_log},
        "For a large logit the probability is rounded to 0, and its logarithm is −∞. Write ln p as −ln(1 + e^−z): "
        "`-np.logaddexp(0, -z)`."),
    "tiny-number-in-the-logarithm": ({"log": log_with_eps},
        "A tiny number is added inside the logarithm. That avoids −∞, and a large loss comes out too small."),
    "gamma-ignored": ({"power": lambda log, z, gamma: 1.0},
        "The factor (1 − p_t)^γ is missing: that is weighted cross-entropy."),
    "gamma-two-always": ({"power": lambda log, z, gamma: np.exp(2 * log(-z))},
        "γ is not used: it is 2 whatever is asked for."),
    "power-of-the-right-probability": ({"power": lambda log, z, gamma: np.exp(gamma * log(z))},
        "The factor is p_t^γ, which turns to what is right already. It is (1 − p_t)^γ."),
    "gamma-as-a-factor": ({"power": lambda log, z, gamma: gamma * np.exp(log(-z))},
        "γ multiplies 1 − p_t. It is its power."),
    "alpha-ignored": ({"weigh": lambda weight: 1.0}, "α is missing: positive places count α, the others 1 − α."),
    "alpha-exchanged": ({"weigh": lambda weight: 1 - weight},
        "α and 1 − α have changed places: α belongs to the positive places (target 1)."),
    "alpha-quarter-always": ({"alpha_of": lambda alpha: 0.25}, "α is not used: it is 0.25 whatever is asked for."),
    "mean-for-sum": ({"reduce": np.mean},
        "That is the mean. The sum is wanted; a detector divides it by the positive places."),
    "wrong-sign": ({"reduce": lambda losses: -losses.sum()}, "The sign is wrong: a loss is never negative."),
    "one-loss-per-place": ({"reduce": lambda losses: losses},
        "That is the loss of each place. Their sum is wanted: one number."),
    "base-two": ({"reduce": lambda losses: losses.sum() / np.log(2)},
        "The logarithm has base 2. The natural one is wanted."),
})  # fmt: skip


@task.mistake
def alpha_for_all(logits, targets, alpha, gamma):
    """All places are weighted by α. Places with target 0 have the weight 1 − α."""
    return loss(logits, targets, alpha, gamma, weigh=lambda weight: np.full(logits.shape, alpha, logits.dtype))


@task.mistake
def positives_only(again, logits, targets, alpha):
    """Only the positive places count. The others count, too, with the weight 1 − α."""
    return again(logits=logits[targets == 1], targets=targets[targets == 1])


@task.mistake
def probability_of_class_one(logits, targets, alpha, gamma):
    """The factor is (1 − p)^γ for both targets. Where the target is 0 the probability of what is true is 1 − p."""
    z, weight, _ = towards(logits, targets, alpha)
    return (-weight * np.exp(gamma * log_sigmoid(-logits)) * log_sigmoid(z)).sum()


@task.mistake
def divided_by_positives(right, targets):
    """The sum is divided by the number of positive places, as a detector does later. Here it is the sum."""
    return right / max(targets.sum(), 1)
