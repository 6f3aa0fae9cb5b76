"""How far is f from commuting with a shift?"""

import numpy as np

from cnncourse.checks.author import Call, Task, normal, readonly, strided

task = Task(see="Two words, two measurements", probe="function_with_callable")


@task.right
def equivariance_error(f, images, dy, dx):
    """max |f(T x) − T f(x)|, T the circular shift by (dy, dx)."""
    return float(np.abs(f(shift(images, dy, dx)) - shift(f(images), dy, dx)).max())


def shift(images, dy, dx):
    """The circular shift."""
    return np.roll(images, (dy, dx), axis=(2, 3))


def function(name, **data):
    """A function of `callables.py`, as an argument."""
    return {"__callable__": name, **data}


@task.criterion(1)
def equivariant_functions(rng):
    """Functions that commute with shifts, whose error is 0, up to rounding; beside one that does not."""
    x = normal(rng, 3, 2, 6, 5)
    yield Call(function("circular_filter", kernel=normal(rng, 3, 2)), x, 1, 2)
    yield Call(function("gain", gain=normal(rng, 6, 5)), x, dy=-2, dx=1)
    yield Call(function("gain", gain=normal(rng, 4, 1, 1)), x[:, :1], 3, -1)


@task.criterion(1)
def borders(rng):
    """Filters with zero padding, which fail at the border only."""
    x, f = normal(rng, 3, 2, 6, 5), function("zero_filter", kernel=normal(rng, 3, 2))
    yield Call(f, x, 1, 2)
    yield Call(f, x, -1, 0)
    yield Call(f, x[:1], 0, 3)


@task.criterion(2)
def any_function(rng):
    """Functions that treat pixels or channels differently; the largest error is in any image, channel and sign."""
    for image, sign in ((0, 1), (1, -1), (2, 1)):  # a peak: the largest difference is negative in one order, or not
        gain, images = rng.uniform(0.1, 0.2, (5, 4)), rng.uniform(0.1, 0.2, (3, 2, 5, 4))
        gain[rng.integers(5), rng.integers(4)] = 5 * sign
        images[image] += 1
        yield Call(function("gain", gain=gain), images, int(rng.integers(1, 5)), int(rng.integers(1, 4)))
    louder = np.array([0.1, 5.0, 1.0])[:, None, None]  # the second of three channels differs most
    yield Call(function("gain", gain=louder * rng.uniform(1, 3, (3, 4, 6))), normal(rng, 2, 1, 4, 6), 2, 5)
    yield Call(function("gain", gain=normal(rng, 1, 7)), normal(rng, 1, 1, 1, 7), 0, -2)
    yield Call(function("gain", gain=1 + 1e-3 * normal(rng, 3, 4)), normal(rng, 1, 2, 3, 4), 1, 1)


@task.criterion(1)
def any_array(rng):
    """Images that are not stored row after row, or must not be changed, and float32."""
    yield Call(function("gain", gain=normal(rng, 4, 4)), strided(normal(rng, 2, 1, 4, 4)), 1, 3)
    yield Call(function("cubic", scale=0.5), readonly(normal(rng, 3, 2, 6, 5)), -1, -1)
    # Whole numbers, so that single and double precision give the same.
    whole, factors = rng.permutation(30).reshape(1, 2, 3, 5), rng.permutation(15).reshape(3, 5)
    yield Call(function("gain", gain=factors.astype(np.float32)), whole.astype(np.float32), -5, 7)


def largest(difference):
    """The largest absolute value."""
    return np.abs(difference).max()


def stays(x, dy, dx):
    """No shift."""
    return x


def with_zeros(x, dy, dx):
    """A shift that fills in zeros."""
    rows, columns = np.arange(x.shape[2])[:, None] - dy, np.arange(x.shape[3]) - dx
    inside = (rows >= 0) & (rows < x.shape[2]) & (columns >= 0) & (columns < x.shape[3])
    return np.where(inside, shift(x, dy, dx), 0)


def over_batch(x, dy, dx):
    """A shift along the axes 0 and 1."""
    return np.roll(x, (dy, dx), (0, 1))


def flattened(x, dy, dx):
    """A shift of the array as one line."""
    return np.roll(x, dy * x.shape[3] + dx)


def measured(f, images, dy, dx, summary=largest, before=shift, after=shift):
    """A summary of f(T x) − T f(x), with T `before` f and T `after` f."""
    return float(summary(f(before(images, dy, dx)) - after(f(images), dy, dx)))


