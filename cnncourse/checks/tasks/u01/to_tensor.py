"""Task 01.to_tensor: an image file's bytes become what a network takes."""

import numpy as np

from cnncourse.checks.draw import fortran, strided
from cnncourse.checks.task import Case, Mistake, Task


def to_tensor(image):
    """Right answer."""
    if image.ndim == 2:
        image = image[:, :, np.newaxis]
    return image.transpose(2, 0, 1).astype(np.float32) / np.float32(255)


def pixels(rng, *shape, brightest=255):
    """Random bytes that never reach beyond `brightest`."""
    return rng.integers(0, brightest + 1, shape, dtype=np.uint8)


def cases(rng):
    """Height, width and channels all different; dark images, whose largest value is not 255."""
    yield Case("colour images", pixels(rng, 5, 7, 3))
    yield Case("colour images", pixels(rng, 4, 6, 3, brightest=90))
    yield Case("colour images", strided(pixels(rng, 6, 3, 3)))
    yield Case("colour images", np.full((2, 4, 3), 255, np.uint8))
    yield Case("grey images", pixels(rng, 6, 5))
    yield Case("grey images", pixels(rng, 3, 4, brightest=60))
    yield Case("grey images", pixels(rng, 1, 1))
    yield Case("grey images", np.zeros((2, 3), np.uint8))
    yield Case("any number of channels", pixels(rng, 4, 5, 1))
    yield Case("any number of channels", fortran(pixels(rng, 5, 3, 4)))
    yield Case("any number of channels", pixels(rng, 3, 2, 7))
    yield Case("any number of channels", pixels(rng, 1, 1, 2))


def channels_last(image):
    """(H, W) becomes (H, W, 1), the rest stays."""
    return image[:, :, np.newaxis] if image.ndim == 2 else image


def scaled(image):
    """(H, W, C) as float32 in [0, 1]."""
    return (channels_last(image) / 255).astype(np.float32)


def keeps_two_axes(image):
    """Wrong answer: grey stays (H, W)."""
    return (image / 255).astype(np.float32) if image.ndim == 2 else to_tensor(image)


mistakes = [
    Mistake(
        "forgets-transpose",
        scaled,
        "The channels still stand last, (H, W, C). A network wants them first: move axis 2 to the front with "
        "`transpose(2, 0, 1)`.",
    ),
    Mistake(
        "reshapes-instead-of-transposing",
        lambda image: scaled(image).reshape(channels_last(image).shape[2], *image.shape[:2]),
        "`reshape` keeps the order of the numbers in memory and cuts it differently, so red, green and blue of "
        "neighbouring pixels end up mixed. Moving an axis is `transpose`.",
    ),
    Mistake(
        "swaps-height-and-width",
        lambda image: scaled(image).T,
        "`.T` reverses all axes: (H, W, C) becomes (C, W, H), an image mirrored at its diagonal. Height must stay "
        "before width: `transpose(2, 0, 1)`.",
    ),
    Mistake(
        "forgets-division",
        lambda image: channels_last(image).transpose(2, 0, 1).astype(np.float32),
        "The values still run from 0 to 255. Divide by 255 to bring them into [0, 1].",
        "01#Whole numbers or fractions",
    ),
    Mistake(
        "divides-by-256",
        lambda image: (channels_last(image).transpose(2, 0, 1) / 256).astype(np.float32),
        "A byte has 256 values, the largest is 255. White must become exactly 1: divide by 255.",
        "01#Whole numbers or fractions",
    ),
    Mistake(
        "divides-by-largest-value",
        lambda image: (channels_last(image).transpose(2, 0, 1) / image.max()).astype(np.float32),
        "You divide by the image's own largest value, which makes every dark image bright. The scale is that of "
        "the format: 255, whatever the image shows.",
        "01#Whole numbers or fractions",
    ),
    Mistake(
        "stretches-contrast",
        lambda image: (
            (channels_last(image).transpose(2, 0, 1) - float(image.min())) / max(float(np.ptp(image)), 1.0)
        ).astype(np.float32),
        "You map the darkest pixel to 0 and the brightest to 1, so the result depends on what the image shows. The "
        "scale is fixed: divide by 255.",
        "01#Whole numbers or fractions",
    ),
    Mistake(
        "maps-to-minus-one-to-one",
        lambda image: (channels_last(image).transpose(2, 0, 1) / 127.5 - 1).astype(np.float32),
        "Your values run from -1 to 1. Some networks want that; this task wants [0, 1]: divide by 255.",
        "01#Whole numbers or fractions",
    ),
    Mistake(
        "whole-numbers-only",
        lambda image: (channels_last(image).transpose(2, 0, 1) // 255).astype(np.float32),
        "A division of integers cuts off everything after the point, so only pure white is left. Use `/`, or "
        "convert to float32 before dividing.",
        "01#Whole numbers or fractions",
    ),
    Mistake(
        "rounds-to-bytes",
        lambda image: (channels_last(image).transpose(2, 0, 1) / 255).astype(np.uint8),
        "The values are stored as uint8 again, which cuts them down to 0 or 1. Keep them in float32.",
        "01#Whole numbers or fractions",
    ),
    Mistake(
        "stays-float64",
        lambda image: channels_last(image).transpose(2, 0, 1) / 255,
        "uint8 divided by a Python number gives float64, twice the memory. Ask for float32 with `.astype(np.float32)`.",
        "01#Whole numbers or fractions",
    ),
    Mistake(
        "grey-without-channel",
        keeps_two_axes,
        "A grey image comes in as (H, W), and must leave as (1, H, W): a network expects a channel axis even where "
        "there is one channel only.",
    ),
    Mistake(
        "grey-channel-last",
        lambda image: scaled(image) if image.ndim == 2 else to_tensor(image),
        "For a grey image the new axis of length 1 stands last, (H, W, 1). It belongs to the front: (1, H, W).",
    ),
    Mistake(
        "repeats-grey",
        lambda image: np.repeat(to_tensor(image), 3 if image.ndim == 2 else 1, axis=0),
        "A grey image has one channel: C = 1. You copy it three times.",
    ),
    Mistake(
        "colour-only",
        lambda image: image.transpose(2, 0, 1).astype(np.float32) / 255,
        "A grey image has two axes only, so `transpose(2, 0, 1)` fails on it. Give it a channel axis first.",
    ),
    Mistake(
        "three-channels-only",
        lambda image: to_tensor(channels_last(image)[:, :, :3]),
        "You keep three channels at the most. Images may have any number: an alpha channel, or a satellite's bands.",
    ),
    Mistake(
        "reverses-channels",
        lambda image: to_tensor(channels_last(image)[:, :, ::-1]),
        "Red and blue have changed places. Some libraries store BGR; this image is RGB, and its order must stay.",
    ),
    Mistake(
        "averages-channels",
        lambda image: to_tensor(image).mean(axis=0, keepdims=True),
        "You average the channels to grey. Colour is information: keep every channel.",
    ),
]

task = Task(
    "01.to_tensor",
    {"colour images": 2, "grey images": 1, "any number of channels": 1},
    to_tensor,
    cases,
    mistakes,
    see="01#Which axis comes first",
    place=1,
    exact_dtype=True,
)
