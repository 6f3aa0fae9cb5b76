"""One kernel, four directions, one map for each."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Quarter turns")


@task.right
def lift_rotations(image, kernel):
    """Valid cross-correlation with the kernel turned by 0, 90, 180, 270° anticlockwise."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.stack([np.einsum("hwij,ij->hw", windows, np.rot90(kernel, quarters)) for quarters in range(4)])


@task.criterion(2)
def square_pictures(rng):
    """Pictures as high as wide, kernels of odd and even side."""
    yield Call(normal(rng, 5, 5), normal(rng, 3, 3))
    yield Call(normal(rng, 4, 4), normal(rng, 2, 2))
    yield Call(normal(rng, 6, 6), normal(rng, 3, 3))


@task.criterion(1)
def height_and_width(rng):
    """Pictures higher than wide and wider than high."""
    yield Call(normal(rng, 4, 7), normal(rng, 3, 3))
    yield Call(normal(rng, 6, 3), normal(rng, 2, 2))


@task.criterion(1)
def edge_cases(rng):
    """A kernel of one pixel, and one as large as the picture; beside others."""
    yield Call(normal(rng, 3, 4), normal(rng, 1, 1))
    yield Call(normal(rng, 3, 3), normal(rng, 3, 3))
    yield Call(normal(rng, 4, 6), normal(rng, 4, 4))


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 6, 5), normal(rng, 3, 3))


def lifted(image, kernel, *, turned=np.rot90, quarters=(0, 1, 2, 3)):
    """The four maps, of filters made in another way."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.stack([np.einsum("hwij,ij->hw", windows, turned(kernel, r)) for r in quarters])


def mirrored(kernel, r):
    """The mirror images instead of the turned ones."""
    return (kernel, kernel[:, ::-1], kernel[::-1], kernel[::-1, ::-1])[r]


task.options(lifted, {
    "clockwise": ({"quarters": (0, -1, -2, -3)},
        "The kernel is turned clockwise. With row 0 on top, `np.rot90` turns anticlockwise: first to 90°, last to "
        "270°."),
    "starts-at-90": ({"quarters": (1, 2, 3, 4)}, "The first map has the kernel turned already. It begins with 0°."),
    "mirrored": ({"turned": mirrored}, "The kernel is mirrored. A quarter turn is no mirror image: `np.rot90`."),
    "transposed-for-turned": ({"turned": lambda k, r: (k, k.T, np.rot90(k, 2), np.rot90(k, 2).T)[r]},
        "The kernel is transposed instead of turned. Transposing mirrors along the diagonal; `np.rot90` turns."),
    "not-turned": ({"turned": lambda k, r: k}, "All four maps have the kernel as it is. Turn it by 0, 90, 180, 270°."),
    "half-turns-only": ({"quarters": (0, 2, 0, 2)}, "The kernel is turned by 0 and 180° only. Four quarters are asked "
        "for."),
    "flips-kernel": ({"turned": lambda k, r: np.rot90(k, r)[::-1, ::-1]},
        "You computed true convolution, which turns the kernel by another 180°. Cross-correlation turns nothing by "
        "itself."),
    "90-and-270-exchanged-for-180": ({"quarters": (0, 2, 1, 3)}, "The order of the maps is 0, 180, 90, 270°. Wanted is "
        "0, 90, 180, 270°."),
    "turns-add-up": ({"quarters": (0, 1, 3, 6)}, "The turned kernel is turned on, by r quarters each time: 0, 90, 270 "
        "and 180°. Turn the kernel itself by r, or the turned one by one quarter."),
    "transposed-and-turned": ({"turned": lambda k, r: np.rot90(k.T, r)}, "The kernel is transposed before it is "
        "turned. The first map has it as it is."),
    "three-maps": ({"quarters": (0, 1, 2)}, "270° is missing: there are four maps."),
})  # fmt: skip


@task.mistake
def turns_the_image(image, kernel):
    """The picture is turned, and the kernel stays. That gives other maps, turned themselves."""
    return np.stack([lift_rotations(np.rot90(image, r), kernel)[0] for r in range(4)])


@task.mistake
def turns_the_maps(right):
    """Each map is turned back. The maps stay as the kernels made them; only the kernels turn."""
    return np.stack([np.rot90(map_, -r) for r, map_ in enumerate(right)])


@task.mistake
def sums_the_maps(right):
    """The four maps are added up. They stay apart, on an axis of their own: (4, H − K + 1, W − K + 1)."""
    return right.sum(axis=0)


@task.mistake
def largest_map(right):
    """The largest of the four maps is taken at each place. They stay apart, on an axis of their own."""
    return right.max(axis=0)


@task.mistake
def maps_last(right):
    """The axis of the four turns comes last. It comes first: (4, H − K + 1, W − K + 1)."""
    return right.transpose(1, 2, 0)


@task.mistake
def padded(image, kernel):
    """Zeros are put around the picture. The task asks for the valid places only."""
    K = len(kernel)
    return lift_rotations(np.pad(image, ((K - 1) // 2, K // 2)), kernel)


@task.mistake
def changes_input(right, image):
    """The values may be right, but an argument is changed in place. Build new arrays."""
    image[...] = 0
    return right
