"""Every image by itself, moved a little and perhaps mirrored."""

import numpy as np

from cnncourse.checks.author import Behaviour, Call, Draws, Task, fortran, normal, readonly
from cnncourse.checks.families import own_generator
from cnncourse.checks.tasks.u09._crops import problem

task = Task(see="Too few pictures", observe=Draws(80), judged=Behaviour(problem), repeats=0, seconds=20.0)


@task.right
def random_crop_flip(images, padding, rng):
    """Pad each image with zeros, cut out a window of its size, mirror it or not."""
    (H, W), border, result = images.shape[2:], (padding, padding), np.empty_like(images)
    for n, image in enumerate(images):
        padded = np.pad(image, ((0, 0), border, border))
        top, left = rng.integers(0, 2 * padding + 1, size=2)
        window = padded[:, top : top + H, left : left + W]
        result[n] = window[:, :, ::-1] if rng.random() < 0.5 else window
    return result


@task.criterion(1)
def generator(rng):
    """All random numbers come from `rng`, and each call draws new ones."""
    yield Call(normal(rng, 3, 1, 4, 5), 2)


@task.criterion(2)
def windows(rng):
    """Each image shows a window of itself, padded by zeros; all windows are equally likely."""
    yield Call(normal(rng, 6, 2, 5, 7), 2)
    yield Call(normal(rng, 4, 1, 6, 4, dtype=np.float32), 1)
    yield Call(readonly(normal(rng, 1, 3, 4, 6)), 1)


@task.criterion(1)
def mirroring(rng):
    """Half of the windows are mirrored, whichever they are."""
    yield Call(fortran(normal(rng, 8, 2, 4, 5)), 1)
    yield Call(normal(rng, 8, 1, 3, 4), 0)


@task.criterion(1)
def each_image_by_itself(rng):
    """What happens to one image says nothing about another."""
    yield Call(normal(rng, 6, 1, 4, 6), 1)


def corner(padding, rng):
    """Where a window begins, right."""
    return rng.integers(0, 2 * padding + 1, size=2)


def same(padding, rng):
    """One number for both axes."""
    return [rng.integers(0, 2 * padding + 1)] * 2


def augmented(images, padding, rng, mode="constant", corner=corner, flip=lambda window: window[:, :, ::-1], chance=0.5):
    """Right with the options as they are."""
    (H, W), result, border = images.shape[2:], np.empty_like(images), (padding, padding)
    padded = np.pad(images, ((0, 0), (0, 0), border, border), mode=mode)
    for n in range(len(images)):
        top, left = corner(padding, rng)
        window = padded[n, :, top : top + H, left : left + W]
        result[n] = flip(window) if rng.random() < chance else window
    return result


task.options(augmented, {
    "wraps-around": ({"mode": "wrap"},
        "What leaves the image on one side comes in on the other (as with np.roll). Beyond the border there are "
        "zeros."),
    "repeats-the-border": ({"mode": "edge"}, "The border's pixels are repeated outwards. Pad with zeros."),
    "mirrors-at-the-border": ({"mode": "symmetric"},
        "Beyond the border the image continues as its mirror image. Pad with zeros."),
    "flips-up-down": ({"flip": lambda window: window[:, ::-1]},
        "Images are turned upside down: axis 2 of (N, C, H, W) is flipped. Left and right are along the last axis."),
    "flips-both-ways": ({"flip": lambda window: window[:, ::-1, ::-1]},
        "Both axes are flipped, which turns the image by 180°. Left and right are along the last axis only."),
    "flips-channels": ({"flip": lambda window: window[::-1]},
        "The channels are reversed. Left and right are along the last axis: window[:, :, ::-1]."),
    "never-moves": ({"corner": lambda padding, rng: (padding, padding)},
        "Every window is the middle one: the image is mirrored, but never moved."),
    "one-direction-only": ({"corner": lambda padding, rng: rng.integers(padding, 2 * padding + 1, size=2)},
        "Images move only up and left. The window's corner is one of 0 … 2P, and P is the middle."),
    "leaves-windows-out": ({"corner": lambda padding, rng: rng.integers(0, max(2 * padding, 1), size=2)},
        "Some windows never occur. The window's corner is one of 0 … 2P, and rng.integers(0, n) stops at n − 1: take "
        "2 * padding + 1."),
    "one-axis-only": ({"corner": lambda padding, rng: (rng.integers(0, 2 * padding + 1), padding)},
        "Images move along one axis only: draw a shift for each."),
    "same-shift-both-axes": ({"corner": same},
        "One number is used for both axes, so that images move along the diagonal. Draw two."),
    "unequal-windows": ({"corner": lambda padding, rng: rng.integers(0, padding + 1, size=(2, 2)).sum(axis=0)},
        "The windows are not equally frequent. rng.integers(0, 2 * padding + 1) gives each corner the same chance."),
    "never-mirrors": ({"chance": 0}, "No image is ever mirrored."),
    "always-mirrors": ({"chance": 1}, "Every image is mirrored. Half of them should be, at random."),
    "wrong-chance": ({"chance": 0.3}, "The chance of being mirrored is not one half."),
})  # fmt: skip


