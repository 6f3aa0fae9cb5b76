"""A kernel that measures how steeply the picture rises to the right."""

import numpy as np

from cnncourse.checks.author import Behaviour, Call, Task

FLAT, RIGHT, DOWN = "flat pictures", "rises to the right", "rises downwards"
ROUNDING = 1e-9


def kind_problem(value, shape):
    """A result that is no array of numbers of the wanted shape: (slug, sentence), else None."""
    if value is None:
        return "returns-none", "The result is None: is a `return` missing?"
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        slug = "returns-list" if isinstance(value, list) else "wrong-kind"
        return slug, f"The result is no array of numbers; wanted: a kernel of shape {shape}."
    if value.shape != shape:
        slug = "sides-exchanged" if value.shape == shape[::-1] else "wrong-shape"
        return slug, f"The kernel has shape {value.shape}; wanted: {shape}."
    return None if np.isfinite(value).all() else ("not-finite", "The kernel holds NaN or infinity.")


def problem(case, value):
    """None, or (slug, sentence)."""
    shape = tuple(case.arguments(slope_kernel).values())
    if wrong_kind := kind_problem(value, shape):
        return wrong_kind
    rows, columns = (np.arange(side) - (side - 1) / 2 for side in shape)
    answers = {  # criterion: what the kernel answers, what it should, to which picture
        FLAT: (value.sum(), 0, "is 1 everywhere"),
        RIGHT: ((value @ columns).sum(), 1, "rises by 1 per column"),
        DOWN: ((rows @ value).sum(), 0, "rises by 1 per row"),
    }
    flat, right, down = (number for number, *_ in answers.values())
    limit = ROUNDING * (1 + np.abs(value).sum() * max(shape))
    got, wanted, picture = answers[case.criterion]
    if abs(got - wanted) <= limit and value.any():
        return None
    text = f"A picture that {picture} gives {got:.4g}; wanted: {wanted}."
    if abs(flat) > limit:
        return "answers-to-brightness", text
    if abs(right) <= limit:
        return ("rows-for-columns" if abs(down) > limit else "answers-nothing"), text
    if abs(down) > limit:
        return "both-axes", text
    return ("falls-for-rises" if abs(right + 1) <= limit else "wrong-scale"), text


task = Task(see="Kernels made by hand", judged=Behaviour(problem), repeats=0)


@task.right
def slope_kernel(height, width):
    """The slope of the line of least squares through each row, averaged over the rows."""
    columns = np.arange(width) - (width - 1) / 2
    return np.tile(columns / (height * (columns**2).sum()), (height, 1))


def sizes(rng):
    """Kernels of every small size, and larger ones."""
    for height in range(2, 6):
        for width in range(2, 6):
            yield Call(height, width)
    for height, width in rng.integers(6, 60, (4, 2)).tolist():
        yield Call(height=height, width=width)


@task.criterion(1, FLAT)
def flat_pictures(rng):
    """Where the picture is flat, bright or dark, the answer is 0 (and not every weight is)."""
    yield from sizes(rng)


@task.criterion(1, RIGHT)
def rises_to_the_right(rng):
    """Where the picture rises by 1 per column, the answer is 1."""
    yield from sizes(rng)


@task.criterion(1, DOWN)
def rises_downwards(rng):
    """Where the picture rises from row to row, and not along the rows, the answer is 0."""
    yield from sizes(rng)


@task.mistake
def rows_for_columns(height, width):
    """Your kernel measures the rise from row to row. To measure it along the rows, the weights must change from column
    to column, the second axis."""
    return slope_kernel(width, height).T


@task.mistake
def both_axes(right, height, width):
    """Your kernel also answers to a rise from row to row. There its weights must cancel: each row of the kernel may be
    the same, for example."""
    return right + slope_kernel(width, height).T


@task.mistake
def falls_for_rises(right):
    """The sign is the other way round: negative weights belong on the left, positive ones on the right."""
    return -right


@task.mistake
def wrong_scale(right):
    """The kernel measures the right thing in another unit (Sobel's kernel, for example, gives 8 for a rise of 1).
    Divide it by what it answers to a picture that rises by 1 per column. That number depends on the size of the
    kernel."""
    return 8 * right


@task.mistake
def answers_to_brightness(right):
    """The weights do not add up to 0, so the answer depends on how bright the picture is."""
    return right + 1 / right.size


@task.mistake
def answers_nothing(right):
    """The kernel answers 0 to every rise. Its weights must be larger on the right than on the left."""
    return 0 * right


@task.mistake
def wrong_shape():
    """The kernel must have `height` rows and `width` columns, whatever they are."""
    return slope_kernel(3, 3)


@task.mistake
def sides_exchanged(height, width):
    """Height and width of the kernel are exchanged: the rows come first, as in every shape."""
    return slope_kernel(width, height)
