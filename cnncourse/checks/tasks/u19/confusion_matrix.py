"""Count the pixels of each true class by the class that they were given."""

import numpy as np

from cnncourse.checks.author import Call, Task, Values, fortran, readonly, strided


class Counts(Values):
    """Whole numbers, which may be stored as floats."""

    def difference(self, task, got, wanted, case):
        """How a result differs from the wanted one, None where it is right."""
        if isinstance(got, np.ndarray) and got.dtype.kind == "f" and (got == np.round(got)).all():
            wanted = wanted.astype(got.dtype)
        return super().difference(task, got, wanted, case)


task = Task(see="How good is a segmentation?", judged=Counts())


@task.right
def confusion_matrix(target, prediction, num_classes, ignore_index=255):
    """Rows are the truth; pixels whose target is `ignore_index` count nothing, whatever is predicted there."""
    counted = target != ignore_index
    table = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(table, (target[counted], prediction[counted]), 1)
    return table


def drawn(rng, shape, classes, *ignored, dtype=np.int64, most=None):
    """Target and prediction that agree in about half of the pixels; some targets are `ignored[0]`, 255 without it."""
    target, other = rng.integers(0, most or classes, (2, *shape))
    prediction = np.where(rng.random(shape) < 0.5, target, other)
    target = np.where(rng.random(shape) < 0.2, ignored[0] if ignored else 255, target)
    return target.astype(dtype), prediction.astype(dtype), classes


@task.criterion(2)
def values(rng):
    """Pictures of several sizes, one picture and one pixel, two classes and many, classes that never occur."""
    for shape, classes, most in [((2, 5, 7), 3, 3), ((1, 6, 6), 2, 2), ((3, 3, 3), 9, 4), ((4, 8, 5), 6, 6)]:
        yield Call(*drawn(rng, shape, classes, 0, most=most)[:2], classes)
    yield Call(np.array([[[1]]]), np.array([[[0]]]), 2)
    yield Call(np.array([[[0, 0]]]), np.array([[[0, 0]]]), 1)


@task.criterion(2)
def ignored_pixels(rng):
    """The label that is left out: 255, one of the classes, a negative number; also where every pixel has it."""
    yield Call(*drawn(rng, (2, 6, 5), 4))
    target, prediction, classes = drawn(rng, (2, 6, 5), 4)
    yield Call(target, np.where(target == 255, 255, prediction), classes)
    yield Call(*drawn(rng, (3, 4, 7), 5, 0), 0)
    yield Call(*drawn(rng, (2, 5, 5), 4, 2), ignore_index=2)
    yield Call(*drawn(rng, (2, 5, 6), 3, -1), -1)
    yield Call(np.full((1, 2, 3), 255), np.zeros((1, 2, 3), int), 3)


@task.criterion(1)
def any_integers(rng):
    """All kinds of integers, small ones too, in which neither codes of pairs nor many pixels fit; any layout."""
    for dtype in (np.uint8, np.int16, np.uint16, np.int32):
        yield Call(*drawn(rng, (2, 15, 20), 23, dtype=dtype))
    target, prediction, classes = drawn(rng, (2, 12, 20), 40, dtype=np.uint8)
    yield Call(target, prediction.astype(np.int64), classes)
    yield Call(*drawn(rng, (3, 25, 20), 2, dtype=np.uint8))
    for kind in (strided, fortran, readonly):
        yield Call(*map(kind, drawn(rng, (2, 7, 6), 5, dtype=np.uint8)[:2]), 5)


def counted(target, prediction, num_classes, ignore_index, keep=lambda t, p, i: t != i):
    """Right with the options as they are."""
    table = np.zeros((num_classes, num_classes), np.int64)
    kept = keep(target, prediction, ignore_index)
    np.add.at(table, (target[kept], prediction[kept]), 1)
    return table


