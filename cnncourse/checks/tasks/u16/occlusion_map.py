"""Cover a square, watch the class's number."""

import numpy as np

from cnncourse.checks.author import Call, Task, fortran, normal, readonly, strided

task = Task(see="Cover it and see", probe="function_with_callable")


@task.right
def occlusion_map(predict, image, label, size, stride, fill=0.0):
    """predict(image)[label] − predict(covered)[label] for each place of the square."""
    C, H, W = image.shape
    rows, columns = (H - size) // stride + 1, (W - size) // stride + 1
    covered = np.repeat(image[None], rows * columns, axis=0)
    for n, (i, j) in enumerate(np.ndindex(rows, columns)):
        covered[n, :, i * stride : i * stride + size, j * stride : j * stride + size] = fill
    return predict(image[None])[:, label] - predict(covered)[:, label].reshape(rows, columns)


def network(rng, classes, *shape, dtype=np.float64):
    """A function that `callables.py` builds: no two pixels count alike, and they act together."""
    weight, curve = (scale * normal(rng, classes, *shape) for scale in (1, 0.5))
    return {"__callable__": "classifier", "weight": weight.astype(dtype), "curve": curve.astype(dtype)}


def call(rng, shape, classes, label, *options, change=np.asarray, dtype=np.float64, **named):
    """One call on a drawn image, which is never zero."""
    image = (1.5 + normal(rng, *shape)).astype(dtype)
    return Call(network(rng, classes, *shape, dtype=dtype), change(image), label, *options, **named)


@task.criterion(2)
def places(rng):
    """Squares side by side, overlapping or with gaps; sizes that the stride does not divide; images not square."""
    yield call(rng, (2, 6, 8), 4, 1, 2, 2)
    yield call(rng, (3, 7, 5), 3, 2, 3, 1)
    yield call(rng, (1, 5, 9), 2, 0, 2, 3)
    yield call(rng, (4, 4, 4), 4, 3, 3, 2)
    yield call(rng, (2, 8, 4), 5, 4, 1, 3)
    yield call(rng, (3, 5, 5), 3, 0, 5, 1)
    yield call(rng, (1, 1, 6), 2, 1, 1, 1)


@task.criterion(1)
def fill(rng):
    """Another colour than 0 covers all channels."""
    yield call(rng, (3, 6, 5), 3, 1, 2, 2, 0.5)
    yield call(rng, (2, 5, 7), 4, 3, 3, 2, fill=-1.25)
    yield call(rng, (1, 4, 4), 2, 0, 2, 1, fill=3.0)


@task.criterion(1)
def any_array(rng):
    """float32 and float64 keep their accuracy; read-only, strided and Fortran-ordered arrays work, too."""
    yield call(rng, (2, 5, 6), 3, 2, 2, 2, change=strided)
    yield call(rng, (3, 6, 4), 3, 0, 3, 1, change=fortran)
    yield call(rng, (2, 4, 7), 4, 1, 2, 3, change=readonly)
    yield call(rng, (2, 7, 5), 2, 1, 3, 2, dtype=np.float32)


def covering(
    predict, image, label, size, stride, fill=0.0, *, before=lambda predict, image: predict(image[None])[0],
    corner=lambda i, j, stride, size: (i * stride, j * stride), channels=slice(None), sign=1,
    cover=lambda part, fill: fill, picked=lambda p, label: p[:, label], restore=True, outside=False, larger=0,
    own=False,
):  # fmt: skip
    """Right with the options as they are."""
    C, H, W = image.shape
    rows, columns = (H - size) // stride + 1, (W - size) // stride + 1
    now, found = image.copy(), np.zeros((rows, columns), np.result_type(image, np.float32))
    for i, j in np.ndindex(rows, columns):
        now = image.copy() if restore is True or (restore == "rows" and j == 0) else now
        y, x = corner(i, j, stride, size)
        part = now[channels, y : y + size + larger, x : x + size + larger]
        if outside:
            kept, now = part.copy(), np.full_like(image, fill)
            now[channels, y : y + size, x : x + size] = kept
        else:
            part[...] = image.mean() if own else cover(part, fill)
        found[i, j] = sign * (picked(before(predict, image)[None], label) - picked(predict(now[None]), label))[0]
    return found


