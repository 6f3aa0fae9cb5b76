"""Boxes for the cases of unit 18, and measures of overlap, right and wrong."""

import numpy as np


def boxes(rng, count, side=12, whole=False, dtype=np.float64):
    """(count, 4) boxes with sides of at least 1; with `whole` on whole pixels, where many overlaps are equal."""
    corners = rng.uniform(0, side, (count, 2))
    sizes = rng.uniform(1, side, (count, 2))
    drawn = np.concatenate([corners, corners + sizes], axis=1)
    return (np.concatenate([np.floor(corners), np.floor(corners) + np.ceil(sizes)], axis=1) if whole else drawn).astype(
        dtype
    )


def around(rng, centres, count, shift=1.5):
    """(len(centres) · count, 4): each box `count` times, moved and stretched a little, in mixed order."""
    moved = np.repeat(centres, count, axis=0) + rng.uniform(-shift, shift, (len(centres) * count, 4))
    moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 0.5)
    return moved[rng.permutation(len(moved))]


def areas(boxes):
    """(N,)"""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def shared(boxes1, boxes2, pixel=0.0, clip=lambda sides: np.maximum(sides, 0).prod(axis=2)):
    """(N, M): the areas that boxes have in common."""
    a, b = boxes1[:, None], boxes2[None]
    return clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]) + pixel)


def iou(boxes1, boxes2, intersection=shared, whole=lambda a, b, both: a + b - both):
    """(N, M): intersection over union, with the options as they are; 0 where the divisor is 0."""
    both = intersection(boxes1, boxes2)
    divisor = whole(areas(boxes1)[:, None], areas(boxes2)[None], both)
    return np.divide(both, divisor, out=np.zeros(both.shape, both.dtype), where=divisor != 0)


def by_score(scores):
    """Indices by falling score; of equal ones the lower index first."""
    return np.argsort(-scores, kind="stable")
