"""A convolution and the batch norm behind it, as one convolution."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Folding into the convolution", names=("weight", "bias"), lists_allowed=True)


@task.right
def fold_batch_norm(weight, bias, running_mean, running_var, gamma, beta, eps=1e-5):
    """Scale each filter by γ/σ; the bias takes in mean and shift."""
    factor = gamma / np.sqrt(running_var + eps)
    if bias is None:
        bias = 0
    return weight * factor[:, None, None, None], (bias - running_mean) * factor + beta


def drawn(rng, *shape, bias=True, variance=(0.3, 3.0)):
    """The arguments for filters of a shape; γ of either sign."""
    C = shape[0]
    return [
        normal(rng, *shape), normal(rng, C) if bias else None, rng.uniform(-2, 2, C), rng.uniform(*variance, C),
        rng.uniform(0.5, 2, C) * rng.choice([-1, 1], C), rng.uniform(-1, 1, C),
    ]  # fmt: skip


def layers(rng):
    """Filters whose axes differ in length, and some whose axes do not; a γ that is 0."""
    for shape in [(4, 3, 3, 5), (3, 3, 3, 3), (5, 1, 3, 2), (1, 2, 1, 1)]:
        yield Call(*drawn(rng, *shape))
    idle = drawn(rng, 4, 2, 2, 3)
    idle[4][2] = 0
    yield Call(*idle)


@task.criterion(1, "weight")
def new_weight(rng):
    """The first of the two results."""
    yield from layers(rng)


@task.criterion(2, "bias")
def new_bias(rng):
    """The second of the two results."""
    yield from layers(rng)


@task.criterion(1)
def no_bias(rng):
    """bias=None: the folded convolution has a bias all the same."""
    for shape in [(4, 2, 3, 3), (2, 3, 1, 1), (3, 4, 2, 3)]:
        yield Call(*drawn(rng, *shape, bias=False))


@task.criterion(1)
def eps(rng):
    """Other values of eps, and a channel whose running variance is 0."""
    yield Call(*drawn(rng, 3, 2, 2, 3, variance=(0.01, 0.1)), 0.01)
    yield Call(*drawn(rng, 4, 2, 1, 3), eps=0.5)
    still = drawn(rng, 3, 2, 3, 3)
    still[3][1] = 0
    yield Call(*still, 0.1)


@any_array(task)
def arrays(rng):
    yield Call(*drawn(rng, 4, 3, 3, 3))
    yield Call(*drawn(rng, 5, 4, 3, 2, bias=False))


def root(var, eps):
    """√(var + ε)."""
    return np.sqrt(var + eps)


def folded(
    weight, bias, running_mean, running_var, gamma, beta, eps, root=root, axis=0, none=0.0,
    filters=lambda weight, gamma, root: weight * (gamma / root),
    shift=lambda b, mean, f, beta, gamma: (b - mean) * f + beta,
):  # fmt: skip
    """Right with the options as they are."""
    divisor = root(running_var, eps)
    tall = [-1 if i == axis else 1 for i in range(4)]
    new = filters(weight, gamma.reshape(tall), divisor.reshape(tall))
    if new.shape != weight.shape:
        raise ValueError("operands could not be broadcast together")
    start = np.full_like(beta, none) if bias is None else bias
    return new, shift(start, running_mean, gamma / divisor, beta, gamma)


task.options(folded, {
    "scales-input-channels": ({"axis": 1},
        "The factors multiply axis 1 of the weight, the input channels. Batch norm scales what comes *out*: axis 0, "
        "factor[:, None, None, None]."),
    "scales-kernel-columns": ({"axis": 3},
        "weight * factor broadcasts along the last axis, the kernel's columns. Give the factors the shape "
        "(C_out, 1, 1, 1)."),
    "scales-kernel-rows": ({"axis": 2},
        "factor[:, None] broadcasts along the kernel's rows. Give the factors the shape (C_out, 1, 1, 1)."),
    "eps-outside-the-root": ({"root": lambda var, eps: np.sqrt(var) + eps}, "ε belongs inside the root."),
    "forgets-eps": ({"root": lambda var, eps: np.sqrt(var)}, "ε is left out: √(running_var + ε)."),
    "divides-by-variance": ({"root": lambda var, eps: var + eps},
        "The factor is γ divided by the variance. Divide by its root."),
    "multiplies-by-deviation": ({"root": lambda var, eps: 1 / root(var, eps)},
        "The factor is γ·√(var + ε). Batch norm divides by the root."),
    "bias-not-scaled": ({"shift": lambda b, mean, f, beta, gamma: b - mean * f + beta},
        "The convolution's own bias is not multiplied by γ/σ. It goes through the batch norm like all the rest."),
    "bias-dropped": ({"shift": lambda b, mean, f, beta, gamma: beta - mean * f},
        "The convolution's own bias is lost: (bias − mean)·γ/σ + β."),
    "mean-not-scaled": ({"shift": lambda b, mean, f, beta, gamma: b * f - mean + beta},
        "The running mean is subtracted as it is. It is subtracted *before* the scaling, so it is scaled too."),
    "mean-nor-bias-scaled": ({"shift": lambda b, mean, f, beta, gamma: b - mean + beta},
        "bias − mean is not multiplied by γ/σ: (bias − mean)·γ/σ + β."),
    "mean-forgotten": ({"shift": lambda b, mean, f, beta, gamma: b * f + beta},
        "The running mean is left out: (bias − mean)·γ/σ + β."),
    "mean-added": ({"shift": lambda b, mean, f, beta, gamma: (b + mean) * f + beta},
        "The running mean is added. Batch norm subtracts it."),
    "mean-minus-bias": ({"shift": lambda b, mean, f, beta, gamma: (mean - b) * f + beta},
        "mean − bias has the wrong sign: (bias − mean)·γ/σ + β."),
    "shift-forgotten": ({"shift": lambda b, mean, f, beta, gamma: (b - mean) * f},
        "β is left out: (bias − mean)·γ/σ + β."),
    "shift-scaled": ({"shift": lambda b, mean, f, beta, gamma: (b - mean + beta) * f},
        "β is multiplied by γ/σ. It is added after the scaling."),
    "shift-subtracted": ({"shift": lambda b, mean, f, beta, gamma: (b - mean) * f - beta},
        "β is subtracted; it is added."),
    "bias-scaled-by-gamma-only": ({"shift": lambda b, mean, f, beta, gamma: (b - mean) * gamma + beta},
        "(bias − mean) is multiplied by γ, but not divided by √(var + ε)."),
    "weight-not-scaled": ({"filters": lambda weight, gamma, root: weight.copy()},
        "The weight comes back as it was. Each filter is multiplied by γ/σ."),
    "weight-without-deviation": ({"filters": lambda weight, gamma, root: weight * gamma},
        "The weight is multiplied by γ, but not divided by √(var + ε)."),
    "weight-without-gamma": ({"filters": lambda weight, gamma, root: weight / root},
        "The weight is divided by √(var + ε), but not multiplied by γ."),
    "no-bias-counts-as-one": ({"none": 1.0}, "Where bias is None, it counts as 1. An absent bias is 0."),
})  # fmt: skip
task.options(fold_batch_norm, {
    "eps-ignored": ({"eps": 1e-5}, "The argument eps is not used: 1e-5 is there instead."),
})  # fmt: skip


@task.mistake
def gamma_forgotten(again, gamma):
    """γ is left out: the factor is γ/√(var + ε)."""
    return again(gamma=np.ones_like(gamma))


@task.mistake
def gamma_and_beta_swapped(again, gamma, beta):
    """γ and β have changed places: γ scales, β shifts."""
    return again(gamma=beta, beta=gamma)


@task.mistake
def no_bias_raises(right, bias):
    """Where bias is None, it raises an error. A convolution without a bias is what one writes before a batch norm: take
    0."""
    if bias is None:
        raise TypeError("unsupported operand type(s) for -: 'NoneType' and 'float'")
    return right


@task.mistake
def no_bias_stays_none(right, bias):
    """Where bias is None, None is returned. Mean and β still shift: the folded convolution needs a bias."""
    return right[0], None if bias is None else right[1]


@task.mistake
def no_bias_becomes_shift(right, bias, beta):
    """Where bias is None, the new bias is only β. The mean is still subtracted: β − mean·γ/σ."""
    return right[0], beta.copy() if bias is None else right[1]


@task.mistake
def changes_input(right, weight):
    """The values are right, but the weight is changed in place. Build a new array: `weight * factor`, not `weight *=
    factor`."""
    weight[...] = right[0]
    return weight, right[1]
