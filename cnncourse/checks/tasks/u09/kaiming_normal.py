"""Weights that keep the signal's size through ReLU layers (He et al. 2015, eq. 10)."""

import numpy as np

from cnncourse.checks.author import Behaviour, Call, Draws, Task
from cnncourse.checks.families import own_generator
from cnncourse.checks.tasks.u09._statistics import SIGMAS, generator_problem, kind_problem

FIRST = (8, 3, 5, 7)  # every way to count inputs gives another variance here


def problem(case, value):
    """None, or (slug, sentence)."""
    (shape,) = case.args
    if wrong_kind := kind_problem(value, shape):
        return wrong_kind
    draws = np.stack(value["draws"]).astype(float)
    if case.criterion == "generator":
        return generator_problem(value)
    if case.criterion == "variance":
        return _scale_problem(draws, shape)
    return _distribution_problem(draws)


def _scale_problem(draws, shape):
    std, wanted = draws.std(), np.sqrt(2 / np.prod(shape[1:]))
    said = f"{draws.size} numbers for the shape {shape}"
    if abs(draws.mean()) > SIGMAS * max(std, wanted) / np.sqrt(draws.size):
        return "mean-not-zero", f"{said} have the mean {draws.mean():.4f}; wanted: 0."
    if std == 0:
        return "all-zeros", "Every number is 0."
    limit = SIGMAS / np.sqrt(2 * draws.size)
    if abs(std / wanted - 1) <= limit:
        return None
    text = f"{said} have the variance {std**2:.5f}; wanted: {wanted**2:.5f}."
    near = {slug: abs(std / options["scale"](shape) - 1) for slug, (options, _) in SCALES.items()}
    slug = min(near, key=near.get)
    return (slug if near[slug] <= limit else "wrong-variance"), text


def _distribution_problem(draws):
    x = (draws - draws.mean()) / (draws.std() or 1)
    kurtosis = (x**4).mean()
    allowed = SIGMAS * np.sqrt(24 / x.size)
    if abs(kurtosis - 1) < 0.05:
        return "signs-for-normal", "Only two values occur."
    if abs(kurtosis - 1.8) < 0.1:
        return "uniform-for-normal", f"The kurtosis is {kurtosis:.2f}, a uniform distribution's (1.8); wanted: 3."
    for axis in range(1, x.ndim):
        for step in range(1, min(x.shape[axis], 3)):
            ahead, behind = np.moveaxis(x, axis, 0)[step:], np.moveaxis(x, axis, 0)[:-step]
            if abs((ahead * behind).mean()) > SIGMAS / np.sqrt(ahead.size):
                return "identical-filters", "Numbers of one draw depend on each other; wanted: all independent."
    if abs(kurtosis - 3) > allowed or abs((x**3).mean()) > SIGMAS * np.sqrt(15 / x.size):
        return "not-normal", f"The kurtosis is {kurtosis:.2f}; wanted: 3, the normal distribution's."
    if abs((x[1:] * x[:-1]).mean()) > SIGMAS / np.sqrt(x[1:].size):
        return "same-every-time", "One call's numbers depend on the last one's."
    return None


task = Task(see="The start", observe=Draws(60), judged=Behaviour(problem), repeats=0, seconds=20.0)


@task.right
def kaiming_normal(shape, rng):
    """Normal numbers of variance 2 / fan_in."""
    fan_in = np.prod(shape[1:])
    return rng.standard_normal(shape) * np.sqrt(2 / fan_in)


@task.criterion(1)
def generator(rng):
    """All random numbers come from `rng`, and each call draws new ones."""
    yield Call(FIRST)


@task.criterion(2)
def variance(rng):
    """The variance is 2 / fan_in for filters, matrices, 1-D and 1×1 filters."""
    for shape in [FIRST, (5, 40), (4, 6, 3), (7, 5, 1, 1)]:
        yield Call(shape)


@task.criterion(1)
def normal_and_independent(rng):
    """The numbers are normal and independent of each other."""
    yield Call(FIRST)


def area(shape):
    """K_h·K_w."""
    return np.prod(shape[2:])


def scaled(shape, rng, scale):
    """Normal numbers of the standard deviation scale(shape)."""
    return rng.standard_normal(shape) * scale(shape)


