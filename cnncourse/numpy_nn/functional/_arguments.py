"""What the functions of this package do with their arguments before they compute.

PyTorch refuses a wrong argument before any arithmetic starts; so does this package. Every message
names the argument, what it got and what would have been right.
"""

from numbers import Integral

import numpy as np

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def check_floats(**arrays):
    """Refuse anything but NumPy arrays of one floating dtype; ``None`` stands for an absent array.

    The first keyword sets the dtype that the others must share.

    Raises
    ------
    TypeError
        An argument is no array, is neither float32 nor float64, or differs from the first one.
    """
    wanted = first = None
    for name, array in arrays.items():
        if array is None and first is not None:
            continue
        check_array(name, array)
        if array.dtype not in FLOATS:
            raise TypeError(f"{name} has dtype {array.dtype}; wanted float32 or float64")
        if wanted is None:
            wanted, first = array.dtype, name
        elif array.dtype != wanted:
            raise TypeError(f"{name} has dtype {array.dtype}, but {first} has {wanted}: they should be the same")


def check_array(name, array):
    """Refuse anything but a NumPy array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} is of type {type(array).__name__}; wanted a NumPy array")


def check_integer(name, value, minimum=None):
    """Return `value` as an int; refuse other types and values below `minimum`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} is {value!r}; wanted an int")
    if minimum is not None and value < minimum:
        raise ValueError(f"{name} is {value}; wanted at least {minimum}")
    return int(value)


def per_axis(name, value, axes, minimum):
    """Return one int per spatial axis from an int, or a sequence of one or `axes` ints.

    Raises
    ------
    TypeError
        An entry is no int.
    ValueError
        The sequence has another length, or an entry lies below `minimum`.
    """
    if isinstance(value, Integral):
        return (check_integer(name, value, minimum),) * axes
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} is {value!r}; wanted an int or {axes} ints")
    if len(value) not in (1, axes):
        raise ValueError(f"{name} is {value!r} with {len(value)} entries; wanted an int or {axes} ints")
    entries = tuple(check_integer(name, entry, minimum) for entry in value)
    return entries * axes if len(entries) == 1 else entries


def as_batch(input, axes):
    """Return `input` as (N, C, *spatial) and whether it came without N.

    Raises
    ------
    ValueError
        `input` has neither `axes` + 1 nor `axes` + 2 dimensions.
    """
    if input.ndim == axes + 1:
        return input[None], True
    if input.ndim == axes + 2:
        return input, False
    raise ValueError(
        f"input has shape {input.shape}; wanted {axes + 2} dimensions (N, C, …) or {axes + 1} without N"
    )


def check_grad_output(grad_output, shape, dtype):
    """Refuse an upstream gradient whose shape or dtype is not the output's."""
    check_array("grad_output", grad_output)
    if grad_output.shape != tuple(shape):
        raise ValueError(f"grad_output has shape {grad_output.shape}; wanted the output's, {tuple(shape)}")
    if grad_output.dtype != dtype:
        raise TypeError(f"grad_output has dtype {grad_output.dtype}; wanted the input's, {dtype}")
