"""Each place normalised by its own channels."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="From ResNet to ConvNeXt")


@task.right
def layer_norm_channels(input, weight, bias, eps=1e-6):
    """weight · (x − mean) / √(var + eps) + bias, mean and variance over C at each place."""
    centred = input - input.mean(axis=1, keepdims=True)
    variance = (centred**2).mean(axis=1, keepdims=True)
    return centred / np.sqrt(variance + eps) * weight[:, None, None] + bias[:, None, None]


def drawn(rng, *shape, spread=(0.5, 2.0)):
    """An input whose places differ in level and spread; weights of either sign."""
    N, C, H, W = shape
    level, scale = rng.uniform(-2, 2, (N, 1, H, W)), rng.uniform(*spread, (N, 1, H, W))
    input = level + scale * (normal(rng, *shape) + 0.7 * normal(rng, 1, C, 1, 1))
    return input, rng.uniform(0.5, 2, C) * rng.choice([-1, 1], C), rng.uniform(-1, 1, C)


@task.criterion(2)
def values(rng):
    """Images square and not, all sides equal, one pixel, one image, two channels."""
    for shape in [(2, 5, 3, 4), (3, 3, 3, 3), (1, 4, 2, 6), (4, 6, 1, 1), (2, 2, 4, 3)]:
        yield Call(*drawn(rng, *shape))


@task.criterion(1)
def eps(rng):
    """Small variances, for which eps matters: its default 10⁻⁶, and other values."""
    yield Call(*drawn(rng, 2, 4, 3, 5, spread=(5e-4, 3e-3)))
    yield Call(*drawn(rng, 2, 4, 3, 5), eps=0.1)
    yield Call(*drawn(rng, 2, 3, 4, 2, spread=(0.02, 0.1)), 1e-3)


@task.criterion(1)
def constant_places(rng):
    """Places whose channels are equal, one channel, and values far from zero: the variance is never negative."""
    flat = drawn(rng, 2, 4, 3, 3)
    flat[0][:, :, 1] = rng.uniform(-2, 2, (2, 1, 3))
    yield Call(*flat)
    yield Call(*drawn(rng, 2, 1, 3, 4))
    far = drawn(rng, 2, 5, 4, 5)
    far[0][:, :, 1:] = rng.uniform(3e5, 1e6, (2, 1, 3, 5))  # mean(x²) − mean(x)² comes out below −ε for some
    yield Call(*far)


@any_array(task)
def arrays(rng):
    yield Call(*drawn(rng, 2, 5, 3, 4))


def tall(vector):
    """(C,) as (C, 1, 1), which broadcasts along the channels."""
    return vector[:, None, None]


def layer(
    input, weight, bias, eps, *, axes=1, centre=lambda x, axes: x.mean(axes, keepdims=True), variance=np.var,
    divisor=lambda var, eps: np.sqrt(var + eps), affine=lambda x, gamma, beta: gamma * x + beta,
):  # fmt: skip
    """Right with the options as they are."""
    with np.errstate(invalid="ignore", divide="ignore"):
        var = variance(input, axes, keepdims=True)
        return affine((input - centre(input, axes)) / divisor(var, eps), tall(weight), tall(bias))


def mean_square(input, axes, keepdims):
    """The mean of the squares."""
    return (input**2).mean(axes, keepdims=keepdims)


def in_one_pass(input, axes, keepdims):
    """mean(x²) − mean(x)²."""
    return mean_square(input, axes, keepdims) - input.mean(axes, keepdims=keepdims) ** 2


def unbiased(input, axes, keepdims):
    """The squared distances from the mean, divided by C − 1."""
    return input.var(axes, keepdims=keepdims) * input.shape[1] / np.float64(input.shape[1] - 1)


task.options(layer, {
    "statistics-of-the-batch": ({"axes": (0, 2, 3)},
        "Each channel has its own mean and variance, over N, H and W: that is batch norm. Here they are over C."),
    "statistics-of-each-image": ({"axes": (1, 2, 3)},
        "Each image has one mean and one variance, over C, H and W. Here each place has its own, over C only."),
    "statistics-of-each-map": ({"axes": (2, 3)},
        "Each map has its own mean and variance, over H and W: that is instance norm. Here they are over C."),
    "statistics-of-the-last-axis": ({"axes": 3},
        "The mean and variance are over the last axis, the width. The channels are axis 1."),
    "statistics-of-images-and-channels": ({"axes": (0, 1)},
        "The images are averaged as well. Each place of each image has its own mean and variance."),
    "unbiased-variance": ({"variance": unbiased},
        "The variance has the divisor C − 1. It is the biased one, with divisor C."),
    "eps-outside-the-root": ({"divisor": lambda var, eps: np.sqrt(var) + eps},
        "ε is added to the root. It belongs inside: √(var + ε)."),
    "forgets-eps": ({"divisor": lambda var, eps: np.sqrt(var)},
        "ε is left out: where all channels are equal, 0 is divided by 0."),
    "eps-squared": ({"divisor": lambda var, eps: np.sqrt(var + eps**2)}, "ε is squared. Wanted: √(var + ε)."),
    "divides-by-variance": ({"divisor": lambda var, eps: var + eps},
        "The values are divided by the variance. Divide by its root, the standard deviation."),
    "variance-ignored": ({"divisor": lambda var, eps: 1},
        "The mean is subtracted, but nothing divides by √(var + ε)."),
    "mean-not-subtracted": ({"centre": lambda x, axes: 0}, "The mean is not subtracted."),
    "divides-by-the-square-mean": ({"centre": lambda x, axes: 0, "variance": mean_square},
        "The values are divided by the root of their mean square, and no mean is subtracted: that is RMS norm."),
    "variance-not-centred": ({"variance": mean_square},
        "The variance is the mean of the squared distances *from the mean*; yours is the mean of the squares."),
    "variance-below-zero": ({"variance": in_one_pass},
        "mean(x²) − mean(x)² is the variance on paper. Where all channels are nearly equal, rounding can bring it "
        "below −ε, and the root is NaN. Subtract the mean first, then square."),
    "scale-and-shift-missing": ({"affine": lambda x, gamma, beta: x}, "weight and bias are not used."),
    "scale-missing": ({"affine": lambda x, gamma, beta: x + beta}, "weight is not used: weight · x̂ + bias."),
    "shift-missing": ({"affine": lambda x, gamma, beta: gamma * x}, "bias is not added: weight · x̂ + bias."),
    "shift-before-scale": ({"affine": lambda x, gamma, beta: gamma * (x + beta)},
        "bias is added before the multiplication: weight · (x̂ + bias). Wanted: weight · x̂ + bias."),
    "scale-and-shift-swapped": ({"affine": lambda x, gamma, beta: beta * x + gamma},
        "weight and bias have changed places: weight multiplies, bias is added."),
})  # fmt: skip


@task.mistake
def mixes_pixels(again, input):
    """`reshape(-1, C)` keeps the order in memory, so your rows hold neighbouring pixels instead of one pixel's
    channels. Take the mean and the variance over axis 1, or move the channels to the end with `transpose` first."""
    rows = input.reshape(-1, input.shape[1], 1, 1)
    return again(input=rows).reshape(input.shape)


@task.mistake
def eps_ignored(again):
    """The argument eps is not used: 1e-6 stands there."""
    return again(eps=1e-6)


@task.mistake
def always_eps_of_batch_norm(again):
    """The argument eps is not used: 1e-5 stands there, as in batch norm. The default is 1e-6 here."""
    return again(eps=1e-5)


@task.mistake
def eps_of_batch_norm(again, eps=1e-5):
    """Without the argument, eps is 1e-5, as in batch norm. Its default is 1e-6 here."""
    return again(eps=eps)


@task.mistake
def vectors_along_the_width(input, weight, bias, eps):
    """A vector (C,) broadcasts along the *last* axis, the width. Give it the shape (C, 1, 1): v[:, None, None]."""
    normalized = (input - input.mean(1, keepdims=True)) / np.sqrt(input.var(1, keepdims=True) + eps)
    return normalized * weight + bias
