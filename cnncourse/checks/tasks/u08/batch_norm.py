"""Task 08.batch_norm: normalise by the batch's statistics or the running ones, and keep the latter."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import changing
from cnncourse.checks.tasks.u08 import _wrong_batch_norm as wrong


def batch_norm(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    """Normalise each channel, scale by weight, shift by bias; running values move towards the batch's."""
    if training:
        mean, var = input.mean(axis=(0, 2, 3)), input.var(axis=(0, 2, 3))
        unbiased = input.var(axis=(0, 2, 3), ddof=1)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * unbiased
    else:
        mean, var = running_mean, running_var
    factor = weight / np.sqrt(var + eps)
    output = (input - mean[:, None, None]) * factor[:, None, None] + bias[:, None, None]
    return output, running_mean, running_var


def _drawn(rng, *shape, dtype=np.float64, spread=(0.5, 2.0)):
    """An input whose images and channels differ in level and spread; running values unlike the batch's."""
    C = shape[1]
    level, scale = rng.uniform(-2, 2, (C, 1, 1)), rng.uniform(*spread, (C, 1, 1))
    input = level + scale * (normal(rng, *shape) + 0.7 * normal(rng, shape[0], C, 1, 1))
    gamma = rng.uniform(0.5, 2, C) * rng.choice([-1, 1], C)
    state = (rng.uniform(-1, 1, C), rng.uniform(0.3, 3, C), gamma, rng.uniform(-1, 1, C))
    return [array.astype(dtype) for array in (input, *state)]


def cases(rng):
    """Each training batch three times, once for each result; then eval, other options, other arrays."""
    for shape in [(4, 3, 5, 6), (2, 5, 3, 5), (1, 2, 4, 3), (6, 4, 1, 1), (2, 1, 3, 2)]:
        batch = _drawn(rng, *shape)
        for criterion in ("output", "running mean", "running variance"):
            yield Case(criterion, *batch, True)
    for shape in [(3, 4, 5, 2), (1, 3, 2, 1), (2, 3, 4, 3)]:
        yield Case("eval", *_drawn(rng, *shape), False)
    yield Case("eval", *_drawn(rng, 5, 2, 3, 3), training=False, momentum=0.4)
    yield Case("momentum and eps", *_drawn(rng, 3, 2, 4, 5), True, 0.3, 1e-3)
    yield Case("momentum and eps", *_drawn(rng, 3, 2, 4, 5, spread=(0.02, 0.1)), True, eps=0.01)
    yield Case("momentum and eps", *_drawn(rng, 2, 3, 3, 4), True, momentum=1.0)
    yield Case("momentum and eps", *_drawn(rng, 2, 3, 3, 4), True, momentum=0.0)
    yield Case("momentum and eps", *_drawn(rng, 2, 3, 3, 4), False, 0.1, 0.5)
    flat = _drawn(rng, 3, 3, 4, 4)
    flat[0][:, 1] = 0.5  # a channel without variance: eps keeps the division finite
    yield Case("momentum and eps", *flat, True)
    yield Case("any array", *_drawn(rng, 4, 3, 6, 5, dtype=np.float32), True)
    yield Case("any array", *_drawn(rng, 2, 3, 4, 5, dtype=np.float32), False)
    x, *state = _drawn(rng, 3, 4, 5, 6)
    yield Case("any array", strided(x), *state, True)
    yield Case("any array", fortran(x), *map(strided, state), True)
    yield Case("any array", *map(readonly, (x, *state)), False)


def _hard_coded(name, value):
    """A wrong answer that does not use the argument `name`."""
    return changing(batch_norm, **{name: lambda given: value})


