"""A kernel that moves the picture."""

import numpy as np

from cnncourse.checks.author import Call, Task

task = Task(see="Kernels made by hand")


@task.right
def shift_kernel(dy, dx):
    """A single 1: at the pixel that is to come to the middle."""
    kernel = np.zeros((2 * abs(dy) + 1, 2 * abs(dx) + 1))
    kernel[abs(dy) - dy, abs(dx) - dx] = 1
    return kernel


def distances(rng):
    """Two numbers of pixels that differ."""
    return (1 + rng.permutation(20)[:2]).tolist()


@task.criterion(1)
def down_or_right(rng):
    """Shifts along one axis, and no shift at all."""
    dy, dx = distances(rng)
    yield Call(dy, 0)
    yield Call(0, dx)
    yield Call(0, 0)


@task.criterion(1)
def any_direction(rng):
    """Shifts along both axes, also up and to the left."""
    dy, dx = distances(rng)
    yield Call(dy, dx)
    yield Call(-dy, dx)
    yield Call(dy=dy, dx=-dx)
    yield Call(-dy, -dx)
    yield Call(*distances(rng))


def moved(again, dy, dx, change):
    """The kernel of another shift."""
    return again(**dict(zip(("dy", "dx"), change(dy, dx), strict=True)))


task.options(moved, {
    "moves-the-other-way": ({"change": lambda dy, dx: (-dy, -dx)},
        "Your kernel moves the picture up and to the left. The output at a place is the pixel that *lies under the 1*, "
        "so to move the picture down the 1 must be above the middle."),
    "up-for-down": ({"change": lambda dy, dx: (-dy, dx)},
        "Left and right are fine; up and down are exchanged. To move the picture down the 1 must be above the middle."),
    "left-for-right": ({"change": lambda dy, dx: (dy, -dx)},
        "Up and down are fine; left and right are exchanged. To move the picture to the right the 1 must be left of "
        "the middle."),
    "axes-exchanged": ({"change": lambda dy, dx: (dx, dy)},
        "dy and dx are exchanged: dy moves along the rows' axis, which is the first."),
    "loses-the-sign": ({"change": lambda dy, dx: (abs(dy), abs(dx))},
        "Your kernel always moves down and to the right: a negative dy moves up, a negative dx to the left."),
})  # fmt: skip


@task.mistake
def without_a_middle(dy, dx):
    """The kernel just covers the way, from one corner to the other. Its *middle* is the place of the output, so it
    needs as many rows below the middle as above: (2·|dy| + 1, 2·|dx| + 1)."""
    kernel = np.zeros((abs(dy) + 1, abs(dx) + 1))
    kernel[0 if dy >= 0 else -1, 0 if dx >= 0 else -1] = 1
    return kernel


@task.mistake
def square_kernel(dy, dx):
    """Your kernel is a square. The smallest one that is asked for is (2·|dy| + 1, 2·|dx| + 1)."""
    side = max(abs(dy), abs(dx))
    kernel = np.zeros((2 * side + 1, 2 * side + 1))
    kernel[side - dy, side - dx] = 1
    return kernel


@task.mistake
def keeps_the_picture(right):
    """The middle is 1 as well, so the output is the sum of the picture and the moved picture."""
    right[right.shape[0] // 2, right.shape[1] // 2] += 1
    return right


@task.mistake
def blurs(right):
    """All weights are equal: that is the mean of the window. Only one pixel is to come through."""
    return np.full_like(right, 1 / right.size)
