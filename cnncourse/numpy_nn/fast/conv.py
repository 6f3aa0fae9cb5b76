"""Convolution by the algorithm that suits its shapes and values; the formula is in `functional.conv`."""

from ..functional._arguments import as_batch, check_conv, check_floats, check_grad_output
from ..functional._windows import output_size, padded_size
from . import choice


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto"):
    """As the plain `conv1d`."""
    return _conv(1, input, weight, bias, stride, padding, dilation, groups, algorithm)


def conv1d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto",
    output_mask=(True, True, True),
):  # fmt: skip
    """As the plain `conv1d_backward`."""
    return _conv_backward(
        1, grad_output, input, weight, bias, stride, padding, dilation, groups, algorithm, output_mask
    )


def conv2d(
    input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto", prepared=None
):  # fmt: skip
    """As the plain `conv2d`, by `algorithm`; `prepared` is what `prepare_conv2d(weight)` returned."""
    return _conv(2, input, weight, bias, stride, padding, dilation, groups, algorithm, prepared)


def prepare_conv2d(weight):
    """Return what `conv2d(…, prepared=…)` can spare computing again as long as `weight` stays the same, or None.

    For filters that take Winograd's short cut these are the transformed filters (`algorithms.winograd.Prepared`), made
    by the first convolution: four times as many numbers as in `weight` (C_out, C_in, 3, 3), or 16/9 times for a single
    small image, which takes smaller tiles. Nothing notices a weight that has changed since.
    """
    check_floats(weight=weight)
    return choice.prepare(weight)


def conv2d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto",
    output_mask=(True, True, True),
):  # fmt: skip
    """As the plain `conv2d_backward`."""
    return _conv_backward(
        2, grad_output, input, weight, bias, stride, padding, dilation, groups, algorithm, output_mask
    )


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto"):
    """As the plain `conv3d`."""
    return _conv(3, input, weight, bias, stride, padding, dilation, groups, algorithm)


def conv3d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto",
    output_mask=(True, True, True),
):  # fmt: skip
    """As the plain `conv3d_backward`."""
    return _conv_backward(
        3, grad_output, input, weight, bias, stride, padding, dilation, groups, algorithm, output_mask
    )


def _conv(axes, input, weight, bias, stride, padding, dilation, groups, algorithm, prepared=None):
    S, P, D = check_conv(axes, input, weight, bias, stride, padding, dilation, groups)
    if prepared is not None and (prepared.C_out, prepared.C_in) != weight.shape[:2]:
        raise ValueError(
            f"prepared: expected what prepare_conv2d gave for this weight {weight.shape}, "
            f"got filters from {prepared.C_in} to {prepared.C_out} channels"
        )
    x, unbatched = as_batch(input, axes)
    output = choice.forward(x, weight, bias, S, P, D, int(groups), algorithm, prepared)
    return output[0] if unbatched else output


def _conv_backward(
    axes, grad_output, input, weight, bias, stride, padding, dilation, groups, algorithm, output_mask
):  # fmt: skip
    S, P, D = check_conv(axes, input, weight, bias, stride, padding, dilation, groups)
    x, unbatched = as_batch(input, axes)
    positions = output_size(padded_size(x.shape[2:], P), weight.shape[2:], S, D)
    shape = (len(weight), *positions) if unbatched else (len(x), len(weight), *positions)
    check_grad_output(grad_output, shape, input.dtype)
    g = grad_output[None] if unbatched else grad_output

    grad_input = grad_weight = grad_bias = None
    if output_mask[0] and output_mask[1]:
        grad_input, grad_weight = choice.gradients(g, x, weight, S, P, D, groups, algorithm)
    elif output_mask[0]:
        grad_input = choice.grad_input(g, weight, x.shape, S, P, D, groups, algorithm)
    elif output_mask[1]:
        grad_weight = choice.grad_weight(g, x, weight, S, P, D, groups, algorithm)
    if grad_input is not None and unbatched:
        grad_input = grad_input[0]
    if output_mask[2] and bias is not None:
        grad_bias = g.sum(axis=(0, *range(2, g.ndim)))
    return grad_input, grad_weight, grad_bias
