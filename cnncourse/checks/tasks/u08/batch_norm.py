"""Normalise by the batch's statistics or the running ones, and keep the latter."""

from types import SimpleNamespace

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(
    see="When the batch is gone", names=("output", "running mean", "running variance"), lists_allowed=True
)
AXES = (0, 2, 3)


@task.right
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


def drawn(rng, *shape, spread=(0.5, 2.0)):
    """An input whose images and channels differ in level and spread; running values unlike the batch's."""
    C = shape[1]
    level, scale = rng.uniform(-2, 2, (C, 1, 1)), rng.uniform(*spread, (C, 1, 1))
    input = level + scale * (normal(rng, *shape) + 0.7 * normal(rng, shape[0], C, 1, 1))
    gamma = rng.uniform(0.5, 2, C) * rng.choice([-1, 1], C)
    return input, rng.uniform(-1, 1, C), rng.uniform(0.3, 3, C), gamma, rng.uniform(-1, 1, C)


def training_batches(rng):
    """Batches of several shapes, in training mode."""
    for shape in [(4, 3, 5, 6), (2, 5, 3, 5), (1, 2, 4, 3), (6, 4, 1, 1), (2, 1, 3, 2)]:
        yield Call(*drawn(rng, *shape), True)


@task.criterion(2)
def output(rng):
    """The first of the three results, in training mode."""
    yield from training_batches(rng)


@task.criterion(1)
def running_mean(rng):
    """The second of the three results, in training mode."""
    yield from training_batches(rng)


@task.criterion(2)
def running_variance(rng):
    """The third of the three results, in training mode."""
    yield from training_batches(rng)


@task.criterion(2, "eval")
def evaluation(rng):
    """Evaluation mode, training=False: the running values normalise and stay as they are."""
    for shape in [(3, 4, 5, 2), (1, 3, 2, 1), (2, 3, 4, 3), (1, 2, 1, 1)]:
        yield Call(*drawn(rng, *shape), False)
    yield Call(*drawn(rng, 5, 2, 3, 3), training=False, momentum=0.4)


@task.criterion(1)
def momentum_and_eps(rng):
    """Other values of momentum and eps, and channels that are constant in the batch."""
    yield Call(*drawn(rng, 3, 2, 4, 5), True, 0.3, 1e-3)
    yield Call(*drawn(rng, 3, 2, 4, 5, spread=(0.02, 0.1)), True, eps=0.01)
    yield Call(*drawn(rng, 2, 3, 3, 4), True, momentum=1.0)
    yield Call(*drawn(rng, 2, 3, 3, 4), True, momentum=0.0)
    yield Call(*drawn(rng, 2, 3, 3, 4), False, 0.1, 0.5)
    flat = drawn(rng, 3, 3, 4, 4)
    flat[0][:, 1] = 0.5  # eps keeps the division finite
    yield Call(*flat, True)
    loud = drawn(rng, 3, 40, 3, 3, spread=(1e6, 1e7))
    loud[0][:, 1:] = rng.uniform(3e5, 1e6, (39, 1, 1))  # mean(x²) − mean(x)² comes out below −ε for some of them
    yield Call(*loud, True)


@any_array(task)
def arrays(rng):
    yield Call(*drawn(rng, 4, 3, 6, 5), True)
    yield Call(*drawn(rng, 2, 3, 4, 5), False)


# One layer with an option for each of its steps.


def tall(vector):
    """(C,) as (C, 1, 1), which broadcasts along the channels."""
    return vector[:, None, None]


def moved(old, new, momentum):
    """A running value after one batch."""
    return (1 - momentum) * old + momentum * new


def layer(
    input, running_mean, running_var, weight, bias, training, momentum, eps, *, ddof=0, running_ddof=1, axes=AXES,
    divisor=lambda var, eps: np.sqrt(var + eps), affine=lambda x, gamma, beta: gamma * x + beta, move=moved,
    variance=np.var,
):  # fmt: skip
    """Right with the options as they are."""
    if training:
        mean = input.mean(axes, keepdims=True)
        var = variance(input, axes, keepdims=True, ddof=ddof)
        running_mean = move(running_mean, input.mean(AXES), momentum)
        running_var = move(running_var, input.var(AXES, ddof=running_ddof), momentum)
    else:
        mean, var = tall(running_mean), tall(running_var)
    return affine((input - mean) / divisor(var, eps), tall(weight), tall(bias)), running_mean, running_var


def mean_square(input, axes, *, keepdims, ddof):
    """The mean of the squares."""
    return (input**2).mean(axes, keepdims=keepdims)


def in_one_pass(input, axes, *, keepdims, ddof):
    """mean(x²) − mean(x)²."""
    return mean_square(input, axes, keepdims=keepdims, ddof=ddof) - input.mean(axes, keepdims=keepdims) ** 2


