"""Task 04.equivariance_error: how far is f from commuting with a shift?"""

import numpy as np

from cnncourse.checks.draw import normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def equivariance_error(f, images, dy, dx):
    """max |f(T x) − T f(x)|, T the circular shift by (dy, dx)."""
    return float(np.abs(f(_shift(images, dy, dx)) - _shift(f(images), dy, dx)).max())


def _shift(images, dy, dx):
    return np.roll(images, (dy, dx), axis=(2, 3))


def _gain(values):
    return {"__callable__": "gain", "gain": values}


def cases(rng):
    """An equivariant f, one that fails at the border only, and gains that differ from pixel to pixel."""
    x, kernel = normal(rng, 3, 2, 6, 5), normal(rng, 3, 2)
    yield Case("equivariant functions", {"__callable__": "circular_filter", "kernel": kernel}, x, 1, 2)
    yield Case("equivariant functions", {"__callable__": "sine", "scale": 1.5}, x, dy=-2, dx=1)
    yield Case("equivariant functions", _gain(normal(rng, 4, 1, 1)), x[:, :1], 3, -1)
    yield Case("borders", {"__callable__": "zero_filter", "kernel": kernel}, x, 1, 2)
    yield Case("borders", {"__callable__": "zero_filter", "kernel": kernel}, x, -1, 0)
    yield Case("borders", {"__callable__": "zero_filter", "kernel": kernel}, x[:1], 0, 3)
    # A peak makes the largest difference negative in one order of subtraction, its mirror image in the other.
    for image, sign in ((0, 1), (1, -1), (2, 1)):
        gain = rng.uniform(0.1, 0.2, (5, 4))
        gain[rng.integers(5), rng.integers(4)] = 5 * sign
        images = rng.uniform(0.1, 0.2, (3, 2, 5, 4))
        images[image] += 1
        yield Case("any function", _gain(gain), images, int(rng.integers(1, 5)), int(rng.integers(1, 4)))
    louder = np.array([0.1, 5.0, 1.0])[:, None, None]  # the second of three channels differs most
    yield Case("any function", _gain(louder * rng.uniform(1, 3, (3, 4, 6))), normal(rng, 2, 1, 4, 6), 2, 5)
    yield Case("any function", _gain(normal(rng, 1, 7)), normal(rng, 1, 1, 1, 7), 0, -2)
    yield Case("any array", _gain(normal(rng, 4, 4)), strided(normal(rng, 2, 1, 4, 4)), 1, 3)
    yield Case("any array", {"__callable__": "cubic", "scale": 0.5}, readonly(x), -1, -1)
    # Whole numbers, so that single and double precision give the same.
    whole, factors = rng.permutation(30).reshape(1, 2, 3, 5), rng.permutation(15).reshape(3, 5)
    yield Case("any array", _gain(factors.astype(np.float32)), whole.astype(np.float32), -5, 7)


def _zeros_shift(images, dy, dx):
    moved, (H, W) = np.roll(images, (dy, dx), axis=(2, 3)), images.shape[2:]
    rows, columns = np.arange(H)[:, None] - dy, np.arange(W) - dx
    return np.where((rows >= 0) & (rows < H) & (columns >= 0) & (columns < W), moved, 0)


def _measure(summary, shift_out=_shift, shift_in=_shift):
    return lambda f, images, dy, dx: float(summary(f(shift_in(images, dy, dx)) - shift_out(f(images), dy, dx)))


def _largest(x):
    return np.abs(x).max()


def _invariance(f, images, dy, dx):
    return float(np.abs(f(_shift(images, dy, dx)) - f(images)).max())


def _relative(f, images, dy, dx):
    moved = _shift(f(images), dy, dx)
    return float(np.abs(f(_shift(images, dy, dx)) - moved).max() / np.abs(moved).max())


