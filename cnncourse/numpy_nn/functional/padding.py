"""Padding with a constant, a mirror image, the border's value, or the other side.

Except for the constant, every output entry is a copy of one input entry; backward adds each entry's
gradient to the one it was copied from.
"""

import numpy as np

from ._arguments import check_array, check_floats, check_grad_output, check_integer
from ._gather import gather, scatter_add

__all__ = ["pad", "pad_backward"]

MODES = ("constant", "reflect", "replicate", "circular")


def pad(input, pad, mode="constant", value=None):
    """Pad or crop the last axes, as `torch.nn.functional.pad`.

    Parameters
    ----------
    input : array; for modes other than "constant" (N, C, *spatial) or (C, *spatial)
    pad : sequence of 2, 4, 6, … ints
        (before, after) for the last axis, then for the last but one, …; a negative number crops.
    mode : "constant", "reflect" (mirror without repeating the edge), "replicate" (repeat the edge), "circular"
    value : number, only with "constant"; None means 0

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what was expected and what it got.

    Examples
    --------
    >>> import numpy as np
    >>> pad(np.array([[1.0, 2.0]]), (1, 2))
    array([[0., 1., 2., 0., 0.]])
    """
    amounts = _check(input, pad, mode, value)
    if mode == "constant":
        sizes = [size + before + after for size, (before, after) in zip(input.shape, amounts, strict=True)]
        output = np.full(sizes, 0 if value is None else value, input.dtype)
        target, source = _overlap(amounts)
        output[target] = input[source]
        return output
    output = input
    for axis, (before, after) in enumerate(amounts):
        if before or after:
            output = gather(output, axis, _sources(input.shape[axis], before, after, mode))
    return output.copy() if output is input else output


def pad_backward(grad_output, input, pad, mode="constant", value=None):
    """Return ∂L/∂input of `pad`."""
    check_floats(input=input)
    amounts = _check(input, pad, mode, value)
    sizes = [size + before + after for size, (before, after) in zip(input.shape, amounts, strict=True)]
    check_grad_output(grad_output, sizes, input.dtype)
    if mode == "constant":
        grad = np.zeros(input.shape, input.dtype)
        target, source = _overlap(amounts)
        grad[source] = grad_output[target]
        return grad
    grad = grad_output
    for axis, (before, after) in enumerate(amounts):
        if before or after:
            size = input.shape[axis]
            grad = scatter_add(grad, axis, size, _sources(size, before, after, mode))
    return grad.copy() if grad is grad_output else grad


def _sources(size, before, after, mode):
    """Return, for each output position along an axis, the input position it is copied from."""
    place = np.arange(-before, size + after)
    if mode == "replicate":
        return place.clip(0, size - 1)
    if mode == "reflect":
        place = np.abs(place)
        return np.where(place >= size, 2 * (size - 1) - place, place)
    # What a negative amount crops is gone before the rest is wrapped around.
    start, left = max(-before, 0), size + min(before, 0) + min(after, 0)
    return start + (place - start) % left


def _overlap(amounts):
    """Return the indices of the shared part in the output and in the input."""
    target = tuple(slice(max(before, 0), -after if after > 0 else None) for before, after in amounts)
    source = tuple(slice(max(-before, 0), after if after < 0 else None) for before, after in amounts)
    return target, source


def _check(input, pad, mode, value):
    """Refuse what PyTorch refuses; return (before, after) for every axis of `input`, first axis first."""
    check_array("input", input)
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {', '.join(MODES)}, got {mode!r}")
    if not isinstance(pad, (tuple, list)):
        raise TypeError(f"pad: expected a tuple of ints, got {pad!r}")
    pad = [check_integer("pad", amount) for amount in pad]
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise ValueError(f"pad: expected pairs for at most {input.ndim} axes of input, got {len(pad)} numbers {pad}")
    axes = len(pad) // 2
    amounts = [(0, 0)] * (input.ndim - axes) + [(pad[2 * a], pad[2 * a + 1]) for a in reversed(range(axes))]
    if mode != "constant":
        _check_copying(input, pad, amounts, mode, value, axes)
        return amounts
    for size, (before, after) in zip(input.shape, amounts, strict=True):
        if size + min(before, 0) + min(after, 0) < 0:
            raise ValueError(f"pad: expected to crop at most {size} entries, got {(before, after)}")
    return amounts


def _check_copying(input, pad, amounts, mode, value, axes):
    """Refuse what only the modes that copy entries refuse."""
    if value:
        raise ValueError(f"value: expected None with mode {mode!r}, got {value}")
    if not 1 <= axes <= 3 or input.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"pad: expected pairs for the spatial axes of input in mode {mode!r}, "
            f"got {len(pad)} numbers for shape {input.shape}"
        )
    if 0 in input.shape[-axes - 1 :]:
        raise ValueError(f"input: expected sizes of at least 1 except the batch's, got shape {input.shape}")
    for size, (before, after) in zip(input.shape, amounts, strict=True):
        if not before and not after:
            continue
        # What a negative amount crops is gone before the other side is wrapped around.
        left = size + min(before, 0) + min(after, 0)
        limit = {"reflect": size - 1, "circular": left, "replicate": np.inf}[mode]
        if max(before, after) > limit:
            raise ValueError(f"pad: expected at most {limit} in mode {mode!r} on size {size}, got {(before, after)}")
        if size + before + after < 1 or (mode == "circular" and left < 1):
            raise ValueError(f"pad: expected to leave at least one entry of size {size}, got {(before, after)}")
