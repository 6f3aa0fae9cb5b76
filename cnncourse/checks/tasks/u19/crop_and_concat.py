"""What a skip hands over: its middle, in front of the channels that come from below."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, images_apart

task = Task(see="U-Net")


@task.right
def crop_and_concat(skip, x):
    """[skip[:, :, t : t + h, l : l + w], x] along the channels, with t = (H − h) // 2 and l = (W − w) // 2."""
    (H, W), (h, w) = skip.shape[2:], x.shape[2:]
    top, left = (H - h) // 2, (W - w) // 2
    return np.concatenate([skip[:, :, top : top + h, left : left + w], x], axis=1)


def drawn(rng, N, channels, large, small):
    """A skip of `large` (height, width) and maps of `small`."""
    return Call(normal(rng, N, channels[0], *large), normal(rng, N, channels[1], *small))


@task.criterion(2)
def even_remainders(rng):
    """As many rows and columns are cut off on each side; height and width differ, and so do the channels."""
    yield drawn(rng, 2, (3, 4), (9, 10), (5, 4))
    yield drawn(rng, 3, (2, 2), (8, 6), (4, 2))
    yield drawn(rng, 1, (4, 1), (7, 9), (1, 1))
    yield drawn(rng, 2, (2, 2), (10, 10), (6, 6))


@task.criterion(1)
def odd_remainders(rng):
    """One row or column more is cut off at the bottom or at the right."""
    yield drawn(rng, 2, (3, 2), (8, 9), (5, 4))
    yield drawn(rng, 1, (2, 3), (6, 7), (5, 3))
    yield drawn(rng, 2, (1, 2), (5, 8), (3, 5))
    yield drawn(rng, 3, (3, 3), (7, 7), (4, 4))
    yield drawn(rng, 2, (2, 1), (6, 4), (5, 4))
    yield drawn(rng, 1, (1, 2), (3, 5), (3, 4))


@task.criterion(1)
def nothing_to_cut(rng):
    """The sizes agree along both axes, or along one of them."""
    yield drawn(rng, 2, (3, 4), (5, 6), (5, 6))
    yield drawn(rng, 2, (2, 1), (4, 7), (4, 3))
    yield drawn(rng, 1, (1, 3), (7, 4), (2, 4))
    yield drawn(rng, 3, (3, 3), (3, 3), (3, 3))


@any_array(task)
def arrays(rng):
    yield drawn(rng, 2, (3, 2), (9, 6), (4, 4))


def sides(skip, x):
    """((H, W), (h, w), (rest of the rows, rest of the columns))."""
    large, small = skip.shape[2:], x.shape[2:]
    return large, small, [a - b for a, b in zip(large, small, strict=True)]


