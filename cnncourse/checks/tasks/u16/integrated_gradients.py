"""The mean gradient on the straight way, times the way."""

import numpy as np

from cnncourse.checks.author import Call, Task, fortran, normal, readonly, strided

task = Task(see="Integrated gradients", probe="function_with_callable")


@task.right
def integrated_gradients(gradient, image, baseline, steps):
    """(x − b) times the mean gradient at b + (k + ½) / steps · (x − b)."""
    path = baseline + np.multiply.outer((np.arange(steps) + 0.5) / steps, image - baseline)
    return (image - baseline) * gradient(path.astype(image.dtype)).mean(axis=0)


def call(rng, shape, steps, change=np.asarray, baseline=None, dtype=np.float64, named=False):
    """A call with a gradient that bends and in which all entries act together; a baseline that is drawn, or given."""
    weights = {"weight": normal(rng, *shape), "bend": 0.5 * normal(rng, *shape)}
    gradient = {"__callable__": "slope"} | {name: values.astype(dtype) for name, values in weights.items()}
    base = normal(rng, *shape) if baseline is None else np.full(shape, baseline)
    arrays = [change(a.astype(dtype)) for a in (normal(rng, *shape), base)]
    return Call(gradient, *arrays, steps=steps) if named else Call(gradient, *arrays, steps)


@task.criterion(2)
def values(rng):
    """Images of any shape, few steps and many, baselines of zeros and of numbers."""
    yield call(rng, (3, 4, 5), 4, baseline=0.0)
    yield call(rng, (2, 3, 3), 7)
    yield call(rng, (4, 4), 5, baseline=0.5)
    yield call(rng, (6,), 3)
    yield call(rng, (3, 3, 3), 3)
    yield call(rng, (1, 2, 6), 10)
    yield call(rng, (5, 2), 6, named=True)


@task.criterion(1)
def few_steps(rng):
    """One step takes the gradient half-way; with two it is taken at a quarter and at three quarters."""
    yield call(rng, (2, 3, 4), 1, baseline=0.0)
    yield call(rng, (3, 5), 1)
    yield call(rng, (2, 2, 3), 2)
    yield call(rng, (4,), 2, baseline=1.0)


@task.criterion(1)
def any_array(rng):
    """float32 and float64 keep their accuracy; read-only, strided and Fortran-ordered arrays work, too."""
    yield call(rng, (2, 3, 4), 4, strided)
    yield call(rng, (3, 4, 2), 5, fortran)
    yield call(rng, (4, 3), 3, readonly)
    yield call(rng, (2, 3, 3), 4, dtype=np.float32)


def on_the_way(
    gradient, image, baseline, steps, *, at=lambda n: (np.arange(n) + 0.5) / n, way=lambda t, x, b: b + t * (x - b),
    mean=lambda g, t: g.mean(axis=0), factor=lambda x, b: x - b,
):  # fmt: skip
    """Right with the options as they are."""
    t = at(steps)
    path = np.stack([way(s, image, baseline) for s in t]).astype(image.dtype)
    return factor(image, baseline) * mean(gradient(path), t)


task.options(on_the_way, {
    "left-ends": ({"at": lambda n: np.arange(n) / n},
        "The gradient is taken where each step begins. The midpoint rule takes it in the middle: (k + ½) / steps."),
    "right-ends": ({"at": lambda n: (np.arange(n) + 1) / n},
        "The gradient is taken where each step ends. The midpoint rule takes it in the middle: (k + ½) / steps."),
    "both-ends": ({"at": lambda n: np.linspace(0, 1, n)},
        "np.linspace(0, 1, steps) has points at both ends. The midpoint rule has points at (k + ½) / steps."),
    "one-point-more": ({"at": lambda n: np.linspace(0, 1, n + 1)},
        "There are steps + 1 points, from 0 to 1. The midpoint rule has `steps` points, at (k + ½) / steps."),
    "trapezoids": (
        {"at": lambda n: np.linspace(0, 1, n + 1), "mean": lambda g, t: (g[1:] + g[:-1]).mean(axis=0) / 2},
        "That is the trapezoidal rule. Wanted is the midpoint rule: `steps` points at (k + ½) / steps."),
    "gradient-at-the-image": ({"at": lambda n: np.ones(n)},
        "The gradient is taken at the image alone: that is gradient times input. Take it at points on the way."),
    "from-zero": ({"way": lambda t, x, b: t * x}, "The way begins at 0. It begins at the baseline: b + t (x − b)."),
    "way-not-shifted": ({"way": lambda t, x, b: t * (x - b)},
        "The baseline is not added: the points are b + t (x − b)."),
    "adds-the-image": ({"way": lambda t, x, b: b + t * x}, "The points are b + t·x. They are b + t (x − b)."),
    "beyond-the-image": ({"way": lambda t, x, b: x + t * (x - b)},
        "The way begins at the image and leads away from it. It begins at the baseline: b + t (x − b)."),
    "steps-plus-one": ({"at": lambda n: (np.arange(n) + 0.5) / (n + 1)},
        "The places are divided by steps + 1. They are (k + ½) / steps."),
    "fifty-steps-always": ({"at": lambda n: (np.arange(50) + 0.5) / 50}, "steps is not used: there are always 50."),
    "begins-at-one": ({"mean": lambda g, t: g[1:].sum(axis=0) / len(t)},
        "The first step is left out: k runs from 0 to steps − 1, so range(steps), and not range(1, steps)."),
    "gradients-summed": ({"mean": lambda g, t: g.sum(axis=0)},
        "The gradients are summed. Take their mean: divide by steps."),
    "divided-once-more": ({"mean": lambda g, t: g.mean(axis=0) / len(t)},
        "The mean is divided by steps once more. A mean holds this factor already."),
    "no-factor": ({"factor": lambda x, b: 1}, "The factor image − baseline is missing."),
    "times-the-image": ({"factor": lambda x, b: x}, "The factor is the image. It is image − baseline."),
    "absolute-gradient": ({"mean": lambda g, t: np.abs(g).mean(axis=0)},
        "The absolute gradients are averaged. They keep their sign, or the map does not add up to the difference."),
    "gradient-of-the-mean": ({"at": lambda n: np.full(n, 0.5)},
        "The gradient is taken in the middle of the way only. Take it in the middle of each step."),
    "last-point-only": ({"mean": lambda g, t: g[-1]}, "Only the last gradient counts. Take the mean of all."),
})  # fmt: skip


@task.mistake
def image_and_baseline_swapped(again, image, baseline):
    """Image and baseline are taken for each other: the factor is image − baseline."""
    return again(image=baseline, baseline=image)


@task.mistake
def relu_added(right):
    """Negative values are set to 0. They say where the image speaks against the class, and the sum needs them."""
    return np.maximum(right, 0)


@task.mistake
def absolute_value(right):
    """The absolute value is taken. Negative entries say where the image speaks against the class: keep the sign."""
    return np.abs(right)


@task.mistake
def summed(right):
    """The result is summed to one number. It has the shape of the image."""
    return right.sum()


@task.mistake
def steps_not_averaged(gradient, image, baseline, steps):
    """There is one array per step. Take the mean over the steps, the first axis."""
    t = ((np.arange(steps) + 0.5) / steps).reshape(-1, *[1] * image.ndim)
    return (image - baseline) * gradient(baseline + t * (image - baseline))
