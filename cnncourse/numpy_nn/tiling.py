"""Overlap-tile: a picture of any size through a network, tile by tile, with the result of the whole picture.

Ronneberger et al. 2015, figure 2. Two conditions make it exact. Each tile comes with everything that its outputs see
(`margin`). And tiles begin at multiples of the network's total stride (`step`): from other places, its poolings would
cut the picture differently.
"""

import numpy as np

from cnncourse.tiles import check_tiles, mirrored, tile_size, whole_size, windows

__all__ = ["predict_tiles"]


def predict_tiles(predict, images, tile=None, *, step, margin, padding=True):
    """Return `predict(images)`, computed in tiles.

    Parameters
    ----------
    predict : function
        (N, C, h, w) to (N, K, h, w), or without padding to (N, K, h − 2 · margin, w − 2 · margin).
    images : ndarray (N, C, H, W)
        Of any size. Where a tile needs more at the bottom and right, or a network without padding all around, the
        picture goes on as in a mirror.
    tile : int, optional
        Height and width of what one call gives: with padding a multiple of `step`. By default the whole picture; a
        network without padding needs a size that it can give.
    step, margin : int
        Of the network, such as `UNet`'s.
    padding : bool
        Whether the network pads its convolutions. Then a tile at the picture's border ends there, so that its zeros
        are those of the whole picture.

    Returns
    -------
    ndarray (N, K, H, W)
    """
    N, _, H, W = images.shape
    check_tiles(tile, step, margin, padding)
    sides = [tile_size(side, tile, step, padding) for side in (H, W)]
    tall, wide = (whole_size(side, own, step) for side, own in zip((H, W), sides, strict=True))
    around = 0 if padding else margin
    images = images[:, :, mirrored(H, around, tall)[:, None], mirrored(W, around, wide)]
    output = None
    for rows, rows_in, top in windows(tall, sides[0], step, margin, padding):
        for columns, columns_in, left in windows(wide, sides[1], step, margin, padding):
            part = predict(images[:, :, rows_in, columns_in])
            if output is None:
                output = np.empty((N, part.shape[1], tall, wide), part.dtype)
            output[:, :, rows, columns] = part[:, :, top : top + sides[0], left : left + sides[1]]
    return output[:, :, :H, :W]
