"""Convolution in one, two and three dimensions, forward and backward.

What deep learning calls convolution is a cross-correlation: the kernel is not flipped,

    y[n, o, i] = b[o] + Σ_c Σ_k w[o, c, k] · x[n, c, S·i + D·k − P],

where i and k run over one, two or three spatial axes. With groups, output channel o sees only the
input channels of its own group. Derivation of the backward pass: V. Dumoulin, F. Visin, "A guide to
convolution arithmetic for deep learning", arXiv:1603.07285, and this course's lesson 06.
"""

from ..algorithms import choice
from ..algorithms.windows import output_size, padded_size
from ._arguments import as_batch, check_floats, check_grad_output, check_integer, per_axis


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto"):
    """Cross-correlate sequences with filters; the one-dimensional `conv2d`.

    `input` is (N, C_in, L) or (C_in, L), `weight` (C_out, C_in // groups, K); the rest as in `conv2d`.
    """
    return _conv(1, input, weight, bias, stride, padding, dilation, groups, algorithm)


def conv1d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto",
    output_mask=(True, True, True),
):  # fmt: skip
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv1d`; see `conv2d_backward`."""
    return _conv_backward(
        1, grad_output, input, weight, bias, stride, padding, dilation, groups, algorithm, output_mask
    )


def conv2d(
    input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto", prepared=None
):  # fmt: skip
    """Cross-correlate images with filters, as `torch.nn.functional.conv2d`.

    Parameters
    ----------
    input : array (N, C_in, H, W) or (C_in, H, W), float32 or float64
    weight : array (C_out, C_in // groups, K_h, K_w)
    bias : array (C_out,) or None
    stride, dilation : int or pair (height, width), at least 1
    padding : int or pair of zeros on either side, or "valid" (none), or "same" (stride 1 only: the
        output keeps the input's size; an odd total puts the extra zero at the end)
    groups : int that divides C_in and C_out
    algorithm : "auto" or a name in `algorithms.choice.NAMES`; not in PyTorch. "auto" may take Winograd's short cut
        in float32 (errors near 1e-5 of the output's largest entry); "im2col" never does, and float64 never does.
    prepared : what `prepare_conv2d(weight)` returned; not in PyTorch

    Returns
    -------
    array (N, C_out, H_out, W_out), without N if the input came without it, where
    H_out = ⌊(H + 2P − D(K_h − 1) − 1) / S⌋ + 1

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what it got and what was wanted.
    """
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
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv2d`; the last is None without bias.

    A weight is shared by all positions, so its gradient is the *sum* over positions and images; an
    input entry is seen by several windows, so its gradient is the sum over those. `algorithm` as in `conv2d`;
    those without a backward pass of their own take im2col's. `output_mask` tells which of the three are wanted, as in
    `torch.ops.aten.convolution_backward`; the others are None.
    """
    return _conv_backward(
        2, grad_output, input, weight, bias, stride, padding, dilation, groups, algorithm, output_mask
    )


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto"):
    """Cross-correlate volumes with filters; the three-dimensional `conv2d`.

    `input` is (N, C_in, T, H, W) or (C_in, T, H, W), `weight` (C_out, C_in // groups, K_t, K_h, K_w).
    """
    return _conv(3, input, weight, bias, stride, padding, dilation, groups, algorithm)


def conv3d_backward(
    grad_output, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, algorithm="auto",
    output_mask=(True, True, True),
):  # fmt: skip
    """Return the gradients (∂L/∂input, ∂L/∂weight, ∂L/∂bias) of `conv3d`; see `conv2d_backward`."""
    return _conv_backward(
        3, grad_output, input, weight, bias, stride, padding, dilation, groups, algorithm, output_mask
    )


def _conv(axes, input, weight, bias, stride, padding, dilation, groups, algorithm, prepared=None):
    S, P, D = _check(axes, input, weight, bias, stride, padding, dilation, groups)
    if prepared is not None and (prepared.C_out, prepared.C_in) != weight.shape[:2]:
        raise ValueError(
            f"prepared: expected what prepare_conv2d gave for this weight {weight.shape}, "
            f"got filters from {prepared.C_in} to {prepared.C_out} channels"
        )
    x, unbatched = as_batch(input, axes)
    output = choice.forward(x, weight, bias, S, P, D, groups, algorithm, prepared)
    return output[0] if unbatched else output


def _conv_backward(
    axes, grad_output, input, weight, bias, stride, padding, dilation, groups, algorithm, output_mask
):  # fmt: skip
    S, P, D = _check(axes, input, weight, bias, stride, padding, dilation, groups)
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


def _check(axes, input, weight, bias, stride, padding, dilation, groups):
    """Refuse what PyTorch refuses; return stride, (before, after) paddings and dilation per axis."""
    check_floats(input=input, weight=weight, bias=bias)
    if weight.ndim != axes + 2:
        raise ValueError(
            f"weight: expected {axes + 2} dimensions (C_out, C_in // groups, kernel …), got shape {weight.shape}"
        )
    x, _ = as_batch(input, axes)
    C_in, C_out, K = x.shape[1], len(weight), weight.shape[2:]
    groups = check_integer("groups", groups, minimum=1)
    S = per_axis("stride", stride, axes, minimum=1)
    D = per_axis("dilation", dilation, axes, minimum=1)
    if 0 in weight.shape:
        raise ValueError(f"weight: expected at least one entry along each axis, got shape {weight.shape}")
    if C_out % groups:
        raise ValueError(
            f"weight: expected a number of filters that groups={groups} divides, got {C_out} in {weight.shape}"
        )
    if C_in != weight.shape[1] * groups:
        raise ValueError(
            f"input: expected {weight.shape[1] * groups} channels for weight of shape {weight.shape} "
            f"and groups={groups}, got {C_in} in shape {input.shape}"
        )
    if bias is not None and bias.shape != (C_out,):
        raise ValueError(f"bias: expected shape ({C_out},), one number per filter, got {bias.shape}")
    P = _paddings(padding, axes, K, S, D)
    size = padded_size(x.shape[2:], P)
    if min(output_size(size, K, S, D)) < 1:
        extent = tuple(d * (k - 1) + 1 for k, d in zip(K, D, strict=True))
        raise ValueError(
            f"input: expected a padded size of at least {extent}, the dilated weight's extent, "
            f"got {size} from shape {input.shape}"
        )
    return S, P, D


def _paddings(padding, axes, K, S, D):
    """Return the zeros (before, after) along each axis."""
    if padding == "valid":
        return ((0, 0),) * axes
    if padding == "same":
        if any(s != 1 for s in S):
            raise ValueError(f"stride: expected 1 with padding='same', got {S}")
        totals = [d * (k - 1) for k, d in zip(K, D, strict=True)]
        return tuple((total // 2, total - total // 2) for total in totals)
    if isinstance(padding, str):
        raise ValueError(f"padding: expected 'valid', 'same' or ints, got {padding!r}")
    return tuple((p, p) for p in per_axis("padding", padding, axes, minimum=0))
