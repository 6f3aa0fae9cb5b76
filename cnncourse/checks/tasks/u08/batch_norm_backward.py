"""Back through an output in which the batch normalises itself."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, upstream

task = Task(
    see="Backward, two ways", names=("grad_input", "grad_weight", "grad_bias"), lists_allowed=True
)
AXES = (0, 2, 3)


@task.right
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


def drawn(rng, *shape, spread=(0.5, 2.0)):
    """Upstream gradients with a mean of their own; channels that differ in level and spread; γ of either sign."""
    C = shape[1]
    level, scale = rng.uniform(-2, 2, (C, 1, 1)), rng.uniform(*spread, (C, 1, 1))
    input = level + scale * (normal(rng, *shape) + 0.5 * normal(rng, shape[0], C, 1, 1))
    grad_output = normal(rng, *shape) + rng.uniform(-1, 1, (C, 1, 1)) + 0.5 * normal(rng, shape[0], C, 1, 1)
    return grad_output, input, rng.uniform(0.5, 2, C) * rng.choice([-1, 1], C)


def batches(rng):
    """Batches of several shapes: one image, one pixel, one channel, and a γ that is 0."""
    for shape in [(4, 3, 5, 6), (2, 5, 3, 5), (1, 2, 4, 3), (6, 4, 1, 1), (3, 1, 2, 4)]:
        yield Call(*drawn(rng, *shape))
    idle = drawn(rng, 2, 3, 3, 2)
    idle[2][1] = 0
    yield Call(*idle)


@task.criterion(4, "grad_input")
def of_input(rng):
    """The first of the three results."""
    yield from batches(rng)


@task.criterion(1, "grad_weight")
def of_weight(rng):
    """The second of the three results."""
    yield from batches(rng)


@task.criterion(1, "grad_bias")
def of_bias(rng):
    """The third of the three results."""
    yield from batches(rng)


@task.criterion(1)
def eps(rng):
    """Other values of eps, and channels that are constant in the batch."""
    yield Call(*drawn(rng, 3, 2, 4, 3), 0.5)
    yield Call(*drawn(rng, 3, 2, 3, 4, spread=(0.01, 0.1)), eps=1e-3)
    flat = drawn(rng, 3, 3, 4, 4)
    flat[1][:, 1] = 0.5
    yield Call(*flat, 0.1)
    loud = drawn(rng, 3, 40, 3, 3, spread=(1e6, 1e7))
    loud[1][:, 1:] = rng.uniform(3e5, 1e6, (39, 1, 1))  # mean(x²) − mean(x)² comes out below −ε for some of them
    yield Call(*loud)


@any_array(task)
def arrays(rng):
    yield Call(*drawn(rng, 4, 3, 5, 4))
    yield Call(*drawn(rng, 2, 3, 4, 6))


def root(var, eps):
    """√(σ² + ε)."""
    return np.sqrt(var + eps)


def layer(
    grad_output, input, weight, eps, axes=AXES, variance=np.var, divisor=root, mean_path=1.0, variance_path=1.0,
    gamma=lambda weight: weight, inner=np.mean, scale=None,
):  # fmt: skip
    """Right with the options as they are."""
    var = variance(input, axes, keepdims=True)
    divide = divisor(var, eps)
    x, g = (input - input.mean(axes, keepdims=True)) / divide, grad_output * gamma(weight)[:, None, None]
    inside = g - mean_path * inner(g, axis=axes, keepdims=True)
    inside = inside - variance_path * x * inner(g * x, axis=axes, keepdims=True)
    return inside / (scale(var, eps) if scale else divide), (grad_output * x).sum(AXES), grad_output.sum(AXES)


def unbiased(input, axes, keepdims):
    """The variance with divisor n − 1."""
    var = input.var(axes, keepdims=keepdims)
    count = np.float64(input.size // var.size)
    return var * count / (count - 1)


def in_one_pass(input, axes, keepdims):
    """mean(x²) − mean(x)²."""
    return (input**2).mean(axes, keepdims=keepdims) - input.mean(axes, keepdims=keepdims) ** 2


task.options(layer, {
    "statistics-as-constants": ({"mean_path": 0, "variance_path": 0},
        "The gradient passes as if the mean and the variance were constants: that is eval mode. In training both are "
        "made of the input, and each is a path back of its own."),
    "mean-path-missing": ({"mean_path": 0},
        "The path through the mean is missing: each input moves μ by 1/(N·H·W), and μ moves all outputs. It subtracts "
        "the mean of the gradient."),
    "variance-path-missing": ({"variance_path": 0},
        "The path through the variance is missing: it subtracts x̂ times the mean of gradient · x̂."),
    "variance-path-sign": ({"variance_path": -1},
        "The term of the variance has the wrong sign. σ is in the denominator, so its derivative is negative."),
    "mean-path-sign": ({"mean_path": -1}, "The mean of the gradient is added; it is subtracted."),
    "variance-path-halved": ({"variance_path": 0.5},
        "The term of the variance is half of what it should be: the derivative of (x − μ)² is 2·(x − μ), and the 2 "
        "cancels the ½ of the root's derivative."),
    "variance-path-doubled": ({"variance_path": 2},
        "The term of the variance is twice what it should be: the derivative of (σ² + ε)^(−½) has a factor ½."),
    "sums-for-means": ({"inner": np.sum},
        "The sums over N, H and W are not divided by N·H·W: each value has a share of 1/(N·H·W) in the mean."),
    "divides-by-batch-size": ({"inner": lambda a, axis, keepdims: a.sum(axis, keepdims=keepdims) / len(a)},
        "The sums are divided by N. A channel has N·H·W values in all."),
    "statistics-of-each-pixel": ({"axes": (0,)},
        "Mean and variance are taken over the images only. A channel has one of each, over N, H and W."),
    "statistics-of-each-image": ({"axes": (2, 3)},
        "Each image has its own mean and variance: that is instance norm. Take all N images together."),
    "statistics-over-channels": ({"axes": (1, 2, 3)},
        "Mean and variance are over C, H and W of each image: that is layer norm."),
    "one-statistic-for-all": ({"axes": (0, 1, 2, 3)},
        "All channels share one mean and one variance. Each has its own: leave axis 1 out."),
    "unbiased-variance": ({"variance": unbiased},
        "The variance has divisor N·H·W − 1. Normalising uses N·H·W; the other belongs to the running variance."),
    "variance-below-zero": ({"variance": in_one_pass},
        "mean(x²) − mean(x)² is the variance on paper. For a channel that is nearly constant, rounding can bring it "
        "below −ε, and the root is NaN. Subtract the mean first, then square."),
    "forgets-eps": ({"divisor": lambda var, eps: np.sqrt(var)}, "ε is left out: √(σ² + ε)."),
    "eps-outside-the-root": ({"divisor": lambda var, eps: np.sqrt(var) + eps},
        "ε is added to the root. It belongs inside: √(σ² + ε)."),
    "divides-by-variance": ({"divisor": lambda var, eps: var + eps},
        "Somewhere σ² + ε divides where its root should."),
    "scale-by-variance": ({"scale": lambda var, eps: var + eps},
        "x̂ is right, and then the gradient is divided by σ² + ε. Divide by the root."),
    "scale-missing": ({"scale": lambda var, eps: np.ones_like(var)},
        "The gradient of the input is not divided by √(σ² + ε): x̂ = (x − μ)/σ hands that factor back."),
    "multiplies-by-deviation": ({"scale": lambda var, eps: 1 / root(var, eps)},
        "The gradient of the input is multiplied by σ. x̂ = (x − μ)/σ, so it is divided."),
    "weight-missing": ({"gamma": np.ones_like},
        "γ (weight) is not used in the gradient of the input: the output is γ·x̂ + β, so ∂L/∂x̂ = γ·∂L/∂y."),
    "divides-by-weight": ({"gamma": lambda weight: 1 / weight},
        "The upstream gradient is divided by γ. The output is γ·x̂ + β, so it is multiplied."),
    "weight-twice": ({"gamma": lambda weight: weight**2}, "γ (weight) enters twice: once is enough."),
})  # fmt: skip
task.options(batch_norm_backward, {
    "eps-ignored": ({"eps": 1e-5}, "The argument eps is not used: 1e-5 is there instead."),
})  # fmt: skip


@task.mistake
def weight_along_width(right, again, grad_output, input, weight):
    """A vector (C,) broadcasts along the *last* axis, the width. Give it the shape (C, 1, 1): weight[:, None, None]."""
    if (grad_output * weight).shape != input.shape:
        raise ValueError("operands could not be broadcast together")
    return again(grad_output=grad_output * weight, weight=np.ones(input.shape[1]))[0], *right[1:]


def vectors(right, grad_output, input, weight, eps, of_weight=None, of_bias=None):
    """Other gradients of γ and β, from g, x − μ, 1/σ, γ."""
    centred = input - input.mean(AXES, keepdims=True)
    given = grad_output, centred, 1 / root(input.var(AXES, keepdims=True), eps), weight
    return right[0], of_weight(*given) if of_weight else right[1], of_bias(*given) if of_bias else right[2]


task.options(vectors, {
    "weight-gradient-of-centred": ({"of_weight": lambda g, c, f, w: (g * c).sum(AXES)},
        "The gradient of γ multiplies with x − μ. γ multiplies x̂ = (x − μ)/√(σ² + ε)."),
    "weight-gradient-averaged": ({"of_weight": lambda g, c, f, w: (g * c * f).mean(AXES)},
        "The gradient of γ is a mean over N, H and W. γ is shared by all of them, so it is the sum."),
    "weight-gradient-without-input": ({"of_weight": lambda g, c, f, w: g.sum(AXES)},
        "The gradient of γ is the sum of the upstream gradient; that is β's. γ multiplies x̂, so x̂ is its factor."),
    "weight-gradient-scaled": ({"of_weight": lambda g, c, f, w: (g * c * f).sum(AXES) * w},
        "The gradient of γ has a factor γ too many: the output is γ·x̂ + β, its derivative with respect to γ is x̂."),
    "bias-gradient-averaged": ({"of_bias": lambda g, c, f, w: g.mean(AXES)},
        "The gradient of β is a mean over N, H and W. β is added at all of them, so it is the sum."),
    "bias-gradient-scaled": ({"of_bias": lambda g, c, f, w: g.sum(AXES) * w},
        "The gradient of β has a factor γ too many: β is added after the multiplication."),
    "sums-over-images-only": (
        {"of_weight": lambda g, c, f, w: (g * c * f).sum(0), "of_bias": lambda g, c, f, w: g.sum(0)},
        "The gradients of γ and β are summed over the images only. Each is shared by all places as well: sum over N, H "
        "and W."),
})  # fmt: skip


@task.mistake
def weight_gradient_of_input(right, grad_output, input):
    """The gradient of γ multiplies with the input. γ multiplies the *normalised* input x̂."""
    return right[0], (grad_output * input).sum(AXES), right[2]


@task.mistake
def weight_and_bias_swapped(right):
    """The gradients of weight and bias are returned in the wrong order."""
    return right[0], right[2], right[1]


@task.mistake
def keeps_dimensions(right):
    """The gradients of weight and bias have shape (1, C, 1, 1) because of `keepdims`. Wanted: (C,)."""
    return right[0], *(vector[None, :, None, None] for vector in right[1:])


upstream(task)
