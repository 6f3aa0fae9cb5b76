"""A block that adds to its input."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Learn the change, not the thing")


@task.right
def residual_forward(input, weight1, weight2):
    """y = relu(x + W₂ relu(W₁ x))."""
    hidden = np.maximum(np.einsum("mc,nchw->nmhw", weight1, input), 0)
    return np.maximum(input + np.einsum("cm,nmhw->nchw", weight2, hidden), 0)


def drawn(rng, n, c, h, w, m):
    """An image and the two matrices, of which the second keeps the sizes of the values."""
    return normal(rng, n, c, h, w), normal(rng, m, c), normal(rng, c, m) / np.sqrt(m)


@task.criterion(2)
def values(rng):
    """Narrow and wide blocks; all sides different, and all equal."""
    for sides in [(2, 3, 4, 5, 6), (3, 5, 2, 4, 2), (3, 3, 3, 3, 3), (1, 2, 6, 1, 4)]:
        yield Call(*drawn(rng, *sides))


@task.criterion(1)
def one_of_something(rng):
    """One channel, one pixel, one hidden value."""
    yield Call(*drawn(rng, 1, 1, 3, 2, 3))
    yield Call(*drawn(rng, 2, 4, 1, 1, 1))


@any_array(task)
def arrays(rng):
    yield Call(*drawn(rng, 2, 4, 3, 2, 5))


def relu(x):
    """max(x, 0)."""
    return np.maximum(x, 0)


def by_pixel(matrix, maps):
    """A 1×1 convolution: the matrix applied to the channels of each pixel."""
    return np.einsum("oc,nchw->nohw", matrix, maps)


def block(input, weight1, weight2, join=lambda x, f: relu(x + f), inner=relu):
    """What `join` makes of the input and of what the two matrices give."""
    return join(input, by_pixel(weight2, inner(by_pixel(weight1, input))))


task.options(block, {
    "no-skip": ({"join": lambda x, f: relu(f)},
        "The input is not added. Without `input +` this is a plain stack of two layers."),
    "no-final-relu": ({"join": lambda x, f: x + f},
        "The ReLU after the addition is missing, so values below zero come out."),
    "relu-before-addition": ({"join": lambda x, f: x + relu(f)}, "The ReLU comes before the addition: then the block "
        "can only add to its input, never take away. Add first, then ReLU."),
    "relu-before-and-after": ({"join": lambda x, f: relu(x + relu(f))},
        "What the matrices give passes a ReLU before the addition, too. It goes into the sum as it is."),
    "relu-on-each": ({"join": lambda x, f: relu(x) + relu(f)},
        "Each part passes its own ReLU. There is one, of the sum."),
    "no-inner-relu": ({"inner": np.array},
        "The ReLU between the two matrices is missing, and W2·W1 is one matrix only."),
    "no-relu": ({"join": lambda x, f: x + f, "inner": np.array}, "Both ReLUs are missing; the block is linear."),
    "no-skip-no-relu": ({"join": lambda x, f: f}, "Neither is the input added nor does the result pass a ReLU."),
    "skip-only": ({"join": lambda x, f: relu(x)},
        "That is the input after a ReLU; what the matrices give is not added."),
    "subtracts": ({"join": lambda x, f: relu(x - f)}, "The branch is subtracted; it is added."),
    "halves-the-sum": ({"join": lambda x, f: relu((x + f) / 2)}, "The mean of both is taken; they are added."),
    "multiplies": ({"join": lambda x, f: relu(x * f)}, "Input and branch are multiplied; they are added."),
    "other-activation": ({"join": lambda x, f: np.abs(x + f)},
        "Negative values come out positive. ReLU makes them zero: np.maximum(x, 0)."),
})  # fmt: skip


@task.mistake
def input_rectified_first(again, input):
    """The input passes a ReLU before anything else. Both ways start from the input as it is."""
    return again(input=relu(input))


@task.mistake
def mixes_pixels(again, input):
    """`reshape(-1, C)` keeps the order in memory, so your rows hold neighbouring pixels instead of one pixel's
    channels. Move the channels with `transpose`, to the end and back."""
    return again(input=input.reshape(-1, input.shape[1], 1, 1)).reshape(input.shape)


@task.mistake
def reshapes_output(right):
    """The numbers are right, with the channels last. Bring them to the front with `transpose`; `reshape` mixes
    pixels."""
    return right.transpose(0, 2, 3, 1).reshape(right.shape)


@task.mistake
def matrices_swapped(again, weight1, weight2):
    """The matrices are used in each other's place, transposed. weight1 (M, C) comes first: it takes C channels to M."""
    return again(weight1=weight2.T, weight2=weight1.T)


@task.mistake
def changes_input(right, input):
    """The values may be right, but the input is changed in place (`input += …`). Write `input + …`."""
    input += 1
    return right
