"""The kernel that explains pictures before and after a filter."""

import numpy as np

from cnncourse.checks.author import Call, Task, Values, fortran, normal, readonly, strided
from cnncourse.checks.compare import compare, wrong

ENOUGH = 1e-3  # of the largest weight: gradient descent comes near the minimum, and never arrives


class Near(Values):
    """Right to three digits."""

    def difference(self, task, got, wanted, case):
        """How the kernel differs, None where it is near enough."""
        if isinstance(got, np.ndarray) and got.dtype.kind == "f" and got.shape == wanted.shape:
            if not wrong(got, wanted, share=ENOUGH).any():
                return None
        return compare(got, wanted)


task = Task(see="A kernel learned from data", judged=Near())


def windows(images, kernel_size):
    """All windows (N, H_out, W_out, K_h, K_w)."""
    return np.lib.stride_tricks.sliding_window_view(images, kernel_size, axis=(1, 2))


@task.right
def learn_kernel(images, outputs, kernel_size):
    """Least squares: an equation for each output, an unknown for each weight."""
    equations = windows(images, kernel_size).reshape(outputs.size, kernel_size[0] * kernel_size[1])
    return (np.linalg.pinv(equations) @ outputs.ravel()).reshape(kernel_size)


def examples(rng, shape, kernel_size, noise=0.0):
    """Pictures of random numbers, and what a random kernel makes of them."""
    images, kernel = 0.5 + normal(rng, *shape), normal(rng, *kernel_size)
    outputs = np.einsum("nijuv,uv->nij", windows(images, kernel_size), kernel)
    outputs = outputs + noise * np.abs(outputs).max() * (0.2 + 0.3 * normal(rng, *outputs.shape))
    return images, outputs, kernel_size


@task.criterion(2)
def exact_outputs(rng):
    """The outputs are exactly those of a kernel, of any size: from one picture, and from several."""
    yield Call(*examples(rng, (1, 12, 9), (3, 3)))
    yield Call(*examples(rng, (2, 9, 11), (3, 2)))
    yield Call(*examples(rng, (4, 6, 8), (1, 3)))
    yield Call(*examples(rng, (2, 9, 9), (2, 4)))
    yield Call(*examples(rng, (3, 4, 5), (1, 1)))


@task.criterion(2)
def outputs_with_noise(rng):
    """No kernel gives the outputs exactly: wanted is the one with the least sum of squared errors, over all
    pictures."""
    yield Call(*examples(rng, (3, 9, 10), (3, 3), noise=0.5))
    yield Call(*examples(rng, (2, 10, 9), (2, 3), noise=1.0))
    yield Call(*examples(rng, (4, 7, 7), (3, 1), noise=0.7))


@task.criterion(1)
def any_array(rng):
    """float32, read-only arrays and arrays that are not stored row after row work too."""
    for kind in (lambda array: array.astype(np.float32), strided, fortran, readonly):
        images, outputs, kernel_size = examples(rng, (2, 8, 9), (2, 3))
        yield Call(kind(images), kind(outputs), kernel_size)


@task.mistake
def flips_kernel(right):
    """You found the kernel turned by 180°: the one of a true convolution. Wanted is that of a cross-correlation."""
    return right[::-1, ::-1]


@task.mistake
def reads_columns_first(right, kernel_size):
    """The weights are right, and put into the kernel column by column. `reshape(kernel_size)` puts them row by row, in
    the order in which `windows.reshape(…, K_h * K_w)` lists the pixels."""
    return right.ravel().reshape(kernel_size, order="F")


@task.mistake
def flat_result(right):
    """The weights stand in one line. Wanted is an array of shape kernel_size."""
    return right.ravel()


@task.mistake
def first_image_only(again, images, outputs):
    """Only the first picture is used. Noise averages out over all of them: take every window of every picture."""
    return again(images=images[:1], outputs=outputs[:1])


@task.mistake
def averages_kernels(again, images, outputs):
    """You find a kernel for each picture, and take the mean of the kernels. Least squares over all pictures together
    weighs each equation alike, and is another kernel."""
    pairs = zip(images, outputs, strict=True)
    return np.mean([again(images=x[None], outputs=y[None]) for x, y in pairs], axis=0)


@task.mistake
def only_correlates(images, outputs, kernel_size):
    """You correlate the pictures with the outputs. That is the first step of gradient descent from zero, and would be
    the kernel if the pixels had variance 1 and no pixel told anything about another."""
    return np.einsum("nijuv,nij->uv", windows(images, kernel_size), outputs) / outputs.size


@task.mistake
def fits_a_bias(images, outputs, kernel_size):
    """You take the means away first (or fit a bias as well). This layer has no bias: the kernel alone must explain the
    outputs."""
    equations = windows(images, kernel_size).reshape(outputs.size, -1)
    return (np.linalg.pinv(equations - equations.mean(0)) @ (outputs.ravel() - outputs.mean())).reshape(kernel_size)


def descended(images, outputs, kernel_size, steps=40, penalty=0.0, lr=0.5):
    """Gradient descent from zero, with a step of `lr` over the largest curvature."""
    equations = windows(images, kernel_size).reshape(outputs.size, -1)
    squares, target = equations.T @ equations, equations.T @ outputs.ravel()
    squares = squares + penalty * np.eye(len(squares))
    if steps is None:
        return np.linalg.solve(squares, target).reshape(kernel_size)
    weights = np.zeros(len(target))
    for _ in range(steps):
        weights = weights + lr / np.linalg.eigvalsh(squares)[-1] * (target - squares @ weights)
    return weights.reshape(kernel_size)


task.options(descended, {
    "stops-too-early": ({"steps": 3},
        "That is on the way to the kernel. Take more steps, until the weights stop changing, or larger ones."),
    "shrinks-the-weights": ({"steps": None, "penalty": 2.0},
        "The weights are a little too small, as with weight decay. Wanted is the least sum of squared errors alone."),
})  # fmt: skip
