"""Put the windows' entries back and add up where they overlap."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import PAIRS, any_array, geometries, pair, pairs, windows

task = Task(see="col2im, the adjoint")


@task.right
def col2im(columns, input_shape, kernel_size, stride=1, padding=0):
    """The adjoint of im2col: each entry goes back to where im2col reads it."""
    places = windows(input_shape, kernel_size, stride, padding)
    return places.crop(scattered(columns, input_shape, places))


def add(old, new):
    """What is in the image after one more window."""
    return old + new


def scattered(columns, input_shape, places, put=add):
    """The padded image, into which the windows are put one after the other."""
    padded = places.pad(np.zeros(input_shape, columns.dtype))
    entries = columns.reshape(*input_shape[:2], *places.kernel, *places.output)
    for (i, j), here in places:
        padded[here] = put(padded[here], entries[..., i, j])
    return padded


def drawn(rng, input_shape, kernel_size, *options):
    """A call with random columns of the shape that im2col gives."""
    places = windows(input_shape, kernel_size, *(options or (1,)))
    rows = input_shape[1] * np.prod(places.kernel)
    return Call(normal(rng, input_shape[0], rows, np.prod(places.output)), input_shape, kernel_size, *options)


@task.criterion(1)
def overlaps(rng):
    """Stride 1, no padding: where windows overlap, their entries add up."""
    yield drawn(rng, (1, 1, 4, 5), 3)
    yield drawn(rng, (2, 3, 5, 4), 2)
    yield drawn(rng, (3, 2, 3, 4), 3)
    yield drawn(rng, (1, 2, 3, 3), 1)


@task.criterion(1)
def stride(rng):
    """Windows that overlap less, lie side by side or leave gaps, and pixels that no window reaches."""
    yield drawn(rng, (2, 2, 7, 9), 3, 2)
    yield drawn(rng, (1, 2, 8, 8), 3, 2)
    for shape, *options, _ in geometries(rng, 0):
        yield drawn(rng, shape, *options)


@task.criterion(1)
def padding(rng):
    """Padding, which is cut off again, also with a stride."""
    yield drawn(rng, (2, 2, 4, 5), 3, 1, 1)
    yield drawn(rng, (1, 2, 4, 5), 1, 2, 1)
    for shape, *options in geometries(rng, 1, 2):
        yield drawn(rng, shape, *options)
    yield drawn(rng, (1, 1, 1, 1), 3, 2, 1)
    yield drawn(rng, (2, 2, 3, 5), 2, 1, 2)


@task.criterion(1, "pairs")
def some_pairs(rng):
    """kernel_size, stride and padding given as pairs (height, width)."""
    for shape, *options in PAIRS:
        yield drawn(rng, shape, *options)
    yield drawn(rng, (2, 3, 5, 5), (2, 3))
    yield drawn(rng, (2, 3, 6, 8), (2, 3), (2, 1))
    yield drawn(rng, (2, 1, 4, 6), (2, 3), (2, 3), (0, 2))


@any_array(task)
def arrays(rng):
    yield drawn(rng, (2, 2, 5, 6), 3, 2, 1)
    yield drawn(rng, (2, 3, 4, 5), 2)


def put_back(columns, input_shape, kernel_size, stride, padding, put=add, crop=None):
    """Windows put back by another rule, or another part of the padded image."""
    places = windows(input_shape, kernel_size, stride, padding)
    padded = scattered(columns, input_shape, places, put)
    return crop(padded, *places.padding, *places.image) if crop else places.crop(padded)


task.options(put_back, {
    "overwrites-overlaps": ({"put": lambda old, new: np.where(old, old, new)},
        "Where windows overlap, one of them wins. In the adjoint the contributions add up: use += on an array of "
        "zeros, not =."),
    "overwrites-window-by-window": ({"put": lambda old, new: new},
        "Where windows overlap, the last one written wins. In the adjoint the contributions add up: += and not =. Mind "
        "that x[index] += y with repeated indices adds only once; np.add.at adds every time."),
    "flips-the-window": ({"put": lambda old, new: old + new[:, :, ::-1, ::-1]},
        "The entries of each window are put back in reverse order. Entry (u, v) goes to where im2col read it."),
    "forgets-to-crop": ({"crop": lambda padded, P_h, P_w, H, W: padded},
        "The result has the size of the padded image. Cut the padding off again: rows P_h … P_h + H − 1, columns "
        "P_w … P_w + W − 1."),
    "empty-slice-at-zero": ({"crop": lambda padded, P_h, P_w, H, W: padded[:, :, P_h:-P_h, P_w:-P_w]},
        "The slice [P:-P] is empty where P = 0. Cut with [P : P + H]."),
    "crops-from-the-start": ({"crop": lambda padded, P_h, P_w, H, W: padded[:, :, :H, :W]},
        "The first H rows and W columns of the padded image are kept. The image starts at row P_h, column P_w."),
})  # fmt: skip


@task.mistake
def averages_overlaps(right, again, columns):
    """Overlaps are averaged. That undoes im2col, but the adjoint (what the gradient needs) is the sum."""
    return right / np.maximum(again(columns=np.ones_like(columns)), 1)


@task.mistake
def divides_by_window(right, kernel_size):
    """Everything is divided by the window's size; the adjoint is a plain sum."""
    return right / np.prod(pair(kernel_size))


