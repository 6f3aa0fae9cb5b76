"""Overlap-tile in PyTorch (Ronneberger et al. 2015, figure 2); see the NumPy twin."""

import torch

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
    images = images[:, :, rows.to(images.device)[:, None], columns.to(images.device)]
    output = None
    for rows, rows_in, top in windows(tall, sides[0], step, margin, padding):
        for columns, columns_in, left in windows(wide, sides[1], step, margin, padding):
            part = predict(images[:, :, rows_in, columns_in])
            if output is None:
                output = part.new_empty((N, part.shape[1], tall, wide))
            output[:, :, rows, columns] = part[:, :, top : top + sides[0], left : left + sides[1]]
    return output[:, :, :H, :W]


def tile_size(size, tile, step, padding):
    """Return the tile's side along an axis; where there is padding, it is not longer than the picture."""
    whole = -(-size // step) * step
    return min(tile or whole, whole) if padding else tile


def whole_size(size, tile, step):
    """Return the smallest size from `size` on that tiles cover from multiples of `step` on."""
    return max(tile, size + (tile - size) % step)


def mirrored(size, around, wanted):
    """Return indices of `wanted` + 2 · `around` places, 0 to size − 1 and back again and again, `around` before 0."""
    places = torch.arange(-around, wanted + around)
    period = max(2 * (size - 1), 1)
    return ((places + size - 1) % period - (size - 1)).abs() if size > 1 else torch.zeros_like(places)


def windows(size, tile, step, margin, padding):
    """Yield, along one axis, (the slice of the output, the slice of the input, where in its result the tile begins)."""
    advance = max(tile // step * step, 1)
    for start in sorted({*range(0, size - tile, advance), size - tile}):
        first, last = start - margin, start + tile + margin
        seen = slice(max(first, 0), min(last, size)) if padding else slice(start, last + margin)
        yield slice(start, start + tile), seen, start - seen.start


def check_tiles(tile, step, margin, padding):
    """Refuse tiles with which the result would differ from that of the whole picture."""
    if padding and ((tile or 0) % step or margin % step):
        raise ValueError(f"tile and margin: expected multiples of step, {step}, got {tile} and {margin}")
    if not padding and (tile is None or tile < step):
        raise ValueError(f"tile: expected what a network without padding can give, at least {step}, got {tile}")
