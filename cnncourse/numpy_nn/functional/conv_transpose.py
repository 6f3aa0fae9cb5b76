"""Transposed convolution: the linear map of a convolution, transposed.

`conv2d` with weight w is a matrix W acting on the image; `conv_transpose2d` with the same w is Wᵀ. Its
forward pass is therefore `conv2d`'s gradient with respect to the input, and its backward pass is
`conv2d`. It is not an inverse. Source: V. Dumoulin, F. Visin, arXiv:1603.07285, chapter 4.
"""

from ..algorithms import choice
from ..algorithms.windows import pad_constant
from ._arguments import as_batch, check_floats, check_grad_output, check_integer, per_axis


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Spread each entry of sequences (N, C_in, L) over a window; the one-dimensional `conv_transpose2d`."""
    return _conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose1d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv_transpose1d`."""
    return _backward(1, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Spread each pixel over a window, weighted by the filters, as `torch.nn.functional.conv_transpose2d`.

    Parameters
    ----------
    input : array (N, C_in, H, W) or (C_in, H, W), float32 or float64
    weight : array (C_in, C_out // groups, K_h, K_w): the weight of the convolution from the output
        back to the input
    bias : array (C_out,) or None
    stride, dilation : int or pair, at least 1
    padding : int or pair; this many rows and columns are cut off on either side
    output_padding : int or pair, smaller than stride or dilation; rows and columns that no window
        reaches, added at the end (several input sizes of a strided convolution share an output size)
    groups : int that divides C_in

    Returns
    -------
    array (N, C_out, H_out, W_out), H_out = (H − 1)·S − 2P + D(K_h − 1) + output_padding + 1

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what was expected and what it got.
    """
    return _conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv_transpose2d`; the last may be None."""
    return _backward(2, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Spread each entry of volumes (N, C_in, T, H, W) over a window; see `conv_transpose2d`."""
    return _conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv_transpose3d`."""
    return _backward(3, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _conv_transpose(axes, input, weight, bias, stride, padding, output_padding, groups, dilation):
    S, P, D, full = _check(axes, input, weight, bias, stride, padding, output_padding, groups, dilation)
    x, unbatched = as_batch(input, axes)
    C_out = weight.shape[1] * groups
    output = choice.grad_input(x, weight, (len(x), C_out, *_cropped(full, P)), S, P, D, groups)
    if bias is not None:
        output = output + bias.reshape(-1, *[1] * axes)
    return output[0] if unbatched else output


def _backward(axes, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation):
    S, P, D, full = _check(axes, input, weight, bias, stride, padding, output_padding, groups, dilation)
    x, unbatched = as_batch(input, axes)
    shape = (len(x), weight.shape[1] * groups, *_cropped(full, P))
    check_grad_output(grad_output, shape[1:] if unbatched else shape, input.dtype)
    g = grad_output[None] if unbatched else grad_output

    # What output_padding added at the end is reached by no window; an extra window must not see it.
    reached = tuple(
        (i - 1) * s + d * (k - 1) + 1 for i, s, d, k in zip(x.shape[2:], S, D, weight.shape[2:], strict=True)
    )
    padded = pad_constant(g, P)[(..., *map(slice, reached))]
    none = ((0, 0),) * axes
    grad_input = choice.forward(padded, weight, None, S, none, D, groups)
    grad_weight = choice.grad_weight(x, padded, weight, S, none, D, groups)
    grad_bias = None if bias is None else g.sum(axis=(0, *range(2, g.ndim)))
    return (grad_input[0] if unbatched else grad_input), grad_weight, grad_bias


def _cropped(full, P):
    """Return the size that is left of `full` when the paddings are cut off."""
    return tuple(size - before - after for size, (before, after) in zip(full, P, strict=True))


def _check(axes, input, weight, bias, stride, padding, output_padding, groups, dilation):
    """Refuse what PyTorch refuses; return stride, (before, after) paddings, dilation and the uncut size."""
    check_floats(input=input, weight=weight, bias=bias)
    if weight.ndim != axes + 2:
        raise ValueError(
            f"weight: expected {axes + 2} dimensions (C_in, C_out // groups, kernel …), got shape {weight.shape}"
        )
    x, _ = as_batch(input, axes)
    groups = check_integer("groups", groups, minimum=1)
    S = per_axis("stride", stride, axes, minimum=1)
    D = per_axis("dilation", dilation, axes, minimum=1)
    P = per_axis("padding", padding, axes, minimum=0)
    extra = per_axis("output_padding", output_padding, axes, minimum=0)
    if 0 in weight.shape:
        raise ValueError(f"weight: expected at least one entry along each axis, got shape {weight.shape}")
    if len(weight) != x.shape[1]:
        raise ValueError(f"weight: expected C_in={x.shape[1]} as first size, as in input, got {weight.shape}")
    if len(weight) % groups:
        raise ValueError(f"groups: expected a divisor of C_in={len(weight)}, got {groups}")
    C_out = weight.shape[1] * groups
    if bias is not None and bias.shape != (C_out,):
        raise ValueError(f"bias: expected shape ({C_out},), one number per output channel, got {bias.shape}")
    if any(e >= s and e >= d for e, s, d in zip(extra, S, D, strict=True)):
        raise ValueError(f"output_padding: expected less than stride {S} or dilation {D}, got {extra}")
    if 0 in x.shape[2:]:
        raise ValueError(f"input: expected at least one entry along each spatial axis, got shape {input.shape}")
    full = tuple(
        (i - 1) * s + d * (k - 1) + 1 + e
        for i, s, d, k, e in zip(x.shape[2:], S, D, weight.shape[2:], extra, strict=True)
    )
    paddings = tuple((p, p) for p in P)
    if min(_cropped(full, paddings)) < 1:
        raise ValueError(f"padding: expected less than half of the uncut output {full}, got {P}")
    return S, paddings, D, full
