"""Element-wise work, a cacheful at a time.

Element-wise work takes the time of moving its values, not of computing with them. A formula such as
x · min(max(x + 3, 0), 6) / 6 makes a new array at every step; those of a large batch do not fit into the
processor's cache, so that every step waits for main memory. Cut into blocks, the steps between the first and the
last find their values in the cache: each value is read once and each result written once, however long the formula.
"""

import itertools

import numpy as np

from . import threads

BLOCK = 1 << 17  # values, half a megabyte in float32; smaller blocks cost more calls than they save memory traffic
LARGE_BLOCK = 1 << 19  # for many short calls a block: each is a cost of its own, and other threads may be in its way
LONG_ROW = 512  # values


def elementwise(formula, *arrays):
    """Return formula(*arrays) for a `formula` that treats every value by itself, and arrays of one shape.

    Memory traffic: one read for each value of each array, one write for each result.
    """
    shape, dtype = arrays[0].shape, arrays[0].dtype
    rows = [array.reshape(-1) for array in arrays]
    if rows[0].size <= BLOCK:
        return formula(*rows).reshape(shape)
    output = np.empty(rows[0].size, dtype)

    def compute(block):
        output[block] = formula(*[row[block] for row in rows])

    in_blocks(compute, output.size)
    return output.reshape(shape)


def in_blocks(function, count, values=1, large=False):
    """Call function(block) for slices that cover 0 … count − 1, the numbers of things of `values` values each."""
    step = max(1, (LARGE_BLOCK if large else BLOCK) // values)

    def run(part):
        for start in range(part.start, part.stop, step):
            function(slice(start, min(start + step, part.stop)))

    threads.parallel_map(run, _parts(count, 2 * count * values))


def by_channel(function, x, *vectors):
    """Call function(block, *stretched) for blocks x[block] of some images and some channels of `x` (N, C, S).

    `stretched` are the `vectors`, each (C,), in a shape that fits the block's: columns where a channel's row is long.
    Short rows are faster with the numbers written out, which is done once for all images.
    """
    N, C, S = x.shape
    parts = _parts(N, 2 * x.size)
    most = BLOCK if len(parts) == 1 else LARGE_BLOCK
    channels = min(C, max(1, most // S))
    images = min(N, max(1, most // (channels * S)))

    def run(item):
        part, first = item
        some = slice(first, min(first + channels, C))
        shape = (images, some.stop - first, S if S < LONG_ROW else 1)
        stretched = [np.broadcast_to(vector[some, None], shape).copy() for vector in vectors]
        with np.errstate(invalid="ignore"):  # infinite values give NaN, as asked
            np.setbufsize(16)  # or NumPy writes the columns out in its buffer; `with` restores the size
            for start in range(part.start, part.stop, images):
                stop = min(start + images, part.stop)
                function((slice(start, stop), some), *[s[: stop - start] for s in stretched])

    threads.parallel_map(run, itertools.product(parts, range(0, C, channels)))


def _parts(count, moved):
    """Cut 0 … count − 1 into one slice for each thread that pays."""
    return threads.split_evenly(count, min(count, threads.threads_for(threads.microseconds(moved=moved))))


def mask_values(values, where, out=None):
    """Return `values` where the mask is true and 0 elsewhere; `out` as in NumPy.

    It multiplies the values' bits by 0 or 1. `np.where` would branch at every value, which costs ten times as much
    when the mask is irregular, and 0 · ∞ would be NaN.
    """
    out = np.empty(values.shape, values.dtype) if out is None else out
    bits = out.view(f"i{values.itemsize}")
    bits[...] = where
    bits *= values.view(bits.dtype)
    return out
