"""Move images by whole pixels, around the border or over it."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Two words, two measurements")
BORDER = "At the border"


@task.right
def translate(images, dy, dx, mode):
    """Pixel (i, j) of the result is pixel (i − dy, j − dx) of the image."""
    H, W = images.shape[2:]
    rows, columns = np.arange(H)[:, None] - dy, np.arange(W) - dx
    moved = images[:, :, rows % H, columns % W]
    if mode == "circular":
        return moved
    inside = (rows >= 0) & (rows < H) & (columns >= 0) & (columns < W)
    return np.where(inside, moved, 0)


def moves(rng, mode, *shifts):
    """Calls with one batch and several shifts."""
    for dy, dx in shifts:
        yield Call(normal(rng, 2, 3, 5, 7), dy, dx, mode)


@task.criterion(1)
def circular(rng):
    """What leaves the image on one side comes in on the other."""
    yield from moves(rng, "circular", (1, 2), (0, 3))
    yield Call(normal(rng, 3, 1, 4, 3), 2, 0, mode="circular")


@task.criterion(1)
def zeros(rng):
    """What comes from outside the image is 0."""
    yield from moves(rng, "zeros", (1, 2), (4, 0))
    yield Call(normal(rng, 3, 1, 4, 3), dy=0, dx=2, mode="zeros")


@task.criterion(1)
def up_and_left(rng):
    """Negative shifts, along one axis or both."""
    yield from moves(rng, "zeros", (-1, -2), (-2, 3), (1, -4), (0, -1), (-3, 0))
    yield from moves(rng, "circular", (1, -4), (-2, -3))


@task.criterion(1)
def beyond_the_border(rng):
    """Shifts as long as the image or longer."""
    yield from moves(rng, "zeros", (5, 0), (-7, 1), (0, 7), (-5, 0), (0, -7), (1, 9), (2, -9))
    yield from moves(rng, "circular", (-13, 17))
    yield Call(normal(rng, 1, 1, 1, 1), 1, 0, "zeros")


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 2, 2, 4, 6), 0, 0, "zeros")
    yield Call(normal(rng, 2, 2, 4, 6), 1, -1, "zeros")
    yield Call(normal(rng, 2, 2, 6, 4), -1, 1, "circular")


def shifted(again, dy, dx, change):
    """Another shift: change(dy, dx)."""
    dy, dx = change(dy, dx)
    return again(dy=dy, dx=dx)


task.options(shifted, {
    "wrong-direction": ({"change": lambda dy, dx: (-dy, -dx)},
        "The images move up and left where they should move down and right. If out[i] = in[i + dy], a positive dy "
        "fetches pixels from below, so everything moves up: it is out[i] = in[i − dy]."),
    "moves-up-for-down": ({"change": lambda dy, dx: (-dy, dx)},
        "The images move up where they should move down: a positive dy moves towards larger row numbers."),
    "moves-left-for-right": ({"change": lambda dy, dx: (dy, -dx)},
        "The images move left where they should move right: a positive dx moves to larger column numbers."),
    "sign-lost": ({"change": lambda dy, dx: (abs(dy), abs(dx))},
        "Negative shifts go the same way as positive ones; they should move up and left."),
    "ignores-dx": ({"change": lambda dy, dx: (dy, 0)},
        "Only dy has an effect. The width is axis 3, and dx moves along it."),
    "ignores-dy": ({"change": lambda dy, dx: (0, dx)},
        "Only dx has an effect. The height is axis 2, and dy moves along it."),
    "does-not-move": ({"change": lambda dy, dx: (0, 0)}, "The images come back as they were."),
    "one-too-far": ({"change": lambda dy, dx: (dy + 1, dx + 1)}, "The images move one pixel too far."),
    "dy-dx-swapped": ({"change": lambda dy, dx: (dx, dy)},
        "dy moves along the columns and dx along the rows. The axes of a batch are (N, C, H, W): dy belongs to axis 2, "
        "the height, and dx to axis 3, the width."),
})  # fmt: skip


# The mode.


task.options(translate, {
    "always-circular": ({"mode": "circular"},
        'What leaves the image comes back on the other side in mode "zeros" too. There, pixels that come from outside '
        "the image are 0.", BORDER),
    "always-zeros": ({"mode": "zeros"},
        'What leaves the image is lost in mode "circular" too. There it comes back on the other side.'),
})  # fmt: skip


@task.mistake
def modes_swapped(again, mode):
    """The modes "circular" and "zeros" are the wrong way round."""
    return again(mode="zeros" if mode == "circular" else "circular")


@task.mistake
def wrong_direction_with_zeros(again, dy, dx, mode):
    """Mode "circular" is right. In mode "zeros" the images move up and left where they should move down and right: a
    slice of the result that starts at dy takes the slice of the image that starts at 0."""
    return again(dy=-dy, dx=-dx) if mode == "zeros" else again()


@task.mistake
def far_shifts_wrap(again, images, dy, dx):
    """The shift is taken modulo the size of the image. That is right for "circular"; in mode "zeros" an image moved by
    its whole height or more has left the frame, and only zeros remain."""
    return again(dy=int(np.fmod(dy, images.shape[2])), dx=int(np.fmod(dx, images.shape[3])))


@task.mistake
def shift_taken_modulo(again, images, dy, dx):
    """The shift is taken modulo the size of the image. That is right for "circular"; in mode "zeros" it turns a move up
    into a move down, and an image that should have left the frame comes back."""
    return again(dy=dy % images.shape[2], dx=dx % images.shape[3])


# Which pixels become zero.


def cleared(again, images, dy, dx, mode, keep=lambda i, n, d: (i >= d) & (i < n + d), both=np.logical_and):
    """The circular result; in mode "zeros" only where keep(place, size, shift) holds along both axes."""
    (H, W), moved = images.shape[2:], again(mode="circular")
    rows, columns = keep(np.arange(H), H, dy)[:, None], keep(np.arange(W), W, dx)
    return moved if mode == "circular" else np.where(both(rows, columns), moved, 0)


task.options(cleared, {
    "clears-the-wrong-side": ({"keep": lambda i, n, d: (i < n - d) & (i >= -d)},
        "The zeros are on the side that the image moves to. An image that moves down leaves empty rows at the top."),
    "zeros-for-positive-only": ({"keep": lambda i, n, d: i >= d},
        "Shifts down and right leave zeros, and shifts up and left wrap around: a negative shift leaves its empty rows "
        "at the bottom, its empty columns at the right.", BORDER),
    "zeros-for-negative-only": ({"keep": lambda i, n, d: i < n + d},
        "Shifts up and left leave zeros, and shifts down and right wrap around. A negative index does not fail in "
        "Python: images[:, :, -1] is the last row. Test i − dy ≥ 0 as well as i − dy < H."),
    "clears-from-a-negative-end": ({"keep": lambda i, n, d: i >= (d if d >= 0 else n + d)},
        "For a negative dy, the slice [:dy] is everything but the last rows. Where the image moves up, the rows to "
        "clear are [dy:], the last ones."),
    "zeros-in-one-axis": ({"both": lambda rows, columns: rows},
        'In mode "zeros" the rows are cleared and the columns wrap around. Both axes need it.'),
    "second-axis-only-without-the-first": ({"both": lambda rows, columns: columns if rows.all() else rows},
        "The columns are cleared only where dy is 0. `elif` leaves out its branch when an earlier one was taken: the "
        "two axes need an `if` each."),
    "clears-the-corner-only": ({"both": np.logical_or},
        "Only pixels that come from outside in both axes are cleared: one axis outside is enough."),
})  # fmt: skip


@task.mistake
def repeats_the_edge(right, images, dy, dx, mode):
    """What comes from outside repeats the nearest pixel of the edge; in mode "zeros" it is 0."""
    H, W = images.shape[2:]
    rows, columns = np.arange(H)[:, None] - dy, np.arange(W) - dx
    return right if mode == "circular" else images[:, :, rows.clip(0, H - 1), columns.clip(0, W - 1)]


@task.mistake
def zero_shift_clears(right, images, dy, dx, mode):
    """With a shift of 0 everything is cleared: [0:] is the whole axis, not nothing. A negative shift has a branch of
    its own: `elif d < 0`."""
    return 0 * right if mode == "zeros" and 0 in (dy, dx) else right


@task.mistake
def negative_stop(right, images, dy, dx, mode):
    """A shift beyond the image makes the end of a slice negative, and Python counts a negative end from the back. Clip
    the ends of the slices to 0 … H and 0 … W, or return zeros at once."""
    if mode == "circular":
        return right
    (H, W), moved = images.shape[2:], np.zeros_like(images)
    part = images[:, :, max(-dy, 0) : H - dy if dy > 0 else H, max(-dx, 0) : W - dx if dx > 0 else W]
    moved[:, :, max(dy, 0) : H + dy if dy < 0 else H, max(dx, 0) : W + dx if dx < 0 else W] = part
    return moved


@task.mistake
def empty_slice_at_zero(right, images, dy, dx, mode):
    """Without a shift along an axis the slice [:-0] is [:0], which is empty. Treat 0 apart, or slice by [: H - dy]."""
    if mode == "circular":
        return right
    moved = np.zeros_like(images)
    to = [slice(d, None) if d > 0 else slice(None, d) for d in (dy, dx)]
    come_from = [slice(None, -d) if d > 0 else slice(-d, None) for d in (dy, dx)]
    moved[:, :, to[0], to[1]] = images[:, :, come_from[0], come_from[1]]
    return moved


# Axes.


@task.mistake
def flattened_images(again, images, dy, dx, mode):
    """The rows are joined to one long line before the shift (`np.roll` without `axis` does that), so what leaves a row
    enters the next one. Shift axis 2 and axis 3 separately."""
    N, C, H, W = images.shape
    return again(images=images.reshape(N, C, 1, H * W), dy=0, dx=dy * W + dx).reshape(images.shape)


@task.mistake
def flattened_batch(images, dy, dx):
    """`np.roll` without `axis` treats the whole batch as one long line of numbers. Give it axis=(2, 3)."""
    return np.roll(images, (dy, dx))


def other_axes(again, images, order):
    """The shift over the last two of the axes in another order."""
    return again(images=images.transpose(order)).transpose(np.argsort(order))


task.options(other_axes, {
    "shifts-the-batch": ({"order": (2, 3, 0, 1)},
        "The shift runs over axes 0 and 1, images and channels. Height and width are axes 2 and 3."),
    "shifts-the-channels": ({"order": (0, 3, 1, 2)},
        "The shift runs over axes 1 and 2, channels and height. Height and width are axes 2 and 3."),
})  # fmt: skip