SCALES = {  # other scales that people use
    "fan-out": ({"scale": lambda s: np.sqrt(2 / (s[0] * area(s)))},
        "C_out·K_h·K_w is counted: how many outputs an input reaches. Forward the signal's size depends on how many "
        "inputs an output adds up: fan_in, all axes but the first."),
    "variance-for-deviation": ({"scale": lambda s: 2 / np.prod(s[1:])},
        "2 / fan_in is the variance, and is used as the standard deviation. Take its root."),
    "gain-missing": ({"scale": lambda s: np.sqrt(1 / np.prod(s[1:]))},
        "The variance is 1 / fan_in. ReLU sets half of the values to zero, and the 2 makes up for it."),
    "averages-fans": ({"scale": lambda s: np.sqrt(2 / ((s[0] + s[1]) * area(s)))},
        "The variance is 2 / (fan_in + fan_out): that is Glorot's rule, made for tanh."),
    "kernel-not-counted": ({"scale": lambda s: np.sqrt(2 / s[1])},
        "fan_in is taken as only C_in. An output adds up C_in·K_h·K_w products: all axes but the first."),
    "kernel-only": ({"scale": lambda s: np.sqrt(2 / area(s))},
        "fan_in is taken as only K_h·K_w. An output adds up C_in·K_h·K_w products: all axes but the first."),
    "first-axis-for-inputs": ({"scale": lambda s: np.sqrt(2 / s[0])},
        "The first axis counts the outputs. fan_in is the product of all the others."),
    "counts-every-weight": ({"scale": lambda s: np.sqrt(2 / np.prod(s))},
        "fan_in is taken as the number of all weights. One output has only the weights of its own filter: leave the "
        "first axis out."),
    "last-axis-left-out": ({"scale": lambda s: np.sqrt(2 / np.prod(s[:-1]))},
        "The product leaves the last axis out, where it should leave the first one out."),
    "not-scaled": ({"scale": lambda s: 1.0},
        "The numbers have variance 1: multiply by √(2 / fan_in)."),
    "gain-outside-the-root": ({"scale": lambda s: 2 / np.sqrt(np.prod(s[1:]))},
        "The 2 stands outside the root: that makes the variance 4 / fan_in."),
    "fan-outside-the-root": ({"scale": lambda s: np.sqrt(2) / np.prod(s[1:])},
        "fan_in stands outside the root: √2 / fan_in. Wanted: √(2 / fan_in)."),
    "divides-by-deviation": ({"scale": lambda s: np.sqrt(np.prod(s[1:]) / 2)},
        "The scale is the other way round: √(fan_in / 2). More inputs need smaller weights."),
    "uniform-within-deviation": ({"scale": lambda s: np.sqrt(2 / np.prod(s[1:]) / 3)},
        "The variance is a third of what it should be, as if drawn uniformly between −√(2/fan_in) and √(2/fan_in). "
        "Draw from the normal distribution."),
    "small-constant": ({"scale": lambda s: 0.01},
        "The standard deviation is 0.01, whatever the shape: the signal shrinks from layer to layer. Take √(2 / "
        "fan_in)."),
}  # fmt: skip
task.options(scaled, SCALES)


@task.mistake
def wrong_variance(right):
    """The variance should be 2 / fan_in, with fan_in the product of all axes but the first."""
    return 1.3 * right


@task.mistake
def uniform_for_normal(shape, rng):
    """The numbers are uniform: right in variance, but the task asks for the normal distribution."""
    bound = np.sqrt(6 / np.prod(shape[1:]))
    return rng.uniform(-bound, bound, shape)


@task.mistake
def signs_for_normal(shape, rng):
    """All numbers have the same size. The normal distribution is asked for: rng.standard_normal(shape)."""
    return rng.choice([-1.0, 1.0], shape) * np.sqrt(2 / np.prod(shape[1:]))


@task.mistake
def not_normal(shape, rng):
    """The numbers do not follow the normal distribution. Are they clipped, or drawn in another way?
    rng.standard_normal(shape) is all it takes."""
    clipped = np.clip(rng.standard_normal(shape), -1.5, 1.5)
    return clipped / 0.8823 * np.sqrt(2 / np.prod(shape[1:]))  # the clipped normal's standard deviation


@task.mistake
def mean_not_zero(right):
    """The mean of the weights is not zero. The normal distribution around 0 is asked for."""
    return np.abs(right)


@task.mistake
def identical_filters(shape, rng):
    """Several weights get the same number. Filters that start alike get the same gradient and stay alike for ever: draw
    each weight for itself."""
    return np.broadcast_to(kaiming_normal((1, *shape[1:]), rng), shape).copy()


own_generator(
    task, "weights",
    "Each call gives the same numbers, as if a new generator with a fixed seed were made in it: two "
    "layers of one shape would start alike. Use rng.",
)  # fmt: skip


@task.mistake
def global_random_state(shape):
    """np.random.… draws from NumPy's global state. Use the generator that you are given: rng.standard_normal(…)."""
    return np.random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))  # noqa: NPY002
