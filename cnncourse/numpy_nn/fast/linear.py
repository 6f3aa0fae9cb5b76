"""The fully connected layer, its rows shared out over threads; the formula is in `functional.linear`."""

import math

from ..functional._arguments import check_grad_output
from ..functional.linear import check_linear
from .threads import matmul


def linear(input, weight, bias=None):
    """As the plain `linear`."""
    check_linear(input, weight, bias)
    rows = input.reshape(math.prod(input.shape[:-1]), input.shape[-1])
    columns = weight.reshape(math.prod(weight.shape[:-1]), weight.shape[-1]).T
    output = matmul(rows, columns).reshape(input.shape[:-1] + weight.shape[:-1])
    return output if bias is None else output + bias


def linear_backward(grad_output, input, weight, bias=None):
    """As the plain `linear_backward`."""
    check_linear(input, weight, bias)
    check_grad_output(grad_output, input.shape[:-1] + weight.shape[:-1], input.dtype)
    # Whatever the leading dimensions, they are one long batch.
    in_features, out_features = weight.shape[-1], math.prod(weight.shape[:-1])
    length = math.prod(input.shape[:-1])
    rows = input.reshape(length, in_features)
    g = grad_output.reshape(length, out_features)
    grad_input = matmul(g, weight.reshape(out_features, in_features)).reshape(input.shape)
    grad_weight = matmul(g.T, rows).reshape(weight.shape)
    grad_bias = None if bias is None else g.sum(axis=0).reshape(bias.shape)
    return grad_input, grad_weight, grad_bias
