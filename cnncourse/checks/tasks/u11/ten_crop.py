"""Five places of a picture, and the same five of its mirror image."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Overlapping pooling, crops, flips and colours")


@task.right
def ten_crop(images, size):
    """(N, 10, C, size, size): four corners and the centre, then those of the mirrored picture."""
    down, right = images.shape[2] - size, images.shape[3] - size
    corners = [(0, 0), (0, right), (down, 0), (down, right), (down // 2, right // 2)]
    return np.stack(
        [each[:, :, y : y + size, x : x + size] for each in (images, images[..., ::-1]) for y, x in corners], axis=1
    )


@task.criterion(3)
def values(rng):
    """Pictures higher than wide, wider than high and square; one picture and several."""
    yield Call(normal(rng, 2, 3, 6, 8), 4)
    yield Call(normal(rng, 1, 3, 9, 7), 3)
    yield Call(normal(rng, 3, 2, 8, 8), 6)
    yield Call(normal(rng, 2, 4, 5, 9), size=1)
    yield Call(normal(rng, 4, 4, 4, 4), 2)
    yield Call(normal(rng, 10, 3, 5, 7), 3)


@task.criterion(1)
def nothing_to_cut(rng):
    """`size` is the height, the width, or both."""
    yield Call(normal(rng, 2, 3, 5, 5), 5)
    yield Call(normal(rng, 2, 1, 4, 8), 4)
    yield Call(normal(rng, 1, 2, 7, 3), 3)


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 2, 3, 6, 8), 4)


def places(images, size):
    """The right corners of the five crops."""
    down, right = images.shape[2] - size, images.shape[3] - size
    return [(0, 0), (0, right), (down, 0), (down, right), (down // 2, right // 2)]


def order(*numbers):
    """The five places in another order."""
    return lambda images, size: [places(images, size)[i] for i in numbers]


def mirrored(images):
    """The pictures, left and right exchanged."""
    return images[..., ::-1]


def crops(images, size, places=places, turn=mirrored, join=lambda a, b: np.stack(a + b, axis=1)):
    """Right with the options as they are."""
    a, b = ([x[:, :, i : i + size, j : j + size] for i, j in places(images, size)] for x in (images, turn(images)))
    return join(a, b)


def apart(images, size, middle=lambda n: n // 2):
    """The centre somewhere else."""
    down, right = images.shape[2] - size, images.shape[3] - size
    return [*places(images, size)[:4], (middle(down), middle(right))]


task.options(crops, {
    "mirrors-each-crop": ({"join": lambda a, b: np.stack(a + [x[..., ::-1] for x in a], axis=1)},
        "Each of the five crops is mirrored. Wanted are the five places of the mirrored picture: its top left corner "
        "is the mirror image of the top *right* crop."),
    "mirrored-crops-alternate": (
        {"join": lambda a, b: np.stack([x for pair in zip(a, b, strict=True) for x in pair], axis=1)},
        "Each crop is followed by the mirrored picture's. Wanted are all five of the picture, then all five of its "
        "mirror image."),
    "not-mirrored": ({"turn": lambda x: x}, "The last five crops are the first five again. They are of the mirrored "
        "picture."),
    "upside-down": ({"turn": lambda x: x[:, :, ::-1]},
        "The picture is turned upside down. Left and right are exchanged: the last axis is reversed."),
    "turned-round": ({"turn": lambda x: x[:, :, ::-1, ::-1]},
        "The picture is turned by half a turn: its rows are reversed, too. Only left and right are exchanged."),
    "channels-reversed": ({"turn": lambda x: x[:, ::-1]},
        "The channels are reversed. Left and right are along the last axis."),
    "images-reversed": ({"turn": lambda x: x[::-1]},
        "The order of the images is reversed. Left and right are along the last axis."),
    "centre-first": ({"places": order(4, 0, 1, 2, 3)}, "The centre comes first. It is the fifth."),
    "columns-first": ({"places": order(0, 2, 1, 3, 4)},
        "Bottom left comes before top right. The order is top left, top right, bottom left, bottom right, centre."),
    "centre-at-a-corner": ({"places": order(0, 1, 2, 3, 0)}, "The fifth crop is a corner again. It is the centre."),
    "centre-starts-in-the-middle": ({"places": lambda x, size: [*places(x, size)[:4],
        (min(x.shape[2] // 2, x.shape[2] - size), min(x.shape[3] // 2, x.shape[3] - size))]},
        "The centre crop begins in the middle of the picture. Its own middle lies there: it begins at (H − size) / 2."),
    "centre-one-too-far": ({"places": lambda x, size: apart(x, size, lambda n: min(n // 2 + 1, n))},
        "The centre crop is one pixel too far down and right. It begins at (H − size) / 2."),
    "starts-one-too-early": ({"places": lambda x, size: [(max(i - 1, 0), max(j - 1, 0))
        for i, j in places(x, size)[:4]] + places(x, size)[4:]},
        "The right and lower crops end one pixel before the edge. They begin at H − size and W − size."),
    "height-for-both": ({"places": lambda x, size: places(np.empty((1, 1, x.shape[2], x.shape[2])), size)},
        "The crops' places are worked out from the height alone. The columns come from the width, axis 3."),
    "height-for-width": ({"places": lambda x, size: [(min(i, x.shape[3] - size), min(j, x.shape[2] - size))
        for j, i in places(x.swapaxes(2, 3), size)]},
        "Height and width are exchanged somewhere: H is axis 2, W axis 3."),
    "crops-in-front": ({"join": lambda a, b: np.stack(a + b)},
        "The ten crops are the first axis, (10, N, …). They are the second: each picture has ten."),
    "crops-joined-with-the-batch": ({"join": lambda a, b: np.concatenate(a + b)},
        "The crops are joined along the batch, (10·N, …). They have an axis of their own: (N, 10, …)."),
    "crops-joined-with-the-channels": ({"join": lambda a, b: np.concatenate(a + b, axis=1)},
        "The crops are joined along the channels. They have an axis of their own: np.stack(…, axis=1)."),
    "reshaped-for-stacked": ({"join": lambda a, b: np.concatenate(a + b).reshape(len(a[0]), 10, *a[0].shape[1:])},
        "reshape does not move numbers: the crops of different pictures are mixed. Take np.stack(…, axis=1)."),
    "five-only": ({"join": lambda a, b: np.stack(a, axis=1)}, "Those are five crops. The mirrored picture's are "
        "missing."),
})  # fmt: skip


@task.mistake
def empty_slice_at_zero(images, size):
    """The slice [-0:] or [n:-n] with n = 0 does not do what it does for other n: where `size` is the whole height or
    width, count from the front, [H − size : H]."""
    down, right = images.shape[2] - size, images.shape[3] - size
    if down == 0 or right == 0:
        raise ValueError("all input arrays must have the same shape")
    return crops(images, size)


@task.mistake
def first_image_only(right):
    """Only the first image of the batch comes out."""
    return right[:1]
