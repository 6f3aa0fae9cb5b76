"""The lists that a detector gives for pictures, read without trust, and the average precision of what they hold."""

import numpy as np

from cnncourse.checks.compare import describe
from cnncourse.numpy_nn.average_precision import mean_average_precision
from cnncourse.numpy_nn.boxes.overlap import by_falling_score

NAMES = ("boxes", "labels", "scores")
MOST = 100  # boxes of one picture that count: those with the highest scores, as COCO has it
MANY = 10_000  # boxes of one picture that are looked at
FAR = 1e6  # pixels; beyond them an area could be infinite


class Malformed(ValueError):
    """What an answer gives for a picture is no (boxes, labels, scores): its arguments are slug and sentence."""


def counted(given):
    """Return (boxes (M, 4), labels (M,), scores (M,)) of each picture as floats, the best `MOST` by falling score.

    Raises
    ------
    Malformed
    """
    return [_counted(number, one) for number, one in enumerate(given)]


def regular(boxes):
    """Return boxes of which areas can be worked out: one that ends before it begins has none."""
    boxes = np.clip(boxes, -FAR, FAR)
    return np.hstack([boxes[:, :2], np.maximum(boxes[:, :2], boxes[:, 2:])])


def precision(found, truth):
    """Return the average precision at an IoU of 0.5."""
    return mean_average_precision([(regular(boxes), *rest) for boxes, *rest in found], truth)


def measure(given, truth):
    """Return the average precision of what an answer gives."""
    return precision(counted(given), truth)


def _counted(number, given):
    """One picture's arrays."""
    if not isinstance(given, (list, tuple)) or len(given) != 3:
        text = f"For picture {number} it gives {describe(given)}; wanted: (boxes, labels, scores)."
        raise Malformed("wrong-form", text)
    parts = {name: _numbers(number, name, part) for name, part in zip(NAMES, given, strict=True)}
    boxes, labels, scores = parts.values()
    M = scores.size
    if not boxes.size and not labels.size and not M:
        return np.zeros((0, 4)), np.zeros(0), np.zeros(0)
    for (name, part), shape in zip(parts.items(), ((M, 4), (M,), (M,)), strict=True):
        if part.shape != shape:
            text = f"For picture {number} it gives {M} scores, and {name} of shape {part.shape}; wanted: {shape}."
            raise Malformed("wrong-form", text)
        if not np.isfinite(part).all():
            raise Malformed("not-finite", f"The {name} of picture {number} hold NaN or infinity.")
    if (labels % 1).any():
        raise Malformed("wrong-form", f"A label of picture {number} is {labels[labels % 1 != 0][0]:g}; wanted: 0 to 9.")
    best = by_falling_score(scores)[:MOST]
    return boxes[best], labels[best], scores[best]


def _numbers(number, name, given):
    """An array of floats from an array, a number or lists of numbers."""
    try:
        array = np.asarray(given)
    except ValueError:  # rows of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        text = f"The {name} of picture {number} are {describe(given)}; wanted: an array of numbers."
        raise Malformed("wrong-form", text)
    if array.size > 4 * MANY:
        text = f"The {name} of picture {number} are {describe(given)}; wanted: at most {MANY:,} boxes."
        raise Malformed("too-large", text)
    return array.astype(np.float64)
