"""The gradient of the focal loss, finite for every logit."""

import numpy as np

from cnncourse.checks.author import Task
from cnncourse.checks.tasks.u18 import _focal
from cnncourse.checks.tasks.u18._focal import log_sigmoid, naive_log, towards

task = Task(see="Many easy places")


@task.right
def focal_loss_backward(logits, targets, alpha=0.25, gamma=2.0):
    """With z the logit of what is true and p its probability: ∓ α_t (1 − p)^γ (1 − p − γ p ln p)."""
    true = targets == 1
    z = np.where(true, logits, -logits)
    weight = np.where(true, -alpha, 1 - alpha).astype(logits.dtype)
    log_p, log_q = -np.logaddexp(0, -z), -np.logaddexp(0, z)
    return weight * np.exp(gamma * log_q) * (np.exp(log_q) - gamma * np.exp(log_p) * log_p)


_focal.criteria(task)


def slope(
    logits, targets, alpha, gamma, log=log_sigmoid, first=1.0, second=1.0, power=lambda gamma: gamma,
    weigh=lambda weight: weight, turn=lambda sign: sign, factor=lambda gamma: gamma,
):  # fmt: skip
    """Right with the options as they are; `first` and `second` weigh the terms of the product rule."""
    z, weight, sign = towards(logits, targets, alpha)
    with np.errstate(all="ignore"):
        p, q = np.exp(log(z)), np.exp(log(-z))
        terms = first * q - second * factor(gamma) * p * log(z)
        return (-turn(sign) * weigh(weight) * np.exp(power(gamma) * log(-z)) * terms).astype(logits.dtype)


def by_powers(logits, targets, alpha, gamma):
    """q^(γ − 1) · …, as the product rule gives it."""
    z, weight, sign = towards(logits, targets, alpha)
    with np.errstate(all="ignore"):
        p, q = np.exp(log_sigmoid(z)), 1 - 1 / (1 + np.exp(-z))
        return sign * weight * (gamma * q ** (gamma - 1) * p * q * log_sigmoid(z) - q**gamma * q)


task.options(slope, {
    "power-is-constant": ({"second": 0.0},
        "(1 − p_t)^γ is treated as a constant. It depends on the logit as well: the product rule has two terms."),
    "logarithm-is-constant": ({"first": 0.0},
        "Only (1 − p_t)^γ is differentiated. −ln p_t depends on the logit as well: the product rule has two terms."),
    "wrong-sign-between-the-terms": ({"second": -1.0},
        "The two terms of the product rule have opposite signs. Both have the same sign: a higher logit of what is "
        "true lowers both factors."),
    "gamma-missing-in-the-second-term": ({"factor": lambda gamma: 1.0},
        "The derivative of (1 − p_t)^γ has the factor γ, which is missing."),
    "one-power-too-few": ({"power": lambda gamma: gamma - 1},
        "The power is γ − 1. The sigmoid's slope p_t (1 − p_t) brings one factor 1 − p_t back: it is γ."),
    "one-power-too-many": ({"power": lambda gamma: gamma + 1}, "The power of 1 − p_t is γ + 1. It is γ."),
    "gamma-ignored": ({"power": lambda gamma: 0.0, "second": 0.0},
        "γ is not used: that is the gradient of weighted cross-entropy."),
    "gamma-two-always": ({"power": lambda gamma: 2.0, "factor": lambda gamma: 2.0},
        "γ is not used: it is 2 whatever is asked for."),
    "alpha-ignored": ({"weigh": lambda weight: 1.0}, "α is missing: positive places count α, the others 1 − α."),
    "alpha-exchanged": ({"weigh": lambda weight: 1 - weight},
        "α and 1 − α have changed places: α belongs to the positive places (target 1)."),
    "wrong-sign": ({"turn": lambda sign: -sign},
        "The sign is wrong: where the target is 1, a higher logit lowers the loss."),
    "same-sign-for-both-targets": ({"turn": lambda sign: np.ones_like(sign)},
        "Both targets have the same sign. Where the target is 0, a higher logit raises the loss."),
    "logarithm-of-zero": ({"log": naive_log},
        "For a large logit a probability is rounded to 0, and its logarithm is −∞. Write ln p as −ln(1 + e^−z)."),
})  # fmt: skip


@task.mistake
def zero_to_a_negative_power(logits, targets, alpha, gamma):
    """1 − p_t is rounded to 0 for a large logit, and 0 to the power γ − 1 is infinite where γ < 1. Cancel one factor
    with the sigmoid's slope, and compute (1 − p_t)^γ as exp(−γ ln(1 + e^z))."""
    return by_powers(logits, targets, alpha, gamma).astype(logits.dtype)


@task.mistake
def with_respect_to_the_probability(right, logits):
    """That is the derivative with respect to the probability. The sigmoid's slope p (1 − p) is missing."""
    with np.errstate(all="ignore"):
        return right / np.maximum(np.exp(log_sigmoid(logits) + log_sigmoid(-logits)), 1e-12).astype(right.dtype)


@task.mistake
def mean_for_sum(right, logits):
    """The gradient is divided by the number of places: that of the mean. The loss is the sum."""
    return right / logits.dtype.type(logits.size)


@task.mistake
def alpha_for_all(logits, targets, alpha, gamma):
    """All places are weighted by α. Places with target 0 have the weight 1 − α."""
    return slope(logits, targets, alpha, gamma, weigh=lambda weight: np.full(logits.shape, alpha, logits.dtype))


@task.mistake
def summed_up(right):
    """The gradients are added up. Each logit has its own: the shape is that of the logits."""
    return right.sum()


@task.mistake
def alpha_quarter_always(again):
    """α is not used: it is 0.25 whatever is asked for."""
    return again(alpha=0.25)


@task.mistake
def positives_only(right, targets):
    """Only the positive places get a gradient. The others count, too, with the weight 1 − α."""
    return right * (targets == 1).astype(right.dtype)


@task.mistake
def factor_missing_in_the_first_term(logits, targets, alpha, gamma):
    """The derivative of ln p_t is 1 − p_t with respect to the logit; this factor is missing in its term."""
    z, weight, sign = towards(logits, targets, alpha)
    p = np.exp(log_sigmoid(z))
    return -sign * weight * np.exp(gamma * log_sigmoid(-z)) * (1 - gamma * p * log_sigmoid(z))


@task.mistake
def derivative_by_p(logits, targets, alpha, gamma):
    """That is the derivative with respect to p_t. The sigmoid's slope p_t (1 − p_t) is missing."""
    z, weight, sign = towards(logits, targets, alpha)
    with np.errstate(all="ignore"):
        p, q = np.exp(log_sigmoid(z)), np.exp(log_sigmoid(-z))
        return sign * weight * (gamma * q ** (gamma - 1) * log_sigmoid(z) - q**gamma / p)


@task.mistake
def plain_where_gamma_is_zero(right, logits, targets, gamma=2.0):
    """For γ = 0 α is left out. It weighs the places for every γ."""
    return right if gamma else (np.exp(log_sigmoid(logits)) - targets).astype(logits.dtype)


@task.mistake
def zero_for_nan(logits, targets, alpha, gamma):
    """NaN and infinity are replaced, np.nan_to_num for example, where 0 · ∞ came out. The gradient there is not 0:
    write ln p as −ln(1 + e^−z), and cancel the powers before."""
    z, weight, sign = towards(logits, targets, alpha)
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-z))
        q = 1 - p
        return np.nan_to_num(sign * weight * (gamma * q ** (gamma - 1) * p * q * np.log(p) - q**gamma * q))