task = Task(
    "08.batch_norm",
    {"output": 2, "running mean": 1, "running variance": 2, "eval": 2, "momentum and eps": 1, "any array": 1},
    batch_norm,
    cases,
    [
        Mistake(
            "biased-running-variance",
            wrong.biased_running,
            "The running variance takes in the variance with divisor N·H·W. It is meant for data to come, so it takes "
            "in "
            "the unbiased one, with divisor N·H·W − 1 (`ddof=1`); the normalisation itself keeps N·H·W.",
        ),
        Mistake(
            "unbiased-normalisation",
            wrong.unbiased_output,
            "The batch is normalised with divisor N·H·W − 1. That divisor belongs to the running variance; the "
            "normalisation uses N·H·W.",
        ),
        Mistake(
            "divisors-swapped",
            wrong.divisors_swapped,
            "The two divisors are the wrong way round: N·H·W to normalise, N·H·W − 1 for the running variance.",
        ),
        Mistake(
            "corrects-by-batch-size",
            wrong.corrects_by_images,
            "The unbiased variance is computed as if each channel had N values. It has N·H·W: the factor is "
            "N·H·W / (N·H·W − 1).",
        ),
        Mistake(
            "momentum-swapped",
            wrong.momentum_swapped,
            "Momentum weighs the *new* value here, as in PyTorch: running = (1 − momentum)·running + momentum·batch. "
            "Yours keeps momentum·running.",
        ),
        Mistake(
            "running-overwritten",
            wrong.overwritten,
            "The running values become the last batch's. They should move a little towards it, by the share momentum.",
        ),
        Mistake(
            "running-not-updated",
            wrong.not_updated,
            "In training the running values come back as they were. Then eval, later, normalises by statistics that "
            "the "
            "data never had.",
        ),
        Mistake("running-variance-not-updated", wrong.variance_not_updated, "The running variance is never updated."),
        Mistake(
            "running-mean-not-updated",
            wrong.mean_not_updated,
            "The running mean is never updated: in eval the data would not be centred.",
        ),
        Mistake(
            "running-sum",
            wrong.running_sum,
            "The batch's share is added, but the old running value is not reduced: multiply it by (1 − momentum), or "
            "it "
            "grows with every batch.",
        ),
        Mistake(
            "stores-standard-deviation",
            wrong.running_std,
            "The running variance takes in the standard deviation. It takes in the variance; the root comes when "
            "normalising.",
        ),
        Mistake(
            "running-results-swapped",
            lambda *args, **kwargs: tuple(batch_norm(*args, **kwargs)[i] for i in (0, 2, 1)),
            "The running variance is returned before the running mean.",
        ),
        Mistake(
            "batch-statistics-returned",
            wrong.returns_batch_statistics,
            "The mean and variance that normalised the batch are returned, where the running values are asked for.",
        ),
        Mistake(
            "eval-uses-the-batch",
            wrong.eval_by_batch,
            "In eval the batch's own statistics are used, so the result for an image depends on the other images "
            "beside "
            "it. There the running values normalise.",
        ),
        Mistake(
            "always-training",
            _hard_coded("training", True),
            "The argument training is not used: in eval too the batch's statistics normalise, and the running values "
            "move.",
        ),
        Mistake(
            "always-eval",
            _hard_coded("training", False),
            "The argument training is not used: in training too the running values normalise.",
        ),
        Mistake(
            "modes-swapped",
            changing(batch_norm, training=lambda given: not given["training"]),
            "The two modes are the wrong way round: in training the batch normalises, in eval the running values do.",
        ),
        Mistake(
            "eval-updates",
            wrong.eval_updates,
            "In eval the running values still move. Looking at test data must not change the network.",
        ),
        Mistake(
            "training-uses-running",
            wrong.training_by_running,
            "In training the updated running values normalise. There the batch's own statistics do.",
        ),
        Mistake(
            "eval-ignores-variance",
            wrong.eval_without_variance,
            "In eval the mean is subtracted, but nothing is divided by √(running_var + ε).",
        ),
        Mistake(
            "eval-ignores-mean",
            wrong.eval_without_mean,
            "In eval the running mean is not subtracted.",
        ),
        Mistake(
            "eval-without-scale-and-shift",
            wrong.eval_without_affine,
            "In eval γ and β are left out: they belong to the layer in both modes.",
        ),
        Mistake(
            "eps-outside-the-root",
            wrong.normalising(lambda var, eps: np.sqrt(var) + eps),
            "ε is added to the root. It belongs inside: √(var + ε).",
        ),
        Mistake(
            "forgets-eps",
            wrong.normalising(lambda var, eps: np.sqrt(var)),
            "ε is left out: a channel that is constant in the batch is divided by zero, and all others by a little too "
            "little.",
        ),
        Mistake(
            "divides-by-variance",
            wrong.normalising(lambda var, eps: var + eps),
            "The output is divided by the variance. Divide by its root, the standard deviation.",
        ),
        Mistake(
            "variance-ignored",
            wrong.normalising(lambda var, eps: np.ones_like(var)),
            "The mean is subtracted, but nothing divides by √(var + ε).",
        ),
        Mistake(
            "mean-not-subtracted",
            wrong.not_centred,
            "The values are divided by the standard deviation without subtracting the mean first.",
        ),
        Mistake(
            "variance-not-centred",
            wrong.mean_square,
            "The variance is the mean of the squared distances *from the mean*; yours is the mean of the squares.",
        ),
        Mistake(
            "scale-and-shift-missing",
            wrong.affine(lambda x, gamma, beta: x),
            "γ (weight) and β (bias) are not used: the result is γ·x̂ + β.",
        ),
        Mistake(
            "scale-missing", wrong.affine(lambda x, gamma, beta: x + beta), "γ (weight) is not used: γ·x̂ + β."
        ),
        Mistake("shift-missing", wrong.affine(lambda x, gamma, beta: gamma * x), "β (bias) is not added: γ·x̂ + β."),
        Mistake(
            "shift-before-scale",
            wrong.affine(lambda x, gamma, beta: gamma * (x + beta)),
            "β is added before the multiplication by γ: γ·(x̂ + β). Wanted: γ·x̂ + β.",
        ),
        Mistake(
            "scale-and-shift-swapped",
            wrong.affine(lambda x, gamma, beta: beta * x + gamma),
            "γ and β have changed places: weight multiplies, bias is added.",
        ),
        Mistake(
            "statistics-of-each-pixel",
            wrong.over_axes((0,)),
            "Each place has its own mean and variance, over the images alone. A channel has one of each, over N, H "
            "and W.",
        ),
        Mistake(
            "statistics-of-each-image",
            wrong.over_axes((2, 3)),
            "Each image is normalised by its own statistics: that is instance norm. Batch norm takes all N images "
            "together.",
        ),
        Mistake(
            "statistics-over-channels",
            wrong.over_axes((1, 2, 3)),
            "The mean and variance are over C, H and W of each image: that is layer norm.",
        ),
        Mistake(
            "one-statistic-for-all",
            wrong.over_axes((0, 1, 2, 3)),
            "All channels share one mean and one variance. Each has its own: leave axis 1 out.",
        ),
        Mistake(
            "vectors-along-the-width",
            wrong.along_width,
            "A vector (C,) broadcasts along the *last* axis, the width. Give it the shape (C, 1, 1): v[:, None, None].",
        ),
        Mistake(
            "channels-taken-last",
            wrong.channels_last,
            "The statistics are over axes 0, 1 and 2, as if the channels stood last. In (N, C, H, W) they are axis 1.",
        ),
        Mistake(
            "momentum-ignored",
            _hard_coded("momentum", 0.1),
            "The argument momentum is not used: 0.1 stands there.",
        ),
        Mistake("eps-ignored", _hard_coded("eps", 1e-5), "The argument eps is not used: 1e-5 stands there."),
        Mistake(
            "running-mean-from-output",
            wrong.running_of_output,
            "The running values follow the output. They follow the input, which they shall normalise later.",
        ),
        Mistake(
            "changes-input",
            wrong.in_place,
            "The values are right, but running_mean and running_var are changed in place. PyTorch's layer does that; "
            "here the new values are returned, and whoever called keeps the old ones: `r = (1 - m) * r + m * b`, not "
            "`r *= 1 - m`.",
        ),
    ],
    names=("output", "running mean", "running variance"),
    see="08#When the batch is gone",
    place=1,
    lists_allowed=True,
)  # fmt: skip