def softmax(p):
    """Probabilities, row by row."""
    e = np.exp(p - p.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


task.options(covering, {
    "sign": ({"sign": -1},
        "The sign is wrong: it is predict(image) − predict(covered), positive where the covered part speaks for the "
        "class."),
    "no-difference": ({"before": lambda predict, image: 0 * predict(image[None])[0], "sign": -1},
        "The covered image's number itself is there. Wanted is by how much it falls: predict(image) minus it."),
    "all-squares-stay": ({"restore": False},
        "Squares that were covered stay covered. Begin each place with a fresh copy of the image."),
    "squares-of-a-row-stay": ({"restore": "rows"},
        "Within a row, squares that were covered stay covered. Begin each place with a fresh copy of the image."),
    "one-pixel-too-large": ({"larger": 1},
        "The square is one pixel too large: rows i·stride to i·stride + size − 1, so the slice ends at "
        "i·stride + size."),
    "covers-with-the-image's-mean": ({"own": True}, "The square gets the image's mean. It gets the value fill."),
    "first-channel-only": ({"channels": slice(1)}, "Only the first channel is covered. All channels are."),
    "last-channel-only": ({"channels": slice(-1, None)}, "Only the last channel is covered. All channels are."),
    "fill-ignored": ({"cover": lambda part, fill: 0}, "The argument fill is not used: the square is always 0."),
    "fill-added": ({"cover": lambda part, fill: part + fill},
        "fill is added to the square. It replaces what is there."),
    "covers-with-its-mean": ({"cover": lambda part, fill: part.mean()},
        "The square gets its own mean. It gets the value fill."),
    "covers-the-rest": ({"outside": True}, "Everything but the square is covered. Cover the square."),
    "steps-of-one": ({"corner": lambda i, j, stride, size: (i, j)},
        "The square moves by one pixel from place to place. It moves by stride."),
    "steps-of-its-size": ({"corner": lambda i, j, stride, size: (i * size, j * size)},
        "The square moves by its own size. It moves by stride."),
    "centred-squares": (
        {"corner": lambda i, j, stride, size: (max(i * stride - size // 2, 0), max(j * stride - size // 2, 0))},
        "The squares are centred at i·stride. That is where they begin: rows i·stride to i·stride + size − 1."),
    "rows-for-columns": ({"corner": lambda i, j, stride, size: (j * stride, i * stride)},
        "Rows and columns are swapped: entry [i, j] is the square that begins in row i·stride and column j·stride."),
    "best-class": ({"picked": lambda p, label: p.max(axis=1)},
        "The largest number of each image is taken, whatever its class. It must be that of the label."),
    "all-classes": ({"picked": lambda p, label: p.sum(axis=1)},
        "The numbers of all classes are summed. Take the label's."),
    "wrong-label": ({"picked": lambda p, label: p[:, label - 1]}, "Another class than the label's is watched."),
    "softmax-added": ({"picked": lambda p, label: softmax(p)[:, label]},
        "A softmax is applied. Take what predict returns as it is: it may give logits or probabilities."),
})  # fmt: skip


@task.mistake
def last_place_missing(right):
    """The last row and column of places are missing: (H − size) // stride + 1 places, not (H − size) // stride."""
    return right[:-1, :-1]


@task.mistake
def flat(right):
    """The places are in one row. Reshape them to (rows, columns)."""
    return right.ravel()


@task.mistake
def relu_added(right):
    """Negative differences are set to 0. Where a covered part spoke against the class, the value is negative."""
    return np.maximum(right, 0)


@task.mistake
def absolute_value(right):
    """The absolute value is taken. Where a covered part spoke against the class, the value is negative."""
    return np.abs(right)


@task.mistake
def class_that_is_found(again, predict, image):
    """The class with the largest number for the image is watched. It must be that of the label."""
    return again(label=int(predict(image[None])[0].argmax()))


@task.mistake
def places_over_the_edge(predict, image, label, size, stride, fill=0.0):
    """The square leaves the image at its end. It stays within: the last place begins at H − size, or before."""
    C, H, W = image.shape
    found = np.zeros((-(-H // stride), -(-W // stride)), image.dtype)
    for i, j in np.ndindex(found.shape):
        now = image.copy()
        now[:, i * stride : i * stride + size, j * stride : j * stride + size] = fill
        found[i, j] = predict(image[None])[0, label] - predict(now[None])[0, label]
    return found


@task.mistake
def as_a_share(right, predict, image, label):
    """The fall is divided by predict(image)[label]. Wanted is the difference itself."""
    return right / predict(image[None])[0, label]


@task.mistake
def half_by_default(again, fill=0.5):
    """Without fill the square is 0.5. The default is 0."""
    return again(fill=fill)


@task.mistake
def one_by_default(again, fill=1.0):
    """Without fill the square is 1. The default is 0."""
    return again(fill=fill)


@task.mistake
def changes_input(right, image, fill=0.0):
    """The values are right, but the caller's image has been covered. Work on a copy."""
    image[:, 0, 0] = fill
    return right
