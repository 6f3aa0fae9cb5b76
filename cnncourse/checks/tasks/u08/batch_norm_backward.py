"""Task 08.batch_norm_backward: back through an output in which the batch normalises itself."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task
from cnncourse.checks.tasks.pairs import changing

AXES = (0, 2, 3)


def batch_norm_backward(grad_output, input, weight, eps=1e-5):
    """The closed form: the upstream gradient minus its mean and its part along x̂, times γ/σ."""
    centred = input - input.mean(AXES, keepdims=True)
    factor = 1 / np.sqrt((centred**2).mean(AXES, keepdims=True) + eps)
    normalized = centred * factor
    grad_normalized = grad_output * weight[:, None, None]
    grad_input = factor * (
        grad_normalized
        - grad_normalized.mean(AXES, keepdims=True)
        - normalized * (grad_normalized * normalized).mean(AXES, keepdims=True)
    )
    return grad_input, (grad_output * normalized).sum(AXES), grad_output.sum(AXES)


def _drawn(rng, *shape, dtype=np.float64, spread=(0.5, 2.0)):
    """Upstream gradients with a mean of their own; channels that differ in level and spread."""
    C = shape[1]
    level, scale = rng.uniform(-2, 2, (C, 1, 1)), rng.uniform(*spread, (C, 1, 1))
    input = level + scale * (normal(rng, *shape) + 0.5 * normal(rng, shape[0], C, 1, 1))
    grad_output = normal(rng, *shape) + rng.uniform(-1, 1, (C, 1, 1)) + 0.5 * normal(rng, shape[0], C, 1, 1)
    gamma = rng.uniform(0.5, 2, C) * rng.choice([-1, 1], C)
    return [array.astype(dtype) for array in (grad_output, input, gamma)]


def cases(rng):
    """Each batch three times, once for each gradient; other eps; other arrays."""
    for shape in [(4, 3, 5, 6), (2, 5, 3, 5), (1, 2, 4, 3), (6, 4, 1, 1), (3, 1, 2, 4)]:
        batch = _drawn(rng, *shape)
        for criterion in ("grad_input", "grad_weight", "grad_bias"):
            yield Case(criterion, *batch)
    yield Case("eps", *_drawn(rng, 3, 2, 4, 3), 0.5)
    yield Case("eps", *_drawn(rng, 3, 2, 3, 4, spread=(0.01, 0.1)), eps=1e-3)
    flat = _drawn(rng, 3, 3, 4, 4)
    flat[1][:, 1] = 0.5  # a channel without variance
    yield Case("eps", *flat, 0.1)
    yield Case("any array", *_drawn(rng, 4, 3, 5, 4, dtype=np.float32))
    yield Case("any array", *map(strided, _drawn(rng, 3, 4, 5, 6)))
    yield Case("any array", *map(fortran, _drawn(rng, 2, 3, 4, 5)))
    yield Case("any array", *map(readonly, _drawn(rng, 2, 3, 4, 5)))


def _wrong(
    *, axes=AXES, ddof=0, divisor=lambda var, eps: np.sqrt(var + eps), mean_path=1.0, variance_path=1.0,
    gamma=lambda weight: weight, inner=np.mean, scale=None,
):  # fmt: skip
    """A wrong answer: right with the options as they are; each mistake below changes one."""

    def answer(grad_output, input, weight, eps=1e-5):
        centred = input - input.mean(axes, keepdims=True)
        divide = divisor(input.var(axes, keepdims=True, ddof=ddof), eps)
        x, g = centred / divide, grad_output * gamma(weight)[:, None, None]
        inside = g - mean_path * inner(g, axis=axes, keepdims=True)
        inside = inside - variance_path * x * inner(g * x, axis=axes, keepdims=True)
        grad_input = inside / (divide if scale is None else scale(input.var(axes, keepdims=True), eps))
        return grad_input, (grad_output * x).sum(AXES), grad_output.sum(AXES)

    return answer


def _part(place, wrong):
    """A wrong answer with one of the three results replaced by wrong(grad_output, input, weight, x̂)."""

    def answer(grad_output, input, weight, eps=1e-5):
        results = list(batch_norm_backward(grad_output, input, weight, eps))
        x = (input - input.mean(AXES, keepdims=True)) / np.sqrt(input.var(AXES, keepdims=True) + eps)
        results[place] = wrong(grad_output, input, weight, x)
        return tuple(results)

    return answer


def _divides_by_images(grad_output, input, weight, eps=1e-5):
    count, images = input[:, 0].size, len(input)
    return _wrong(mean_path=count / images, variance_path=count / images)(grad_output, input, weight, eps)


def _keeps_dimensions(grad_output, input, weight, eps=1e-5):
    grad_input, *rest = batch_norm_backward(grad_output, input, weight, eps)
    return grad_input, *(vector[None, :, None, None] for vector in rest)


def _along_width(grad_output, input, weight, eps=1e-5):
    if weight.size not in (1, input.shape[3]) or (input.shape[3] == 1 and weight.size > 1):
        raise ValueError("operands could not be broadcast together")
    grad_input, *_ = batch_norm_backward(grad_output * weight, input, np.ones_like(weight[:1]), eps)
    return grad_input, *batch_norm_backward(grad_output, input, weight, eps)[1:]


def _weight_of_input(grad_output, input, weight, x):
    return (grad_output * input).sum(AXES)


task = Task(
    "08.batch_norm_backward",
    {"grad_input": 4, "grad_weight": 1, "grad_bias": 1, "eps": 1, "any array": 1},
    batch_norm_backward,
    cases,
    [
        Mistake(
            "statistics-as-constants",
            _wrong(mean_path=0, variance_path=0),
            "The gradient passes as if the mean and the variance were constants: that is eval mode. In training both "
            "are "
            "made of the input, and each is a path back of its own.",
        ),
        Mistake(
            "mean-path-missing",
            _wrong(mean_path=0),
            "The path through the mean is missing: each input moves μ by 1/(N·H·W), and μ moves all outputs. It "
            "subtracts the mean of the gradient.",
        ),
        Mistake(
            "variance-path-missing",
            _wrong(variance_path=0),
            "The path through the variance is missing: it subtracts x̂ times the mean of gradient · x̂.",
        ),
        Mistake(
            "variance-path-sign",
            _wrong(variance_path=-1),
            "The term of the variance has the wrong sign. σ stands in the denominator, so its derivative is negative.",
        ),
        Mistake("mean-path-sign", _wrong(mean_path=-1), "The mean of the gradient is added; it is subtracted."),
        Mistake(
            "variance-path-halved",
            _wrong(variance_path=0.5),
            "The term of the variance is half of what it should be: the derivative of (x − μ)² is 2·(x − μ), and the 2 "
            "cancels the ½ of the root's derivative.",
        ),
        Mistake(
            "variance-path-doubled",
            _wrong(variance_path=2),
            "The term of the variance is twice what it should be: the derivative of (σ² + ε)^(−½) has a factor ½.",
        ),
        Mistake(
            "sums-for-means",
            _wrong(inner=np.sum),
            "The sums over N, H and W are not divided by N·H·W: each value has a share of 1/(N·H·W) in the mean.",
        ),
        Mistake(
            "divides-by-batch-size",
            _divides_by_images,
            "The sums are divided by N. A channel has N·H·W values in all.",
        ),
        Mistake(
            "statistics-of-each-pixel",
            _wrong(axes=(0,)),
            "Mean and variance are taken only over the images. A channel has one of each, over N, H and W.",
        ),
        Mistake(
            "statistics-of-each-image",
            _wrong(axes=(2, 3)),
            "Each image has its own mean and variance: that is instance norm. Take all N images together.",
        ),
        Mistake(
            "statistics-over-channels",
            _wrong(axes=(1, 2, 3)),
            "Mean and variance are over C, H and W of each image: that is layer norm.",
        ),
        Mistake(
            "one-statistic-for-all",
            _wrong(axes=(0, 1, 2, 3)),
            "All channels share one mean and one variance. Each has its own: leave axis 1 out.",
        ),
        Mistake(
            "unbiased-variance",
            _wrong(ddof=1),
            "The variance has divisor N·H·W − 1. Normalising uses N·H·W; the other belongs to the running variance.",
        ),
        Mistake("forgets-eps", _wrong(divisor=lambda var, eps: np.sqrt(var)), "ε is left out: √(σ² + ε)."),
        Mistake(
            "eps-outside-the-root",
            _wrong(divisor=lambda var, eps: np.sqrt(var) + eps),
            "ε is added to the root. It belongs inside: √(σ² + ε).",
        ),
        Mistake(
            "eps-ignored",
            changing(batch_norm_backward, eps=lambda given: 1e-5),
            "The argument eps is not used: 1e-5 stands there.",
        ),
        Mistake(
            "divides-by-variance",
            _wrong(divisor=lambda var, eps: var + eps),
            "Somewhere σ² + ε divides where its root should.",
        ),
        Mistake(
            "scale-by-variance",
            _wrong(scale=lambda var, eps: var + eps),
            "x̂ is right, and then the gradient is divided by σ² + ε. Divide by the root.",
        ),
        Mistake(
            "scale-missing",
            _wrong(scale=lambda var, eps: np.ones_like(var)),
            "The gradient of the input is not divided by √(σ² + ε): x̂ = (x − μ)/σ hands that factor back.",
        ),
        Mistake(
            "multiplies-by-deviation",
            _wrong(scale=lambda var, eps: 1 / np.sqrt(var + eps)),
            "The gradient of the input is multiplied by σ. x̂ = (x − μ)/σ, so it is divided.",
        ),
        Mistake(
            "weight-missing",
            _wrong(gamma=np.ones_like),
            "γ (weight) is not used in the gradient of the input: the output is γ·x̂ + β, so ∂L/∂x̂ = γ·∂L/∂y.",
        ),
        Mistake(
            "divides-by-weight",
            _wrong(gamma=lambda weight: 1 / weight),
            "The upstream gradient is divided by γ. The output is γ·x̂ + β, so it is multiplied.",
        ),
        Mistake(
            "weight-twice", _wrong(gamma=lambda weight: weight**2), "γ (weight) enters twice: once is enough."
        ),
        Mistake(
            "weight-along-width",
            _along_width,
            "A vector (C,) broadcasts along the *last* axis, the width. Give it the shape (C, 1, 1): weight[:, None, "
            "None].",
        ),
        Mistake(
            "weight-gradient-of-input",
            _part(1, _weight_of_input),
            "The gradient of γ multiplies with the input. γ multiplies the *normalised* input x̂.",
        ),
        Mistake(
            "weight-gradient-of-centred",
            _part(1, lambda g, input, weight, x: (g * (input - input.mean(AXES, keepdims=True))).sum(AXES)),
            "The gradient of γ multiplies with x − μ. γ multiplies x̂ = (x − μ)/√(σ² + ε).",
        ),
        Mistake(
            "weight-gradient-averaged",
            _part(1, lambda g, input, weight, x: (g * x).mean(AXES)),
            "The gradient of γ is a mean over N, H and W. γ is shared by all of them, so it is the sum.",
        ),
        Mistake(
            "weight-gradient-without-input",
            _part(1, lambda g, input, weight, x: g.sum(AXES)),
            "The gradient of γ is the sum of the upstream gradient; that is β's. γ multiplies x̂, so x̂ is its factor.",
        ),
        Mistake(
            "weight-gradient-scaled",
            _part(1, lambda g, input, weight, x: (g * x).sum(AXES) * weight),
            "The gradient of γ has a factor γ too many: the output is γ·x̂ + β, its derivative by γ is x̂.",
        ),
        Mistake(
            "bias-gradient-averaged",
            _part(2, lambda g, input, weight, x: g.mean(AXES)),
            "The gradient of β is a mean over N, H and W. β is added at all of them, so it is the sum.",
        ),
        Mistake(
            "bias-gradient-scaled",
            _part(2, lambda g, input, weight, x: g.sum(AXES) * weight),
            "The gradient of β has a factor γ too many: β is added after the multiplication.",
        ),
        Mistake(
            "weight-and-bias-swapped",
            lambda *args, **kwargs: tuple(batch_norm_backward(*args, **kwargs)[i] for i in (0, 2, 1)),
            "The gradients of weight and bias are returned in the wrong order.",
        ),
        Mistake(
            "sums-over-images-only",
            lambda grad_output, input, weight, eps=1e-5: (
                batch_norm_backward(grad_output, input, weight, eps)[0],
                _part(1, lambda g, input, weight, x: (g * x).sum(0))(grad_output, input, weight, eps)[1],
                grad_output.sum(0),
            ),
            "The gradients of γ and β are summed only over the images. Each is shared by all places as well: sum "
            "over N, "
            "H and W.",
        ),
        Mistake(
            "keeps-dimensions",
            _keeps_dimensions,
            "The gradients of weight and bias have shape (1, C, 1, 1) because of `keepdims`. Wanted: (C,).",
        ),
    ],
    names=("grad_input", "grad_weight", "grad_bias"),
    see="08#Backward, two ways",
    place=2,
    lists_allowed=True,
)  # fmt: skip
