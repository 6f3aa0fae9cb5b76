"""Task 02.cross_correlate2d: the sliding window as a dot product."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def cross_correlate2d(image, kernel):
    """Right answer: one shifted copy of the image for each kernel entry."""
    k_h, k_w = kernel.shape
    h_out, w_out = image.shape[0] - k_h + 1, image.shape[1] - k_w + 1
    output = np.zeros((h_out, w_out), dtype=image.dtype)
    for i in range(k_h):
        for j in range(k_w):
            output += kernel[i, j] * image[i : i + h_out, j : j + w_out]
    return output


def cases(rng):
    """Odd and even kernels, square and not, down to one pixel and up to the whole image."""
    yield Case("square", normal(rng, 5, 5), normal(rng, 3, 3))
    yield Case("square", normal(rng, 7, 7), normal(rng, 2, 2))
    yield Case("square", normal(rng, 4, 4), normal(rng, 4, 4))
    yield Case("not square", normal(rng, 6, 9), normal(rng, 3, 3))
    yield Case("not square", normal(rng, 7, 5), normal(rng, 2, 4))
    yield Case("not square", normal(rng, 8, 6), normal(rng, 5, 1))
    yield Case("not square", normal(rng, 3, 8), normal(rng, 3, 2))
    yield Case("not square", normal(rng, 4, 3), normal(rng, 1, 1))
    yield Case("precision and memory", normal(rng, 6, 7, dtype=np.float32), normal(rng, 3, 2, dtype=np.float32))
    yield Case("precision and memory", strided(normal(rng, 6, 5)), fortran(normal(rng, 2, 3)))
    yield Case("precision and memory", fortran(normal(rng, 5, 6)), readonly(normal(rng, 3, 3)))
    yield Case("precision and memory", 1000 + normal(rng, 6, 6), normal(rng, 3, 3))


def padded(image, before, after):
    """The image with zeros around it: `before` above and left, `after` below and right."""
    return np.pad(image, list(zip(before, after, strict=True)))


def same_size(image, kernel, correlate=cross_correlate2d):
    """Zero padding that keeps the image's size."""
    sides = np.array(kernel.shape) - 1
    return correlate(padded(image, sides // 2, sides - sides // 2), kernel)


def full_size(image, kernel, correlate=cross_correlate2d):
    """Every place where the kernel touches the image."""
    sides = np.array(kernel.shape) - 1
    return correlate(padded(image, sides, sides), kernel)


def wrapped_around(image, kernel):
    """Circular borders, as a product of FFTs gives them before cropping."""
    spectrum = np.fft.fft2(image) * np.conj(np.fft.fft2(kernel, image.shape))
    return np.fft.ifft2(spectrum).real.astype(image.dtype)


def last_only(kernel):
    """The kernel with zeros everywhere but in its last entry."""
    only = np.zeros_like(kernel)
    only[-1, -1] = kernel[-1, -1]
    return only


def square_windows(image, kernel, correlate):
    """Wrong answer: windows of the kernel's height in both directions."""
    side = kernel.shape[0]
    if correlate is not cross_correlate2d:
        kernel = kernel[::-1, ::-1]
    places = [range(n - side + 1) for n in image.shape]
    return np.array([[(image[i : i + side, j : j + side] * kernel).sum() for j in places[1]] for i in places[0]])


def mistakes_of(correlate):
    """Wrong answers about sizes and sums that a sliding window of either kind can give."""
    return [
        Mistake(
            "stops-too-early",
            lambda image, kernel: correlate(image, kernel)[:-1, :-1],
            "The last row and column of places are missing. A window of height K fits H − K + 1 times: the + 1 "
            "counts the first place.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "same-size-output",
            lambda image, kernel: same_size(image, kernel, correlate),
            "Your output has the size of the image, so the image was padded with zeros. Valid means: only places "
            "where the whole kernel lies on the image.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "full-size-output",
            lambda image, kernel: full_size(image, kernel, correlate),
            "Your output counts every place where the kernel touches the image. Valid means: only places where the "
            "whole kernel lies on it.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "transposed-output",
            lambda image, kernel: correlate(image, kernel).T,
            "Rows and columns of the output have changed places: the first index is the row.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "transposed-kernel",
            lambda image, kernel: correlate(image, kernel.T),
            "Rows and columns of the kernel have changed places: kernel[i, j] meets image[y + i, x + j].",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "square-kernels-only",
            lambda image, kernel: square_windows(image, kernel, correlate),
            "You use the kernel's height for its width as well. Read both: `K_h, K_w = kernel.shape`.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "jumps-by-kernel-size",
            lambda image, kernel: correlate(image, kernel)[:: kernel.shape[0], :: kernel.shape[1]],
            "Your windows stand side by side. The window moves by one pixel at a time.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "averages-window",
            lambda image, kernel: correlate(image, kernel) / kernel.size,
            "You take the mean of the products. The dot product is their sum.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "divides-by-kernel-sum",
            lambda image, kernel: correlate(image, kernel) / kernel.sum(),
            "You divide by the sum of the kernel. That keeps a blur's brightness; the task asks for the plain sum "
            "of products.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "rounds-to-integers",
            lambda image, kernel: correlate(image, kernel).astype(int),
            "The sums are stored in an array of ints, which cuts off what stands after the point. Create the "
            "output with the image's dtype.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "low-precision",
            lambda image, kernel: correlate(image.astype(np.float32), kernel.astype(np.float32)),
            "float64 came in, and the sums were stored as float32. Create the output with the image's dtype.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "clips-negative",
            lambda image, kernel: np.maximum(correlate(image, kernel), 0),
            "Negative values have become zero. That is what ReLU does later; here the plain sums are wanted.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "takes-absolute-value",
            lambda image, kernel: np.abs(correlate(image, kernel)),
            "The signs are lost. The plain sums are wanted, negative ones too.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "forgets-to-add-up",
            lambda image, kernel: correlate(image, last_only(kernel)),
            "Only the kernel's last entry counts: each product overwrites the one before. Add them up with `+=`.",
            "02#The sliding window, by hand",
        ),
    ]


mistakes = [
    Mistake(
        "flips-kernel",
        lambda image, kernel: cross_correlate2d(image, kernel[::-1, ::-1]),
        "You computed true convolution, which turns the kernel by 180° first. Cross-correlation lays it on as it is.",
        "02#Cross-correlation and convolution",
    ),
    Mistake(
        "flips-rows",
        lambda image, kernel: cross_correlate2d(image, kernel[::-1]),
        "The kernel's rows are turned upside down. Cross-correlation lays the kernel on as it is.",
        "02#Cross-correlation and convolution",
    ),
    Mistake(
        "flips-columns",
        lambda image, kernel: cross_correlate2d(image, kernel[:, ::-1]),
        "The kernel's columns are mirrored. Cross-correlation lays the kernel on as it is.",
        "02#Cross-correlation and convolution",
    ),
    Mistake(
        "wraps-around",
        wrapped_around,
        "At the border your window continues at the other side of the image. A product of FFTs does that: crop the "
        "result to the places where the kernel lies wholly on the image.",
        "02#The sliding window, by hand",
    ),
    *mistakes_of(cross_correlate2d),
]

task = Task(
    "02.cross_correlate2d",
    {"square": 1, "not square": 2, "precision and memory": 1},
    cross_correlate2d,
    cases,
    mistakes,
    see="02#The sliding window, by hand",
    place=1,
)