task = Task(
    "04.equivariance_error",
    {"equivariant functions": 1, "borders": 1, "any function": 2, "any array": 1},
    equivariance_error,
    cases,
    [
        Mistake(
            "measures-invariance",
            _invariance,
            "f(T x) is compared with f(x) itself: that measures invariance, whether the output stays the same. "
            "Equivariance asks whether it moves along: compare f(T x) with T f(x).",
        ),
        Mistake(
            "opposite-shifts",
            _measure(_largest, shift_out=lambda x, dy, dx: _shift(x, -dy, -dx)),
            "The output is shifted the other way than the input. T is one and the same on both sides.",
        ),
        Mistake(
            "input-not-shifted",
            lambda f, images, dy, dx: float(np.abs(f(images) - _shift(f(images), dy, dx)).max()),
            "f(x) is compared with T f(x): the input itself is never shifted.",
        ),
        Mistake(
            "forgets-absolute",
            _measure(np.max),
            "The largest difference is taken with its sign, so a large negative one does not count. Take absolute "
            "values before the maximum.",
        ),
        Mistake(
            "forgets-absolute-value",
            _measure(lambda d: np.max(-d)),
            "The largest difference is taken with its sign, so a large negative one does not count. Take absolute "
            "values before the maximum.",
        ),
        Mistake(
            "mean-for-largest",
            _measure(lambda d: np.abs(d).mean()),
            "This is the mean difference. An error at the border alone would be averaged away; the task asks for "
            "the largest.",
        ),
        Mistake(
            "sum-for-largest",
            _measure(lambda d: np.abs(d).sum()),
            "This is the sum of all differences; the task asks for the largest.",
        ),
        Mistake(
            "squared",
            _measure(lambda d: (d**2).max()),
            "This is the largest squared difference; the task asks for the absolute value.",
        ),
        Mistake(
            "root-mean-square",
            _measure(lambda d: np.sqrt((d**2).mean())),
            "This is the root mean square difference; the task asks for the largest absolute one.",
        ),
        Mistake(
            "mean-square",
            _measure(lambda d: (d**2).mean()),
            "This is the mean squared difference; the task asks for the largest absolute one.",
        ),
        Mistake(
            "norm",
            _measure(np.linalg.norm),
            "This is the Euclidean norm of the difference; the task asks for the largest absolute value.",
        ),
        Mistake(
            "relative-error",
            _relative,
            "The difference is divided by the size of the output; the task asks for the difference itself.",
        ),
        Mistake(
            "first-image-only",
            lambda f, images, dy, dx: equivariance_error(f, images[:1], dy, dx),
            "Only the first image of the batch is looked at.",
        ),
        Mistake(
            "last-image-only",
            lambda f, images, dy, dx: equivariance_error(f, images[-1:], dy, dx),
            "Only the last image of the batch is looked at: in a loop, keep the largest error so far.",
        ),
        Mistake(
            "first-channel-only",
            _measure(lambda d: np.abs(d[:, 0]).max()),
            "Only the first channel of the output is looked at.",
        ),
        Mistake(
            "averages-over-images",
            _measure(lambda d: np.abs(d).max(axis=(1, 2, 3)).mean()),
            "The largest errors of the images are averaged; the task asks for the largest of all.",
        ),
        Mistake(
            "averages-over-maps",
            _measure(lambda d: np.abs(d).max(axis=(2, 3)).mean()),
            "The largest errors of the maps are averaged; the task asks for the largest of all.",
        ),
        Mistake(
            "smallest-for-largest",
            _measure(lambda d: np.abs(d).min()),
            "This is the smallest absolute difference; the task asks for the largest.",
        ),
        Mistake(
            "place-of-largest",
            lambda f, images, dy, dx: int(np.abs(f(_shift(images, dy, dx)) - _shift(f(images), dy, dx)).argmax()),
            "`argmax` says where the largest value stands; `max` says what it is.",
        ),
        Mistake(
            "always-zero",
            lambda f, images, dy, dx: 0.0,
            "The answer is 0 for every f. Not every function commutes with shifts: zero padding, for one, does not.",
        ),
        Mistake(
            "ignores-dy-dx",
            lambda f, images, dy, dx: equivariance_error(f, images, 1, 1),
            "The shift is always by one pixel: dy and dx are not used.",
        ),
        Mistake(
            "dy-dx-swapped",
            lambda f, images, dy, dx: equivariance_error(f, images, dx, dy),
            "dy moves along the width and dx along the height. Height is axis 2, width is axis 3.",
        ),
        Mistake(
            "ignores-dx",
            lambda f, images, dy, dx: equivariance_error(f, images, dy, 0),
            "The shift along the width (dx, axis 3) is missing.",
        ),
        Mistake(
            "ignores-dy",
            lambda f, images, dy, dx: equivariance_error(f, images, 0, dx),
            "The shift along the height (dy, axis 2) is missing.",
        ),
        Mistake(
            "shifts-with-zeros",
            _measure(_largest, _zeros_shift, _zeros_shift),
            "The shift fills in zeros. What the shift itself loses at the border is then counted as an error of f; "
            "the task asks for circular shifts on both sides.",
            see="04#At the border",
        ),
        Mistake(
            "shifts-input-with-zeros",
            _measure(_largest, _shift, _zeros_shift),
            "The input's shift fills in zeros; the task asks for circular shifts on both sides.",
        ),
        Mistake(
            "shifts-output-with-zeros",
            _measure(_largest, _zeros_shift, _shift),
            "The output's shift fills in zeros; the task asks for circular shifts on both sides.",
        ),
        Mistake(
            "shifts-the-batch",
            _measure(_largest, *[lambda x, dy, dx: np.roll(x, (dy, dx), (0, 1))] * 2),
            "The shift runs over axes 0 and 1, images and channels. Height and width are axes 2 and 3.",
        ),
        Mistake(
            "shifts-flattened",
            _measure(_largest, *[lambda x, dy, dx: np.roll(x, dy * x.shape[3] + dx)] * 2),
            "The images are shifted as one long line of numbers (`np.roll` without `axis`), so what leaves a row "
            "enters the next. Shift axes 2 and 3.",
        ),
        Mistake(
            "forgets-f",
            lambda f, images, dy, dx: float(np.abs(_shift(images, dy, dx) - images).max()),
            "f is not called: this only says how much the shift changes the images.",
        ),
        Mistake(
            "compares-with-the-input",
            lambda f, images, dy, dx: float(np.abs(f(images) - images).max()),
            "This compares f(x) with x. Equivariance compares f(T x) with T f(x).",
        ),
    ],
    signature="equivariance_error(f, images, dy, dx)",
    see="04#Two words, two measurements",
    place=2,
    probe="function_with_callable",
)
