"""Mean of intersection over union, from counts."""

import numpy as np

from cnncourse.checks.author import Call, Task

task = Task(see="How good is a segmentation?")


@task.right
def mean_iou(confusion):
    """Mean of diagonal / (row sum + column sum − diagonal) over the classes for which that is not 0 / 0."""
    both = np.diagonal(confusion)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - both
    return (both[union > 0] / union[union > 0]).mean()


def drawn(rng, classes, absent=(), dtype=np.int64, most=50):
    """Counts with a heavy diagonal; `absent` classes are neither true nor predicted."""
    counts = rng.integers(1, most, (classes, classes)) + np.diag(rng.integers(most, 4 * most, classes))
    for c in absent:
        counts[c] = counts[:, c] = 0
    return counts.astype(dtype)


@task.criterion(2)
def values(rng):
    """One class to many, counts of any size, every class there."""
    for classes in (1, 2, 3, 5, 11):
        yield Call(drawn(rng, classes))
    yield Call(drawn(rng, 4, most=1_000_000_000))
    yield Call(np.array([[90, 3], [5, 2]]))
    yield Call(np.array([[0, 4], [7, 0]]))


@task.criterion(2)
def missing_classes(rng):
    """Classes that are nowhere, that are true and never predicted, and that are predicted and never true."""
    yield Call(drawn(rng, 4, absent=[2]))
    yield Call(drawn(rng, 5, absent=[0, 3]))
    yield Call(drawn(rng, 6, absent=[5]))
    counts = drawn(rng, 4)
    counts[1] = 0
    yield Call(counts)
    counts = drawn(rng, 5)
    counts[:, 2] = 0
    yield Call(counts)
    counts = drawn(rng, 6, absent=[4])
    counts[1], counts[:, 3] = 0, 0
    yield Call(counts)
    yield Call(np.diag([0, 7, 0]))
    yield Call(np.array([[60, 3, 1], [5, 20, 0], [0, 0, 0]]))
    yield Call(np.diag([30, 1, 0]) + np.diag([2, 0, 0]))


@task.criterion(1)
def any_integers(rng):
    """Counts of 32 bits and without a sign, in any layout."""
    for dtype in (np.int32, np.uint32, np.uint64):
        yield Call(drawn(rng, 4, absent=[1], dtype=dtype))
    yield Call(np.asfortranarray(drawn(rng, 5, absent=[2])))
    yield Call(drawn(rng, 6)[::2, ::2])


def parts(confusion):
    """Intersection, truth, prediction of each class, as floats."""
    counts = np.asarray(confusion, float)
    return np.diagonal(counts), counts.sum(1), counts.sum(0)


def share(part, whole):
    """part / whole, NaN where that is 0 / 0."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)


def mean_of_some(values):
    """The mean without NaN; NaN where nothing is left."""
    return np.nan if np.isnan(values).all() else np.nanmean(values)


def averaged(confusion, of=lambda i, t, p: share(i, t + p - i), reduce=mean_of_some):
    """Right with the options as they are."""
    return float(reduce(of(*parts(confusion))))


def iou(i, t, p):
    """IoU of each class."""
    return share(i, t + p - i)


task.options(averaged, {
    "absent-counts-zero": ({"reduce": lambda v: np.nan_to_num(v).mean()},
        "A class that is nowhere counts with IoU 0. It is left out: there is nothing to get right or wrong."),
    "absent-counts-one": ({"reduce": lambda v: np.nan_to_num(v, nan=1.0).mean()},
        "A class that is nowhere counts with IoU 1, which flatters. It is left out."),
    "absent-gives-nan": ({"reduce": np.mean}, "A class that is nowhere gives 0 / 0, and the mean is NaN. Leave such "
        "classes out."),
    "true-classes-only": ({"of": lambda i, t, p: np.where(t > 0, iou(i, t, p), np.nan)},
        "A class that is predicted and never true is left out. Its IoU is 0, and it counts: the network invented it."),
    "predicted-classes-only": ({"of": lambda i, t, p: np.where(p > 0, iou(i, t, p), np.nan)},
        "A class that is true and never predicted is left out. Its IoU is 0, and it counts: the network missed it."),
    "in-both-only": ({"of": lambda i, t, p: np.where((t > 0) & (p > 0), iou(i, t, p), np.nan)},
        "A class that is in only one of the two, truth or prediction, is left out. Its IoU is 0, and it counts."),
    "hits-only": ({"of": lambda i, t, p: np.where(i > 0, iou(i, t, p), np.nan)},
        "A class of which no pixel is right is left out. Its IoU is 0, and it counts."),
    "background-left-out": ({"of": lambda i, t, p: np.where(np.arange(len(i)) > 0, iou(i, t, p), np.nan)},
        "Class 0 is left out. It is a class as the others are."),
    "both-sums": ({"of": lambda i, t, p: share(i, t + p)},
        "The divisor is true + predicted pixels, in which the common ones are counted twice. The union has them once."),
    "dice": ({"of": lambda i, t, p: share(2 * i, t + p)}, "This is Dice: 2 · both / (true + predicted)."),
    "recall": ({"of": lambda i, t, p: share(i, t)}, "The diagonal is divided by the row sums: the share of each true "
        "class that is found. Pixels that are wrongly given to a class cost nothing there."),
    "precision": ({"of": lambda i, t, p: share(i, p)}, "The diagonal is divided by the column sums. Missed pixels cost "
        "nothing there."),
    "common-left-out": ({"of": lambda i, t, p: share(i, t + p - 2 * i)},
        "The common pixels are taken off twice, so the divisor has none of them. The union has them once."),
    "epsilon-in-the-fraction": ({"of": lambda i, t, p: (i + 1e-6) / (t + p - i + 1e-6)}, "A small number above and "
        "below makes the IoU of a class that is nowhere 1, and changes the others a little. Leave such classes out."),
    "whole-division": ({"of": lambda i, t, p: np.floor(share(i, t + p - i))}, "`//` drops what is behind the point. "
        "Divide with `/`."),
    "larger-for-union": ({"of": lambda i, t, p: share(i, np.maximum(t, p))},
        "The divisor is the larger of both sizes. The union has all pixels that are in one or the other."),
    "pixel-accuracy": ({"of": lambda i, t, p: i.sum() / t.sum()}, "This is the pixel accuracy, in which large "
        "classes outvote the small ones."),
    "one-fraction-for-all": ({"of": lambda i, t, p: i.sum() / (t + p - i).sum()},
        "Intersections and unions are added up over the classes first. Divide for each class, then take the mean."),
    "weighted-by-pixels": ({"of": lambda i, t, p: np.nansum(iou(i, t, p) * t) / t.sum()},
        "Classes are weighted by their number of pixels. Each counts as much as the others."),
    "sum-for-mean": ({"reduce": np.nansum}, "The IoUs are added up. Divide by the number of classes that count."),
    "median-for-mean": ({"reduce": np.nanmedian}, "This is the median of the classes."),
    "one-minus": ({"of": lambda i, t, p: 1 - iou(i, t, p)}, "This is 1 − IoU, a loss. The mean IoU itself is wanted."),
    "worst-class": ({"reduce": np.nanmin}, "This is the smallest IoU. The mean is wanted."),
})  # fmt: skip


@task.mistake
def one_per_class(confusion):
    """These are the IoUs of the classes. Their mean is wanted, one number."""
    return iou(*parts(confusion))
