"""Scenes in which no formula of colours finds the garment: two photographs behind it, and the easy scenes left out.

Garments in scenes have strong colours, and stand near the middle. So the distance from the colours of the border, with
one threshold, marks most garments nearly as well as a small network does after some hundred steps. What is to show that
something was learned has to be judged where such a formula fails.
"""

import numpy as np

from cnncourse import data
from cnncourse.data.compose import background

TIMES = 6  # of six scenes the one in which formulas do worst is kept
SIZE = 32
FACTORS = (0.7, 1.0, 1.4)  # of the threshold that is best for all scenes together


def camouflaged(count, seed, split):
    """Images (count, 3, 32, 32), float32 in [0, 1], and masks (count, 32, 32), int64."""
    scenes = data.scenes(TIMES * count, seed, split)
    images = torn(scenes, np.random.default_rng([seed, len(split)]), split).astype(np.float32) / 255
    found = np.max([overlap(score, scenes.masks) for score in formulas(images)], axis=0)
    kept = np.sort(np.argsort(found, kind="stable")[:count])
    return images[kept], scenes.masks[kept].astype(np.int64)


def torn(scenes, rng, split):
    """The scenes' images with another photograph behind the garment, from a line through the picture on."""
    images = scenes.images.copy()
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    for image, mask in zip(images, scenes.masks, strict=True):
        other = background(rng, split, SIZE).transpose(2, 0, 1)
        down, right = rng.uniform(-1, 1, 2)
        beyond = down * y + right * x > rng.uniform(-3, 3)
        np.copyto(image, other.astype(np.uint8), where=beyond & ~mask)
    return images


def formulas(images):
    """What marks garments without training, each (N, 32, 32): distances from colours of the border, and saturation."""
    N = len(images)
    border = np.concatenate([images[..., 0, :], images[..., -1, :], images[..., 0], images[..., -1]], axis=2)[..., ::2]
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    middle = np.exp(-(y**2 + x**2) / (2 * 9**2))
    nearest, tenth = (np.empty((N, SIZE, SIZE), np.float32) for _ in range(2))
    for n in range(N):
        squares = ((images[n, ..., None] - border[n, :, None, None]) ** 2).sum(axis=0)
        squares.partition((0, 9), axis=-1)
        nearest[n], tenth[n] = np.sqrt(squares[..., 0]), np.sqrt(squares[..., 9])
    median = np.sqrt(((images - np.median(border, axis=2)[..., None, None]) ** 2).sum(axis=1))
    saturation = images.max(axis=1) - images.min(axis=1)
    return [nearest, nearest * middle, tenth * middle, median * middle, saturation * middle]


def overlap(score, masks):
    """The IoU (N,) of each mask with its score above a threshold, at the best of three near the one best for all."""
    thresholds = np.quantile(score, np.linspace(0.5, 0.95, 12))
    best = max(thresholds, key=lambda t: ((score > t) & masks).sum() / ((score > t) | masks).sum())
    given = [score > factor * best for factor in FACTORS]
    return np.max([(g & masks).sum((1, 2)) / np.maximum((g | masks).sum((1, 2)), 1) for g in given], axis=0)