def joined(skip, x, start=lambda rest: [r // 2 for r in rest], join=lambda a, b: np.concatenate([a, b], axis=1)):
    """Right with the options as they are."""
    _, (h, w), rest = sides(skip, x)
    top, left = start(rest)
    return join(skip[:, :, top : top + h, left : left + w], x)


def added(a, b):
    """The sum, with the channels that both have."""
    C = min(a.shape[1], b.shape[1])
    return a[:, :C] + b[:, :C]


task.options(joined, {
    "skip-last": ({"join": lambda a, b: np.concatenate([b, a], axis=1)}, "x's channels come first. The skip's do."),
    "adds": ({"join": added}, "The two are added, as in ResNet. U-Net lays them side by side."),
    "joins-the-batch": ({"join": lambda a, b: np.concatenate([a, b], axis=0)},
        "The two are joined along the batch (axis 0). The channels are axis 1."),
    "joins-the-rows": ({"join": lambda a, b: np.concatenate([a, b], axis=2)},
        "The two are joined along the rows (axis 2). The channels are axis 1."),
    "joins-the-columns": ({"join": lambda a, b: np.concatenate([a, b], axis=3)},
        "The two are joined along the columns (the last axis). The channels are axis 1."),
    "skip-only": ({"join": lambda a, b: a}, "Only the cut skip comes back, without x."),
    "skip-twice": ({"join": lambda a, b: np.concatenate([a, a], axis=1)}, "The skip is there twice, and x is missing."),
    "x-only": ({"join": lambda a, b: b}, "Only x comes back, without the skip."),
    "channels-in-turns": ({"join": lambda a, b: np.stack([a, b], 2).reshape(len(a), -1, *a.shape[2:])
                           if a.shape == b.shape else np.concatenate([b, a], axis=1)},
        "The channels alternate. All of the skip's come first."),
    "corner": ({"start": lambda rest: (0, 0)}, "The skip is cut from its upper left corner. Without padding a "
        "convolution loses as much on every side, so the middle belongs to x."),
    "other-corner": ({"start": lambda rest: rest}, "The skip is cut from its lower right corner. The middle belongs to "
        "x."),
    "odd-row-on-top": ({"start": lambda rest: [-(-r // 2) for r in rest]}, "An odd remainder is cut off at the top and "
        "left. It goes at the bottom and right: start at the remainder // 2."),
    "rounds-half-to-even": ({"start": lambda rest: [round(r / 2) for r in rest]}, "round(1.5) is 2 and round(2.5) is "
        "2: halves go to the even number. Start at the remainder // 2."),
    "width-for-both": ({"start": lambda rest: (rest[1] // 2, rest[1] // 2)}, "The columns' remainder is used for the "
        "rows too."),
    "rows-only": ({"start": lambda rest: (rest[0] // 2, 0)}, "Only the rows are cut from the middle; the columns are "
        "cut from the left."),
    "height-for-both": ({"start": lambda rest: (rest[0] // 2, rest[0] // 2)}, "The rows' remainder is used for the "
        "columns too."),
    "starts-exchanged": ({"start": lambda rest: (rest[1] // 2, rest[0] // 2)}, "Top and left are exchanged."),
    "cut-twice-as-far": ({"start": lambda rest: [min(r, 2 * (r // 2)) for r in rest]}, "The cut starts at the whole "
        "remainder. Half of it is cut off in front."),
    "first-picture-for-all": ({"join": lambda a, b: np.concatenate([np.repeat(a[:1], len(a), 0), b], axis=1)},
        "Every picture gets the first one's skip."),
})  # fmt: skip


@task.mistake
def empty_slice_at_zero(skip, x):
    """The slice [d:-d] is empty where d = 0. Cut with [d : d + h]."""
    _, _, (rows, columns) = sides(skip, x)
    cut = skip[:, :, rows // 2 : -(rows // 2), columns // 2 : -(columns // 2)]
    return np.concatenate([cut, x], axis=1)


@task.mistake
def halves_apart(skip, x):
    """The cut starts at H // 2 − h // 2, which is one too far where H is even and h is odd. It starts at
    (H − h) // 2."""
    large, small, _ = sides(skip, x)
    return joined(skip, x, start=lambda rest: [a // 2 - b // 2 for a, b in zip(large, small, strict=True)])


@task.mistake
def ends_at_the_height(skip, x):
    """The slice is [t : h], which ends t rows too early. It ends h rows after its start: [t : t + h]."""
    _, (h, w), (rows, columns) = sides(skip, x)
    return np.concatenate([skip[:, :, rows // 2 : h, columns // 2 : w], x], axis=1)


@task.mistake
def same_cut_on_both_sides(skip, x):
    """As much is cut off behind as in front. Where the remainder is odd, one row or column too many is left."""
    (H, W), _, (rows, columns) = sides(skip, x)
    return np.concatenate([skip[:, :, rows // 2 : H - rows // 2, columns // 2 : W - columns // 2], x], axis=1)


@task.mistake
def pads_x(skip, x):
    """x is padded with zeros to the skip's size. The skip is cut to the size of x."""
    _, _, (rows, columns) = sides(skip, x)
    around = [(0, 0), (0, 0)] + [(r // 2, r - r // 2) for r in (rows, columns)]
    return np.concatenate([skip, np.pad(x, around)], axis=1)


@task.mistake
def not_cut(skip, x):
    """The skip is not cut. Arrays can only be joined where height and width agree."""
    return np.concatenate([skip, x], axis=1)


@task.mistake
def shrinks_the_skip(skip, x):
    """The skip is shrunk to the size of x, by taking some of its rows and columns. It is cut: place by place, the skip
    belongs to what x shows."""
    (H, W), (h, w), _ = sides(skip, x)
    rows, columns = np.arange(h) * H // h, np.arange(w) * W // w
    return np.concatenate([skip[:, :, rows[:, None], columns], x], axis=1)


images_apart(task, "skip", "x")