task.options(layer, {
    "biased-running-variance": ({"running_ddof": 0},
        "The running variance takes in the variance with divisor N·H·W. It is meant for data to come, so it takes in "
        "the unbiased one, with divisor N·H·W − 1 (`ddof=1`); the normalisation itself keeps N·H·W."),
    "unbiased-normalisation": ({"ddof": 1},
        "The batch is normalised with divisor N·H·W − 1. That divisor belongs to the running variance; the "
        "normalisation uses N·H·W."),
    "divisors-swapped": ({"ddof": 1, "running_ddof": 0},
        "The two divisors are the wrong way round: N·H·W to normalise, N·H·W − 1 for the running variance."),
    "momentum-swapped": ({"move": lambda old, new, momentum: moved(new, old, momentum)},
        "Momentum weighs the *new* value here, as in PyTorch: running = (1 − momentum)·running + momentum·batch. Yours "
        "keeps momentum·running."),
    "running-overwritten": ({"move": lambda old, new, momentum: new},
        "The running values become the last batch's. They should move a little towards it, by the share momentum."),
    "running-not-updated": ({"move": lambda old, new, momentum: old},
        "In training the running values come back as they were. Then eval, later, normalises by statistics that the "
        "data never had."),
    "running-sum": ({"move": lambda old, new, momentum: old + momentum * new},
        "The batch's share is added, but the old running value is not reduced: multiply it by (1 − momentum), or it "
        "grows with every batch."),
    "eps-outside-the-root": ({"divisor": lambda var, eps: np.sqrt(var) + eps},
        "ε is added to the root. It belongs inside: √(var + ε)."),
    "forgets-eps": ({"divisor": lambda var, eps: np.sqrt(var)},
        "ε is left out: a channel that is constant in the batch is divided by zero, and all others by a little too "
        "little."),
    "divides-by-variance": ({"divisor": lambda var, eps: var + eps},
        "The output is divided by the variance. Divide by its root, the standard deviation."),
    "variance-ignored": ({"divisor": lambda var, eps: np.ones_like(var)},
        "The mean is subtracted, but nothing divides by √(var + ε)."),
    "variance-not-centred": ({"variance": mean_square},
        "The variance is the mean of the squared distances *from the mean*; yours is the mean of the squares."),
    "variance-below-zero": ({"variance": in_one_pass},
        "mean(x²) − mean(x)² is the variance on paper. For a channel that is nearly constant, rounding can bring it "
        "below −ε, and the root is NaN. Subtract the mean first, then square."),
    "scale-and-shift-missing": ({"affine": lambda x, gamma, beta: x},
        "γ (weight) and β (bias) are not used: the result is γ·x̂ + β."),
    "scale-missing": ({"affine": lambda x, gamma, beta: x + beta}, "γ (weight) is not used: γ·x̂ + β."),
    "shift-missing": ({"affine": lambda x, gamma, beta: gamma * x}, "β (bias) is not added: γ·x̂ + β."),
    "shift-before-scale": ({"affine": lambda x, gamma, beta: gamma * (x + beta)},
        "β is added before the multiplication by γ: γ·(x̂ + β). Wanted: γ·x̂ + β."),
    "scale-and-shift-swapped": ({"affine": lambda x, gamma, beta: beta * x + gamma},
        "γ and β have changed places: weight multiplies, bias is added."),
    "statistics-of-each-pixel": ({"axes": (0,)},
        "Each place has its own mean and variance, over the images only. A channel has one of each, over N, H and W."),
    "statistics-of-each-image": ({"axes": (2, 3)},
        "Each image is normalised by its own statistics: that is instance norm. Batch norm takes all N images "
        "together."),
    "statistics-over-channels": ({"axes": (1, 2, 3)},
        "The mean and variance are over C, H and W of each image: that is layer norm."),
    "one-statistic-for-all": ({"axes": (0, 1, 2, 3)},
        "All channels share one mean and one variance. Each has its own: leave axis 1 out."),
})  # fmt: skip
task.options(batch_norm, {
    "always-training": ({"training": True},
        "The argument training is not used: in eval too the batch's statistics normalise, and the running values "
        "move."),
    "always-eval": ({"training": False},
        "The argument training is not used: in training too the running values normalise."),
    "momentum-ignored": ({"momentum": 0.1}, "The argument momentum is not used: 0.1 stands there."),
    "eps-ignored": ({"eps": 1e-5}, "The argument eps is not used: 1e-5 stands there."),
})  # fmt: skip


def changed(right, again, given, change, training=None):
    """What is returned, changed at last: in both modes, or where `training` is as said."""
    a = SimpleNamespace(**given, again=again)
    return right if training not in (None, a.training) else change(*right, a)


