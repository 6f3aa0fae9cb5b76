"""The column times row that comes nearest to a kernel."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array
from cnncourse.checks.tasks.u02._product import Product

EQUALLY_GOOD = 1e-10  # of the kernel's sum of squares: as much may another product leave more than the best


class Nearest(Product):
    """Any column and row whose product is as near to the kernel as the nearest one."""

    def as_good(self, product, right, case):
        """Whether the product leaves no more of the kernel than the best one does."""
        kernel = case.args[0].astype(float)
        left, least = (((kernel - other.astype(float)) ** 2).sum() for other in (product, right))
        return left <= least + EQUALLY_GOOD * (kernel**2).sum()


task = Task(see="Large kernels from small ones", names=("column", "row"), judged=Nearest(lists_allowed=True))


@task.right
def separate_kernel(kernel):
    """The first left singular vector times the first singular value, and the first right singular vector."""
    left, sizes, right = np.linalg.svd(kernel, full_matrices=False)
    return left[:, 0] * sizes[0], right[0]


@task.criterion(2)
def any_kernel(rng):
    """Kernels of any rank, higher than wide and wider than high; entries of both signs."""
    for shape in [(3, 3), (5, 5), (4, 7), (7, 3), (2, 6), (5, 2)]:
        yield Call(normal(rng, *shape))
    yield Call(2 + normal(rng, 5, 5))
    yield Call(normal(rng, 4, 4) - 3)


@task.criterion(1)
def products(rng):
    """Kernels that are a column times a row, also with rows and columns of zeros; one row, one column, one entry."""
    for height, width in [(3, 3), (5, 2), (1, 4), (3, 1), (1, 1)]:
        yield Call(np.outer(normal(rng, height), normal(rng, width)))
    yield Call(np.outer([0, 1.5, 0, -2], [0, 0, 3.0]))
    yield Call(rng.uniform(1, 2) * np.outer([1.0, 2, 1], [-1.0, 0, 1]))


@task.criterion(1)
def zeros_and_ties(rng):
    """A kernel of zeros, and kernels with several equally good answers."""
    yield Call(np.zeros((3, 4)))
    yield Call(np.zeros((2, 2)))
    yield Call(np.eye(3) * rng.uniform(1, 2))
    yield Call(np.diag([2.0, -2, 1, 0.5]))


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 4, 3))


def parts(kernel, make):
    """A column and a row made in another way."""
    with np.errstate(all="ignore"):
        return make(kernel, *np.linalg.svd(kernel, full_matrices=False))


def strongest_row(k):
    """The number of the row with the largest sum of squares."""
    return (k**2).sum(axis=1).argmax()


def along_a_row(k, i):
    """How often each row holds row i, and row i; zeros where it is zero."""
    return k @ k[i] / max(k[i] @ k[i], 1e-300), k[i]


def cross(k):
    """The column and the row through the largest entry."""
    i, j = np.unravel_index(np.abs(k).argmax(), k.shape)
    return k[:, j] / (k[i, j] or 1), k[i]


task.options(parts, {
    "scale-forgotten": ({"make": lambda k, u, s, v: (u[:, 0], v[0])},
        "The singular vectors have length 1. Their product needs the first singular value as a factor."),
    "scale-twice": ({"make": lambda k, u, s, v: (u[:, 0] * s[0], v[0] * s[0])},
        "Column and row are both multiplied by the singular value. Once is enough, or its root with each."),
    "last-singular-value": ({"make": lambda k, u, s, v: (u[:, -1] * s[-1], v[-1])},
        "The last singular value is taken. np.linalg.svd gives the largest first."),
    "second-singular-value": ({"make": lambda k, u, s, v: (u[:, 1 % len(s)] * s[1 % len(s)], v[1 % len(s)])},
        "The second singular value is taken. The first, at place 0, is the largest."),
    "column-of-the-right-vectors": ({"make": lambda k, u, s, v: (u[:, 0] * s[0], np.resize(v[:, 0], k.shape[1]))},
        "The row is a column of the third matrix. np.linalg.svd returns it transposed: the right singular vectors are "
        "its rows."),
    "row-of-the-left-vectors": ({"make": lambda k, u, s, v: (np.resize(u[0], len(k)) * s[0], v[0])},
        "The column is a row of the first matrix. The left singular vectors are its columns: u[:, 0]."),
    "column-of-all-right-vectors": ({"make": lambda k, u, s, v: (u[:, 0] * s[0], np.linalg.svd(k)[2][:, 0])},
        "The row is a column of the third matrix. np.linalg.svd returns it transposed: the right singular vectors are "
        "its rows, vh[0]."),
    "row-of-all-left-vectors": ({"make": lambda k, u, s, v: (np.linalg.svd(k)[0][0] * s[0], v[0])},
        "The column is a row of the first matrix. The left singular vectors are its columns: u[:, 0]."),
    "first-row-as-it-is": ({"make": lambda k, u, s, v: along_a_row(k, 0)},
        "The kernel's first row is taken as the row. That is right only where every row is a multiple of it."),
    "row-that-is-not-zero": ({"make": lambda k, u, s, v: along_a_row(k, k.any(axis=1).argmax())},
        "One row of the kernel is taken as the row: right for a kernel of rank one, as in exercise 02, and not the "
        "nearest product for others."),
    "strongest-row": ({"make": lambda k, u, s, v: along_a_row(k, strongest_row(k))},
        "The kernel's largest row is taken as the row. The best row is a mixture of all rows: the first right singular "
        "vector."),
    "through-the-largest-entry": ({"make": lambda k, u, s, v: cross(k)},
        "Column and row are those through the largest entry. That is right for rank one only."),
    "sums-of-rows-and-columns": ({"make": lambda k, u, s, v: (k.sum(axis=1), k.sum(axis=0) / (k.sum() or 1))},
        "Column and row are sums of the kernel's rows and columns. That is right for rank one only, and fails where "
        "the sum of all is 0."),
    "means-of-rows-and-columns": ({"make": lambda k, u, s, v: (k.mean(axis=1), k.mean(axis=0))},
        "Column and row are means of the kernel's rows and columns. Look at its singular values instead."),
    "signs-lost": ({"make": lambda k, u, s, v: (np.abs(u[:, 0]) * s[0], np.abs(v[0]))},
        "The signs are lost. Singular vectors have both signs."),
    "divides-by-zero": ({"make": lambda k, u, s, v: (u[:, 0] * s[0] * (s[0] / s[0]), v[0])},
        "A kernel of zeros gives NaN: you divide by its size. Its best column and row are zeros."),
    "axes-kept": ({"make": lambda k, u, s, v: (u[:, :1] * s[0], v[:1])},
        "The numbers are right. Wanted are two arrays with one axis each, (K_h,) and (K_w,): u[:, 0] and vh[0]."),
})  # fmt: skip


@task.mistake
def row_before_column(right):
    """Column and row are right, in the wrong order: the column comes first."""
    return right[::-1]


@task.mistake
def returns_the_product(right):
    """That is the outer product. Wanted are the column and the row."""
    return np.outer(*right)


@task.mistake
def square_kernels_only(right, kernel):
    """Eigenvectors exist for square matrices only. For others, take those of K Kᵀ and Kᵀ K, or np.linalg.svd."""
    if kernel.shape[0] != kernel.shape[1]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    return right
