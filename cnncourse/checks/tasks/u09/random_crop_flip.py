"""Task 09.random_crop_flip: every image by itself, moved a little and perhaps mirrored."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly
from cnncourse.checks.randomness import RandomTask
from cnncourse.checks.task import Case, Mistake
from cnncourse.checks.tasks.u09._crops import Finder
from cnncourse.checks.tasks.u09._statistics import generator_problem, kind_problem, share_is_off, uneven


def random_crop_flip(images, padding, rng):
    """Pad each image with zeros, cut out a window of its size, mirror it or not."""
    (H, W), border, result = images.shape[2:], (padding, padding), np.empty_like(images)
    for n, image in enumerate(images):
        padded = np.pad(image, ((0, 0), border, border))
        top, left = rng.integers(0, 2 * padding + 1, size=2)
        window = padded[:, top : top + H, left : left + W]
        result[n] = window[:, :, ::-1] if rng.random() < 0.5 else window
    return result


def cases(rng):
    """Colour and grey, wide and tall, no padding, one image."""
    yield Case("generator", normal(rng, 3, 1, 4, 5), 2)
    yield Case("windows", normal(rng, 6, 2, 5, 7), 2)
    yield Case("windows", normal(rng, 4, 1, 6, 4, dtype=np.float32), 1)
    yield Case("windows", readonly(normal(rng, 1, 3, 4, 6)), 1)
    yield Case("mirroring", fortran(normal(rng, 8, 2, 4, 5)), 1)
    yield Case("mirroring", normal(rng, 8, 1, 3, 4), 0)
    yield Case("each image by itself", normal(rng, 6, 1, 4, 6), 1)


# What else an answer may do to an image: slug, options of `Finder`.
OTHERWISE = [
    ("wraps-around", {"mode": "wrap"}),
    ("repeats-the-border", {"mode": "edge"}),
    ("mirrors-at-the-border", {"mode": "reflect"}),
    ("mirrors-at-the-border", {"mode": "symmetric"}),
    ("flips-both-ways", {"change": lambda window: window[:, ::-1, ::-1], "mirrored": False}),
    ("flips-up-down", {"change": lambda window: window[:, ::-1]}),
    ("flips-channels", {"change": lambda window: window[::-1]}),
]


def judge(case, value):
    """None, or (slug, sentence)."""
    images, padding = case.args
    problem = kind_problem(value, images.shape)
    if problem:
        return problem
    if case.criterion == "generator":
        return generator_problem(value)
    finder, found = Finder(images, padding), []
    for draw in value["draws"]:
        found.append([finder.find(crop, n) for n, crop in enumerate(draw)])
    unknown = [(n, draw[n]) for draw, keys in zip(value["draws"], found, strict=True) for n in _places(keys)]
    if unknown:
        return _unknown(unknown[:10], images, padding)
    found = np.array([[key[1:] for key in keys] for keys in found])  # (draws, N, 3)
    if case.criterion == "windows":
        return _windows_problem(found, padding)
    return _flips_problem(found) if case.criterion == "mirroring" else _dependence(found)


def _places(keys):
    return [n for n, key in enumerate(keys) if key is None]


def _unknown(crops, images, padding):
    """What has been done to images that are no windows of their own."""
    n = crops[0][0]
    text = f"Image {n} of the result is no window of image {n} padded by {padding} zeros, mirrored or not."
    finder, wider = Finder(images, padding), Finder(images, 2 * padding + 1)
    if all(finder.find(crop) for _, crop in crops):
        return "mixes-images", text
    if all(wider.find(crop, n) for n, crop in crops):
        return "moves-too-far", text
    if images.shape[1] > 1 and all(_channels_alone(images, padding, n, crop) for n, crop in crops):
        return "each-channel-by-itself", text
    for slug, options in OTHERWISE:
        other = Finder(images, padding, **options)
        if all(other.find(crop, n) for n, crop in crops):
            return slug, text
    return "no-window", text


def _channels_alone(images, padding, n, crop):
    return all(Finder(images[n : n + 1, [c]], padding).find(crop[c]) for c in range(len(crop)))


def _windows_problem(found, padding):
    shifts, side = found[..., :2].reshape(-1, 2), 2 * padding + 1
    counts = np.zeros((side, side))
    np.add.at(counts, tuple(shifts.T), 1)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    said = f"{len(shifts)} images"
    if (shifts == padding).all():
        return "never-moves", f"All of {said} stayed where they were."
    if found.shape[1] > 1 and (found[..., :2] == found[:, :1, :2]).all():
        return "one-window-for-all", "In every call all images moved alike."
    if (rows == 0).any() or (columns == 0).any():
        if (rows[:padding] == 0).all() and (columns[:padding] == 0).all():
            return "one-direction-only", f"None of {said} shows a window from the upper left."
        if np.count_nonzero(rows) == 1 or np.count_nonzero(columns) == 1:
            return "one-axis-only", f"{said} moved along one axis only."
        return "leaves-windows-out", f"Among {said} some of the {side}×{side} windows never occur."
    if (shifts[:, 0] == shifts[:, 1]).all():
        return "same-shift-both-axes", f"All of {said} moved as far down as to the right."
    if uneven(counts.ravel()):
        return "unequal-windows", f"The {side}×{side} windows of {said} are not equally frequent."
    return None


def _flips_problem(found):
    flips = found[..., 2].ravel()
    said = f"{flips.sum()} of {len(flips)} images are mirrored."
    if not flips.any():
        return "never-mirrors", said
    if flips.all():
        return "always-mirrors", said
    if found.shape[1] > 1 and (found[..., 2] == found[:, :1, 2]).all():
        return "one-mirroring-for-all", "In every call all images are mirrored, or none."
    if (found[..., 2] == found[:1, :, 2]).all():
        return "images-depend", "In every call the same images are mirrored."
    if share_is_off(flips.sum(), len(flips), 0.5):
        return "wrong-chance", said
    side = found[..., :2].max() + 1
    joint = np.zeros((side, side, 2))
    np.add.at(joint, tuple(found.reshape(-1, 3).T), 1)
    if uneven(joint.ravel()):
        return "mirroring-depends-on-window", "Some windows are mirrored more often than others."
    return None


def _dependence(found):
    shifts, flips = found[..., :2], found[..., 2]
    if (shifts == shifts[:, :1]).all():
        return "one-window-for-all", "In every call all images moved alike."
    if (flips == flips[:, :1]).all():
        return "one-mirroring-for-all", "In every call all images are mirrored, or none."
    side = int(shifts.max()) + 1
    for earlier, later in ((found[:, :-1], found[:, 1:]), (found[:-1], found[1:])):
        same_shift = (earlier[..., :2] == later[..., :2]).all(axis=-1)
        same_flip = earlier[..., 2] == later[..., 2]
        off = share_is_off(same_shift.sum(), same_shift.size, 1 / side**2)
        if off or share_is_off(same_flip.sum(), same_flip.size, 0.5):
            return "images-depend", "What happens to an image depends on what happened to the one before."
    return None


def _wrong(*, mode="constant", low=0, high=None, flip=lambda window: window[:, :, ::-1], chance=0.5, draw=None):
    """A wrong answer: right with the options as they are; each mistake below changes one."""

    def answer(images, padding, rng):
        (H, W), result = images.shape[2:], np.empty_like(images)
        spec = ((0, 0), (0, 0), (padding, padding), (padding, padding))
        padded = np.pad(images, spec, mode=mode)
        for n in range(len(images)):
            end = 2 * padding + 1 if high is None else max(high(padding), low + 1)
            top, left = draw(padding, rng) if draw else rng.integers(low, end, size=2)
            window = padded[n, :, top : top + H, left : left + W]
            result[n] = flip(window) if rng.random() < chance else window
        return result

    return answer



def _only_beyond_centre(padding, rng):
    return rng.integers(padding, 2 * padding + 1, size=2)


def _too_far(images, padding, rng):
    return random_crop_flip(images, padding + 1, rng)


def _down_only(padding, rng):
    return rng.integers(0, 2 * padding + 1), padding


def _diagonal(padding, rng):
    shift = rng.integers(0, 2 * padding + 1)
    return shift, shift


def _middle_preferred(padding, rng):
    return rng.integers(0, padding + 1, size=2) + rng.integers(0, padding + 1, size=2)


def _one_window(images, padding, rng):
    (H, W), (top, left) = images.shape[2:], rng.integers(0, 2 * padding + 1, size=2)
    padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    result = padded[:, :, top : top + H, left : left + W].copy()
    mirrored = rng.random(len(images)) < 0.5
    result[mirrored] = result[mirrored, :, :, ::-1]
    return result


def _one_mirroring(images, padding, rng):
    result = _wrong(chance=0)(images, padding, rng)
    return result[:, :, :, ::-1].copy() if rng.random() < 0.5 else result


def _each_channel(images, padding, rng):
    N, C, H, W = images.shape
    return random_crop_flip(images.reshape(N * C, 1, H, W), padding, rng).reshape(N, C, H, W)


def _mixes(images, padding, rng):
    return rng.permutation(random_crop_flip(images, padding, rng))


def _every_second(images, padding, rng):
    """Mirrors by turns: half of the images, but always the same ones."""
    result = _wrong(chance=0)(images, padding, rng)
    result[::2] = result[::2, :, :, ::-1]
    return result


def _tied_to_shift(images, padding, rng):
    """Uses one number for both decisions."""
    (H, W), result = images.shape[2:], np.empty_like(images)
    padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    for n in range(len(images)):
        u, top = rng.random(), rng.integers(0, 2 * padding + 1)
        left = int(u * (2 * padding + 1))
        window = padded[n, :, top : top + H, left : left + W]
        result[n] = window[:, :, ::-1] if u < 0.5 else window
    return result


def _in_place(images, padding, rng):
    images[...] = random_crop_flip(images, padding, rng)
    return images


def _mistakes():
    yield "wraps-around", _wrong(mode="wrap"), (
        "What leaves the image on one side comes in on the other (as with np.roll). Beyond the border there are zeros."
    )
    yield "repeats-the-border", _wrong(mode="edge"), "The border's pixels are repeated outwards. Pad with zeros."
    yield "mirrors-at-the-border", _wrong(mode="symmetric"), (
        "Beyond the border the image goes on as its mirror image. Pad with zeros."
    )
    yield "flips-up-down", _wrong(flip=lambda window: window[:, ::-1]), (
        "Images are turned upside down: axis 2 of (N, C, H, W) is flipped. Left and right are along the last axis."
    )
    yield "flips-both-ways", _wrong(flip=lambda window: window[:, ::-1, ::-1]), (
        "Both axes are flipped, which turns the image by 180°. Left and right are along the last axis only."
    )
    yield "flips-channels", _wrong(flip=lambda window: window[::-1]), (
        "The channels are reversed. Left and right are along the last axis: window[:, :, ::-1]."
    )
    yield "each-channel-by-itself", _each_channel, (
        "Each channel gets a window or a mirroring of its own: red and blue no longer fit together. Draw once per "
        "image."
    )
    yield "mixes-images", _mixes, "The images change their order; their labels would no longer fit."
    yield "moves-too-far", _too_far, (
        "Some images move further than P pixels. The window's corner is one of 0 … 2P: padding by P and cutting out "
        "a window of the image's size leaves no more."
    )
    yield "no-window", lambda images, padding, rng: 0.5 * random_crop_flip(images, padding, rng), (
        "The result holds something else than windows of the images. Check it by eye, with padding 0 first."
    )
    yield "never-moves", _wrong(draw=lambda padding, rng: (padding, padding)), (
        "Every window is the middle one: the image is mirrored, but never moved."
    )
    yield "one-direction-only", _wrong(draw=_only_beyond_centre), (
        "Images move up and left only. The window's corner is one of 0 … 2P, and P is the middle."
    )
    yield "leaves-windows-out", _wrong(high=lambda padding: 2 * padding), (
        "Some windows never occur. The window's corner is one of 0 … 2P, and rng.integers(0, n) stops at n − 1: take "
        "2 * padding + 1."
    )
    yield "one-axis-only", _wrong(draw=_down_only), "Images move along one axis only: draw a shift for each."
    yield "same-shift-both-axes", _wrong(draw=_diagonal), (
        "One number is used for both axes, so that images move along the diagonal. Draw two."
    )
    yield "unequal-windows", _wrong(draw=_middle_preferred), (
        "The windows are not equally frequent. rng.integers(0, 2 * padding + 1) gives each corner the same chance."
    )
    yield "never-mirrors", _wrong(chance=0), "No image is ever mirrored."
    yield "always-mirrors", _wrong(chance=1), "Every image is mirrored. Half of them should be, at random."
    yield "wrong-chance", _wrong(chance=0.3), "The chance of being mirrored is not one half."
    yield "mirroring-depends-on-window", _tied_to_shift, (
        "One random number decides both the window and the mirroring, so that not all pairs of them occur equally "
        "often."
    )
    yield "one-window-for-all", _one_window, (
        "One window is drawn for the whole batch. Each image has its own: draw N times."
    )
    yield "one-mirroring-for-all", _one_mirroring, (
        "The whole batch is mirrored, or none of it. Each image has its own chance: draw N times."
    )
    yield "images-depend", _every_second, (
        "The images are not independent of each other: draw window and mirroring anew for each image in each call."
    )
    yield "ignores-rng", lambda images, padding, rng: random_crop_flip(images, padding, np.random.default_rng()), (
        "The random numbers come from a generator of your own, so the same rng does not give the same crops. Use rng."
    )
    yield "same-every-time", lambda images, padding, rng: random_crop_flip(images, padding, np.random.default_rng(0)), (
        "Each call does the same, as if a new generator with a fixed seed were made in it: that is no augmentation."
    )
    yield "changes-input", _in_place, (
        "The caller's images are changed: after an epoch they would be gone. Write the crops into a new array."
    )


task = RandomTask(
    "09.random_crop_flip",
    {"generator": 1, "windows": 2, "mirroring": 1, "each image by itself": 1},
    random_crop_flip,
    cases,
    [Mistake(slug, answer, text) for slug, answer, text in _mistakes()],
    judge_draws=judge,
    times=80,
    seconds=20.0,
    see="09#Too few pictures",
    place=5,
)
