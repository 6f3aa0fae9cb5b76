"""The sliding window as a dot product."""

import numpy as np

from cnncourse.checks.author import Task
from cnncourse.checks.tasks.u02._sliding import WINDOW, sliding

task = Task(see=WINDOW)
TWO_KINDS = "Cross-correlation and convolution"  # a section of the lesson


@task.right
def cross_correlate2d(image, kernel):
    """One shifted copy of the image for each kernel entry."""
    k_h, k_w = kernel.shape
    h_out, w_out = image.shape[0] - k_h + 1, image.shape[1] - k_w + 1
    output = np.zeros((h_out, w_out), dtype=image.dtype)
    for i in range(k_h):
        for j in range(k_w):
            output += kernel[i, j] * image[i : i + h_out, j : j + w_out]
    return output


@task.mistake(see=TWO_KINDS)
def flips_kernel(again, kernel):
    """You computed true convolution, which turns the kernel by 180° first. Cross-correlation lays it on as it is."""
    return again(kernel=kernel[::-1, ::-1])


@task.mistake(see=TWO_KINDS)
def flips_rows(again, kernel):
    """The kernel's rows are turned upside down. Cross-correlation lays the kernel on as it is."""
    return again(kernel=kernel[::-1])


@task.mistake(see=TWO_KINDS)
def flips_columns(again, kernel):
    """The kernel's columns are mirrored. Cross-correlation lays the kernel on as it is."""
    return again(kernel=kernel[:, ::-1])


@task.mistake
def wraps_around(image, kernel):
    """At the border your window continues at the other side of the image. `np.roll` and a product of FFTs do that: crop
    the result to the places where the whole kernel lies on the image."""
    return sum(k * np.roll(image, (-i, -j), (0, 1)) for (i, j), k in np.ndenumerate(kernel))


@task.mistake
def rolls_the_wrong_way(image, kernel, right):
    """The copies of the image are shifted down and right, as `np.roll` does with positive numbers, so kernel[i, j]
    meets image[y − i, x − j]. It should meet image[y + i, x + j]."""
    rolled = sum(k * np.roll(image, (i, j), (0, 1)) for (i, j), k in np.ndenumerate(kernel))
    return rolled[: right.shape[0], : right.shape[1]]


sliding(task, points=2)
