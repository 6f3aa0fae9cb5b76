"""Only every S-th window."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, pair, pairs
from cnncourse.checks.tasks.u02._sliding import WINDOW

task = Task(see=WINDOW)


@task.right
def correlate_with_stride(image, kernel, stride):
    """One slice with step S for each kernel entry: the pixels that this entry meets."""
    (K_h, K_w), (S_h, S_w) = kernel.shape, pair(stride)
    H_out, W_out = (image.shape[0] - K_h) // S_h + 1, (image.shape[1] - K_w) // S_w + 1
    output = np.zeros((H_out, W_out), image.dtype)
    for u, v in np.ndindex(K_h, K_w):
        output += kernel[u, v] * image[u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w]
    return output


@task.criterion(2)
def strides(rng):
    """One stride for both axes: it may be 1, leave a remainder, or be larger than the kernel or the image."""
    for shape, kernel, stride in (
        ((7, 9), (3, 3), 2), ((8, 6), (2, 3), 2), ((5, 7), (3, 2), 1), ((9, 8), (1, 1), 3), ((6, 10), (2, 2), 4),
        ((4, 5), (3, 2), 9), ((3, 4), (3, 4), 2), ((1, 8), (1, 3), 2), ((9, 1), (2, 1), 3),
    ):  # fmt: skip
        yield Call(normal(rng, *shape), normal(rng, *kernel), stride)


@task.criterion(1)
def pairs_of_strides(rng):
    """The stride is a pair (down, to the right)."""
    for shape, kernel, stride in (
        ((7, 8), (2, 3), (3, 1)), ((8, 9), (3, 2), (1, 2)), ((9, 9), (2, 2), (2, 3)), ((4, 4), (3, 3), (1, 2)),
    ):  # fmt: skip
        yield Call(normal(rng, *shape), normal(rng, *kernel), stride)


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 7, 6), normal(rng, 3, 2), 2)
    yield Call(normal(rng, 6, 8), normal(rng, 2, 2), (2, 3))


pairs(task, "stride")


@task.mistake
def ignores_stride(again):
    """The window moves by one pixel: stride is not used. Window (i, j) starts at (i·S_h, j·S_w)."""
    return again(stride=1)


@task.mistake
def thins_out_the_image(again, image, stride):
    """You keep every S-th pixel of the *image* and then correlate, so a window reads pixels that are S apart. The
    stride moves the window; inside of it the pixels are neighbours."""
    S_h, S_w = pair(stride)
    return again(image=image[::S_h, ::S_w], stride=1)


@task.mistake
def spreads_the_kernel(again, kernel, stride):
    """The stride lies between the kernel's entries. That is dilation (lesson 03). A stride lies between windows."""
    S_h, S_w = pair(stride)
    wide = np.zeros(((len(kernel) - 1) * S_h + 1, (kernel.shape[1] - 1) * S_w + 1), kernel.dtype)
    wide[::S_h, ::S_w] = kernel
    return again(kernel=wide, stride=1)


@task.mistake
def starts_too_late(again, image, stride):
    """Your first window starts S − 1 pixels from the corner: it starts at row 0, column 0."""
    S_h, S_w = pair(stride)
    return again(image=image[S_h - 1 :, S_w - 1 :])


@task.mistake
def last_window_missing(right):
    """The last row and column of windows are missing: (H − K_h) // S_h + 1 windows fit, the + 1 counts the first."""
    return right[:-1, :-1]


@task.mistake
def rounds_up(again, image, stride):
    """There is one window too many where the stride leaves a remainder: it sticks out of the image. Round down:
    (H − K_h) // S_h + 1."""
    return again(image=np.pad(image, [(0, S - 1) for S in pair(stride)]))


@task.mistake
def flips_kernel(again, kernel):
    """The kernel is turned by 180°, as in a true convolution. Cross-correlation lays it on as it is."""
    return again(kernel=kernel[::-1, ::-1])
