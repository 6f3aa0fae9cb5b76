"""Deletion and insertion: take away, or put back, the pixels that a map calls important, and watch the prediction."""

import numpy as np

__all__ = ["area_under", "deletion_curve", "insertion_curve"]


def deletion_curve(predict, image, label, importance, steps=16, fill=0.0):
    """Return the prediction of `label` while pixels are covered, the most important first: low is good.

    Parameters
    ----------
    predict : function (M, C, H, W) → (M, classes)
        Probabilities, or logits.
    image : ndarray (C, H, W)
    label : int
    importance : array or tensor (H, W)
        A map of the image; pixels of equal importance go in row-major order.
    steps : int
        At least 1.
    fill : float, or array that broadcasts to image
        What covers.

    Returns
    -------
    ndarray (steps + 1,)
        At k the share k / steps of the pixels is covered, rounded to whole pixels: from the image to `fill` alone.

    References
    ----------
    Petsiuk, Das & Saenko, "RISE: randomized input sampling for explanation" (2018), section 4.3.
    """
    covered = _most_important(image, importance, steps)
    return _predictions(predict, np.where(covered, np.asarray(fill, image.dtype), image), label)


def insertion_curve(predict, image, label, importance, steps=16, fill=0.0):
    """Return the prediction of `label` while pixels come back, the most important first: high is good.

    Parameters and source are those of `deletion_curve`; the curve goes from `fill` alone to the image.
    """
    shown = _most_important(image, importance, steps)
    return _predictions(predict, np.where(shown, image, np.asarray(fill, image.dtype)), label)


def area_under(curve):
    """Return the mean height of a curve with equal steps, by the trapezoidal rule."""
    curve = np.asarray(curve)
    if curve.ndim != 1 or len(curve) < 2:
        raise ValueError(f"curve: expected at least two numbers, got {curve.shape}")
    return float((curve[1:] + curve[:-1]).mean() / 2)


def _most_important(image, importance, steps):
    """Return at k = 0 … steps where the k / steps most important pixels are, bool (steps + 1, 1, H, W)."""
    importance = np.asarray(importance)
    if importance.shape != image.shape[1:] or steps < 1:
        raise ValueError(
            f"importance, steps: expected {image.shape[1:]} and at least 1, got {importance.shape} and {steps}"
        )
    rank = np.empty(importance.size, np.intp)
    rank[np.argsort(-importance, axis=None, kind="stable")] = np.arange(importance.size)
    counts = np.rint(np.arange(steps + 1) / steps * importance.size)
    return (rank < counts[:, None]).reshape(steps + 1, 1, *importance.shape)


def _predictions(predict, images, label):
    """Return predict(images)[:, label]; refuse a label that is none of its classes."""
    predictions = np.asarray(predict(images))
    if predictions.ndim != 2 or not 0 <= label < predictions.shape[1]:
        raise ValueError(f"label: expected a class of predict's {predictions.shape} (M, classes), got {label}")
    return predictions[:, label]
