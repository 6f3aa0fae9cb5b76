"""Transposed convolution by way of convolution's algorithms; the formula is in `functional.conv_transpose`."""

from ..functional._arguments import as_batch, check_grad_output
from ..functional._conv_transpose_arguments import check_conv_transpose
from ..functional._windows import pad_constant
from . import choice


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """As the plain `conv_transpose1d`."""
    return _conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose1d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """As the plain `conv_transpose1d_backward`."""
    return _backward(1, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """As the plain `conv_transpose2d`."""
    return _conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """As the plain `conv_transpose2d_backward`."""
    return _backward(2, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """As the plain `conv_transpose3d`."""
    return _conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """As the plain `conv_transpose3d_backward`."""
    return _backward(3, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _conv_transpose(axes, input, weight, bias, stride, padding, output_padding, groups, dilation):
    S, P, D, _, O = check_conv_transpose(axes, input, weight, bias, stride, padding, output_padding, groups, dilation)
    x, unbatched = as_batch(input, axes)
    C_out = weight.shape[1] * groups
    output = choice.grad_input(x, weight, (len(x), C_out, *O), S, P, D, groups)
    if bias is not None:
        output = output + bias.reshape(-1, *[1] * axes)
    return output[0] if unbatched else output


def _backward(axes, grad_output, input, weight, bias, stride, padding, output_padding, groups, dilation):
    S, P, D, _, O = check_conv_transpose(axes, input, weight, bias, stride, padding, output_padding, groups, dilation)
    x, unbatched = as_batch(input, axes)
    shape = (len(x), weight.shape[1] * groups, *O)
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