@task.mistake
def each_channel_by_itself(images, padding, rng):
    """Each channel gets a window or a mirroring of its own: red and blue no longer fit together. Draw once per
    image."""
    N, C, H, W = images.shape
    return augmented(images.reshape(N * C, 1, H, W), padding, rng).reshape(N, C, H, W)


@task.mistake
def mixes_images(right, rng):
    """The images change their order; their labels would no longer fit."""
    return rng.permutation(right)


@task.mistake
def moves_too_far(again, padding):
    """Some images move further than P pixels. The window's corner is one of 0 … 2P: padding by P and cutting out a
    window of the image's size leaves no more."""
    return again(padding=padding + 1)


@task.mistake
def no_window(right):
    """The result holds something else than windows of the images. Check it by eye, with padding 0 first."""
    return 0.5 * right


@task.mistake
def mirroring_depends_on_window(images, padding, rng):
    """One random number decides both the window and the mirroring, so that not all pairs of them occur equally
    often."""
    side, drawn = 2 * padding + 1, rng.random(len(images))
    corners = iter([(rng.integers(0, side), int(u * side)) for u in drawn])
    result = augmented(images, padding, rng, corner=lambda padding, rng: next(corners), chance=0)
    result[drawn < 0.5] = result[drawn < 0.5, :, :, ::-1]
    return result


@task.mistake
def one_window_for_all(images, padding, rng):
    """One window is drawn for the whole batch. Each image has its own: draw N times."""
    once = corner(padding, rng)
    return augmented(images, padding, rng, corner=lambda padding, rng: once)


@task.mistake
def one_mirroring_for_all(images, padding, rng):
    """The whole batch is mirrored, or none of it. Each image has its own chance: draw N times."""
    return augmented(images, padding, rng, chance=rng.integers(0, 2))


@task.mistake
def images_depend(images, padding, rng):
    """The images are not independent of each other: draw window and mirroring anew for each image in each call."""
    result = augmented(images, padding, rng, chance=0)
    result[::2] = result[::2, :, :, ::-1]
    return result


@task.mistake
def mirrors_as_many_each_time(images, padding, rng):
    """In each call the same number of images is mirrored. Each image has a chance of its own."""
    result, chosen = augmented(images, padding, rng, chance=0), rng.permutation(len(images))[: len(images) // 2]
    result[chosen] = result[chosen, :, :, ::-1]
    return result


own_generator(
    task, "crops",
    "Each call does the same, as if a new generator with a fixed seed were made in it: that is no "
    "augmentation.",
)  # fmt: skip


@task.mistake
def changes_input(right, images):
    """The caller's images are changed: after an epoch they would be gone. Write the crops into a new array."""
    images[...] = right
    return images
