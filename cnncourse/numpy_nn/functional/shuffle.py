"""Shuffles: r² channels become one with r times the height and width, and back; groups of channels are mixed.

Sources: W. Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
Convolutional Neural Network", CVPR 2016, arXiv:1609.05158, equation 4; X. Zhang et al., "ShuffleNet", CVPR 2018,
arXiv:1707.01083, section 3.1.
"""

import numpy as np

from ._arguments import check_array, check_grad_output, check_integer

__all__ = [
    name + suffix
    for name in ("channel_shuffle", "pixel_shuffle", "pixel_unshuffle")
    for suffix in ("", "_backward")
]  # fmt: skip


def channel_shuffle(input, groups):
    """Deal out the channels of (N, C, *): the first of each group, then the second of each group, and so on.

    Output channel c·groups + g is input channel g·(C / groups) + c. After a grouped convolution it lets the next one
    see channels of all groups (Zhang et al. 2018).

    Raises
    ------
    TypeError, ValueError
        `input` has fewer than three dimensions or a number of channels that `groups` does not divide.
    """
    check_array("input", input)
    check_integer("groups", groups, minimum=1)
    if input.ndim < 3 or input.shape[1] % groups:
        raise ValueError(f"input: expected (N, C, *) with C a multiple of groups={groups}, got shape {input.shape}")
    N, C, *size = input.shape
    return input.reshape(N, groups, C // groups, *size).swapaxes(1, 2).reshape(input.shape).copy()


def channel_shuffle_backward(grad_output, input, groups):
    """Return ∂L/∂input of `channel_shuffle`: dealt out to C / groups groups, the channels are in order again."""
    check_integer("groups", groups, minimum=1)
    check_grad_output(grad_output, input.shape, input.dtype)
    return channel_shuffle(grad_output, max(input.shape[1] // groups, 1))


def pixel_shuffle(input, upscale_factor):
    """Rearrange (*, C·r², H, W) into (*, C, H·r, W·r), as `torch.nn.functional.pixel_shuffle`.

    Output pixel (h·r + i, w·r + j) of channel c is input pixel (h, w) of channel c·r² + i·r + j.

    Raises
    ------
    TypeError, ValueError
        `input` has fewer than three dimensions or a number of channels that r² does not divide.
    """
    r = _check(input, "upscale_factor", upscale_factor)
    *batch, channels, H, W = input.shape
    if channels % (r * r):
        raise ValueError(f"input: expected channels that upscale_factor² = {r * r} divides, got shape {input.shape}")
    C = channels // (r * r)
    split = input.reshape(*batch, C, r, r, H, W)
    # (C, i, j, H, W) → (C, H, i, W, j)
    return np.moveaxis(split, (-4, -3), (-3, -1)).reshape(*batch, C, H * r, W * r).copy()


def pixel_shuffle_backward(grad_output, input, upscale_factor):
    """Return ∂L/∂input of `pixel_shuffle`: the gradient, put back where each pixel came from."""
    *batch, channels, H, W = input.shape
    r = _check(input, "upscale_factor", upscale_factor)
    check_grad_output(grad_output, (*batch, channels // (r * r), H * r, W * r), input.dtype)
    return pixel_unshuffle(grad_output, upscale_factor)


def pixel_unshuffle(input, downscale_factor):
    """Rearrange (*, C, H·r, W·r) into (*, C·r², H, W): the inverse of `pixel_shuffle`."""
    r = _check(input, "downscale_factor", downscale_factor)
    *batch, C, height, width = input.shape
    if height % r or width % r:
        raise ValueError(f"input: expected height and width that downscale_factor={r} divides, got {input.shape}")
    split = input.reshape(*batch, C, height // r, r, width // r, r)
    return np.moveaxis(split, (-3, -1), (-4, -3)).reshape(*batch, C * r * r, height // r, width // r).copy()


def pixel_unshuffle_backward(grad_output, input, downscale_factor):
    """Return ∂L/∂input of `pixel_unshuffle`: the gradient, shuffled."""
    *batch, C, height, width = input.shape
    r = _check(input, "downscale_factor", downscale_factor)
    check_grad_output(grad_output, (*batch, C * r * r, height // r, width // r), input.dtype)
    return pixel_shuffle(grad_output, downscale_factor)


def _check(input, name, factor):
    check_array("input", input)
    if input.ndim < 3:
        raise ValueError(f"input: expected at least 3 dimensions (*, C, H, W), got shape {input.shape}")
    return check_integer(name, factor, minimum=1)
