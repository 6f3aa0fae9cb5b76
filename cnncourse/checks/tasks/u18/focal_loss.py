"""Cross-entropy that turns away from what is classified well already."""

import numpy as np

from cnncourse.checks.author import Task
from cnncourse.checks.tasks.u18 import _focal
from cnncourse.checks.tasks.u18._focal import log_sigmoid, log_with_eps, naive_log, towards, wrong_share

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


@task.mistake
def others_count_whole(logits, targets, alpha, gamma):
    """Places with target 0 have the weight 1. It is 1 − α."""
    return loss(logits, targets, alpha, gamma, weigh=lambda weight: np.where(targets == 1, alpha, 1))


@task.mistake
def alpha_inside_the_power(logits, targets, alpha, gamma):
    """The power is taken of α_t (1 − p_t). Only 1 − p_t has the power γ."""
    return loss(logits, targets, alpha, gamma, weigh=lambda weight: weight**gamma)


@task.mistake
def mean_over_the_first_axis(right, logits):
    """The sum is divided by the length of the first axis. The sum over all places is wanted."""
    return right / len(logits)


@task.mistake
def gamma_one_by_default(again, gamma=1.0):
    """Without gamma it is 1. The default is 2."""
    return again(gamma=gamma)


@task.mistake
def alpha_three_quarters_by_default(again, alpha=0.75):
    """Without alpha it is 0.75. The default is 0.25."""
    return again(alpha=alpha)


@task.mistake
def logits_cut_at_thirty(again, logits):
    """The logits are cut off at ±30, so a place that is wrong by more costs too little. No bound is needed."""
    return again(logits=np.clip(logits, -30, 30))


@task.mistake
def softmax_for_sigmoid(logits, targets, alpha, gamma):
    """A softmax makes the places compete. Each has its own sigmoid."""
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p = (e / e.sum(axis=-1, keepdims=True)).clip(1e-300)
    p = np.where(targets == 1, p, 1 - p).clip(1e-300)
    return -(np.where(targets == 1, alpha, 1 - alpha) * (1 - p) ** gamma * np.log(p)).sum()


def by_probability(logits, targets, alpha, gamma, floor=0.0, added=0.0):
    """ln p from p itself, kept finite by a bound or by a small number."""
    share = wrong_share(logits, floor)
    right = np.where(targets == 1, 1 - share, share)  # the probability of what is true
    weight = np.where(targets == 1, alpha, 1 - alpha)
    with np.errstate(all="ignore"):
        return -(weight * (1 - right) ** gamma * np.log(right + added)).sum()


task.options(by_probability, {
    f"{'bound' if name == 'floor' else 'number-added'}-{size:.0e}": ({name: size}, text)
    for name, text in (
        ("floor", "The probability is cut off at a small bound. That avoids −∞, and a large loss comes out too small."),
        ("added", "A tiny number is added inside the logarithm. That avoids −∞, and a large loss comes out too small."),
    )
    for size in (1e-6, 1e-7, 1e-8, 1e-12)
})  # fmt: skip