task.options(counted, {
    "ignored-pixels-counted": ({"keep": lambda t, p, i: np.ones(t.shape, bool)},
        "`ignore_index` is not used. Pixels whose target is this label are left out."),
    "prediction-decides": ({"keep": lambda t, p, i: p != i},
        "Pixels are left out where the *prediction* is the label. The target decides."),
    "either-decides": ({"keep": lambda t, p, i: (t != i) & (p != i)},
        "Pixels are left out where the prediction is the label, too. Then a network could choose what it is judged by: "
        "only the target decides."),
    "always-255": ({"keep": lambda t, p, i: t != 255}, "255 is left out whatever `ignore_index` is."),
    "leaves-out-all-large": ({"keep": lambda t, p, i: t < i},
        "Targets of `ignore_index` and above are left out. Only the label itself is, and it may be a class or "
        "negative."),
    "right-pixels-only": ({"keep": lambda t, p, i: (t != i) & (t == p)},
        "Only the right pixels are counted. The others are what makes it a *confusion* matrix."),
    "wrong-pixels-only": ({"keep": lambda t, p, i: (t != i) & (t != p)}, "The right pixels are missing: the diagonal "
        "counts those."),
    "first-picture-only": ({"keep": lambda t, p, i: (t != i) & (np.arange(len(t)) < 1)[:, None, None]},
        "Only the first picture is counted. All pictures go into one table."),
})  # fmt: skip


@task.mistake
def rows_are_predictions(right):
    """Rows and columns are exchanged. Rows are the truth, columns the prediction."""
    return right.T


@task.mistake
def each_pair_once(right):
    """Each pair of classes is counted once: `table[target, prediction] += 1` adds 1 to every place once, however often
    it is named. np.add.at adds each time, and so does a count by np.bincount."""
    return np.minimum(right, 1)


@task.mistake
def product_overflows(target, prediction, num_classes, ignore_index):
    """target · num_classes + prediction is computed in the labels' own 8 bits, which hold no number above 255. Make
    them int64 first."""
    kept = target != ignore_index
    codes = target[kept] * target.dtype.type(num_classes) + prediction[kept]
    return np.bincount(codes.astype(np.int64), minlength=num_classes**2)[: num_classes**2].reshape(num_classes, -1)


@task.mistake
def counts_in_the_labels_type(right, target):
    """The table has the labels' type. In 8 bits no count goes beyond 255: let it be int64."""
    return right.astype(target.dtype)


@task.mistake
def counts_in_8_bits(right):
    """The table is of 8 bits, in which no count goes beyond 255: let it be int64."""
    return right.astype(np.uint8)


@task.mistake
def minlength_missing(target, prediction, num_classes, ignore_index):
    """np.bincount ends at the largest number that occurs, so there may be too few counts for a table. Give it
    minlength=num_classes**2."""
    kept = target != ignore_index
    codes = target[kept].astype(np.int64) * num_classes + prediction[kept]
    return np.bincount(codes).reshape(num_classes, num_classes)


@task.mistake
def a_class_is_never_left_out(target, prediction, num_classes):
    """What is no class is left out, and `ignore_index` is not looked at. It may be one of the classes."""
    return counted(target, prediction, num_classes, None, lambda t, p, i: (t >= 0) & (t < num_classes))


@task.mistake
def ignored_pixels_as_background(target, prediction, num_classes, ignore_index):
    """Pixels with the label `ignore_index` are counted as right background. They count nothing."""
    target, prediction = (np.where(target == ignore_index, 0, labels) for labels in (target, prediction))
    return counted(target, prediction, num_classes, None, lambda t, p, i: t >= 0)


@task.mistake
def ignored_pixels_as_right(target, prediction, num_classes, ignore_index):
    """Pixels with the label `ignore_index` are counted as right. They count nothing."""
    target = np.where(target == ignore_index, prediction, target)
    return counted(target, prediction, num_classes, None, lambda t, p, i: (t >= 0) & (t < num_classes))


def shares(right, of):
    """Shares of the counts."""
    return right / np.maximum(of(right), 1)


task.options(shares, {
    "shares-of-the-truth": ({"of": lambda c: c.sum(1, keepdims=True)},
        "Each row is divided by its sum. The counts themselves are wanted: pictures are added up later."),
    "shares-of-all": ({"of": np.sum}, "The counts are divided by the number of pixels."),
    "shares-of-the-prediction": ({"of": lambda c: c.sum(0, keepdims=True)}, "Each column is divided by its sum."),
})  # fmt: skip


@task.mistake
def as_large_as_the_labels(right, target, prediction, ignore_index):
    """The table ends at the largest label that occurs. It has num_classes rows and columns, in every case."""
    seen = np.concatenate([target[target != ignore_index], prediction[target != ignore_index]]).astype(int)
    size = int(seen.max(initial=-1)) + 1
    return right[:size, :size]


@task.mistake
def background_left_out(right):
    """Class 0 is left out. It is a class as the others are."""
    return right[1:, 1:]
