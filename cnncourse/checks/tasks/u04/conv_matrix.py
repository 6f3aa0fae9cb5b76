"""Task 04.conv_matrix: a cross-correlation as one sparse matrix with shared entries."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def conv_matrix(kernel, height, width):
    """Row (i, j) holds kernel[u, v] in column (i + u, j + v), both numbered row by row."""
    K_h, K_w = kernel.shape
    H_out, W_out = height - K_h + 1, width - K_w + 1
    matrix = np.zeros((H_out, W_out, height, width), kernel.dtype)
    for i in range(H_out):
        for j in range(W_out):
            matrix[i, j, i : i + K_h, j : j + K_w] = kernel
    return matrix.reshape(H_out * W_out, height * width)


def cases(rng):
    """Square and oblong images and kernels, kernels of one entry, of one row, as large as the image."""
    yield Case("square", normal(rng, 3, 3), 5, 5)
    yield Case("square", normal(rng, 2, 2), 4, 4)
    yield Case("height and width", normal(rng, 3, 3), 4, 7)
    yield Case("height and width", normal(rng, 2, 3), 6, 5)
    yield Case("height and width", normal(rng, 4, 1), height=5, width=3)
    yield Case("edge cases", normal(rng, 1, 1), 2, 3)
    yield Case("edge cases", normal(rng, 3, 4), 3, 4)
    yield Case("edge cases", normal(rng, 1, 3), 1, 6)
    yield Case("edge cases", normal(rng, 2, 1), 5, 1)
    yield Case("any array", normal(rng, 3, 2, dtype=np.float32), 5, 4)
    yield Case("any array", fortran(normal(rng, 3, 2)), 4, 6)
    yield Case("any array", strided(normal(rng, 2, 3)), 4, 5)
    yield Case("any array", readonly(normal(rng, 2, 2)), 3, 4)


def _entries(place, shape):
    """A wrong matrix: kernel[u, v] of row (i, j) goes to place(i, j, u, v, ...), if that lies inside."""

    def wrong(kernel, height, width):
        K_h, K_w = kernel.shape
        H_out, W_out = height - K_h + 1, width - K_w + 1
        matrix = np.zeros(shape(height, width, H_out, W_out), kernel.dtype)
        for i, j, u, v in np.ndindex(H_out, W_out, K_h, K_w):
            row, column = place(i, j, u, v, height, width, H_out, W_out)
            if row < matrix.shape[0] and column < matrix.shape[1]:
                matrix[row, column] = kernel[u, v]
        return matrix

    return wrong


def _valid(height, width, H_out, W_out):
    return H_out * W_out, height * width


def _circulant(kernel, height, width):
    K_h, K_w = kernel.shape
    matrix = np.zeros((height, width, height, width), kernel.dtype)
    for i, j, u, v in np.ndindex(height, width, K_h, K_w):
        matrix[i, j, (i + u) % height, (j + v) % width] = kernel[u, v]
    return matrix.reshape(height * width, height * width)


def _same_padding(kernel, height, width):
    K_h, K_w = kernel.shape
    matrix = np.zeros((height, width, height, width), kernel.dtype)
    for i, j, u, v in np.ndindex(height, width, K_h, K_w):
        row, column = i + u - K_h // 2, j + v - K_w // 2
        if 0 <= row < height and 0 <= column < width:
            matrix[i, j, row, column] = kernel[u, v]
    return matrix.reshape(height * width, height * width)


def _full_padding(kernel, height, width):
    K_h, K_w = kernel.shape
    padded = conv_matrix(kernel, height + 2 * (K_h - 1), width + 2 * (K_w - 1))
    rows = padded.reshape(len(padded), height + 2 * (K_h - 1), width + 2 * (K_w - 1))
    return rows[:, K_h - 1 : K_h - 1 + height, K_w - 1 : K_w - 1 + width].reshape(len(padded), -1)


def _one_dimensional(kernel, height, width):
    return conv_matrix(kernel.reshape(1, -1), 1, height * width)


def _one_run(kernel, height, width):
    matrix = conv_matrix(np.zeros_like(kernel), height, width)
    for row, (i, j) in enumerate(np.ndindex(height - len(kernel) + 1, width - kernel.shape[1] + 1)):
        run = matrix[row, i * width + j :][: kernel.size]
        run[:] = kernel.ravel()[: run.size]
    return matrix


def _crops_last(kernel, height, width):
    K_h, K_w = kernel.shape
    rows = conv_matrix(kernel, height, width).reshape(height - K_h + 1, width - K_w + 1, height * width)
    return rows[:-1, :-1].reshape(-1, height * width)


task = Task(
    "04.conv_matrix",
    {"square": 2, "height and width": 1, "edge cases": 1, "any array": 1},
    conv_matrix,
    cases,
    [
        Mistake(
            "flips-the-kernel",
            lambda kernel, height, width: conv_matrix(kernel[::-1, ::-1], height, width),
            "The kernel stands in the rows back to front: that is the matrix of the true convolution. In a "
            "cross-correlation kernel[u, v] meets pixel (i + u, j + v).",
        ),
        Mistake(
            "flips-rows",
            lambda kernel, height, width: conv_matrix(kernel[::-1], height, width),
            "The rows of the kernel are written in reverse order; a cross-correlation reverses nothing.",
        ),
        Mistake(
            "flips-columns",
            lambda kernel, height, width: conv_matrix(kernel[:, ::-1], height, width),
            "The columns of the kernel are written in reverse order; a cross-correlation reverses nothing.",
        ),
        Mistake(
            "transposes-the-matrix",
            lambda kernel, height, width: conv_matrix(kernel, height, width).T,
            "This is the transpose. Each output has a row of M, each pixel a column: M @ image.ravel() takes "
            "height·width numbers and gives one per output. (The transpose will be needed in unit 06.)",
        ),
        Mistake(
            "transposes-the-kernel",
            lambda kernel, height, width: conv_matrix(kernel.T, height, width),
            "Rows and columns of the kernel are exchanged.",
        ),
        Mistake(
            "counts-in-output-rows",
            _entries(lambda i, j, u, v, h, w, ho, wo: (i * wo + j, (i + u) * wo + j + v), _valid),
            "The columns are numbered with rows of the output's length. Pixel (r, c) of the image is number "
            "r·width + c in image.ravel().",
        ),
        Mistake(
            "counts-in-heights",
            _entries(lambda i, j, u, v, h, w, ho, wo: (i * wo + j, (i + u) * h + j + v), _valid),
            "The columns are numbered by r·height + c. In row-major order pixel (r, c) is number r·width + c: one "
            "row down means width numbers on.",
        ),
        Mistake(
            "outputs-counted-in-heights",
            _entries(lambda i, j, u, v, h, w, ho, wo: (i * ho + j, (i + u) * w + j + v), _valid),
            "The rows of M are numbered by i·H_out + j. One output row further down means W_out numbers on: "
            "i·W_out + j.",
        ),
        Mistake(
            "outputs-counted-in-image-rows",
            _entries(lambda i, j, u, v, h, w, ho, wo: (i * w + j, (i + u) * w + j + v), _valid),
            "The rows of M are numbered by i·width + j, as if there were an output for each pixel. An output row has "
            "W_out = width − K_w + 1 entries.",
        ),
        Mistake(
            "column-major",
            _entries(lambda i, j, u, v, h, w, ho, wo: (j * ho + i, (j + v) * h + i + u), _valid),
            "Pixels and outputs are numbered column by column; image.ravel() goes row by row.",
        ),
        Mistake(
            "column-major-outputs",
            _entries(lambda i, j, u, v, h, w, ho, wo: (j * ho + i, (i + u) * w + j + v), _valid),
            "The rows of M go through the outputs column by column; row-major order goes through j first.",
        ),
        Mistake(
            "column-major-pixels",
            _entries(lambda i, j, u, v, h, w, ho, wo: (i * wo + j, (j + v) * h + i + u), _valid),
            "The columns of M go through the pixels column by column; image.ravel() goes row by row.",
        ),
        Mistake(
            "height-width-swapped",
            lambda kernel, height, width: conv_matrix(kernel, width, height),
            "Height and width of the image are exchanged.",
        ),
        Mistake(
            "circulant",
            _circulant,
            "This is the matrix of a circular correlation: windows wrap around the border, and there is a row for "
            "every pixel. In a valid one the window stays inside: (H − K_h + 1)·(W − K_w + 1) rows.",
        ),
        Mistake(
            "same-padding",
            _same_padding,
            "This matrix has a row for every pixel, as if the image were padded with zeros. In a valid "
            "correlation there are (H − K_h + 1)·(W − K_w + 1) outputs.",
        ),
        Mistake(
            "full-correlation",
            _full_padding,
            "This is the full correlation, in which the window may overlap the image by one pixel only. In a valid "
            "one it stays inside.",
        ),
        Mistake(
            "one-dimensional",
            _one_dimensional,
            "The kernel is laid out as one run of neighbours. Its second row belongs one image row further down: "
            "width columns after the first, with zeros between.",
        ),
        Mistake(
            "kernel-as-one-run",
            _one_run,
            "The kernel is laid out as one run of neighbours. Its second row belongs one image row further down: "
            "width columns after the first, with zeros between.",
        ),
        Mistake(
            "ones-for-weights",
            lambda kernel, height, width: conv_matrix(np.ones_like(kernel), height, width),
            "The places are right and all hold 1: they should hold the kernel's entries.",
        ),
        Mistake(
            "first-kernel-row",
            lambda kernel, height, width: conv_matrix(
                np.where(np.arange(len(kernel))[:, None] == 0, kernel, 0), height, width
            ),
            "Only the first row of the kernel is written.",
        ),
        Mistake(
            "rows-do-not-move",
            _entries(lambda i, j, u, v, h, w, ho, wo: (i * wo + j, (i * wo + j) + u * w + v), _valid),
            "Each row of M is the one above moved by one column. That is right within a row of the output; from "
            "one output row to the next the window jumps over the K_w − 1 places where it would stick out.",
        ),
        Mistake(
            "last-place-missing",
            _crops_last,
            "The last row and column of outputs are missing: there are height − K_h + 1 places, and "
            "range(height − K_h) leaves out the last.",
        ),
    ],
    see="04#The matrix behind a convolution",
    place=3,
)
