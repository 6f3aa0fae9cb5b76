"""Tiles for Winograd's transforms: strips of tiles, cut out, transformed, and put side by side again."""

import itertools

import numpy as np

from ..functional._windows import as_strided
from . import threads

# This many neighbouring tiles of a row are transformed by one banded matrix.
GROUP = 4


def strips(N, rows, columns, most, least):
    """Return pairs of slices (images, rows of tiles) with at most about `most` tiles each, and some for every thread.

    No strip is smaller than `least` tiles just to keep a thread busy.
    """
    tiles = max(least, min(most, N * rows * columns // threads.thread_count()))
    images = max(1, min(N, tiles // (rows * columns)))
    height = min(rows, max(1, tiles // (columns * images)))
    # Use as few strips as possible, of equal size.
    return list(
        itertools.product(threads.split_evenly(N, -(-N // images)), threads.split_evenly(rows, -(-rows // height)))
    )


def cut(x, strip, columns, m, overlap, padding):
    """Copy a strip out of `x` with zeros around it: (rows of pixels, images, C, columns of pixels)."""
    n, i = strip
    C, H, W = x.shape[1:]
    top, left = m * i.start - padding[0], -padding[1]
    height, width = m * (i.stop - i.start) + overlap, m * columns + overlap
    pixels = np.empty((height, len(x[n]), C, width), x.dtype)
    rows, cols = slice(max(0, top), min(H, top + height)), slice(max(0, left), min(W, left + width))
    above, below, before, after = rows.start - top, rows.stop - top, cols.start - left, cols.stop - left
    pixels[above:below, ..., before:after] = x[n, :, rows, cols].transpose(2, 0, 1, 3)
    pixels[:above] = pixels[max(above, below) :] = 0
    pixels[..., :before] = pixels[..., max(before, after) :] = 0
    return pixels


def to_tiles(pixels, M, bands, m):
    """Return M d Mᵀ as (m+2, m+2, tiles, C) for the tiles d of a strip, which stand m pixels apart."""
    height, images, C, width = pixels.shape
    t, size = M.shape
    rows, columns = (height - size) // m + 1, (width - size) // m + 1
    d = np.empty((height, images, columns * t, C), pixels.dtype)
    for some, groups, band in bands:
        read = overlapping(pixels[..., m * some.start :], 3, groups, band.shape[1], m * GROUP)
        write = d[:, :, t * some.start : t * some.stop].reshape(height, images, groups, -1, C)
        np.matmul(band, read.transpose(0, 1, 3, 4, 2), out=write)

    tiles = np.empty((t, rows, images * columns * t * C), pixels.dtype)
    np.matmul(M, overlapping(d.reshape(height, -1), 0, rows, size, m), out=tiles.swapaxes(0, 1))
    return tiles.reshape(t, rows * images * columns, t, C).swapaxes(1, 2)


def from_tiles(tiles, M, bands, images, columns):
    """Return M y Mᵀ for all tiles y (m+2, m+2, tiles, C), side by side as pixels (rows, images, C, columns)."""
    m, t = M.shape
    C = tiles.shape[3]
    rows = tiles.shape[2] // (images * columns)
    along = M @ tiles.swapaxes(1, 2).reshape(t, rows, -1).swapaxes(0, 1)

    along = along.reshape(rows * m, images, columns * t, C)
    pixels = np.empty((rows * m, images, C, columns * m), along.dtype)
    for some, groups, band in bands:
        read = along[:, :, t * some.start : t * some.stop].reshape(rows * m, images, groups, -1, C)
        write = pixels[..., m * some.start : m * some.stop].reshape(rows * m, images, C, groups, -1)
        np.matmul(read.swapaxes(3, 4), band, out=write.swapaxes(2, 3))
    return pixels


def banded(M, columns, m):
    """Return (tiles, groups, band) for a row of tiles, cut into groups: band holds M once a tile, m columns apart."""
    t, size = M.shape

    def band(count):
        blocks = np.zeros((count, t, m * (count - 1) + size), M.dtype)
        for k in range(count):
            blocks[k, :, m * k : m * k + size] = M
        return blocks.reshape(count * t, -1)

    groups, rest = divmod(columns, GROUP)
    whole = [(slice(0, groups * GROUP), groups, band(GROUP))] if groups else []
    return whole + ([(slice(groups * GROUP, columns), 1, band(rest))] if rest else [])


def overlapping(x, axis, count, size, step):
    """Return `count` pieces of `x`, `size` entries along `axis` every `step`, as a view: (…, count, size, …)."""
    before, here, after = x.strides[:axis], x.strides[axis], x.strides[axis + 1 :]
    shape = (*x.shape[:axis], count, size, *x.shape[axis + 1 :])
    return as_strided(x, shape, (*before, step * here, here, *after))