task.options(changed, {
    "running-variance-not-updated": ({"change": lambda y, mean, var, a: (y, mean, a.running_var)},
        "The running variance is never updated."),
    "running-mean-not-updated": ({"change": lambda y, mean, var, a: (y, a.running_mean, var)},
        "The running mean is never updated: in eval the data would not be centred."),
    "running-results-swapped": ({"change": lambda y, mean, var, a: (y, var, mean)},
        "The running variance is returned before the running mean."),
    "corrects-by-batch-size": (
        {"change": lambda y, mean, var, a: (y, mean, moved(a.running_var, by_images(a.input), a.momentum)),
         "training": True},
        "The unbiased variance is computed as if each channel had N values. It has N·H·W: the factor is "
        "N·H·W / (N·H·W − 1)."),
    "stores-standard-deviation": (
        {"change": lambda y, mean, var, a: (y, mean, moved(a.running_var, a.input.std(AXES), a.momentum)),
         "training": True},
        "The running variance takes in the standard deviation. It takes in the variance; the root comes later."),
    "batch-statistics-returned": (
        {"change": lambda y, mean, var, a: (y, a.input.mean(AXES), a.input.var(AXES)), "training": True},
        "The mean and variance that normalised the batch are returned, where the running values are asked for."),
    "running-mean-from-output": (
        {"change": lambda y, mean, var, a: (y, moved(a.running_mean, y.mean(AXES), a.momentum),
                                            moved(a.running_var, y.var(AXES, ddof=1), a.momentum)),
         "training": True},
        "The running values follow the output. They follow the input, which they shall normalise later."),
    "training-uses-running": (
        {"change": lambda y, mean, var, a: a.again(training=False, running_mean=mean, running_var=var),
         "training": True},
        "In training the updated running values normalise. There the batch's own statistics do."),
    "eval-uses-the-batch": (
        {"change": lambda y, mean, var, a: (a.again(training=True)[0], mean, var), "training": False},
        "In eval the batch's own statistics are used, so the result for an image depends on the other images beside "
        "it. There the running values normalise."),
    "eval-updates": (
        {"change": lambda y, mean, var, a: (y, *a.again(training=True)[1:]), "training": False},
        "In eval the running values still move. Looking at test data must not change the network."),
    "eval-ignores-variance": (
        {"change": lambda y, mean, var, a: (a.again(running_var=np.ones_like(var) - a.eps)[0], mean, var),
         "training": False},
        "In eval the mean is subtracted, but nothing is divided by √(running_var + ε)."),
    "eval-ignores-mean": (
        {"change": lambda y, mean, var, a: (a.again(running_mean=0 * mean)[0], mean, var), "training": False},
        "In eval the running mean is not subtracted."),
    "eval-without-scale-and-shift": (
        {"change": lambda y, mean, var, a: a.again(weight=np.ones_like(a.weight), bias=np.zeros_like(a.bias)),
         "training": False},
        "In eval γ and β are left out: they belong to the layer in both modes."),
})  # fmt: skip


def by_images(input):
    """The variance, corrected as if there were N values."""
    return input.var(AXES) * (len(input) / (len(input) - 1) if len(input) > 1 else np.nan)


@task.mistake
def modes_swapped(again, training):
    """The two modes are the wrong way round: in training the batch normalises, in eval the running values do."""
    return again(training=not training)


@task.mistake
def changes_input(right, running_mean, running_var):
    """The values are right, but running_mean and running_var are changed in place. PyTorch's layer does that; here the
    new values are returned, and the caller keeps the old ones: `r = (1 - m) * r + m * b`, not `r *= 1 - m`."""
    running_mean[...], running_var[...] = right[1:]
    return right


@task.mistake
def mean_not_subtracted(right, input, running_mean, weight, bias, running_var, training, eps):
    """The values are divided by the standard deviation without subtracting the mean first."""
    var = input.var(AXES) if training else running_var
    return input * tall(weight / np.sqrt(var + eps)) + tall(bias), *right[1:]


@task.mistake
def vectors_along_the_width(right, input, running_mean, running_var, weight, bias, training, eps):
    """A vector (C,) broadcasts along the *last* axis, the width. Give it the shape (C, 1, 1): v[:, None, None]."""
    mean, var = (input.mean(AXES), input.var(AXES)) if training else (running_mean, running_var)
    output = (input - mean) / np.sqrt(var + eps) * weight + bias
    if output.shape != input.shape:
        raise ValueError("operands could not be broadcast together")
    return output, *right[1:]


@task.mistake
def channels_taken_last(input, running_mean, running_var, weight, bias, training, momentum, eps):
    """The statistics are over axes 0, 1 and 2, as if the channels stood last. In (N, C, H, W) they are axis 1."""
    axes, mean, var = (0, 1, 2), running_mean, running_var
    if training:
        mean, var = input.mean(axes), input.var(axes)
        running_mean = moved(running_mean, mean, momentum)
        running_var = moved(running_var, input.var(axes, ddof=1), momentum)
    return (input - mean) / np.sqrt(var + eps) * weight + bias, running_mean, running_var
