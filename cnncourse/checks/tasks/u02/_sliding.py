"""Cases and mistakes that both kinds of sliding window share."""

import numpy as np

from cnncourse.checks.author import Call, normal
from cnncourse.checks.families import any_array

WINDOW = "The sliding window, by hand"


def square(rng):
    """Square images and kernels, odd and even, up to a kernel as large as the image."""
    yield Call(normal(rng, 5, 5), normal(rng, 3, 3))
    yield Call(normal(rng, 7, 7), normal(rng, 2, 2))
    yield Call(normal(rng, 4, 4), normal(rng, 4, 4))


def not_square(rng):
    """Images and kernels whose height differs from their width, down to one row and one entry."""
    yield Call(normal(rng, 6, 9), normal(rng, 3, 3))
    yield Call(normal(rng, 7, 5), normal(rng, 2, 4))
    yield Call(normal(rng, 8, 6), normal(rng, 5, 1))
    yield Call(normal(rng, 3, 8), normal(rng, 3, 2))
    yield Call(normal(rng, 4, 3), normal(rng, 1, 1))
    yield Call(normal(rng, 1, 6), normal(rng, 1, 4))
    yield Call(normal(rng, 5, 1), normal(rng, 2, 1))


def arrays(rng):
    """Two calls for every kind of array."""
    yield Call(normal(rng, 6, 7), normal(rng, 3, 2))
    yield Call(1000 + normal(rng, 6, 6), normal(rng, 3, 3))


def sliding(task, points):
    """The criteria of a sliding window (`points` for those that are not square), and wrong sizes and sums."""
    task.criterion(1)(square)
    task.criterion(points)(not_square)
    any_array(task)(arrays)
    for mistake in (same_size_output, full_size_output, transposed_kernel, square_kernels_only, forgets_to_add_up):
        task.mistake(mistake, see=WINDOW)
    task.options(finished, {
        slug: ({"change": change}, explanation, WINDOW) for slug, (change, explanation) in FINISHED.items()
    })  # fmt: skip


def finished(right, kernel, change):
    """The right result, changed at last."""
    return change(right, kernel)


FINISHED = {
    "stops-too-early": (lambda y, k: y[:-1, :-1],
        "The last row and column of places are missing. A window of height K fits H − K + 1 times: the + 1 counts the "
        "first place."),
    "transposed-output": (lambda y, k: y.T,
        "Rows and columns of the output have changed places: the first index is the row."),
    "jumps-by-kernel-size": (lambda y, k: y[:: k.shape[0], :: k.shape[1]],
        "Your windows stand side by side. The window moves by one pixel at a time."),
    "averages-window": (lambda y, k: y / k.size, "You take the mean of the products. The dot product is their sum."),
    "divides-by-kernel-sum": (lambda y, k: y / k.sum(),
        "You divide by the sum of the kernel. That keeps a blur's brightness; the task asks for the plain sum of "
        "products."),
    "rounds-to-integers": (lambda y, k: y.astype(int),
        "The sums are stored in an array of ints, which cuts off what stands after the point. Create the output with "
        "the image's dtype."),
    "clips-negative": (lambda y, k: np.maximum(y, 0),
        "Negative values have become zero. That is what ReLU does later; here the plain sums are wanted."),
    "takes-absolute-value": (lambda y, k: np.abs(y),
        "The signs are lost. The plain sums are wanted, negative ones too."),
}  # fmt: skip


def same_size_output(again, image, kernel):
    """Your output has the size of the image, so the image was padded with zeros. Valid means: only places where the
    whole kernel lies on the image."""
    return again(image=np.pad(image, [((k - 1) // 2, k // 2) for k in kernel.shape]))


def full_size_output(again, image, kernel):
    """Your output counts every place where the kernel touches the image. Valid means: only places where the whole
    kernel lies on it."""
    return again(image=np.pad(image, [(k - 1, k - 1) for k in kernel.shape]))


def transposed_kernel(again, kernel):
    """Rows and columns of the kernel have changed places: kernel[i, j] meets image[y + i, x + j]."""
    return again(kernel=kernel.T)


def square_kernels_only(again, kernel):
    """You use the kernel's height for its width as well. Read both: `K_h, K_w = kernel.shape`."""
    side = len(kernel)
    np.broadcast_shapes((side, side), kernel.shape)  # as window * kernel does, this raises for most kernels
    return again(kernel=np.broadcast_to(kernel, (side, side)))


def forgets_to_add_up(again, kernel):
    """Only the kernel's last entry counts: each product overwrites the one before. Add them up with `+=`."""
    last = np.zeros_like(kernel)
    last[-1, -1] = kernel[-1, -1]
    return again(kernel=last)
