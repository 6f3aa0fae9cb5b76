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
            raise TypeError(f"{name}: expected float32 or float64, got {array.dtype}")
        if wanted is None:
            wanted, first = array.dtype, name
        elif array.dtype != wanted:
            raise TypeError(f"{name}: expected {wanted} as in {first}, got {array.dtype}")


def check_array(name, array):
    """Refuse anything but a NumPy array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name}: expected a NumPy array, got {type(array).__name__}")


def check_integer(name, value, minimum=None):
    """Return `value` as an int; refuse other types and values below `minimum`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}: expected an int, got {value!r}")
    if minimum is not None and value < minimum:
        raise ValueError(f"{name}: expected at least {minimum}, got {value}")
    return int(value)


def check_not_inplace(inplace):
    """Refuse PyTorch's `inplace=True`: no function here changes its input."""
    if inplace:
        raise ValueError(f"inplace: expected False, since inputs are never changed here, got {inplace!r}")


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
        raise TypeError(f"{name}: expected an int or {axes} ints, got {value!r}")
    if len(value) not in (1, axes):
        raise ValueError(f"{name}: expected an int or {axes} ints, got {len(value)} in {value!r}")
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
        f"input: expected {axes + 2} dimensions (N, C, …) or {axes + 1} without N, got shape {input.shape}"
    )


def check_grad_output(grad_output, shape, dtype):
    """Refuse an upstream gradient whose shape or dtype is not the output's."""
    check_array("grad_output", grad_output)
    if grad_output.shape != tuple(shape):
        raise ValueError(f"grad_output: expected the output's shape {tuple(shape)}, got {grad_output.shape}")
    if grad_output.dtype != dtype:
        raise TypeError(f"grad_output: expected {dtype} as in input, got {grad_output.dtype}")
