"""How steep the brightness is at each pixel."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Kernels made by hand")
ACROSS = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def correlate(image, kernel):
    """Valid cross-correlation with a 3×3 kernel."""
    height, width = image.shape[0] - 2, image.shape[1] - 2
    return sum(kernel[i, j] * image[i : i + height, j : j + width] for i in range(3) for j in range(3))


def gradients(image, kernel=ACROSS):
    """The change from left to right and from top to bottom."""
    kernel = np.asarray(kernel)
    return correlate(image, kernel), correlate(image, kernel.T)


@task.right
def sobel_magnitude(image):
    """The length of the gradient, g = √(g_x² + g_y²)."""
    across, down = correlate(image, ACROSS), correlate(image, ACROSS.T)
    return np.sqrt(across**2 + down**2).astype(image.dtype)


@task.criterion(1)
def edges(rng):
    """Straight edges, slopes and flat images."""
    y, x = np.mgrid[0:5, 0:7]
    yield Call(np.where(x > 3, 1.0, rng.uniform(0, 0.9)) + 0.0 * y)
    yield Call(np.where(y > 2, 0.8, 0.1) + 0.0 * x)
    yield Call(0.3 * x - 0.7 * y + rng.uniform(0, 1))
    yield Call(np.full((4, 5), 0.4))


@task.criterion(2)
def any_image(rng):
    """Images of any size and brightness, from 3×3 on."""
    yield Call(rng.uniform(0, 1, (6, 8)))
    yield Call(rng.uniform(0, 255, (7, 5)))
    yield Call(normal(rng, 3, 3))
    yield Call(normal(rng, 3, 6))


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 6, 7))


def of_gradients(image, combine, kernel=ACROSS):
    """Both gradients, put together by `combine`."""
    return combine(*gradients(image, kernel))


task.options(of_gradients, {
    "adds-absolute-values": ({"combine": lambda x, y: abs(x) + abs(y)},
        "|g_x| + |g_y| is a quick stand-in. The length of the gradient is √(g_x² + g_y²)."),
    "larger-of-the-two": ({"combine": lambda x, y: np.maximum(abs(x), abs(y))},
        "You take the larger of the two. The length of the gradient is √(g_x² + g_y²)."),
    "forgets-root": ({"combine": lambda x, y: x**2 + y**2}, "That is the squared length. Take the square root."),
    "adds-before-squaring": ({"combine": lambda x, y: abs(x + y)},
        "√((g_x + g_y)²) is not √(g_x² + g_y²). Square each before adding, or rises and falls cancel."),
    "horizontal-only": ({"combine": lambda x, y: abs(x)},
        "Only the change from left to right counts. Edges run in all directions: you need both kernels."),
    "vertical-only": ({"combine": lambda x, y: abs(y)},
        "Only the change from top to bottom counts. Edges run in all directions: you need both kernels."),
    "returns-horizontal-gradient": ({"combine": lambda x, y: x},
        "That is the change from left to right, with its sign. The magnitude is √(g_x² + g_y²)."),
    "same-kernel-twice": ({"combine": lambda x, y: np.sqrt(2) * abs(x)},
        "Both of your kernels look in the same direction. The second is the first one transposed."),
    "prewitt-kernel": ({"combine": np.hypot, "kernel": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]},
        "Your kernel has ones only. That is Prewitt's kernel; Sobel weighs the middle row twice: 1, 2, 1."),
    "scharr-kernel": ({"combine": np.hypot, "kernel": [[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]},
        "3, 10, 3 are Scharr's weights. Sobel's are 1, 2, 1."),
    "differences-only": ({"combine": np.hypot, "kernel": [[0, 0, 0], [-1, 0, 1], [0, 0, 0]]},
        "You take the difference of two neighbours. Sobel averages over three rows as well, with weights 1, 2, 1."),
    "blurs-instead": ({"combine": np.hypot, "kernel": [[1, 0, 1], [2, 0, 2], [1, 0, 1]]},
        "Both columns of your kernel have the same sign, so it adds where it should subtract: −1, 0, 1."),
    "returns-both": ({"combine": lambda x, y: (x, y)},
        "You return the two gradients. Wanted is one array, their length √(g_x² + g_y²)."),
    "returns-angle": ({"combine": lambda x, y: np.arctan2(y, x)},
        "That is the gradient's direction. Wanted is its length √(g_x² + g_y²)."),
})  # fmt: skip


@task.mistake
def divides_by_8(right):
    """You scale by 1/8, so that a plane of slope 1 gives 1. This task wants the plain weights ±1 and ±2."""
    return right / 8


@task.mistake
def divides_by_4(right):
    """You scale by 1/4. This task wants the plain weights ±1 and ±2."""
    return right / 4


@task.mistake
def stretches_to_one(right):
    """You divide by the largest value. This task wants the plain magnitude."""
    return right / (right.max() or 1.0)


@task.mistake
def clips_to_one(right):
    """Values above 1 are cut off. The magnitude may be larger than any pixel."""
    return np.clip(right, 0, 1)


@task.mistake
def clips_to_a_byte(right):
    """Values above 255 are cut off. The magnitude may be larger than any pixel."""
    return np.clip(right, 0, 255)


@task.mistake
def same_size_output(again, image):
    """Your output has the image's size: you padded with zeros, and the border became an edge. Valid: (H − 2, W − 2)."""
    return again(image=np.pad(image, 1))


@task.mistake
def repeats_border(again, image):
    """Your output has the image's size: you repeated the border. Valid: (H − 2, W − 2)."""
    return again(image=np.pad(image, 1, mode="edge"))
