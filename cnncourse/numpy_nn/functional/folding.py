"""`unfold` writes windows as columns, `fold` adds columns back into an image: each is the other's adjoint.

`fold(unfold(x))` is therefore not x: it is x times the number of windows that see each pixel.
"""

import math

from ._arguments import as_batch, check_floats, check_grad_output, per_axis
from ._windows import add_windows, inside, output_size, pad_constant, windows

__all__ = ["fold", "fold_backward", "unfold", "unfold_backward"]


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Write each window as a column, as `torch.nn.functional.unfold`.

    Parameters
    ----------
    input : array (N, C, H, W) or (C, H, W), float32 or float64
    kernel_size, dilation, padding, stride : int or pair (height, width); padding with zeros

    Returns
    -------
    array (N, C·K_h·K_w, L), L = H_out·W_out windows in row-major order, without N if the input came so

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what was expected and what it got.

    Examples
    --------
    >>> import numpy as np
    >>> unfold(np.arange(6.0).reshape(1, 2, 3), 2)
    array([[0., 1.],
           [1., 2.],
           [3., 4.],
           [4., 5.]])
    """
    check_floats(input=input)
    K, D, P, S = _check_windows(kernel_size, dilation, padding, stride)
    x, unbatched = _check_image(input)
    _positions("input", x.shape[2:], K, D, P, S)
    view = windows(pad_constant(x, [(p, p) for p in P]), K, S, D)
    columns = view.reshape(len(x), x.shape[1] * math.prod(K), math.prod(view.shape[4:]))
    # For 1×1 windows reshape copies nothing, and the input's memory must not leak out.
    columns = columns.copy() if columns.base is not None else columns
    return columns[0] if unbatched else columns


def unfold_backward(grad_output, input, kernel_size, dilation=1, padding=0, stride=1):
    """Return ∂L/∂input of `unfold`: the columns' gradients, folded."""
    check_floats(input=input)
    K, D, P, S = _check_windows(kernel_size, dilation, padding, stride)
    x, unbatched = _check_image(input)
    L = math.prod(_positions("input", x.shape[2:], K, D, P, S))
    shape = (len(x), x.shape[1] * math.prod(K), L)
    check_grad_output(grad_output, shape[1:] if unbatched else shape, input.dtype)
    grad = _fold(grad_output.reshape(shape), x.shape[2:], K, D, P, S)
    return grad[0] if unbatched else grad


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add columns back into an image, as `torch.nn.functional.fold`; overlapping entries are summed.

    Parameters
    ----------
    input : array (N, C·K_h·K_w, L) or (C·K_h·K_w, L), float32 or float64
    output_size : int or pair (height, width) of the image
    kernel_size, dilation, padding, stride : as in `unfold`; together with `output_size` they fix L

    Returns
    -------
    array (N, C, height, width), without N if the input came without it
    """
    x, unbatched, size, K, D, P, S = _check_columns(input, output_size, kernel_size, dilation, padding, stride)
    image = _fold(x, size, K, D, P, S)
    return image[0] if unbatched else image


def fold_backward(grad_output, input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Return ∂L/∂input of `fold`: the image's gradient, unfolded."""
    x, unbatched, size, K, D, P, S = _check_columns(input, output_size, kernel_size, dilation, padding, stride)
    shape = (len(x), x.shape[1] // math.prod(K), *size)
    check_grad_output(grad_output, shape[1:] if unbatched else shape, input.dtype)
    return unfold(grad_output, K, D, P, S)


def _fold(columns, size, K, D, P, S):
    padded = tuple(i + 2 * p for i, p in zip(size, P, strict=True))
    C = columns.shape[1] // math.prod(K)
    values = columns.reshape(len(columns), C, *K, *output_size(padded, K, S, D))
    image = add_windows(values, (len(columns), C, *padded), S, D)
    return image[inside([(p, p) for p in P], size)]


def _check_windows(kernel_size, dilation, padding, stride):
    """Return the four arguments as pairs; unlike pooling, these functions take no tuple of one entry."""
    named = {"kernel_size": (kernel_size, 1), "dilation": (dilation, 1), "padding": (padding, 0), "stride": (stride, 1)}
    for name, (value, _) in named.items():
        if isinstance(value, (tuple, list)) and len(value) != 2:
            raise ValueError(f"{name}: expected an int or 2 ints, got {len(value)} in {value!r}")
    return tuple(per_axis(name, value, 2, minimum) for name, (value, minimum) in named.items())


def _check_image(input):
    x, unbatched = as_batch(input, 2)
    if 0 in x.shape[1:]:
        raise ValueError(f"input: expected sizes of at least 1 except the batch's, got shape {input.shape}")
    return x, unbatched


def _check_columns(input, size, kernel_size, dilation, padding, stride):
    """Refuse what PyTorch refuses; return the columns with a batch axis and the windows' numbers."""
    check_floats(input=input)
    K, D, P, S = _check_windows(kernel_size, dilation, padding, stride)
    size = per_axis("output_size", size, 2, minimum=1)
    x, unbatched = as_batch(input, 1)
    if x.shape[1] == 0 or x.shape[1] % math.prod(K):
        raise ValueError(
            f"input: expected C·K_h·K_w rows for kernel_size {K}, a multiple of {math.prod(K)}, "
            f"got {x.shape[1]} in shape {input.shape}"
        )
    positions = _positions("output_size", size, K, D, P, S)
    if x.shape[2] != math.prod(positions):
        raise ValueError(
            f"input: expected {math.prod(positions)} columns for {positions[0]}×{positions[1]} windows, "
            f"got {x.shape[2]} in shape {input.shape}"
        )
    return x, unbatched, size, K, D, P, S


def _positions(name, size, K, D, P, S):
    """Return how many windows fit; refuse none."""
    positions = output_size(tuple(i + 2 * p for i, p in zip(size, P, strict=True)), K, S, D)
    if min(positions) < 1:
        raise ValueError(
            f"{name}: expected room for a window of kernel_size {K}, dilation {D} and padding {P}, got {tuple(size)}"
        )
    return positions
