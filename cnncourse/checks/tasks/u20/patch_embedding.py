"""A picture cut into patches, each of them one vector."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, images_apart

task = Task(see="Where convolution ends")


@task.right
def patch_embedding(images, weight, bias):
    """z[n, patch, d] = Σ w[d] · patch + b[d]: a convolution of stride P, its places in a row."""
    N, C, H, W = images.shape
    P = weight.shape[2]
    patches = images.reshape(N, C, H // P, P, W // P, P)
    return np.einsum("nchiwj,dcij->nhwd", patches, weight).reshape(N, -1, len(weight)) + bias


def drawn(rng, N, C, rows, columns, P, D):
    """A call with rows · columns patches."""
    return Call(normal(rng, N, C, rows * P, columns * P), normal(rng, D, C, P, P), normal(rng, D))


@task.criterion(2)
def patches(rng):
    """More rows of patches than columns and the other way round, several channels."""
    yield drawn(rng, 2, 3, 2, 3, 4, 5)
    yield drawn(rng, 1, 2, 4, 2, 3, 2)
    yield drawn(rng, 3, 1, 3, 2, 2, 4)


@task.criterion(1)
def all_sides_alike(rng):
    """As many images, channels, rows, columns, pixels and outputs: wrong axes raise no error there."""
    for side in (2, 3, 4):
        yield drawn(rng, *[side] * 6)


@task.criterion(1)
def edge_cases(rng):
    """Patches of one pixel, one patch, one row or column of patches, one output."""
    yield drawn(rng, 2, 3, 2, 3, 1, 4)
    yield drawn(rng, 2, 2, 1, 1, 3, 2)
    yield drawn(rng, 1, 3, 1, 4, 2, 1)
    yield drawn(rng, 3, 1, 3, 1, 2, 2)


@any_array(task)
def arrays(rng):
    yield drawn(rng, 2, 3, 2, 3, 2, 4)


def embedded(images, weight, bias, *, sums="nchiwj,dcij->nhwd", end=lambda y: y.reshape(len(y), -1, y.shape[3]),
             add=lambda y, b: y + b):  # fmt: skip
    """Right with the options as they are."""
    N, C, H, W = images.shape
    P = weight.shape[2]
    return add(end(np.einsum(sums, images.reshape(N, C, H // P, P, W // P, P), weight)), bias)


task.options(embedded, {
    "patches-by-columns": ({"end": lambda y: y.swapaxes(1, 2).reshape(len(y), -1, y.shape[3])},
        "The patches are numbered column by column. Row-major order goes along the first row of patches first."),
    "patch-transposed": ({"sums": "nchiwj,dcji->nhwd"},
        "Rows and columns of each patch are swapped against the kernel's: w[d, c, i, j] meets row i, column j."),
    "outputs-before-patches": ({"end": lambda y: y.reshape(len(y), -1, y.shape[3]).swapaxes(1, 2),
                                "add": lambda y, b: y + b[:, None]},
        "The result is (N, D, patches), as a convolution gives it. Wanted is a row per patch: (N, patches, D)."),
    "stays-a-map": ({"end": lambda y: y}, "The patches keep their two axes: (N, H/P, W/P, D). Put them in a row."),
    "reshaped-only": ({"end": lambda y: y.transpose(0, 3, 1, 2).reshape(len(y), -1, y.shape[3])},
        "The maps (N, D, H/P, W/P) are reshaped to (N, patches, D) without moving the axes, which mixes outputs and "
        "patches. `transpose` first."),
    "bias-forgotten": ({"add": lambda y, b: y}, "The bias is not added."),
    "bias-subtracted": ({"add": lambda y, b: y - b}, "The bias is subtracted; it is added."),
    "bias-of-patches": ({"add": lambda y, b: y + b[:, None]},
        "The bias lands on the patches. It has one number for each output."),
    "from-the-bottom": ({"end": lambda y: y[:, ::-1].reshape(len(y), -1, y.shape[3])},
        "The patches run from the bottom up. The first row of patches is the top one."),
    "averages-patches": ({"end": lambda y: y.mean(axis=(1, 2))},
        "The mean over all patches comes out, (N, D). Each patch keeps its own vector."),
    "relu-behind": ({"add": lambda y, b: np.maximum(y + b, 0)}, "A ReLU is applied. The embedding is linear."),
})  # fmt: skip
images_apart(task, "images")


@task.mistake
def cut_without_moving(images, weight, bias):
    """The pixels are reshaped to rows of C·P·P, in the order in which they lie in memory: the first row is no patch.
    Cut height and width into pieces of P, and move the axes first."""
    return images.reshape(len(images), -1, weight[0].size) @ weight.reshape(len(weight), -1).T + bias


@task.mistake
def channels_last_in_a_patch(again, weight):
    """A patch is flattened with its channels last, the weight with its channels first. Both need one order:
    (C, P, P)."""
    D, C, P, _ = weight.shape
    return again(weight=weight.reshape(D, P, P, C).transpose(0, 3, 1, 2))


@task.mistake
def weight_reshaped(again, weight):
    """The weight is made (C·P·P, D) by `reshape`, which moves nothing, so the filters are mixed. Make it (D, C·P·P),
    and transpose that."""
    mixed = weight.reshape(-1, len(weight)).T
    return again(weight=mixed.reshape(weight.shape))


@task.mistake
def first_channel_only(again, images, weight):
    """Only the first channel counts. A patch has C·P·P numbers."""
    return again(images=images[:, :1], weight=weight[:, :1])


@task.mistake
def mean_over_the_patch(again, weight):
    """The mean over the patch is taken. Wanted is the sum of the products."""
    return again(weight=weight / weight[0].size)


@task.mistake
def images_mixed(again, images, weight):
    """The patches are moved in front of the batch's axis, so a row of the result has patches of other images. The batch
    stays axis 0."""
    N, C, H, W = images.shape
    P = weight.shape[2]
    patches = images.reshape(N, C, H // P, P, W // P, P).transpose(2, 4, 0, 1, 3, 5)
    rows = patches.reshape(N, H // P, W // P, C, P, P)
    return again(images=rows.transpose(0, 3, 1, 4, 2, 5).reshape(images.shape))


@task.mistake
def pixels_taken_apart(again, images, weight):
    """A patch takes every (H/P)-th pixel. The P×P pixels of a patch are neighbours: cut the rows into H/P pieces of
    P."""
    N, C, H, W = images.shape
    P = weight.shape[2]
    spread = images.reshape(N, C, P, H // P, P, W // P).transpose(0, 1, 3, 2, 5, 4)
    return again(images=spread.reshape(N, C, H, W))


@task.mistake
def flips_kernel(again, weight):
    """The kernel is flipped. Nothing is flipped in a cross-correlation."""
    return again(weight=weight[:, :, ::-1, ::-1])


@task.mistake
def every_place(images, weight, bias):
    """The window moves by one pixel, so patches overlap. It moves by P: stride P."""
    windows = np.lib.stride_tricks.sliding_window_view(images, weight.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,dcij->nhwd", windows, weight).reshape(len(images), -1, len(weight)) + bias


@task.mistake
def channels_averaged(again, images):
    """All channels are replaced by their mean. Each channel has weights of its own."""
    return again(images=np.broadcast_to(images.mean(axis=1, keepdims=True), images.shape))


@task.mistake
def weight_axes_exchanged(again, weight):
    """The weight is used as (C, D, P, P). Its first axis counts the outputs; square ones raise no error."""
    return again(weight=weight.swapaxes(0, 1))


@task.mistake
def bias_for_each_channel(again, images, bias):
    """The bias is added once for each channel. Add it once, after all sums."""
    return again(bias=images.shape[1] * bias)


@task.mistake
def changes_input(right, images):
    """The values may be right, but an argument is changed in place. Build new arrays."""
    images[...] = 0
    return right
