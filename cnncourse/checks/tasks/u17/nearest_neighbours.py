"""The class of the pictures that look most alike to a network."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Nearest neighbours")


@task.right
def nearest_neighbours(train_features, train_labels, features, k):
    """By falling cosine, the lower index first; most votes, and of equals the class with the nearest member."""
    return np.array([vote(train_labels[row][:k]) for row in order(train_features, features)])


def unit(x):
    """Rows of length 1."""
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def order(train, features):
    """Indices of the training rows from near to far, for each row."""
    return np.argsort(-(unit(features) @ unit(train).T), kind="stable")


def vote(near):
    """The most frequent class, of equals the first to come."""
    return max(near.tolist(), key=near.tolist().count)


def drawn(rng, N, M, D, classes, k):
    """Points off the origin, of very different lengths, and no two cosines nearly equal."""
    while True:
        points = np.exp(1.5 * normal(rng, N + M, 1)) * (normal(rng, N + M, D) + 0.4)
        cosines = np.sort(unit(points[N:]) @ unit(points[:N]).T, axis=1)
        if N == 1 or np.diff(cosines, axis=1).min() > 1e-5:
            return points[:N], rng.integers(0, classes, N), points[N:], k


@task.criterion(2)
def nearest_one(rng):
    """k = 1: the class of the training picture with the largest cosine."""
    yield Call(*drawn(rng, 30, 25, 4, 5, 1))
    yield Call(*drawn(rng, 12, 40, 3, 4, 1))
    yield Call(*drawn(rng, 8, 8, 8, 8, k=1))
    yield Call(*drawn(rng, 1, 3, 2, 1, 1))


@task.criterion(2)
def votes(rng):
    """The majority of k; of classes with equal votes the one with the nearest member."""
    for k in (3, 4, 7):
        yield Call(*drawn(rng, 25, 40, 3, 4, k))
    yield Call(*drawn(rng, 9, 20, 3, 3, 9))
    yield Call(*drawn(rng, 20, 30, 2, 9, 2))


@task.criterion(1)
def any_labels(rng):
    """Labels are any integers, negative ones too; equal cosines go to the lower index."""
    train, labels, features, k = drawn(rng, 20, 30, 3, 4, 5)
    yield Call(train, np.array([-3, 100, 7, 12])[labels], features, k)
    axes = np.repeat(np.eye(3), 4, axis=0) * 2.0 ** rng.permutation(12)[:, None]  # their cosines are exactly equal
    yield Call(axes, rng.permutation(12) - 4, features, 1)
    yield Call(axes[::2], np.tile([5, -1, 2], 2), features, 3)


@any_array(task)
def arrays(rng):
    yield Call(*drawn(rng, 15, 12, 4, 3, 3))


task.mistakes.clear()  # of the family: float32 inside is right, since the result is a class


def classify(train_features, train_labels, features, k, *, measure=lambda f, t: unit(f) @ unit(t).T, tie="nearest",
             last=False, centred=False):
    """Right with the options as they are."""
    if centred:
        train_features, features = (x - train_features.mean(axis=0) for x in (train_features, features))
    near = np.round(measure(features, train_features), 6)
    rows = np.argsort(-near, 1, kind="stable")
    if last:
        rows = near.shape[1] - 1 - np.argsort(-near[:, ::-1], 1, kind="stable")
    chosen = train_labels[rows[:, :k]].tolist()
    if tie == "far":
        chosen = [row[::-1] for row in chosen]
    if tie in ("smallest", "largest"):
        chosen = [sorted(row, reverse=tie == "largest") for row in chosen]
    return np.array([max(row, key=row.count) for row in chosen])


def correlation(f, t):
    """Cosines of rows whose mean is taken off; 0 for rows of one number."""
    f, t = (x - x.mean(axis=1, keepdims=True) for x in (f, t))
    f, t = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (f, t))
    return f @ t.T


def distances(f, t):
    """Negative Euclidean distances."""
    return -np.sqrt(((f[:, None] - t) ** 2).sum(axis=2))


task.options(classify, {
    "euclidean-distance": ({"measure": distances},
        "The neighbours are those at the smallest distance. Asked is the largest cosine: scale all rows to length 1."),
    "not-normalised": ({"measure": lambda f, t: f @ t.T},
        "The scalar product grows with the length of a training row. Divide each row by its length."),
    "manhattan-distance": ({"measure": lambda f, t: -np.abs(f[:, None] - t).sum(axis=2)},
        "The neighbours are those with the smallest sum of absolute differences. Asked is the largest cosine."),
    "normalised-by-the-sum": ({"measure": lambda f, t: f @ (t / np.abs(t).sum(axis=1, keepdims=True)).T},
        "The rows are divided by the sum of their absolute values. Length is the root of the sum of squares."),
    "normalised-by-column": ({"measure": lambda f, t: f @ (t / np.sqrt((t**2).sum(axis=0))).T},
        "The columns are scaled to length 1 (axis=0). A picture is a row: axis=1."),
    "both-normalised-by-column": (
        {"measure": lambda f, t: f / np.linalg.norm(f, axis=0) @ (t / np.linalg.norm(t, axis=0)).T},
        "The columns are scaled to length 1 (axis=0). A picture is a row: axis=1."),
    "correlation": ({"measure": lambda f, t: correlation(f, t)},
        "The mean of each picture's features is taken off first: that is the correlation. The cosine has no means."),
    "farthest": ({"measure": lambda f, t: -(unit(f) @ unit(t).T)},
        "These are the least alike: argsort sorts upwards, and the largest cosine is wanted."),
    "sign-ignored": ({"measure": lambda f, t: np.abs(unit(f) @ unit(t).T)},
        "Opposite directions count as near: the absolute value of the cosine is taken."),
    "centred": ({"centred": True},
        "The mean of the training features is taken off first. The cosine is that of the features."),
    "smallest-label-wins": ({"tie": "smallest"},
        "Of classes with equal votes the smallest label wins, as with np.bincount(…).argmax(). The nearest member "
        "decides."),
    "largest-label-wins": ({"tie": "largest"},
        "Of classes with equal votes the largest label wins. The nearest member decides."),
    "farthest-member-wins": ({"tie": "far"}, "Of classes with equal votes that with the farthest member wins."),
    "later-index-first": ({"last": True},
        "Of equal cosines the later row comes first: argsort()[::-1] turns ties around. Sort −cosine with "
        "kind='stable'."),
})  # fmt: skip


@task.mistake
def always_one(again):
    """Only the nearest decides, whatever k is."""
    return again(k=1)


@task.mistake
def one_too_many(again, k, train_labels):
    """k + 1 neighbours vote."""
    return again(k=min(k + 1, len(train_labels)))


@task.mistake
def skips_the_nearest(train_features, train_labels, features, k):
    """The nearest is left out, as if the picture were among the training pictures. It is not."""
    return np.array([vote(train_labels[row][1 : k + 1] if len(row) > 1 else train_labels[row])
                     for row in order(train_features, features)])  # fmt: skip


@task.mistake
def indices(train_features, features):
    """These are the indices of the nearest pictures. Wanted is the class: train_labels[index]."""
    return order(train_features, features)[:, 0]


@task.mistake
def mean_label(train_features, train_labels, features, k):
    """The mean of the labels, rounded: labels are names, with no order and no mean. Count votes."""
    rows = order(train_features, features)[:, :k]
    return np.rint(train_labels[rows].mean(axis=1)).astype(np.int64)


@task.mistake
def first_answer_for_all(right):
    """Every picture gets the first one's class. Each has neighbours of its own."""
    return np.repeat(right[:1], len(right))


@task.mistake
def votes_weighted(train_features, train_labels, features, k):
    """The votes are weighted by the cosine. Each of the k neighbours has one vote."""
    result = []
    for cosines in unit(features) @ unit(train_features).T:
        near, weight = np.argsort(-cosines, kind="stable")[:k], {}
        for i in near:
            weight[train_labels[i]] = weight.get(train_labels[i], 0) + cosines[i]
        result.append(max(weight, key=weight.get))
    return np.array(result)


@task.mistake
def absolute_majority(train_features, train_labels, features, k):
    """A class wins for you only with more than half of the votes, else the nearest does. Most votes are enough."""
    result = []
    for row in order(train_features, features):
        near = train_labels[row][:k].tolist()
        best = vote(train_labels[row][:k])
        result.append(best if 2 * near.count(best) > len(near) else near[0])
    return np.array(result)


@task.mistake
def median_label(train_features, train_labels, features, k):
    """The median of the labels: labels are names, with no order. Count votes."""
    rows = order(train_features, features)[:, :k]
    return np.median(train_labels[rows], axis=1).astype(np.int64)
