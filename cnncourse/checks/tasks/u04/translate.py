"""Task 04.translate: move images by whole pixels, around the border or over it."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def translate(images, dy, dx, mode):
    """Pixel (i, j) of the result is pixel (i − dy, j − dx) of the image."""
    H, W = images.shape[2:]
    rows, columns = np.arange(H)[:, None] - dy, np.arange(W) - dx
    moved = images[:, :, rows % H, columns % W]
    if mode == "circular":
        return moved
    inside = (rows >= 0) & (rows < H) & (columns >= 0) & (columns < W)
    return np.where(inside, moved, 0)


def cases(rng):
    """Both modes, both signs, one axis at a time, shifts beyond the image, one pixel, other layouts."""
    x = normal(rng, 2, 3, 5, 7)
    yield Case("circular", x, 1, 2, "circular")
    yield Case("circular", x, 0, 3, "circular")
    yield Case("circular", normal(rng, 3, 1, 4, 3), 2, 0, mode="circular")
    yield Case("zeros", x, 1, 2, "zeros")
    yield Case("zeros", x, dy=0, dx=3, mode="zeros")
    yield Case("zeros", normal(rng, 3, 1, 4, 3), 2, 0, "zeros")
    yield Case("up and left", x, -1, -2, "zeros")
    yield Case("up and left", x, -2, 3, "zeros")
    yield Case("up and left", x, 1, -4, "circular")
    yield Case("up and left", x, 0, -1, "zeros")
    yield Case("beyond the border", x, 5, 0, "zeros")
    yield Case("beyond the border", x, -7, 1, "zeros")
    yield Case("beyond the border", x, 1, 9, "zeros")
    yield Case("beyond the border", x, 2, -9, "zeros")
    yield Case("beyond the border", x, -13, 17, "circular")
    yield Case("beyond the border", normal(rng, 1, 1, 1, 1), 1, 0, "zeros")
    yield Case("any array", normal(rng, 2, 2, 4, 6, dtype=np.float32), 0, 0, "zeros")
    yield Case("any array", strided(normal(rng, 2, 2, 4, 6)), 1, -1, "zeros")
    yield Case("any array", fortran(normal(rng, 2, 2, 6, 4)), -1, 1, "circular")
    yield Case("any array", readonly(x), 2, -2, "zeros")


def _wrong_direction(images, dy, dx, mode):
    return translate(images, -dy, -dx, mode)


def _swapped(images, dy, dx, mode):
    return translate(images, dx, dy, mode)


def _always_circular(images, dy, dx, mode):
    return translate(images, dy, dx, "circular")


def _always_zeros(images, dy, dx, mode):
    return translate(images, dy, dx, "zeros")


def _modes_swapped(images, dy, dx, mode):
    return translate(images, dy, dx, "zeros" if mode == "circular" else "circular")


def _wraps_far_shifts(images, dy, dx, mode):
    H, W = images.shape[2:]
    return translate(images, int(np.fmod(dy, H)), int(np.fmod(dx, W)), mode)


def _edge(images, dy, dx, mode):
    if mode == "circular":
        return translate(images, dy, dx, mode)
    H, W = images.shape[2:]
    rows, columns = np.arange(H)[:, None] - dy, np.arange(W) - dx
    return images[:, :, rows.clip(0, H - 1), columns.clip(0, W - 1)]


def _clears_other_side(images, dy, dx, mode):
    if mode == "circular":
        return translate(images, dy, dx, mode)
    H, W = images.shape[2:]
    rows, columns = np.arange(H)[:, None], np.arange(W)
    inside = (rows < H - dy) & (rows >= -dy) & (columns < W - dx) & (columns >= -dx)
    return np.where(inside, translate(images, dy, dx, "circular"), 0)


def _positive_only(images, dy, dx, mode):
    if mode == "circular":
        return translate(images, dy, dx, mode)
    moved = translate(images, dy, dx, "circular")
    moved[:, :, : max(dy, 0)] = 0
    moved[:, :, :, : max(dx, 0)] = 0
    return moved


def _negative_only(images, dy, dx, mode):
    if mode == "circular":
        return translate(images, dy, dx, mode)
    return translate(translate(images, max(dy, 0), max(dx, 0), "circular"), min(dy, 0), min(dx, 0), "zeros")


def _clears_from_negative(images, dy, dx, mode):
    if mode == "circular":
        return translate(images, dy, dx, mode)
    moved = translate(images, dy, dx, "circular")
    moved[:, :, :dy] = 0
    moved[:, :, :, :dx] = 0
    return moved


def _python_modulo(images, dy, dx, mode):
    H, W = images.shape[2:]
    return translate(images, dy % H, dx % W, mode)


def _zeros_in_one_axis(images, dy, dx, mode):
    if mode == "circular":
        return translate(images, dy, dx, mode)
    return translate(translate(images, dy, 0, "zeros"), 0, dx, "circular")


def _both_or_nothing(images, dy, dx, mode):
    if mode == "circular":
        return translate(images, dy, dx, mode)
    H, W = images.shape[2:]
    rows, columns = np.arange(H)[:, None] - dy, np.arange(W) - dx
    inside = (rows >= 0) & (rows < H) | (columns >= 0) & (columns < W)
    return np.where(inside, translate(images, dy, dx, "circular"), 0)


def _negative_stop(images, dy, dx, mode):
    if mode == "circular":
        return translate(images, dy, dx, mode)
    H, W = images.shape[2:]
    moved = np.zeros_like(images)
    part = images[:, :, max(-dy, 0) : H - dy if dy > 0 else H, max(-dx, 0) : W - dx if dx > 0 else W]
    moved[:, :, max(dy, 0) : H + dy if dy < 0 else H, max(dx, 0) : W + dx if dx < 0 else W] = part
    return moved


def _minus_zero(images, dy, dx, mode):
    if mode == "circular":
        return translate(images, dy, dx, mode)
    moved = np.zeros_like(images)
    here = slice(dy, None) if dy > 0 else slice(None, dy), slice(dx, None) if dx > 0 else slice(None, dx)
    there = slice(None, -dy) if dy > 0 else slice(-dy, None), slice(None, -dx) if dx > 0 else slice(-dx, None)
    moved[(..., *here)] = images[(..., *there)]
    return moved


def _flattened(images, dy, dx, mode):
    N, C, H, W = images.shape
    flat, shift = images.reshape(N, C, H * W), dy * W + dx
    if mode == "circular":
        return np.roll(flat, shift, axis=2).reshape(N, C, H, W)
    return translate(flat[:, :, None], 0, shift, mode).reshape(N, C, H, W)


def _other_axes(axes):
    def moved(images, dy, dx, mode):
        order = [*(a for a in range(4) if a not in axes), *axes]
        return translate(images.transpose(order), dy, dx, mode).transpose(np.argsort(order))

    return moved


task = Task(
    "04.translate",
    {"circular": 1, "zeros": 1, "up and left": 1, "beyond the border": 1, "any array": 1},
    translate,
    cases,
    [
        Mistake(
            "wrong-direction",
            _wrong_direction,
            "The images move up and left where they should move down and right. If out[i] = in[i + dy], a positive "
            "dy fetches pixels from below, so everything moves up: it is out[i] = in[i − dy].",
        ),
        Mistake(
            "moves-up-for-down",
            lambda images, dy, dx, mode: translate(images, -dy, dx, mode),
            "The images move up where they should move down: a positive dy moves towards larger row numbers.",
        ),
        Mistake(
            "moves-left-for-right",
            lambda images, dy, dx, mode: translate(images, dy, -dx, mode),
            "The images move left where they should move right: a positive dx moves to larger column numbers.",
        ),
        Mistake(
            "sign-lost",
            lambda images, dy, dx, mode: translate(images, abs(dy), abs(dx), mode),
            "Negative shifts go the same way as positive ones; they should move up and left.",
        ),
        Mistake(
            "ignores-dx",
            lambda images, dy, dx, mode: translate(images, dy, 0, mode),
            "Only dy has an effect. The width is axis 3, and dx moves along it.",
        ),
        Mistake(
            "ignores-dy",
            lambda images, dy, dx, mode: translate(images, 0, dx, mode),
            "Only dx has an effect. The height is axis 2, and dy moves along it.",
        ),
        Mistake("does-not-move", lambda images, dy, dx, mode: images.copy(), "The images come back as they were."),
        Mistake(
            "one-too-far",
            lambda images, dy, dx, mode: translate(images, dy + 1, dx + 1, mode),
            "The images move one pixel too far.",
        ),
        Mistake(
            "dy-dx-swapped",
            _swapped,
            "dy moves along the columns and dx along the rows. The axes of a batch are (N, C, H, W): dy belongs to "
            "axis 2, the height, and dx to axis 3, the width.",
        ),
        Mistake(
            "always-circular",
            _always_circular,
            'What leaves the image comes back on the other side in mode "zeros" too. There, pixels that come from '
            "outside the image are 0.",
            see="04#At the border",
        ),
        Mistake(
            "always-zeros",
            _always_zeros,
            'What leaves the image is lost in mode "circular" too. There it comes back on the other side.',
        ),
        Mistake("modes-swapped", _modes_swapped, 'The modes "circular" and "zeros" are the wrong way round.'),
        Mistake(
            "far-shifts-wrap",
            _wraps_far_shifts,
            'The shift is taken modulo the size of the image. That is right for "circular"; in mode "zeros" an '
            "image moved by its whole height or more has left the frame, and only zeros remain.",
        ),
        Mistake(
            "shift-taken-modulo",
            _python_modulo,
            'The shift is taken modulo the size of the image. That is right for "circular"; in mode "zeros" it '
            "turns a move up into a move down, and an image that should have left the frame comes back.",
        ),
        Mistake(
            "repeats-the-edge",
            _edge,
            'What comes from outside repeats the nearest pixel of the edge; in mode "zeros" it is 0.',
        ),
        Mistake(
            "clears-the-wrong-side",
            _clears_other_side,
            "The zeros stand on the side that the image moves to. An image that moves down leaves empty rows at "
            "the top.",
        ),
        Mistake(
            "zeros-for-positive-only",
            _positive_only,
            "Shifts down and right leave zeros, and shifts up and left wrap around: a negative shift leaves its "
            "empty rows at the bottom, its empty columns at the right.",
            see="04#At the border",
        ),
        Mistake(
            "zeros-for-negative-only",
            _negative_only,
            "Shifts up and left leave zeros, and shifts down and right wrap around. A negative index does not fail "
            "in Python: images[:, :, -1] is the last row. Test i − dy ≥ 0 as well as i − dy < H.",
        ),
        Mistake(
            "clears-from-a-negative-end",
            _clears_from_negative,
            "For a negative dy, the slice [:dy] is everything but the last rows. Where the image moves up, the "
            "rows to clear are [dy:], the last ones.",
        ),
        Mistake(
            "zeros-in-one-axis",
            _zeros_in_one_axis,
            'In mode "zeros" the rows are cleared and the columns wrap around. Both axes need it.',
        ),
        Mistake(
            "clears-the-corner-only",
            _both_or_nothing,
            "Only pixels that come from outside in both axes are cleared: one axis outside is enough.",
        ),
        Mistake(
            "negative-stop",
            _negative_stop,
            "A shift beyond the image makes the end of a slice negative, and Python counts a negative end from the "
            "back. Clip the ends of the slices to 0 … H and 0 … W, or return zeros at once.",
        ),
        Mistake(
            "empty-slice-at-zero",
            _minus_zero,
            "Without a shift along an axis the slice [:-0] is [:0], which is empty. Treat 0 apart, or slice by "
            "[: H - dy].",
        ),
        Mistake(
            "flattened-images",
            _flattened,
            "The rows are joined to one long line before the shift (`np.roll` without `axis` does that), so what "
            "leaves a row enters the next one. Shift axis 2 and axis 3 each by itself.",
        ),
        Mistake(
            "flattened-batch",
            lambda images, dy, dx, mode: np.roll(images, (dy, dx)),
            "`np.roll` without `axis` treats the whole batch as one long line of numbers. Give it axis=(2, 3).",
        ),
        Mistake(
            "shifts-the-batch",
            _other_axes((0, 1)),
            "The shift runs over axes 0 and 1, images and channels. Height and width are axes 2 and 3.",
        ),
        Mistake(
            "shifts-the-channels",
            _other_axes((1, 2)),
            "The shift runs over axes 1 and 2, channels and height. Height and width are axes 2 and 3.",
        ),
    ],
    see="04#Two words, two measurements",
    place=1,
)
