"""A cross-correlation as one sparse matrix with shared entries."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="The matrix behind a convolution")


@task.right
def conv_matrix(kernel, height, width):
    """Row (i, j) holds kernel[u, v] in column (i + u, j + v), both numbered row by row."""
    K_h, K_w = kernel.shape
    H_out, W_out = height - K_h + 1, width - K_w + 1
    matrix = np.zeros((H_out, W_out, height, width), kernel.dtype)
    for i in range(H_out):
        for j in range(W_out):
            matrix[i, j, i : i + K_h, j : j + K_w] = kernel
    return matrix.reshape(H_out * W_out, height * width)


@task.criterion(2)
def square(rng):
    """Square kernels on square images."""
    yield Call(normal(rng, 3, 3), 5, 5)
    yield Call(normal(rng, 2, 2), 4, 4)


@task.criterion(1)
def height_and_width(rng):
    """Kernels and images whose height differs from their width."""
    yield Call(normal(rng, 3, 3), 4, 7)
    yield Call(normal(rng, 2, 3), 6, 5)
    yield Call(normal(rng, 3, 2), 4, 6)
    yield Call(normal(rng, 2, 3), 4, 6)
    yield Call(normal(rng, 4, 1), height=5, width=3)


@task.criterion(1)
def edge_cases(rng):
    """Kernels of one entry or as large as the image, images of one row or column."""
    yield Call(normal(rng, 1, 1), 2, 3)
    yield Call(normal(rng, 3, 4), 3, 4)
    yield Call(normal(rng, 1, 3), 1, 6)
    yield Call(normal(rng, 2, 1), 5, 1)


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 3, 2), 5, 4)


def with_kernel(again, kernel, change):
    """The matrix of another kernel."""
    return again(kernel=change(kernel))


task.options(with_kernel, {
    "flips-the-kernel": ({"change": np.flip},
        "The kernel is in the rows back to front: that is the matrix of the true convolution. In a cross-correlation "
        "kernel[u, v] meets pixel (i + u, j + v)."),
    "flips-rows": ({"change": np.flipud},
        "The rows of the kernel are written in reverse order; a cross-correlation reverses nothing."),
    "flips-columns": ({"change": np.fliplr},
        "The columns of the kernel are written in reverse order; a cross-correlation reverses nothing."),
    "transposes-the-kernel": ({"change": np.transpose}, "Rows and columns of the kernel are exchanged."),
    "ones-for-weights": ({"change": np.ones_like},
        "The places are right and all hold 1: they should hold the kernel's entries."),
    "first-kernel-row": ({"change": lambda k: k * (np.arange(len(k)) == 0)[:, None]},
        "Only the first row of the kernel is written."),
})  # fmt: skip


@task.mistake
def transposes_the_matrix(right):
    """This is the transpose. Each output has a row of M, each pixel a column: M @ image.ravel() takes height·width
    numbers and gives one per output. (The transpose will be needed in unit 06.)"""
    return right.T


def numbered(kernel, height, width, right, row=None, column=None):
    """kernel[u, v] of output (i, j) in another row or column; what would be outside is left out."""
    row = row or (lambda i, j, H, W, H_out, W_out: i * W_out + j)
    column = column or (lambda r, c, H, W, W_out, u: r * W + c)
    H_out, W_out = height - kernel.shape[0] + 1, width - kernel.shape[1] + 1
    matrix = np.zeros_like(right)
    for i, j, u, v in np.ndindex(H_out, W_out, *kernel.shape):
        place = row(i, j, height, width, H_out, W_out), column(i + u, j + v, height, width, W_out, u)
        if place[0] < matrix.shape[0] and place[1] < matrix.shape[1]:
            matrix[place] = kernel[u, v]
    return matrix


def output_by_columns(i, j, H, W, H_out, W_out):
    """The outputs numbered column by column."""
    return j * H_out + i


def pixel_by_columns(r, c, H, W, W_out, u):
    """The pixels numbered column by column."""
    return c * H + r


task.options(numbered, {
    "counts-in-output-rows": ({"column": lambda r, c, H, W, W_out, u: r * W_out + c},
        "The columns are numbered with rows of the output's length. Pixel (r, c) of the image is number r·width + c in "
        "image.ravel()."),
    "counts-in-heights": ({"column": lambda r, c, H, W, W_out, u: r * H + c},
        "The columns are numbered by r·height + c. In row-major order pixel (r, c) is number r·width + c: one row down "
        "means width numbers on."),
    "outputs-counted-in-heights": ({"row": lambda i, j, H, W, H_out, W_out: i * H_out + j},
        "The rows of M are numbered by i·H_out + j. One output row further down means W_out numbers on: i·W_out + j."),
    "outputs-counted-in-image-rows": ({"row": lambda i, j, H, W, H_out, W_out: i * W + j},
        "The rows of M are numbered by i·width + j, as if there were an output for each pixel. An output row has W_out "
        "= width − K_w + 1 entries."),
    "column-major": ({"row": output_by_columns, "column": pixel_by_columns},
        "Pixels and outputs are numbered column by column; image.ravel() goes row by row."),
    "column-major-outputs": ({"row": output_by_columns},
        "The rows of M go through the outputs column by column; row-major order goes through j first."),
    "column-major-pixels": ({"column": pixel_by_columns},
        "The columns of M go through the pixels column by column; image.ravel() goes row by row."),
    "rows-do-not-move": ({"column": lambda r, c, H, W, W_out, u: (r - u) * W_out + u * W + c},
        "Each row of M is the one above moved by one column. That is right within a row of the output; from one output "
        "row to the next the window jumps over the K_w − 1 places where it would stick out."),
})  # fmt: skip


@task.mistake
def height_width_swapped(again, height, width):
    """Height and width of the image are exchanged."""
    return again(height=width, width=height)


def padded(again, kernel, height, width, sides, mode="constant"):
    """The matrix of padding by sides(K) along each axis, then correlating."""
    images = np.eye(height * width).reshape(-1, height, width)
    images = np.pad(images, [(0, 0), *map(sides, kernel.shape)], mode=mode)
    return again(height=images.shape[1], width=images.shape[2]) @ images.reshape(len(images), -1).T


task.options(padded, {
    "circulant": ({"sides": lambda K: (0, K - 1), "mode": "wrap"},
        "This is the matrix of a circular correlation: windows wrap around the border, and there is a row for every "
        "pixel. In a valid one the window stays inside: (H − K_h + 1)·(W − K_w + 1) rows."),
    "same-padding": ({"sides": lambda K: (K // 2, K - 1 - K // 2)},
        "This matrix has a row for every pixel, as if the image were padded with zeros. In a valid correlation there "
        "are (H − K_h + 1)·(W − K_w + 1) outputs."),
    "full-correlation": ({"sides": lambda K: (K - 1, K - 1)},
        "This is the full correlation, in which the window may overlap the image by one pixel only. In a valid one it "
        "stays inside."),
})  # fmt: skip

ONE_RUN = (
    "The kernel is laid out as one run of neighbours. Its second row belongs one image row further down: width columns "
    "after the first, with zeros between."
)


def one_dimensional(again, kernel, height, width):
    """The matrix of one long row."""
    return again(kernel=kernel.reshape(1, -1), height=1, width=height * width)


def kernel_as_one_run(kernel, width, right):
    """Each row holds the kernel's entries side by side, from the first one's place on."""
    matrix, W_out = np.zeros_like(right), width - kernel.shape[1] + 1
    for row in range(len(matrix)):
        run = matrix[row, row // W_out * width + row % W_out :][: kernel.size]
        run[:] = kernel.ravel()[: run.size]
    return matrix


task.add_mistake("one-dimensional", one_dimensional, ONE_RUN)
task.add_mistake("kernel-as-one-run", kernel_as_one_run, ONE_RUN)


@task.mistake
def last_place_missing(right, kernel, height, width):
    """The last row and column of outputs are missing: there are height − K_h + 1 places, and range(height − K_h) leaves
    out the last."""
    rows = right.reshape(height - kernel.shape[0] + 1, width - kernel.shape[1] + 1, height * width)
    return rows[:-1, :-1].reshape(-1, height * width)
