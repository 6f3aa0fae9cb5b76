"""Overlap-tile in PyTorch (Ronneberger et al. 2015, figure 2); see the NumPy twin."""

import torch

from cnncourse.tiles import check_tiles, mirrored, tile_size, whole_size, windows

__all__ = ["predict_tiles"]


@torch.no_grad()
def predict_tiles(predict, images, tile=None, *, step, margin, padding=True):
    """Return `predict(images)`, computed in tiles: (N, C, H, W) of any size to (N, K, H, W), without gradients.

    `predict` is a network in evaluation mode; `step`, `margin` and `padding` are its own, such as `UNet`'s. With
    padding, `tile` is a multiple of `step`, by default the whole picture.
    """
    N, _, H, W = images.shape
    check_tiles(tile, step, margin, padding)
    sides = [tile_size(side, tile, step, padding) for side in (H, W)]
    tall, wide = (whole_size(side, own, step) for side, own in zip((H, W), sides, strict=True))
    around = 0 if padding else margin
    rows, columns = mirrored(H, around, tall), mirrored(W, around, wide)
    images = images[:, :, rows[:, None], columns]
    output = None
    for rows, rows_in, top in windows(tall, sides[0], step, margin, padding):
        for columns, columns_in, left in windows(wide, sides[1], step, margin, padding):
            part = predict(images[:, :, rows_in, columns_in])
            if output is None:
                output = part.new_empty((N, part.shape[1], tall, wide))
            output[:, :, rows, columns] = part[:, :, top : top + sides[0], left : left + sides[1]]
    return output[:, :, :H, :W]
