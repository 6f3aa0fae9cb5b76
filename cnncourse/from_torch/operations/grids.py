"""Sampling an image at the points of a grid, as spatial transformers do, under PyTorch's names and arguments."""

from itertools import product

import numpy as np


def affine_grid(theta, size, align_corners=None):
    """Return the points of the input that an affine map θ (N × axes × axes + 1) assigns to each pixel of the output."""
    axes = [_positions(n, align_corners, theta.dtype) for n in size[2:]]
    points = [*reversed(np.meshgrid(*axes, indexing="ij")), np.ones(tuple(size[2:]), theta.dtype)]
    return np.moveaxis(np.tensordot(theta, np.stack(points), 1), 1, -1)


def _positions(n, align_corners, dtype):
    """Return the centres of n pixels; −1 and 1 are the outer pixels' centres, or the image's edges."""
    if n == 1:
        return np.zeros(1, dtype)
    ends = 1 if align_corners else (n - 1) / n
    return np.linspace(-ends, ends, n, dtype=dtype)


def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """Return the image at the grid's points, (x, y) or (x, y, z) from −1 to 1; beyond the edge is 0, or the edge."""
    places = []
    for k, n in enumerate(input.shape[2:]):
        place = grid[..., -1 - k]
        place = (place + 1) / 2 * (n - 1) if align_corners else ((place + 1) * n - 1) / 2
        places.append(np.clip(place, 0, n - 1) if padding_mode == "border" else place)
    if mode == "nearest":
        return np.moveaxis(_at(input, [np.rint(place) for place in places]), -1, 1)
    output = 0
    for corner in product((0, 1), repeat=len(places)):
        near = [np.floor(place) + step for place, step in zip(places, corner, strict=True)]
        weight = np.prod([1 - np.abs(place - one) for place, one in zip(places, near, strict=True)], axis=0)
        output = output + weight[..., None] * _at(input, near)
    return np.moveaxis(output, -1, 1).astype(input.dtype, copy=False)


def _at(input, places):
    """Return the pixels at these places, channels last; 0 where there is none."""
    inside = np.logical_and.reduce(
        [(place >= 0) & (place < n) for place, n in zip(places, input.shape[2:], strict=True)]
    )
    places = [np.where(inside, place, 0).astype(int) for place in places]
    image = np.arange(len(input)).reshape(-1, *[1] * len(places))
    return np.where(inside[..., None], input[(image, slice(None), *places)], 0)


GRIDS = {"affine_grid": affine_grid, "grid_sample": grid_sample}
