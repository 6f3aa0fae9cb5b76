"""How often the right class is not among the k best."""

import numpy as np

from cnncourse.checks.author import Call, Task, fortran, normal, readonly, strided

task = Task(see="The competition, and the drop of 2012")


@task.right
def top_k_error(logits, labels, k):
    """The share of rows in which at least k logits are larger than the label's."""
    own = np.take_along_axis(logits, labels[:, None], axis=1)
    return float(((logits > own).sum(axis=1) >= k).mean())


def drawn(rng, N, C, values=normal):
    """Logits and labels, half of which are the best class or the second best."""
    logits = values(rng, N, C)
    labels = rng.integers(0, C, N)
    good = rng.random(N) < 0.5
    labels[good] = logits.argsort(axis=1)[good, -min(2, C)]
    return logits, labels


def tied(rng, N, C):
    """Few different logits, so that many are equal."""
    return rng.integers(0, 3, (N, C)).astype(float)


@task.criterion(2)
def values(rng):
    """Every k from 1 to C, one picture, two classes, as many pictures as classes."""
    for N, C, k in [(32, 10, 1), (32, 10, 5), (16, 6, 2), (16, 6, 6), (1, 4, 2), (8, 8, 3), (16, 2, 1), (16, 2, 2)]:
        yield Call(*drawn(rng, N, C), k)
    logits, labels = drawn(rng, 16, 7)
    for k in range(1, 8):
        yield Call(logits - 50, labels, k=k)
    yield Call(normal(rng, 4, 1), np.zeros(4, int), 1)


@task.criterion(1)
def ties(rng):
    """Equal logits: only classes whose logit is strictly larger than the label's count."""
    for C, k in [(6, 1), (6, 2), (6, 3), (4, 3)]:
        yield Call(*drawn(rng, 32, C, tied), k)
    yield Call(*drawn(rng, 32, 40, tied), 9)  # in so long a row np.argsort leaves equal logits in no order
    yield Call(np.zeros((8, 5)), rng.integers(0, 5, 8), 1)
    yield Call(np.zeros((8, 5)), rng.integers(0, 5, 8), 4)


@task.criterion(1, "any array")
def arrays(rng):
    """float32 and float64, labels of 32 and 64 bits, large logits; read-only arrays and arrays not stored row after row
    work too."""
    for kind in (lambda x: x.astype(np.float32), fortran, strided, readonly):
        logits, labels = drawn(rng, 16, 9)
        yield Call(kind(logits), labels, 3)
    yield Call(logits, readonly(labels.astype(np.int32)), 2)
    yield Call(logits, strided(labels), 1)
    logits, labels = drawn(rng, 32, 9)
    yield Call(1000 * logits, labels, 4)


def larger(logits, labels):
    """How many logits are larger than the label's, per row."""
    return (logits > logits[np.arange(len(labels)), labels][:, None]).sum(axis=1)


def softmax(z):
    """Of each row."""
    shares = np.exp(z - z.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def among(logits, labels, k, best):
    """Whether each label is among the classes that `best` names for its row."""
    return (best(logits, k) == labels[:, None]).any(axis=1)


def error(logits, labels, k, miss=lambda logits, labels, k: larger(logits, labels) >= k, share=np.mean):
    """Right with the options as they are."""
    result = share(miss(logits, labels, k))
    return result if isinstance(result, (int, np.ndarray)) else float(result)


def by_sorting(best):
    """Misses by a sorted list of classes."""
    return {"miss": lambda logits, labels, k: ~among(logits, labels, k, best)}


task.options(error, {
    "accuracy-for-error": ({"share": lambda miss: 1 - miss.mean()},
        "That is the share of pictures that are right. The error is the share of the others."),
    "ties-to-the-lower-index": (by_sorting(lambda z, k: np.argsort(-z, axis=1, kind="stable")[:, :k]),
        "Of equal logits, those with the lower index count as better. A class counts as better only where its logit is "
        "strictly larger."),
    "ties-to-the-higher-index": (by_sorting(lambda z, k: np.argsort(z, axis=1, kind="stable")[:, -k:]),
        "Of equal logits, those with the higher index count as better. A class counts as better only where its logit "
        "is strictly larger."),
    "first-of-argsort": (by_sorting(lambda z, k: np.argsort(-z, axis=1)[:, :k]),
        "np.argsort decides which of equal logits comes first. A class counts as better only where its logit is "
        "strictly larger: compare with the label's logit, and count."),
    "last-of-argsort": (by_sorting(lambda z, k: np.argsort(z, axis=1)[:, -k:]),
        "np.argsort decides which of equal logits comes last. A class counts as better only where its logit is "
        "strictly larger: compare with the label's logit, and count."),
    "ties-count-against": ({"miss": lambda z, y, k: (z >= z[np.arange(len(y)), y][:, None]).sum(axis=1) > k},
        "Classes with the label's own logit count as better. Only strictly larger ones do."),
    "counts-itself": ({"miss": lambda z, y, k: (z >= z[np.arange(len(y)), y][:, None]).sum(axis=1) >= k},
        "The label's own logit counts among those that are better (>=). Only strictly larger ones do (>)."),
    "one-more-allowed": ({"miss": lambda z, y, k: larger(z, y) > k},
        "The label may be in place k + 1. With k better classes it is not among the k best any more: >= k."),
    "top-one-only": ({"miss": lambda z, y, k: larger(z, y) >= 1}, "k is not used: that is the top-1 error."),
    "top-five-always": ({"miss": lambda z, y, k: larger(z, y) >= 5}, "k is not used: that is the top-5 error."),
    "the-kth-place-only": ({"miss": lambda z, y, k: larger(z, y) != k - 1},
        "Only place k counts as right. Places 1 to k do."),
    "the-k-smallest": (by_sorting(lambda z, k: np.argsort(z, axis=1)[:, :k]),
        "The k classes with the smallest logits are taken. The best have the largest."),
    "sorted-over-images": (by_sorting(lambda z, k: np.argsort(-z, axis=0, kind="stable")[:, :k]),
        "The logits are sorted down the columns, over the pictures. Each picture's are sorted: axis 1."),
    "never-wrong": (by_sorting(lambda z, k: np.arange(z.shape[1])[None]),
        "No picture is ever wrong. Compare each picture's label with its own k best classes."),
    "labels-from-one": ({"miss": lambda z, y, k: larger(z, (y - 1) % z.shape[1]) >= k},
        "The label c is taken for column c − 1. Classes are numbered from 0."),
    "softmax-first": ({"miss": lambda z, y, k: larger(softmax(z), y) >= k},
        "A softmax makes zeros of all logits that are far below the largest: what differed is then equal. Compare the "
        "logits themselves."),
    "per-cent": ({"share": lambda miss: 100 * miss.mean()}, "The share is given in per cent: 0.25, not 25."),
    "count-for-share": ({"share": lambda miss: int(miss.sum())}, "That is how many pictures are wrong. Divide by N."),
})  # fmt: skip


@task.mistake
def divided_by_classes(right, logits):
    """The number of wrong pictures is divided by C, the number of classes. Divide by N, the number of pictures."""
    return right * logits.shape[0] / logits.shape[1]


@task.mistake
def changes_input(right, logits):
    """The value may be right, but the logits are changed, perhaps by `logits.sort()`. Write `np.sort(logits)`."""
    if logits.flags.writeable:
        logits.sort(axis=1)
    return right
