"""Task 08.fold_batch_norm: a convolution and the batch norm behind it, as one convolution."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import changing


def fold_batch_norm(weight, bias, running_mean, running_var, gamma, beta, eps=1e-5):
    """Scale each filter by γ/σ; the bias takes in mean and shift."""
    factor = gamma / np.sqrt(running_var + eps)
    if bias is None:
        bias = 0
    return weight * factor[:, None, None, None], (bias - running_mean) * factor + beta


def _drawn(rng, *shape, dtype=np.float64, bias=True, variance=(0.3, 3.0)):
    C = shape[0]
    vectors = [
        normal(rng, C), rng.uniform(-2, 2, C), rng.uniform(*variance, C),
        rng.uniform(0.5, 2, C) * rng.choice([-1, 1], C), rng.uniform(-1, 1, C),
    ]  # fmt: skip
    arrays = [array.astype(dtype) for array in (normal(rng, *shape), *vectors)]
    return arrays if bias else [arrays[0], None, *arrays[2:]]


def cases(rng):
    """Filters whose axes differ in length and some whose axes do not; with and without a bias; other eps."""
    for shape in [(4, 3, 3, 5), (3, 3, 3, 3), (5, 1, 3, 2), (1, 2, 1, 1)]:
        drawn = _drawn(rng, *shape)
        for criterion in ("weight", "bias"):
            yield Case(criterion, *drawn)
    for shape in [(4, 2, 3, 3), (2, 3, 1, 1), (3, 4, 2, 3)]:
        yield Case("no bias", *_drawn(rng, *shape, bias=False))
    yield Case("eps", *_drawn(rng, 3, 2, 2, 3, variance=(0.01, 0.1)), 0.01)
    yield Case("eps", *_drawn(rng, 4, 2, 1, 3), eps=0.5)
    still = _drawn(rng, 3, 2, 3, 3)
    still[3][1] = 0  # a channel whose running variance is zero
    yield Case("eps", *still, 0.1)
    yield Case("any array", *_drawn(rng, 4, 3, 3, 3, dtype=np.float32))
    yield Case("any array", *map(strided, _drawn(rng, 4, 2, 3, 5)))
    weight, *vectors = _drawn(rng, 5, 4, 3, 2)
    yield Case("any array", fortran(weight), *map(readonly, vectors))
    yield Case("any array", *map(readonly, _drawn(rng, 2, 3, 3, 3)))


def _wrong(*, root=lambda var, eps: np.sqrt(var + eps), shift=None, axis=0, none=0.0):
    """A wrong answer: right with the options as they are; each mistake below changes one."""

    def answer(weight, bias, running_mean, running_var, gamma, beta, eps=1e-5):
        factor = gamma / root(running_var, eps)
        start = np.full_like(beta, none) if bias is None else bias
        tall = factor.reshape([-1 if i == axis else 1 for i in range(4)])
        folded = weight * tall
        if folded.shape != weight.shape:
            raise ValueError("operands could not be broadcast together")
        if shift is None:
            return folded, (start - running_mean) * factor + beta
        return folded, shift(start, running_mean, factor, beta, gamma)

    return answer


def _weight_as(change):
    def answer(weight, bias, running_mean, running_var, gamma, beta, eps=1e-5):
        folded, new_bias = fold_batch_norm(weight, bias, running_mean, running_var, gamma, beta, eps)
        return change(weight, gamma, np.sqrt(running_var + eps)), new_bias

    return answer


def _refuses_none(weight, bias, running_mean, running_var, gamma, beta, eps=1e-5):
    if bias is None:
        raise TypeError("unsupported operand type(s) for -: 'NoneType' and 'float'")
    return fold_batch_norm(weight, bias, running_mean, running_var, gamma, beta, eps)


def _none_stays_none(weight, bias, *args, **kwargs):
    folded, new_bias = fold_batch_norm(weight, bias, *args, **kwargs)
    return folded, None if bias is None else new_bias


def _none_becomes_beta(weight, bias, running_mean, running_var, gamma, beta, eps=1e-5):
    folded, new_bias = fold_batch_norm(weight, bias, running_mean, running_var, gamma, beta, eps)
    return folded, beta.copy() if bias is None else new_bias


def _tall(vector):
    return vector[:, None, None, None]


def _in_place(weight, bias, *args, **kwargs):
    folded, new_bias = fold_batch_norm(weight, bias, *args, **kwargs)
    weight[...] = folded
    return weight, new_bias


task = Task(
    "08.fold_batch_norm",
    {"weight": 1, "bias": 2, "no bias": 1, "eps": 1, "any array": 1},
    fold_batch_norm,
    cases,
    [
        Mistake(
            "scales-input-channels",
            _wrong(axis=1),
            "The factors multiply axis 1 of the weight, the input channels. Batch norm scales what comes *out*: axis "
            "0, "
            "factor[:, None, None, None].",
        ),
        Mistake(
            "scales-kernel-columns",
            _wrong(axis=3),
            "weight * factor broadcasts along the last axis, the kernel's columns. Give the factors the shape "
            "(C_out, 1, 1, 1).",
        ),
        Mistake(
            "scales-kernel-rows",
            _wrong(axis=2),
            "factor[:, None] broadcasts along the kernel's rows. Give the factors the shape (C_out, 1, 1, 1).",
        ),
        Mistake("eps-outside-the-root", _wrong(root=lambda var, eps: np.sqrt(var) + eps), "ε belongs inside the root."),
        Mistake("forgets-eps", _wrong(root=lambda var, eps: np.sqrt(var)), "ε is left out: √(running_var + ε)."),
        Mistake(
            "eps-ignored",
            changing(fold_batch_norm, eps=lambda given: 1e-5),
            "The argument eps is not used: 1e-5 stands there.",
        ),
        Mistake(
            "divides-by-variance",
            _wrong(root=lambda var, eps: var + eps),
            "The factor is γ divided by the variance. Divide by its root.",
        ),
        Mistake(
            "multiplies-by-deviation",
            _wrong(root=lambda var, eps: 1 / np.sqrt(var + eps)),
            "The factor is γ·√(var + ε). Batch norm divides by the root.",
        ),
        Mistake(
            "bias-not-scaled",
            _wrong(shift=lambda b, mean, f, beta, gamma: b - mean * f + beta),
            "The convolution's own bias is not multiplied by γ/σ. It goes through the batch norm like all the rest.",
        ),
        Mistake(
            "bias-dropped",
            _wrong(shift=lambda b, mean, f, beta, gamma: beta - mean * f),
            "The convolution's own bias is lost: (bias − mean)·γ/σ + β.",
        ),
        Mistake(
            "mean-not-scaled",
            _wrong(shift=lambda b, mean, f, beta, gamma: b * f - mean + beta),
            "The running mean is subtracted as it is. It is subtracted *before* the scaling, so it is scaled too.",
        ),
        Mistake(
            "mean-nor-bias-scaled",
            _wrong(shift=lambda b, mean, f, beta, gamma: b - mean + beta),
            "bias − mean is not multiplied by γ/σ: (bias − mean)·γ/σ + β.",
        ),
        Mistake(
            "mean-forgotten",
            _wrong(shift=lambda b, mean, f, beta, gamma: b * f + beta),
            "The running mean is left out: (bias − mean)·γ/σ + β.",
        ),
        Mistake(
            "mean-added",
            _wrong(shift=lambda b, mean, f, beta, gamma: (b + mean) * f + beta),
            "The running mean is added. Batch norm subtracts it.",
        ),
        Mistake(
            "mean-minus-bias",
            _wrong(shift=lambda b, mean, f, beta, gamma: (mean - b) * f + beta),
            "mean − bias has the wrong sign: (bias − mean)·γ/σ + β.",
        ),
        Mistake(
            "shift-forgotten",
            _wrong(shift=lambda b, mean, f, beta, gamma: (b - mean) * f),
            "β is left out: (bias − mean)·γ/σ + β.",
        ),
        Mistake(
            "shift-scaled",
            _wrong(shift=lambda b, mean, f, beta, gamma: (b - mean + beta) * f),
            "β is multiplied by γ/σ. It is added after the scaling.",
        ),
        Mistake(
            "shift-subtracted",
            _wrong(shift=lambda b, mean, f, beta, gamma: (b - mean) * f - beta),
            "β is subtracted; it is added.",
        ),
        Mistake(
            "bias-scaled-by-gamma-only",
            _wrong(shift=lambda b, mean, f, beta, gamma: (b - mean) * gamma + beta),
            "(bias − mean) is multiplied by γ, but not divided by √(var + ε).",
        ),
        Mistake(
            "gamma-forgotten",
            lambda weight, bias, running_mean, running_var, gamma, beta, eps=1e-5: fold_batch_norm(
                weight, bias, running_mean, running_var, np.ones_like(gamma), beta, eps
            ),
            "γ is left out: the factor is γ/√(var + ε).",
        ),
        Mistake(
            "gamma-and-beta-swapped",
            lambda weight, bias, running_mean, running_var, gamma, beta, eps=1e-5: fold_batch_norm(
                weight, bias, running_mean, running_var, beta, gamma, eps
            ),
            "γ and β have changed places: γ scales, β shifts.",
        ),
        Mistake(
            "weight-not-scaled",
            _weight_as(lambda weight, gamma, root: weight.copy()),
            "The weight comes back as it was. Each filter is multiplied by γ/σ.",
        ),
        Mistake(
            "weight-without-deviation",
            _weight_as(lambda weight, gamma, root: weight * _tall(gamma)),
            "The weight is multiplied by γ, but not divided by √(var + ε).",
        ),
        Mistake(
            "weight-without-gamma",
            _weight_as(lambda weight, gamma, root: weight / _tall(root)),
            "The weight is divided by √(var + ε), but not multiplied by γ.",
        ),
        Mistake(
            "no-bias-raises",
            _refuses_none,
            "Where bias is None, it raises an error. A convolution without a bias is what one writes before a batch "
            "norm: "
            "take 0.",
        ),
        Mistake(
            "no-bias-stays-none",
            _none_stays_none,
            "Where bias is None, None is returned. Mean and β still shift: the folded convolution needs a bias.",
        ),
        Mistake(
            "no-bias-becomes-shift",
            _none_becomes_beta,
            "Where bias is None, the new bias is only β. The mean is still subtracted: β − mean·γ/σ.",
        ),
        Mistake("no-bias-counts-as-one", _wrong(none=1.0), "Where bias is None, it counts as 1. An absent bias is 0."),
        Mistake(
            "changes-input",
            _in_place,
            "The values are right, but the weight is changed in place. Build a new array: `weight * factor`, not "
            "`weight *= factor`.",
        ),
    ],
    names=("weight", "bias"),
    see="08#Folding into the convolution",
    place=3,
    lists_allowed=True,
)
