"""Windows that slide over padded images: their geometry, and common ways to get strides and padding wrong."""

import itertools
from dataclasses import dataclass

import numpy as np

from cnncourse.checks.draw import normal
from cnncourse.checks.families.pairs import pair

# (shape, kernel_size, stride, padding) in which the mistakes of `pairs.pairs` differ from each other: pairs one at a
# time, and sides so short that another number along one axis leaves the number of windows as it is.
PAIRS = (
    ((2, 3, 6, 5), (2, 3), 1, 0),
    ((1, 2, 4, 3), (2, 3), (1, 4), 0),
    ((1, 2, 9, 8), 2, (3, 1), 0),
    ((2, 2, 7, 3), 3, (2, 5), 0),
    ((2, 3, 4, 7), 2, 1, (0, 1)),
    ((1, 2, 4, 3), 2, (1, 4), (0, 1)),
    ((1, 2, 8, 6), (4, 3), (3, 2), (2, 1)),
)


@dataclass
class Windows:
    """Where the windows lie: K kernel, S stride, P padding, each (height, width); size of the image and the output."""

    kernel: tuple
    stride: tuple
    padding: tuple
    image: tuple

    @property
    def output(self):
        """How many places there are, as (height, width)."""
        sides = zip(self.image, self.kernel, self.stride, self.padding, strict=True)
        return tuple((I + 2 * P - K) // S + 1 for I, K, S, P in sides)

    def pad(self, images, value=0.0):
        """The images with `value` around them."""
        (P_h, P_w) = self.padding
        return np.pad(images, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=value)

    def crop(self, padded):
        """What lies inside of the padding."""
        (H, W), (P_h, P_w) = self.image, self.padding
        return padded[:, :, P_h : P_h + H, P_w : P_w + W]

    def __iter__(self):
        """Yield ((i, j), index of that window in the padded images) for each place, row by row."""
        (K_h, K_w), (S_h, S_w) = self.kernel, self.stride
        for i, j in np.ndindex(*self.output):
            yield (i, j), np.s_[:, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]


def windows(image, kernel_size, stride=None, padding=0):
    """The `Windows` on an array of images or a shape that ends in (H, W); the stride is the kernel's size if None."""
    shape = getattr(image, "shape", image)
    return Windows(pair(kernel_size), pair(kernel_size if stride is None else stride), pair(padding), tuple(shape[-2:]))


def fitting(rng, shape, kernel_size, stride=None, padding=0, *, channels=None, values=normal):
    """A random upstream gradient and an image batch of `shape` drawn by `values`: what a backward pass is given.

    `channels` is the number of output channels; by default that of the images.
    """
    N, C = shape[:2]
    size = windows(shape, kernel_size, stride, padding).output
    return normal(rng, N, channels or C, *size), values(rng, *shape)


def geometries(rng, *paddings):
    """Yield (shape, kernel_size, stride, padding) for kernels up to 4, strides up to 3 and each padding.

    One side is odd and the other even: what is right except for some sizes meets its condition here. Padding of more
    than half a kernel is left out, as pooling does not know it.
    """
    for K, S, P in itertools.product(range(1, 5), range(1, 4), paddings):
        if 2 * P <= K:
            sides = rng.permutation([2 * rng.integers(2, 4), 2 * rng.integers(2, 4) + 1])
            yield (1, 2, *map(int, sides)), K, S, P


def default_stride(task):
    """Mistakes with a stride that should be the kernel's size where it is None: another default, or not used."""
    for number, slug, text in (
        (1, "stride-defaults-to-one", "Without a stride the windows move by one pixel."),
        (2, "stride-defaults-to-two", "Without a stride the windows move by 2, whatever their size."),
    ):
        task.add_mistake(
            slug,
            lambda again, stride, number=number: again(stride=number if stride is None else stride),
            f"{text} For pooling the default is the kernel's size.",
        )
    task.options(task.reference, {
        "ignores-stride": ({"stride": None}, "The windows always move by their own size: stride is not used."),
        "always-stride-one": ({"stride": 1}, "The windows always move by one pixel: place (i, j) starts at "
                              "(i·S_h, j·S_w)."),
    })  # fmt: skip
