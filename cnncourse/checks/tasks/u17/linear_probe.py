"""The linear classifier with the smallest squared error, weights held small."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="A linear probe", names=("W", "b"))


@task.right
def linear_probe(features, labels, num_classes, l2):
    """Ridge regression on one-hot labels: means off, solve, and the offset from the means."""
    Y = np.eye(num_classes, dtype=features.dtype)[labels]
    mean, share = features.mean(axis=0), Y.mean(axis=0)
    F = features - mean
    penalty = l2 * np.eye(F.shape[1], dtype=features.dtype)
    W = np.linalg.solve(F.T @ F + penalty, F.T @ Y).T  # Fᵀ takes the mean off Y by itself: its rows add up to 0
    return W, share - W @ mean


def drawn(rng, N, D, classes, shift=1.0):
    """Features far from the mean 0, and labels in which the first `classes` all occur where there are enough."""
    labels = rng.permutation(np.arange(N) % classes)
    return normal(rng, N, D) + shift * normal(rng, D), labels


def shapes(rng):
    """More features than pictures and fewer, as many of both, one picture."""
    yield Call(*drawn(rng, 12, 4, 3), 3, 0.5)
    yield Call(*drawn(rng, 5, 9, 2), 2, 2.0)
    yield Call(*drawn(rng, 6, 6, 6), 6, 0.1)
    yield Call(*drawn(rng, 1, 3, 1), 2, 1.5)
    yield Call(*drawn(rng, 7, 1, 4, 5.0), 4, l2=0.03)


@task.criterion(3)
def W(rng):
    """More pictures than features, and fewer; W has a row for each class."""
    yield from shapes(rng)


@task.criterion(2)
def b(rng):
    """The offset of each class, which no penalty holds small."""
    yield from shapes(rng)


@task.criterion(1)
def classes_without_pictures(rng):
    """A class that no picture has still has its row, wherever it stands."""
    features, labels = drawn(rng, 8, 3, 2)
    yield Call(features, labels, 4, 0.7)
    yield Call(features, np.array([3, 1])[labels], 5, 1.2)
    yield Call(features[:3], np.full(3, 2), 3, 0.4)


@any_array(task)
def arrays(rng):
    yield Call(*drawn(rng, 9, 4, 3), 3, 0.8)


def ridge(features, labels, num_classes, l2, *, low=0.0, free=True, power=1, scale=lambda F: 1, off=True, whole=True,
          count=lambda labels, classes: classes):
    """Right with the options as they are."""
    Y = (1 - low) * np.eye(count(labels, num_classes))[labels] + low
    if not free:  # the offset is penalised like a weight
        F = np.column_stack([features, np.ones(len(features))])
        W = np.linalg.solve(F.T @ F + l2 * np.eye(F.shape[1]), F.T @ Y).T
        return W[:, :-1], W[:, -1]
    mean, share = features.mean(axis=0) * off, Y.mean(axis=0) * whole
    F = features - mean
    W = np.linalg.solve(F.T @ F + l2**power * scale(F) * np.eye(F.shape[1]), F.T @ (Y - share)).T
    return W, share - W @ mean


task.options(ridge, {
    "offset-penalised": ({"free": False},
        "The column of ones is penalised like a feature. b is free: put 0 in place of l2 at its place on the diagonal, "
        "or take the means off first.", "A linear probe"),
    "no-offset": ({"off": False, "whole": False},
        "The features are fitted without an offset. Take the means off before solving; b follows from them."),
    "features-not-centred": ({"off": False},
        "The mean of the features is not taken off, only that of the targets. The free b takes off both."),
    "targets-not-centred": ({"whole": False},
        "b lacks the share of each class: the mean of the one-hot targets. b = mean of the targets − W · mean."),
    "targets-plus-minus-one": ({"low": -1.0}, "The targets are +1 and −1. One-hot means 1 and 0."),
    "penalty-times-count": ({"scale": len},
        "l2 is multiplied by the number of pictures. Here the errors are summed, not averaged: l2 stands alone."),
    "penalty-over-count": ({"scale": lambda F: 1 / len(F)}, "l2 is divided by the number of pictures."),
    "penalty-squared": ({"power": 2}, "l2 is squared. It is the factor of ‖W‖² already."),
    "penalty-ignored": ({"scale": lambda F: 1e-12}, "l2 has no effect: add it on the diagonal of FᵀF."),
    "penalty-halved": ({"scale": lambda F: 0.5}, "The penalty counts half: neither term of the loss has a ½."),
    "penalty-doubled": ({"scale": lambda F: 2}, "The penalty counts twice: neither term of the loss has a ½."),
    "classes-that-occur": ({"count": lambda labels, classes: int(labels.max()) + 1},
        "W has a row for each class up to the largest label. It has num_classes rows."),
})  # fmt: skip


@task.mistake
def transposed(right):
    """W is (D, classes). Wanted is (classes, D): a row for each class, as in nn.Linear."""
    return right[0].T, right[1]


@task.mistake
def weights_from_features_that_are_not_centred(features, labels, num_classes, l2):
    """W is fitted without an offset, on features and targets with their means. Take the means off before."""
    Y = np.eye(num_classes)[labels]
    W = np.linalg.solve(features.T @ features + l2 * np.eye(features.shape[1]), features.T @ Y).T
    return W, Y.mean(axis=0) - W @ features.mean(axis=0)


@task.mistake
def least_squares(features, labels, num_classes):
    """l2 has no effect: that is plain least squares. The penalty adds l2 on the diagonal of FᵀF."""
    F = np.column_stack([np.asarray_chkfinite(features), np.ones(len(features))])
    both = np.linalg.lstsq(F, np.eye(num_classes)[labels], rcond=None)[0]
    return both[:-1].T, both[-1]


@task.mistake
def one_mean_for_all_features(features, labels, num_classes, l2):
    """One mean is taken of all numbers. Each feature has its own: features.mean(axis=0)."""
    F, Y = features - features.mean(), np.eye(num_classes)[labels]
    W = np.linalg.solve(F.T @ F + l2 * np.eye(F.shape[1]), F.T @ (Y - Y.mean(axis=0))).T
    return W, Y.mean(axis=0) - W @ features.mean(axis=0)


@task.mistake
def mean_of_each_picture(features, labels, num_classes, l2):
    """Each picture's own mean is taken off (axis=1). The mean of each feature is: axis=0."""
    F, Y = features - features.mean(axis=1, keepdims=True), np.eye(num_classes)[labels]
    W = np.linalg.solve(F.T @ F + l2 * np.eye(F.shape[1]), F.T @ (Y - Y.mean(axis=0))).T
    return W, Y.mean(axis=0) - W @ features.mean(axis=0)


