"""What the functions of this package do with their arguments before they compute.

PyTorch refuses a wrong argument before any arithmetic starts; so does this package. Every message
names the argument, what it got and what would have been right.
"""

from numbers import Integral

import numpy as np

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def check_floats(**arrays):
    """Refuse anything but NumPy arrays of one floating dtype; ``None`` stands for an absent array.

    The first keyword sets the dtype that the others must share, and may not be absent.

    Raises
    ------
    TypeError
        An argument is no array, is neither float32 nor float64, or differs from the first one.
    """
    first = next(iter(arrays))
    for name, array in arrays.items():
        if array is None and name != first:
            continue
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{name}: expected a NumPy array, got {type(array).__name__}")
        if array.dtype not in FLOATS:
            raise TypeError(f"{name}: expected float32 or float64, got {array.dtype}")
        if array.dtype != arrays[first].dtype:
            raise TypeError(f"{name}: expected {arrays[first].dtype} as in {first}, got {array.dtype}")


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
    entries = value if isinstance(value, (tuple, list)) else (value,)
    wanted = "an int" if axes == 1 else f"an int or {axes} ints"
    if len(entries) not in (1, axes):
        raise ValueError(f"{name}: expected {wanted}, got {len(entries)} in {value!r}")
    for entry in entries:
        if isinstance(entry, bool) or not isinstance(entry, Integral):
            raise TypeError(f"{name}: expected {wanted}, got {value!r}")
        if entry < minimum:
            raise ValueError(f"{name}: expected at least {minimum}, got {entry}")
    return tuple(map(int, entries)) * (axes // len(entries))


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
    if not isinstance(grad_output, np.ndarray):
        raise TypeError(f"grad_output: expected a NumPy array, got {type(grad_output).__name__}")
    if grad_output.shape != tuple(shape):
        raise ValueError(f"grad_output: expected the output's shape {tuple(shape)}, got {grad_output.shape}")
    if grad_output.dtype != dtype:
        raise TypeError(f"grad_output: expected {dtype} as in input, got {grad_output.dtype}")


def check_like(grad_output, input):
    """Refuse an input or an upstream gradient of an operation that keeps every value's place."""
    check_floats(input=input)
    check_grad_output(grad_output, input.shape, input.dtype)


def named_paddings(padding, K, S, D):
    """Return the zeros (before, after) that "valid" or "same" stands for; an odd total puts the extra one after."""
    if padding == "valid":
        return ((0, 0),) * len(K)
    if padding != "same":
        raise ValueError(f"padding: expected 'valid', 'same' or ints, got {padding!r}")
    if any(s != 1 for s in S):
        raise ValueError(f"stride: expected 1 with padding='same', got {S}")
    totals = [d * (k - 1) for k, d in zip(K, D, strict=True)]
    return tuple((total // 2, total - total // 2) for total in totals)


def check_conv(axes, input, weight, bias, stride, padding, dilation, groups, **others):
    """Refuse what PyTorch refuses; return stride, (before, after) paddings and dilation per axis."""
    check_floats(input=input, weight=weight, bias=bias, **others)
    (groups,) = per_axis("groups", groups, 1, minimum=1)
    S, D = per_axis("stride", stride, axes, minimum=1), per_axis("dilation", dilation, axes, minimum=1)
    P = padding if isinstance(padding, str) else tuple((p, p) for p in per_axis("padding", padding, axes, minimum=0))
    if weight.ndim != axes + 2 or 0 in weight.shape:
        wanted = f"{axes + 2} dimensions (C_out, C_in // groups, kernel …), none empty"
        raise ValueError(f"weight: expected {wanted}, got shape {weight.shape}")
    if input.ndim not in (axes + 1, axes + 2):
        raise ValueError(f"input: expected {axes + 2} dimensions (N, C, …) or one less, got shape {input.shape}")
    C_out, K, C_in = len(weight), weight.shape[2:], weight.shape[1] * groups
    if C_out % groups:
        raise ValueError(f"weight: expected a number of filters that groups={groups} divides, got {C_out}")
    if input.shape[-axes - 1] != C_in:
        wanted = f"{C_in} channels for weight of shape {weight.shape} and groups={groups}"
        raise ValueError(f"input: expected {wanted}, got {input.shape[-axes - 1]} in shape {input.shape}")
    if bias is not None and bias.shape != (C_out,):
        raise ValueError(f"bias: expected shape ({C_out},), one number per filter, got {bias.shape}")
    P = named_paddings(P, K, S, D) if isinstance(P, str) else P
    extent = tuple(d * (k - 1) + 1 for k, d in zip(K, D, strict=True))
    padded = tuple(size + before + after for size, (before, after) in zip(input.shape[-axes:], P, strict=True))
    if any(have < need for have, need in zip(padded, extent, strict=True)):
        wanted = f"a padded size of at least {extent}, the dilated weight's extent"
        raise ValueError(f"input: expected {wanted}, got {padded} from shape {input.shape}")
    return S, P, D
