"""Task 02.convolve2d: true convolution, with the flip."""

import numpy as np

from cnncourse.checks.task import Mistake, Task
from cnncourse.checks.tasks.u02.cross_correlate2d import cases, cross_correlate2d, mistakes_of


def convolve2d(image, kernel):
    """Right answer: the kernel is turned by 180°, then slides."""
    return cross_correlate2d(image, kernel[::-1, ::-1])


def wrapped_around(image, kernel):
    """Circular convolution, as a product of FFTs gives it before cropping."""
    return np.fft.ifft2(np.fft.fft2(image) * np.fft.fft2(kernel, image.shape)).real.astype(image.dtype)


mistakes = [
    Mistake(
        "forgets-flip",
        cross_correlate2d,
        "That is cross-correlation. Convolution turns the kernel by 180° first: both axes reversed, `kernel[::-1, "
        "::-1]`.",
    ),
    Mistake(
        "flips-rows-only",
        lambda image, kernel: cross_correlate2d(image, kernel[::-1]),
        "Only the rows are reversed. Convolution reverses both axes: `kernel[::-1, ::-1]`.",
    ),
    Mistake(
        "flips-columns-only",
        lambda image, kernel: cross_correlate2d(image, kernel[:, ::-1]),
        "Only the columns are reversed. Convolution reverses both axes: `kernel[::-1, ::-1]`.",
    ),
    Mistake(
        "transposes-instead-of-flipping",
        lambda image, kernel: cross_correlate2d(image, kernel.T),
        "Transposing mirrors the kernel at its diagonal. The flip is a turn by 180°: both axes reversed.",
    ),
    Mistake(
        "rotates-by-90-degrees",
        lambda image, kernel: cross_correlate2d(image, np.rot90(kernel)),
        "`np.rot90` turns by 90°. Convolution turns the kernel by 180°: `np.rot90(kernel, 2)`, or `kernel[::-1, "
        "::-1]`.",
    ),
    Mistake(
        "flips-image-too",
        lambda image, kernel: cross_correlate2d(image[::-1, ::-1], kernel[::-1, ::-1]),
        "You turn the image as well as the kernel. Only the kernel is turned.",
    ),
    Mistake(
        "flips-image",
        lambda image, kernel: cross_correlate2d(image[::-1, ::-1], kernel),
        "You turn the image instead of the kernel, and so get the output turned by 180°. Turn the kernel, or turn your "
        "output back.",
    ),
    Mistake(
        "wraps-around",
        wrapped_around,
        "At the border your window continues at the other side of the image. A product of FFTs does that: crop the "
        "result to the places where the kernel lies wholly on the image.",
    ),
    *mistakes_of(convolve2d),
]

task = Task(
    "02.convolve2d",
    {"square": 1, "not square": 1, "precision and memory": 1},
    convolve2d,
    cases,
    mistakes,
    see="02#Cross-correlation and convolution",
    place=2,
)
