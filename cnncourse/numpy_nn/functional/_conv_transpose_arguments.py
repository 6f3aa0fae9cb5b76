"""What the transposed convolutions ask of their arguments."""

from ._arguments import check_floats, per_axis


def check_conv_transpose(axes, input, weight, bias, stride, padding, output_padding, groups, dilation):
    """Refuse what PyTorch refuses; return stride, (before, after) paddings, dilation, the uncut and the output size."""
    check_floats(input=input, weight=weight, bias=bias)
    (groups,) = per_axis("groups", groups, 1, minimum=1)
    _check_channels(axes, input, weight, bias, groups)
    sizes = input.shape[-axes:]
    S = per_axis("stride", stride, axes, minimum=1)
    D = per_axis("dilation", dilation, axes, minimum=1)
    P = per_axis("padding", padding, axes, minimum=0)
    extra = per_axis("output_padding", output_padding, axes, minimum=0)
    if any(e >= s and e >= d for e, s, d in zip(extra, S, D, strict=True)):
        raise ValueError(f"output_padding: expected less than stride {S} or dilation {D}, got {extra}")
    if 0 in sizes:
        raise ValueError(f"input: expected at least one entry along each spatial axis, got shape {input.shape}")
    K = weight.shape[2:]
    full = tuple((i - 1) * s + d * (k - 1) + 1 + e for i, s, d, k, e in zip(sizes, S, D, K, extra, strict=True))
    O = tuple(size - 2 * p for size, p in zip(full, P, strict=True))
    if min(O) < 1:
        raise ValueError(f"padding: expected less than half of the uncut output {full}, got {P}")
    return S, tuple((p, p) for p in P), D, full, O


def _check_channels(axes, input, weight, bias, groups):
    if weight.ndim != axes + 2 or 0 in weight.shape:
        wanted = f"{axes + 2} dimensions (C_in, C_out // groups, kernel …), none empty"
        raise ValueError(f"weight: expected {wanted}, got shape {weight.shape}")
    if input.ndim not in (axes + 1, axes + 2):
        raise ValueError(f"input: expected {axes + 2} dimensions (N, C, …) or one less, got shape {input.shape}")
    C_in, C_out = input.shape[-axes - 1], weight.shape[1] * groups
    if len(weight) != C_in:
        raise ValueError(f"weight: expected C_in={C_in} as first size, as in input, got {weight.shape}")
    if len(weight) % groups:
        raise ValueError(f"groups: expected a divisor of C_in={len(weight)}, got {groups}")
    if bias is not None and bias.shape != (C_out,):
        raise ValueError(f"bias: expected shape ({C_out},), one number per output channel, got {bias.shape}")
