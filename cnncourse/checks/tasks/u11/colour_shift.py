"""Pictures shifted along the principal axes of their colours (Krizhevsky et al. 2012, section 4.1)."""

import numpy as np

from cnncourse.checks.author import Behaviour, Call, Draws, Task, fortran, normal, readonly
from cnncourse.checks.families import own_generator
from cnncourse.checks.tasks.u11._axes import OTHERWISE, right_root
from cnncourse.checks.tasks.u11._shifts import problem

OTHER = {
    "other-covariance": "The shifts have the wrong size or direction. The wanted shift is Σ aᵢ λᵢ pᵢ, with λᵢ and pᵢ "
    "of the covariance of R, G and B over all pixels of the batch, and aᵢ normal with standard deviation σ.",
}
task = Task(
    see="Overlapping pooling, crops, flips and colours", observe=Draws(120),
    judged=Behaviour(problem, OTHER), repeats=0, seconds=20.0,
)  # fmt: skip


@task.right
def colour_shift(images, rng, sigma=0.1):
    """Each picture plus Σ aᵢ λᵢ pᵢ, three draws per picture."""
    pixels = images.transpose(0, 2, 3, 1).reshape(-1, 3)
    centred = pixels - pixels.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(pixels))
    a = sigma * rng.standard_normal((len(images), 3)).astype(images.dtype)
    return images + ((a * values) @ vectors.T)[:, :, None, None]


def pictures(rng, N, H, W, mixing=((1.6, 0.2, 0.3), (0.9, 0.6, 0.1), (0.3, -0.3, 0.5))):
    """Pictures whose channels belong together, with means far from zero; each has a contrast of its own."""
    colours = np.einsum("cd,ndhw->nchw", np.array(mixing), normal(rng, N, 3, H, W))
    return colours * rng.uniform(1.2, 2.4, (N, 1, 1, 1)) + np.array([3.0, 0.5, 1.0])[:, None, None]


@task.criterion(1)
def generator(rng):
    """All random numbers come from `rng`, and each call draws new ones."""
    yield Call(pictures(rng, 3, 3, 4))


@task.criterion(3)
def axes_and_sizes(rng):
    """One shift per picture, along the axes of the batch's pixels, with standard deviation σ λᵢ; any σ, small and grey
    pictures, float32 and read-only arrays."""
    yield Call(pictures(rng, 6, 4, 5))
    yield Call(readonly(pictures(rng, 4, 3, 3)), sigma=0.7)
    yield Call(np.repeat(pictures(rng, 4, 3, 4)[:, :1], 3, axis=1), sigma=0.3)
    yield Call(pictures(rng, 3, 1, 1), sigma=0.9)
    yield Call(pictures(rng, 1, 2, 3), sigma=0.5)
    yield Call(pictures(rng, 3, 5, 2).astype(np.float32), sigma=0.4)
    yield Call(fortran(255 * pictures(rng, 3, 3, 3)), sigma=0.25)


@task.criterion(1)
def independent_and_normal(rng):
    """The draws are normal and independent, for the three axes, for all pictures and all calls."""
    yield Call(pictures(rng, 5, 3, 4), sigma=0.2)


def shifted(images, rng, sigma=0.1, root=right_root, draw=lambda rng, n: rng.standard_normal((n, 3))):
    """Right with the options as they are."""
    shift = np.einsum("...cd,...d->...c", root(images, sigma), draw(rng, len(images)))
    return images + np.broadcast_to(shift, (len(images), 3))[:, :, None, None]


task.options(shifted, {slug: ({"root": root}, text) for slug, (root, text) in OTHERWISE.items()})
task.options(shifted, {
    "one-shift-for-all": ({"draw": lambda rng, n: rng.standard_normal((1, 3)).repeat(n, axis=0)},
        "All pictures of the batch get the same shift. Draw three numbers for each."),
    "one-draw-for-three": ({"draw": lambda rng, n: rng.standard_normal((n, 1)).repeat(3, axis=1)},
        "One number is drawn for the three axes. Each axis has its own."),
    "draws-depend": ({"draw": lambda rng, n: (rng.standard_normal((n, 3)) + rng.standard_normal((1, 3))) / 2**0.5},
        "The draws are not independent. Draw three numbers for each picture in each call."),
    "uniform-for-normal": ({"draw": lambda rng, n: rng.uniform(-(3**0.5), 3**0.5, (n, 3))},
        "aᵢ is uniform. The normal distribution is asked for."),
    "not-normal": ({"draw": lambda rng, n: rng.laplace(0, 0.5**0.5, (n, 3))},
        "aᵢ does not follow the normal distribution: rng.normal(0, sigma, …)."),
    "mean-not-zero": ({"draw": lambda rng, n: np.abs(rng.standard_normal((n, 3)))},
        "The shifts are not zero on average: aᵢ is normal around 0."),
})  # fmt: skip


@task.mistake
def one_shift_per_pixel(right, images, rng):
    """Not all pixels of a picture move alike. A picture has one shift, three numbers, for all of its pixels: [:, :,
    None, None] gives it the axes that are missing."""
    return right + 0.01 * np.ptp(images) * rng.standard_normal(images.shape)


@task.mistake
def clipped(right, images):
    """The result is clipped. It may leave the range of the pictures: clipping comes later, where it is wanted."""
    return np.clip(right, images.min(), images.max())


@task.mistake
def never_shifts(images):
    """The pictures come back as they were."""
    return images.copy()


own_generator(
    task, "shifts",
    "Each call gives the same shifts, as if a generator with a fixed seed were made in it. Use rng.",
)  # fmt: skip


@task.mistake
def global_random_state(images, sigma=0.1):
    """np.random.… draws from NumPy's global state. Use the generator that you are given: rng.normal(…)."""
    a = np.random.normal(0, sigma, (len(images), 3))  # noqa: NPY002
    return images + (a @ right_root(images, 1).T)[:, :, None, None]


@task.mistake
def changes_input(right, images):
    """The caller's images are changed (`images += …`), and the next epoch would shift them further. Write `images +
    …`."""
    if images.flags.writeable:
        images[...] = right
    return right
