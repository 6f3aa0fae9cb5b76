"""A kernel of rank one as a column and a row."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array
from cnncourse.checks.tasks.u02._product import Product

task = Task(see="Kernels made by hand", names=("column", "row"), judged=Product(lists_allowed=True))


@task.right
def separate(kernel):
    """A row that is not zero, and how often each row of the kernel holds it."""
    row = kernel[kernel.any(axis=1)][0]
    return kernel @ row / (row @ row), row


def products(rng, *shapes):
    """Kernels of these shapes, none of whose entries is zero."""
    for height, width in shapes:
        yield np.outer(rng.uniform(0.3, 2, height), rng.uniform(0.3, 2, width))


@task.criterion(1)
def positive_kernels(rng):
    """Blurs: every entry is positive."""
    for kernel in products(rng, (3, 3), (5, 2), (1, 4), (3, 1), (1, 1)):
        yield Call(kernel)


@task.criterion(2)
def any_kernel(rng):
    """Entries of both signs, rows and columns of zeros, also the first ones, and entries that add up to zero."""
    smooth, derive = np.array([1.0, 2, 1]), np.array([-1.0, 0, 1])
    yield Call(rng.uniform(1, 2) * np.outer(smooth, derive))
    yield Call(rng.uniform(1, 2) * np.outer(derive, smooth))
    yield Call(rng.uniform(1, 2) * np.outer(derive, [1, -2, 1, 0]))
    for shape in ((3, 3), (4, 3), (2, 5)):
        yield Call(np.outer(normal(rng, shape[0]), normal(rng, shape[1])))
    for first in (np.s_[0, :], np.s_[:, 0], np.s_[:2, :], np.s_[[0, 2], :], np.s_[-1, :]):
        (kernel,) = products(rng, (4, 3))
        kernel[first] = 0
        yield Call(kernel * rng.choice([-1, 1]))


@any_array(task)
def arrays(rng):
    yield Call(next(products(rng, (3, 4))))


def peak(kernel):
    """Where the largest entry is."""
    return np.unravel_index(np.abs(kernel).argmax(), kernel.shape)


def parts(kernel, column, row):
    """A column and a row made in another way."""
    with np.errstate(all="ignore"):
        return column(kernel), row(kernel)


task.options(parts, {
    "adds-rows-and-columns": ({"column": lambda k: k.sum(1), "row": lambda k: k.sum(0)},
        "Column and row are the kernel's sums. Their product is the kernel times the sum of all its entries, and that "
        "may be 0: Sobel's is."),
    "first-column-and-first-row": ({"column": lambda k: k[:, 0], "row": lambda k: k[0]},
        "The product of the first column and the first row is the kernel times its first entry."),
    "divides-by-the-first-entry": ({"column": lambda k: k[:, 0] / k[0, 0], "row": lambda k: k[0]},
        "You divide by kernel[0, 0]. That may be zero: choose an entry that is not."),
    "scale-forgotten": ({"column": lambda k: np.linalg.svd(k)[0][:, 0], "row": lambda k: np.linalg.svd(k)[2][0]},
        "The singular vectors have length 1. Their product needs the first singular value as a factor."),
    "column-of-the-right-vectors": ({"column": lambda k: np.linalg.svd(k)[0][:, 0] * np.linalg.svd(k)[1][0],
                                     "row": lambda k: np.linalg.svd(k)[2][:, 0]},
        "The row is a column of the third matrix. np.linalg.svd returns it transposed: the right singular vectors are "
        "its rows, vh[0]."),
    "not-divided-by-the-crossing": ({"column": lambda k: k[:, peak(k)[1]], "row": lambda k: k[peak(k)[0]]},
        "Column and row are those that cross at one entry, which is then in both: divide one of them by it."),
    "trusts-the-first-row": ({"column": lambda k: k @ k[0] / (k[0] @ k[0]), "row": lambda k: k[0]},
        "You take the first row as the row. It may hold only zeros: choose a row that does not."),
    "forgets-to-divide": ({"column": lambda k: k @ k[k.any(axis=1)][0], "row": lambda k: k[k.any(axis=1)][0]},
        "kernel @ row is how often each row holds `row`, times row @ row. Divide by that."),
    "loses-signs": ({"column": lambda k: np.sqrt((k**2).sum(1)),
                     "row": lambda k: np.sqrt((k**2).sum(0) / (k**2).sum())},
        "The sizes are right and the signs are lost: a root of squares is never negative."),
})  # fmt: skip


@task.mistake
def row_before_column(right):
    """Column and row are right, in the wrong order: the column comes first."""
    return right[::-1]


@task.mistake
def row_only_ones(right):
    """Each row of the kernel is a multiple of one row, which need not be all ones."""
    return right[0], np.ones_like(right[1])


@task.mistake
def keeps_two_axes(right):
    """The numbers are right. Wanted are two arrays with one axis each, (K_h,) and (K_w,): use `.ravel()`."""
    return right[0][:, None], right[1][None]