@task.mistake
def unreached_pixels_missing(right, columns, input_shape, kernel_size, stride, padding):
    """The result ends with the last window. Pixels that no window reaches belong to the image too; they are zero. Take
    the size from input_shape."""
    places = windows(input_shape, kernel_size, stride, padding)
    sides = zip(places.image, places.padding, places.kernel, places.stride, strict=True)
    H, W = (n - (n + 2 * P - K) % S for n, P, K, S in sides)
    return right[:, :, :H, :W]


def stepped(columns, input_shape, kernel_size, stride, padding, steps):
    """As many windows as there are, put down steps(S_h, S_w) apart; what leaves the image is lost."""
    places = windows(input_shape, kernel_size, stride, padding)
    (T_h, T_w), (K_h, K_w) = steps(*places.stride), places.kernel
    sides = zip(places.image, places.padding, (T_h, T_w), places.output, strict=True)
    wide = np.zeros((*input_shape[:2], *(n + 2 * P + T * L for n, P, T, L in sides)))
    entries = columns.reshape(*input_shape[:2], K_h, K_w, *places.output)
    for i, j in np.ndindex(*places.output):
        wide[:, :, i * T_h : i * T_h + K_h, j * T_w : j * T_w + K_w] += entries[..., i, j]
    return places.crop(wide)


task.options(stepped, {
    "ignores-stride": ({"steps": lambda S_h, S_w: (1, 1)},
        "The windows are put down one pixel apart, whatever the stride: place (i, j) starts at (i·S_h, j·S_w)."),
    "one-step-for-both": ({"steps": lambda S_h, S_w: (S_h, S_h)},
        "The first stride is used along both axes: a pair is (height, width)."),
})  # fmt: skip


@task.mistake
def ignores_padding(again):
    """The padding is not taken into account: windows start P_h rows above and P_w columns left of the image."""
    return again(padding=0)


pairs(task, "kernel_size", "stride", "padding", square="square-window")


def rearranged(again, columns, input_shape, kernel_size, stride, padding, sizes, order):
    """The columns read in another layout: reshaped to `sizes`, then brought into the right order of axes."""
    places = windows(input_shape, kernel_size, stride, padding)
    read = columns.reshape(sizes(*input_shape[:2], *places.kernel, *places.output)).transpose(order)
    return again(columns=read.reshape(columns.shape))


task.options(rearranged, {
    "channels-last": (
        {"sizes": lambda N, C, K_h, K_w, *output: (N, K_h, K_w, C, *output), "order": (0, 3, 1, 2, 4, 5)},
        "The rows are read as (K_h, K_w, C). In PyTorch's layout the channel comes first: (C, K_h, K_w)."),
    "window-column-major": (
        {"sizes": lambda N, C, K_h, K_w, *output: (N, C, K_w, K_h, *output), "order": (0, 1, 3, 2, 4, 5)},
        "Inside a window the rows are read down its columns. They are numbered along a row first: u·K_w + v."),
    "places-column-major": (
        {"sizes": lambda N, C, K_h, K_w, H, W: (N, C, K_h, K_w, W, H), "order": (0, 1, 2, 3, 5, 4)},
        "The columns are read as if the windows were numbered down the image. Place (i, j) is column i·W_out + j."),
    "windows-as-rows": (
        {"sizes": lambda N, C, K_h, K_w, *output: (N, *output, C, K_h, K_w), "order": (0, 3, 4, 5, 1, 2)},
        "The input is read as (N, L, C·K_h·K_w). Each window is a column: (N, C·K_h·K_w, L)."),
})  # fmt: skip
