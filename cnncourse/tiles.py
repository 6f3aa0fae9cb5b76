"""Where the tiles of a picture lie, along one axis: for `predict_tiles` in both libraries."""

import numpy as np


def tile_size(size, tile, step, padding):
    """Return the tile's side along an axis; where there is padding, it is not longer than the picture."""
    whole = -(-size // step) * step
    return min(tile or whole, whole) if padding else tile


def whole_size(size, tile, step):
    """Return the smallest size from `size` on that tiles cover from multiples of `step` on."""
    return max(tile, size + (tile - size) % step)


def mirrored(size, around, wanted):
    """Return indices of `wanted` + 2 · `around` places, 0 to size − 1 and back again and again, `around` before 0."""
    places = np.arange(-around, wanted + around)
    period = max(2 * (size - 1), 1)
    return np.abs((places + size - 1) % period - (size - 1)) if size > 1 else np.zeros_like(places)


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
