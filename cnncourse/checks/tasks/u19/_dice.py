"""Cases and sums that the Dice loss and its gradient share."""

import numpy as np

from cnncourse.checks.author import Call, normal
from cnncourse.checks.families import any_array


def drawn(rng, N, H, W, size=1.0, share=0.4):
    """Logits, and masks of zeros and ones."""
    target = (rng.random((N, 1, H, W)) < share).astype(float)
    return size * normal(rng, N, 1, H, W), target


def criteria(task):
    """Give a task about the Dice loss its criteria."""

    @task.criterion(2)
    def values(rng):
        """One picture and several, of any size, with much of the thing and little; ε of several sizes."""
        yield Call(*drawn(rng, 3, 4, 5))
        yield Call(*drawn(rng, 2, 2, 7), 0.5)
        yield Call(*drawn(rng, 5, 3, 3, 3.0, 0.1), 2.0)
        yield Call(*drawn(rng, 1, 6, 4), eps=0.01)
        yield Call(*drawn(rng, 4, 4, 4, 2.0, 0.8))

    @task.criterion(1)
    def empty_and_full_pictures(rng):
        """Masks of zeros, masks of ones, one pixel; in one batch with others."""
        logits, target = drawn(rng, 4, 5, 3)
        target[1], target[2] = 0, 1
        yield Call(logits, target)
        yield Call(*drawn(rng, 2, 3, 4, share=0.0), 0.3)
        yield Call(*drawn(rng, 3, 1, 1, share=0.5), 3.0)

    @task.criterion(1)
    def large_logits(rng):
        """Logits in the thousands, of both signs."""
        yield Call(*drawn(rng, 3, 4, 3, 1000.0))
        logits, target = drawn(rng, 2, 3, 5)
        yield Call(logits + 3000 * np.sign(logits) * (rng.random(logits.shape) < 0.5), target, 0.5)

    @any_array(task)
    def arrays(rng):
        yield Call(*drawn(rng, 3, 5, 4), 0.7)


def sigmoid(z):
    """Right for all floats."""
    return (1 + np.tanh(z / 2)) / 2


def overflowing(z):
    """exp of a large logit is infinite."""
    with np.errstate(all="ignore"):
        return np.exp(z) / (1 + np.exp(z))


PROBABILITIES = {  # slug: (probability of a logit, explanation)
    "sigmoid-missing": (lambda z: z, "The logits themselves count as probabilities. p = 1 / (1 + e^−logit)."),
    "exponential-overflows": (overflowing, "e^z is infinite for a large logit, and ∞/∞ is NaN. Write the sigmoid so "
        "that the exponent is never positive, or with tanh."),
    "softmax-of-one": (np.ones_like, "A softmax over one channel is 1 everywhere. One channel needs a sigmoid."),
    "thresholded": (lambda z: (z > 0).astype(z.dtype), "p is set to 0 or 1. Then the loss has no gradient; the "
        "probability itself counts."),
    "tanh-without-half": (lambda z: (1 + np.tanh(z)) / 2, "That is the sigmoid of 2·logit: (1 + tanh(z / 2)) / 2 has "
        "z / 2 in it."),
    "tanh-for-sigmoid": (np.tanh, "tanh runs from −1 to 1. Probabilities are from 0 to 1: (1 + tanh(z / 2)) / 2."),
    "sigmoid-twice": (lambda z: sigmoid(sigmoid(z)), "The sigmoid is applied twice."),
    "sigmoid-turned": (lambda z: sigmoid(-z), "This is the probability of the background: sign of the logit."),
}  # fmt: skip
SUMS = {  # slug: (options of `loss` and `gradient`, explanation); whole, overlap, total, see there
    "batch-in-one": ({"axes": (0, 1, 2, 3)}, "All pictures' pixels go into one fraction. Each picture has its own, and "
        "their mean is taken: otherwise a large thing in one picture hides a small one in another."),
    "rows-apart": ({"axes": (1, 3)}, "Each row of pixels has its own fraction. A picture has one."),
    "columns-apart": ({"axes": (1, 2)}, "Each column of pixels has its own fraction. A picture has one."),
    "places-apart": ({"axes": (0, 1)}, "The sums run over the pictures, at each place. They run over the pixels of "
        "each picture: axes 1, 2 and 3."),
    "two-forgotten": ({"two": 1.0}, "The factor 2 of the numerator is missing: even a perfect prediction would cost "
        "about 1/2."),
    "means-for-sums": ({"reduce": np.mean}, "Means over the pixels stand in the place of sums. Then ε is as large as "
        "the whole picture."),
    "squares-below": ({"power": 2}, "The divisor has squares, as V-Net's. Here it is Σp + Σt."),
    "epsilon-not-used": ({"of_eps": lambda eps: (0.0, 0.0)}, "ε is not used: an empty picture gives 0/0 or costs 1 "
        "whatever is predicted."),
    "epsilon-above-only": ({"of_eps": lambda eps: (eps, 0.0)}, "ε is missing in the divisor."),
    "epsilon-below-only": ({"of_eps": lambda eps: (0.0, eps)}, "ε is missing in the numerator: an empty picture with "
        "nothing predicted should cost nothing."),
    "epsilon-doubled": ({"of_eps": lambda eps: (2 * eps, eps)}, "ε is in the bracket that is doubled: 2(Σpt + ε). It "
        "is added once: 2Σpt + ε."),
    "epsilon-twice-below": ({"of_eps": lambda eps: (eps, 2 * eps)}, "ε is in the divisor twice. It is added once: "
        "Σp + Σt + ε."),
    "epsilon-always-one": ({"of_eps": lambda eps: (1.0, 1.0)}, "ε is always 1. It is an argument."),
    "target-turned": ({"of_target": lambda t: 1 - t}, "The background is taken for the thing: 1 − t."),
}  # fmt: skip


def fractions(logits, target, eps, p_of=sigmoid, axes=(1, 2, 3), two=2.0, reduce=np.sum, power=1,
              of_eps=lambda eps: (eps, eps), of_target=lambda t: t):  # fmt: skip
    """(p, t, numerator, divisor); right with the options as they are."""
    p, t = p_of(logits), of_target(target)
    above, below = of_eps(eps)
    overlap = reduce(p * t, axis=axes, keepdims=True)
    return p, t, two * overlap + above, reduce(p**power + t**power, axis=axes, keepdims=True) + below
