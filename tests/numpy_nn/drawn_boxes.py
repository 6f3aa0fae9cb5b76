"""Boxes to test with: whole and broken numbers, ties, boxes without area, none at all."""


def draw(rng, count, kind="float", size=24):
    """Return boxes (count, 4): "whole" ones lie on few corners, so that many measures are equal; "flat" ones have
    boxes without area among them."""
    whole = kind in ("whole", "flat")
    corners = rng.integers(0, size // 3, (count, 2, 2)) * 3 if whole else rng.uniform(0, size, (count, 2, 2))
    corners.sort(axis=1)
    if kind != "flat":
        corners[:, 1] += 1
    return corners.reshape(count, 4).astype(float)


def scores(rng, count, ties=True):
    """Return scores; with `ties` few different ones."""
    return rng.integers(0, 5, count) / 5 if ties else rng.permutation(count) / max(count, 1)
