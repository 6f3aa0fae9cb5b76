"""Task 02.sobel_magnitude: how steep the brightness is at each pixel."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task

ACROSS = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def correlate(image, kernel):
    """Valid cross-correlation with a 3×3 kernel."""
    height, width = image.shape[0] - 2, image.shape[1] - 2
    return sum(kernel[i, j] * image[i : i + height, j : j + width] for i in range(3) for j in range(3))


def sobel_magnitude(image):
    """Right answer."""
    across, down = correlate(image, ACROSS), correlate(image, ACROSS.T)
    return np.sqrt(across**2 + down**2).astype(image.dtype)


def cases(rng):
    """Noise, a plane, an edge, a flat image; values beyond [0, 1] too."""
    y, x = np.mgrid[0:5, 0:7]
    yield Case("edges", np.where(x > 3, 1.0, 0.25) + 0.0 * y)
    yield Case("edges", np.where(y > 2, 0.8, 0.1) + 0.0 * x)
    yield Case("edges", 0.3 * x - 0.7 * y + rng.uniform(0, 1))
    yield Case("edges", np.full((4, 5), 0.4))
    yield Case("any image", rng.uniform(0, 1, (6, 8)))
    yield Case("any image", 20 * normal(rng, 7, 5))
    yield Case("any image", normal(rng, 3, 3))
    yield Case("any image", normal(rng, 3, 6))
    yield Case("precision and memory", normal(rng, 6, 7, dtype=np.float32))
    yield Case("precision and memory", strided(normal(rng, 5, 5)))
    yield Case("precision and memory", readonly(fortran(normal(rng, 4, 6))))


def with_kernel(kernel):
    """The magnitude with another kernel and its transpose."""
    return lambda image: np.hypot(correlate(image, np.array(kernel)), correlate(image, np.array(kernel).T))


def gradients(image):
    """Both cross-correlations."""
    return correlate(image, ACROSS), correlate(image, ACROSS.T)


mistakes = [
    Mistake(
        "adds-absolute-values",
        lambda image: sum(np.abs(g) for g in gradients(image)),
        "|g_x| + |g_y| is a quick stand-in. The length of the gradient is √(g_x² + g_y²).",
    ),
    Mistake(
        "larger-of-the-two",
        lambda image: np.maximum(*(np.abs(g) for g in gradients(image))),
        "You take the larger of the two. The length of the gradient is √(g_x² + g_y²).",
    ),
    Mistake(
        "forgets-root",
        lambda image: sum(g**2 for g in gradients(image)),
        "That is the squared length. Take the square root.",
    ),
    Mistake(
        "adds-before-squaring",
        lambda image: np.abs(sum(gradients(image))),
        "√((g_x + g_y)²) is not √(g_x² + g_y²): square each before adding, or rises and falls cancel.",
    ),
    Mistake(
        "horizontal-only",
        lambda image: np.abs(gradients(image)[0]),
        "Only the change from left to right counts. Edges run in all directions: you need both kernels.",
    ),
    Mistake(
        "vertical-only",
        lambda image: np.abs(gradients(image)[1]),
        "Only the change from top to bottom counts. Edges run in all directions: you need both kernels.",
    ),
    Mistake(
        "returns-horizontal-gradient",
        lambda image: gradients(image)[0],
        "That is the change from left to right, with its sign. The magnitude is √(g_x² + g_y²).",
    ),
    Mistake(
        "same-kernel-twice",
        lambda image: np.sqrt(2) * np.abs(gradients(image)[0]),
        "Both of your kernels look in the same direction. The second is the first one transposed.",
    ),
    Mistake(
        "prewitt-kernel",
        with_kernel([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]),
        "Your kernel has ones only; that is Prewitt's. Sobel weighs the middle row twice: 1, 2, 1.",
    ),
    Mistake(
        "scharr-kernel",
        with_kernel([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]),
        "3, 10, 3 are Scharr's weights. Sobel's are 1, 2, 1.",
    ),
    Mistake(
        "differences-only",
        with_kernel([[0, 0, 0], [-1, 0, 1], [0, 0, 0]]),
        "You take the difference of two neighbours. Sobel averages over three rows as well, with weights 1, 2, 1.",
    ),
    Mistake(
        "blurs-instead",
        with_kernel([[1, 0, 1], [2, 0, 2], [1, 0, 1]]),
        "Both columns of your kernel have the same sign, so it adds where it should subtract: −1, 0, 1.",
    ),
    Mistake(
        "divides-by-8",
        lambda image: np.hypot(*gradients(image)) / 8,
        "You scale by 1/8, so that a plane of slope 1 gives 1. This task wants the plain weights ±1 and ±2.",
    ),
    Mistake(
        "divides-by-4",
        lambda image: np.hypot(*gradients(image)) / 4,
        "You scale by 1/4. This task wants the plain weights ±1 and ±2.",
    ),
    Mistake(
        "stretches-to-one",
        lambda image: np.hypot(*gradients(image)) / (np.hypot(*gradients(image)).max() or 1.0),
        "You divide by the largest value. This task wants the plain magnitude.",
    ),
    Mistake(
        "clips-to-one",
        lambda image: np.clip(np.hypot(*gradients(image)), 0, 1),
        "Values above 1 are cut off. The magnitude may be larger than any pixel.",
    ),
    Mistake(
        "same-size-output",
        lambda image: np.hypot(*gradients(np.pad(image, 1))),
        "Your output has the image's size: you padded with zeros, and the border became an edge. Valid: (H − 2, W "
        "− 2).",
    ),
    Mistake(
        "repeats-border",
        lambda image: np.hypot(*gradients(np.pad(image, 1, mode="edge"))),
        "Your output has the image's size: you repeated the border. Valid: (H − 2, W − 2).",
    ),
    Mistake(
        "returns-both",
        lambda image: gradients(image),
        "You return the two gradients. Wanted is one array, their length √(g_x² + g_y²).",
    ),
    Mistake(
        "returns-angle",
        lambda image: np.arctan2(*gradients(image)[::-1]),
        "That is the gradient's direction. Wanted is its length √(g_x² + g_y²).",
    ),
    Mistake(
        "low-precision",
        lambda image: sobel_magnitude(image.astype(np.float32)),
        "float64 came in, and the sums were stored as float32.",
    ),
]

task = Task(
    "02.sobel_magnitude",
    {"edges": 1, "any image": 2, "precision and memory": 1},
    sobel_magnitude,
    cases,
    mistakes,
    see="02#Kernels made by hand",
    place=5,
)
