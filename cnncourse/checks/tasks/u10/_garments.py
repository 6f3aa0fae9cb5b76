"""Pictures of garments that are in no data set: blended, mirrored, resized, moved, and in other greys."""

import numpy as np

from cnncourse import data
from cnncourse.data.compose import resize

SIDES = (28, 30, 32)  # how large a garment is drawn in its picture of 32×32


def garments(split, count, rng):
    """`count` new pictures of the garments of a split.

    Returns
    -------
    float32 (count, 1, 32, 32) in [0, 1], int64 (count,) the data set's numbers of the classes
    """
    images, labels = data.fashion_mnist(split)
    chosen = rng.permutation(len(images))[:count]
    images, labels = images[chosen], labels[chosen]
    blended = _blended(images, labels, rng)
    mirrored = np.where(rng.random((count, 1, 1)) < 0.5, blended[:, :, ::-1], blended)
    return _recoloured(_placed(mirrored, rng), rng)[:, None], labels


def _blended(images, labels, rng):
    """Each picture with up to 30 % of another garment of its class in it; uint8."""
    other = np.arange(len(images))
    for c in np.unique(labels):
        other[labels == c] = rng.permutation(np.flatnonzero(labels == c))
    share = rng.uniform(0, 0.3, (len(images), 1, 1))
    return np.rint((1 - share) * images + share * images[other]).astype(np.uint8)


def _placed(images, rng):
    """Each picture drawn at one of SIDES, somewhere in 32×32 pixels; float32, 0 to 255."""
    placed = np.zeros((len(images), 32, 32), np.float32)
    sides = rng.choice(SIDES, len(images))
    corners = rng.integers(0, 33 - sides, (2, len(images))).T
    for side in SIDES:
        alike = np.flatnonzero(sides == side)
        resized = resize(images[alike].transpose(1, 2, 0), side).transpose(2, 0, 1)
        for n, picture in zip(alike, resized, strict=True):
            y, x = corners[n]
            placed[n, y : y + side, x : x + side] = picture
    return placed


def _recoloured(images, rng):
    """Other brightness, contrast and background for each picture; float32 in [0, 1]."""
    dark, light, power = rng.uniform([0, 0.7, 0.8], [0.15, 1, 1.25], (len(images), 3)).T[:, :, None, None]
    return (dark + (light - dark) * (images / 255) ** power).astype(np.float32)
