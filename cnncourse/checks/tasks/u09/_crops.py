"""Find out which window of which image an augmented image shows."""

import numpy as np


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
