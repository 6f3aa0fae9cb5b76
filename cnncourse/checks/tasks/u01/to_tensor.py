"""An image file's bytes become what a network takes."""

import numpy as np

from cnncourse.checks.author import Call, Task, fortran, readonly, strided

task = Task(see="Which axis comes first", exact_dtype=True)
NUMBERS = "Whole numbers or fractions"


@task.right
def to_tensor(image):
    """(H, W, C) or (H, W) of bytes as (C, H, W) of float32 in [0, 1]."""
    if image.ndim == 2:
        image = image[:, :, np.newaxis]
    return image.transpose(2, 0, 1).astype(np.float32) / np.float32(255)


def pixels(rng, *shape, brightest=255):
    """Random bytes that never reach beyond `brightest`."""
    return rng.integers(0, brightest + 1, shape, dtype=np.uint8)


@task.criterion(2)
def colour_images(rng):
    """(H, W, 3) with all sides different, dark and bright, however the bytes are stored."""
    yield Call(pixels(rng, 5, 7, 3))
    yield Call(pixels(rng, 4, 6, 3, brightest=90))
    yield Call(pixels(rng, 3, 3, 3))
    yield Call(strided(pixels(rng, 6, 3, 3)))
    yield Call(readonly(pixels(rng, 2, 5, 3)))
    yield Call(np.full((2, 4, 3), 255, np.uint8))
    yield Call(pixels(rng, 4, 5, 3, brightest=1))  # looks scaled already, and is not


@task.criterion(1)
def grey_images(rng):
    """(H, W) becomes (1, H, W), also with three rows or columns."""
    yield Call(pixels(rng, 6, 5))
    yield Call(pixels(rng, 5, 3))
    yield Call(pixels(rng, 3, 4, brightest=60))
    yield Call(pixels(rng, 1, 1))
    yield Call(np.zeros((2, 3), np.uint8))


@task.criterion(1)
def any_number_of_channels(rng):
    """(H, W, C) with one channel, two, four or seven."""
    yield Call(pixels(rng, 4, 5, 1))
    yield Call(fortran(pixels(rng, 5, 3, 4)))
    yield Call(pixels(rng, 3, 2, 7))
    yield Call(pixels(rng, 1, 1, 2))


def channels_last(image):
    """(H, W) becomes (H, W, 1), the rest stays."""
    return image[:, :, np.newaxis] if image.ndim == 2 else image


def moved(image):
    """(C, H, W), right."""
    return channels_last(image).transpose(2, 0, 1)


def converted(image, move=moved, scale=lambda x: x / 255, dtype=np.float32):
    """Move the axes, scale, convert; right with the options as they are."""
    return scale(move(image)).astype(dtype)


task.options(converted, {
    "forgets-transpose": ({"move": channels_last},
        "The channels still come last, (H, W, C). A network wants them first: move axis 2 to the front with "
        "`transpose(2, 0, 1)`."),
    "reshapes-instead-of-transposing": ({"move": lambda x: channels_last(x).reshape(moved(x).shape)},
        "`reshape` keeps the order of the numbers in memory and cuts it differently, so red, green and blue of "
        "neighbouring pixels end up mixed. Moving an axis is `transpose`."),
    "swaps-height-and-width": ({"move": lambda x: channels_last(x).T},
        "`.T` reverses all axes: (H, W, C) becomes (C, W, H), an image mirrored at its diagonal. Height must stay "
        "before width: `transpose(2, 0, 1)`."),
    "forgets-division": ({"scale": lambda x: x},
        "The values still run from 0 to 255. Divide by 255 to bring them into [0, 1].", NUMBERS),
    "divides-by-256": ({"scale": lambda x: x / 256},
        "A byte has 256 values, the largest is 255. White must become exactly 1: divide by 255.", NUMBERS),
    "divides-by-largest-value": ({"scale": lambda x: x / np.float64(x.max())},
        "You divide by the image's own largest value, which makes every dark image bright. The scale is that of "
        "the format: 255, whatever the image shows.", NUMBERS),
    "bright-images-only": ({"scale": lambda x: x / 255 if x.max() > 1 else x},
        "You divide only where some value is larger than 1. A very dark image has no such value, and comes out bright. "
        "Bytes are divided by 255, always.", NUMBERS),
    "stretches-contrast": ({"scale": lambda x: (x - float(x.min())) / max(float(np.ptp(x)), 1.0)},
        "You map the darkest pixel to 0 and the brightest to 1, so the result depends on what the image shows. The "
        "scale is fixed: divide by 255.", NUMBERS),
    "maps-to-minus-one-to-one": ({"scale": lambda x: x / 127.5 - 1},
        "Your values run from -1 to 1. Some networks want that; this task wants [0, 1]: divide by 255.", NUMBERS),
    "whole-numbers-only": ({"scale": lambda x: x // 255},
        "A division of integers cuts off everything after the point, so only pure white is left. Use `/`, or "
        "convert to float32 before dividing.", NUMBERS),
    "rounds-to-bytes": ({"dtype": np.uint8},
        "The values are stored as uint8 again, which cuts them down to 0 or 1. Keep them in float32.", NUMBERS),
    "stays-float64": ({"dtype": np.float64},
        "uint8 divided by a Python number gives float64, twice the memory. Ask for float32 with `.astype(np.float32)`.",
        NUMBERS),
    "three-channels-only": ({"move": lambda x: moved(x)[:3]},
        "You keep three channels at the most. Images may have any number: an alpha channel, or a satellite's bands."),
    "reverses-channels": ({"move": lambda x: moved(x)[::-1]},
        "Red and blue have changed places. Some libraries store BGR; this image is RGB, and its order must stay."),
})  # fmt: skip


@task.mistake
def grey_without_channel(right, image):
    """A grey image comes in as (H, W), and must leave as (1, H, W): a network expects a channel axis even where there
    is one channel only."""
    return right[0] if image.ndim == 2 else right


@task.mistake
def grey_channel_last(right, image):
    """For a grey image the new axis of length 1 comes last, (H, W, 1). It belongs to the front: (1, H, W)."""
    return right[0, :, :, None] if image.ndim == 2 else right


@task.mistake
def repeats_grey(right, image):
    """A grey image has one channel: C = 1. You copy it three times."""
    return np.repeat(right, 3 if image.ndim == 2 else 1, axis=0)


@task.mistake
def colour_only(image):
    """A grey image has two axes only, so `transpose(2, 0, 1)` fails on it. Give it a channel axis first."""
    return image.transpose(2, 0, 1).astype(np.float32) / 255


@task.mistake
def averages_channels(right):
    """You average the channels to grey. Colour is information: keep every channel."""
    return right.mean(axis=0, keepdims=True)