SIGN = (
    "The largest difference is taken with its sign, so a large negative one does not count. Take absolute values first."
)
CIRCULAR = "the task asks for circular shifts on both sides."
task.options(measured, {
    "measures-invariance": ({"after": stays},
        "f(T x) is compared with f(x) itself: that measures invariance, whether the output stays the same. "
        "Equivariance asks whether it moves along: compare f(T x) with T f(x)."),
    "opposite-shifts": ({"after": lambda x, dy, dx: shift(x, -dy, -dx)},
        "The output is shifted the other way than the input. T is one and the same on both sides."),
    "input-not-shifted": ({"before": stays}, "f(x) is compared with T f(x): the input itself is never shifted."),
    "forgets-absolute": ({"summary": np.max}, SIGN),
    "forgets-absolute-value": ({"summary": lambda d: (-d).max()}, SIGN),
    "mean-for-largest": ({"summary": lambda d: np.abs(d).mean()},
        "This is the mean difference. An error at the border alone would be averaged away; the task asks for the "
        "largest."),
    "sum-for-largest": ({"summary": lambda d: np.abs(d).sum()},
        "This is the sum of all differences; the task asks for the largest."),
    "squared": ({"summary": lambda d: (d**2).max()},
        "This is the largest squared difference; the task asks for the absolute value."),
    "root-mean-square": ({"summary": lambda d: np.sqrt((d**2).mean())},
        "This is the root mean square difference; the task asks for the largest absolute one."),
    "mean-square": ({"summary": lambda d: (d**2).mean()},
        "This is the mean squared difference; the task asks for the largest absolute one."),
    "norm": ({"summary": np.linalg.norm},
        "This is the Euclidean norm of the difference; the task asks for the largest absolute value."),
    "first-channel-only": ({"summary": lambda d: largest(d[:, 0])},
        "Only the first channel of the output is looked at."),
    "averages-over-images": ({"summary": lambda d: np.abs(d).max(axis=(1, 2, 3)).mean()},
        "The largest errors of the images are averaged; the task asks for the largest of all."),
    "averages-over-maps": ({"summary": lambda d: np.abs(d).max(axis=(2, 3)).mean()},
        "The largest errors of the maps are averaged; the task asks for the largest of all."),
    "smallest-for-largest": ({"summary": lambda d: np.abs(d).min()},
        "This is the smallest absolute difference; the task asks for the largest."),
    "place-of-largest": ({"summary": lambda d: np.abs(d).argmax()},
        "`argmax` gives the place of the largest value; `max` gives the value."),
    "always-zero": ({"summary": lambda d: 0},
        "The answer is 0 for every f. Not every function commutes with shifts: zero padding, for one, does not."),
    "shifts-with-zeros": ({"before": with_zeros, "after": with_zeros},
        "The shift fills in zeros. What the shift itself loses at the border is then counted as an error of f; "
        + CIRCULAR, "At the border"),
    "shifts-input-with-zeros": ({"before": with_zeros}, "The input's shift fills in zeros; " + CIRCULAR),
    "shifts-output-with-zeros": ({"after": with_zeros}, "The output's shift fills in zeros; " + CIRCULAR),
    "shifts-the-batch": ({"before": over_batch, "after": over_batch},
        "The shift runs over axes 0 and 1, images and channels. Height and width are axes 2 and 3."),
    "shifts-flattened": ({"before": flattened, "after": flattened},
        "The images are shifted as one long line of numbers (`np.roll` without `axis`), so what leaves a row enters "
        "the next. Shift axes 2 and 3."),
})  # fmt: skip


@task.mistake
def relative_error(f, images, dy, dx, right):
    """The difference is divided by the size of the output; the task asks for the difference itself."""
    return right / largest(f(images))


@task.mistake
def first_image_only(again, images):
    """Only the first image of the batch is looked at."""
    return again(images=images[:1])


@task.mistake
def last_image_only(again, images):
    """Only the last image of the batch is looked at: in a loop, keep the largest error so far."""
    return again(images=images[-1:])


task.options(equivariance_error, {
    "ignores-dy-dx": ({"dy": 1, "dx": 1}, "The shift is always by one pixel: dy and dx are not used."),
    "ignores-dx": ({"dx": 0}, "The shift along the width (dx, axis 3) is missing."),
    "ignores-dy": ({"dy": 0}, "The shift along the height (dy, axis 2) is missing."),
})  # fmt: skip


@task.mistake
def dy_dx_swapped(again, dy, dx):
    """dy moves along the width and dx along the height. Height is axis 2, width is axis 3."""
    return again(dy=dx, dx=dy)


@task.mistake
def forgets_f(images, dy, dx):
    """f is not called: this only says how much the shift changes the images."""
    return float(largest(shift(images, dy, dx) - images))


@task.mistake
def compares_with_the_input(f, images):
    """This compares f(x) with x. Equivariance compares f(T x) with T f(x)."""
    return float(largest(f(images) - images))
