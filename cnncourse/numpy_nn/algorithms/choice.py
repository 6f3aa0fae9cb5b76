"""Which algorithm computes a convolution: a table that reads from top to bottom, first match wins.

`forward`, `grad_weight` and `grad_input` take a padded input of any dimension. An algorithm is a pair
of a name and a function `(x, weight, stride, dilation, groups)`; a learner can ask for one by name.
"""

from . import im2col

FORWARD = {
    "im2col": im2col.forward,
}
NAMES = ("auto", *FORWARD)


def choose(x, weight, stride, dilation, groups):
    """Return the name of the algorithm that suits these shapes."""
    return "im2col"


def forward(x, weight, stride, dilation, groups, algorithm="auto"):
    """Cross-correlate a padded `x` with `weight` by the named or the chosen algorithm."""
    if algorithm not in NAMES:
        raise ValueError(f"algorithm: expected one of {', '.join(NAMES)}, got {algorithm!r}")
    name = choose(x, weight, stride, dilation, groups) if algorithm == "auto" else algorithm
    return FORWARD[name](x, weight, stride, dilation, groups)


def grad_weight(grad_output, x, weight_shape, stride, dilation, groups):
    """Return ∂L/∂weight for a padded `x`."""
    return im2col.grad_weight(grad_output, x, weight_shape, stride, dilation, groups)


def grad_input(grad_output, weight, x_shape, stride, dilation, groups):
    """Return ∂L/∂x for a padded `x` of `x_shape`."""
    return im2col.grad_input(grad_output, weight, x_shape, stride, dilation, groups)
