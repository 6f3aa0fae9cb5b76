"""Find out which window of which image an augmented image shows, and judge many of them."""

import numpy as np

from cnncourse.checks.tasks.u09._statistics import generator_problem, kind_problem, share_is_off, uneven


def windows(image, padding, mode="constant"):
    """Every padded window of an image: {(dy, dx, flipped): (C, H, W)}, (0, 0) at the top left."""
    C, H, W = image.shape
    spec = ((0, 0), (padding, padding), (padding, padding))
    padded = np.pad(image, spec, mode=mode)
    found = {}
    for dy in range(2 * padding + 1):
        for dx in range(2 * padding + 1):
            window = padded[:, dy : dy + H, dx : dx + W]
            found[dy, dx, 0], found[dy, dx, 1] = window, window[:, :, ::-1]
    return found


class Finder:
    """Looks crops up among all windows of all images of a batch.

    `change` is applied to each window, `mirrored` is whether mirrored windows count as well.
    """

    def __init__(self, images, padding, mode="constant", change=lambda window: window, mirrored=True):
        self.keys, table = [], []
        for n, image in enumerate(images):
            for key, window in windows(image, padding, mode).items():
                if mirrored or not key[2]:
                    self.keys.append((n, *key))
                    table.append(change(window).ravel())
        self.table, self.each = np.array(table), len(table) // len(images)

    def find(self, crop, own=None):
        """(n, dy, dx, flipped) of a crop, or None; among the windows of image `own` only, if given."""
        rows = slice(None) if own is None else slice(own * self.each, (own + 1) * self.each)
        distance = np.abs(self.table[rows] - crop.ravel()).max(axis=1)
        best = distance.argmin()
        return self.keys[rows][best] if distance[best] <= 1e-5 else None


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


def problem(case, value):
    """What is wrong with many draws of one case, or None: (slug, sentence)."""
    images, padding = case.args
    if wrong_kind := kind_problem(value, images.shape):
        return wrong_kind
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
    if not np.ptp(flips.sum(axis=1)):
        return "mirrors-as-many-each-time", f"In every call {flips[0].sum()} of {flips.shape[1]} images are mirrored."
    side = int(shifts.max()) + 1
    for earlier, later in ((found[:, :-1], found[:, 1:]), (found[:-1], found[1:])):
        same_shift = (earlier[..., :2] == later[..., :2]).all(axis=-1)
        same_flip = earlier[..., 2] == later[..., 2]
        off = share_is_off(same_shift.sum(), same_shift.size, 1 / side**2)
        if off or share_is_off(same_flip.sum(), same_flip.size, 0.5):
            return "images-depend", "What happens to an image depends on what happened to the one before."
    return None