@task.mistake
def features_scaled_to_one(again, features):
    """Each picture's features are divided by their length. Take them as they are."""
    return again(features=features / np.linalg.norm(features, axis=1, keepdims=True))


@task.mistake
def features_standardised(again, features):
    """The features are divided by their standard deviation. Take them as they are: only their mean is taken off."""
    with np.errstate(all="ignore"):
        return again(features=(features - features.mean(axis=0)) / features.std(axis=0))


@task.mistake
def labels_from_one(again, labels, num_classes):
    """Label 1 is written into the first column. The labels begin with 0."""
    return again(labels=(labels - 1) % num_classes)


@task.mistake
def last_feature_without_penalty(features, labels, num_classes, l2):
    """The last feature has no penalty. Only the column of ones has none, and after centring there is no such column."""
    F, Y = np.asarray_chkfinite(features) - features.mean(axis=0), np.eye(num_classes)[labels]
    penalty = l2 * np.eye(F.shape[1])
    penalty[-1, -1] = 0
    W = (np.linalg.pinv(F.T @ F + penalty) @ F.T @ (Y - Y.mean(axis=0))).T
    return W, Y.mean(axis=0) - W @ features.mean(axis=0)


@task.mistake
def offset_not_moved_back(features, right):
    """b is that of the centred features. The caller's features are not centred: subtract W · mean."""
    return right[0], right[1] + right[0] @ features.mean(axis=0)


@task.mistake
def offset_moved_the_wrong_way(features, right):
    """W · mean is added to the mean of the targets. It is subtracted: W (f − mean) = W f − W mean."""
    return right[0], right[1] + 2 * right[0] @ features.mean(axis=0)


@task.mistake
def penalty_everywhere(features, labels, num_classes, l2):
    """l2 is added to every entry of FᵀF. It belongs on the diagonal only: l2 * np.eye(D)."""
    F, Y = np.asarray_chkfinite(features) - features.mean(axis=0), np.eye(num_classes)[labels]
    W = (np.linalg.pinv(F.T @ F + l2) @ F.T @ Y).T
    return W, Y.mean(axis=0) - W @ features.mean(axis=0)
