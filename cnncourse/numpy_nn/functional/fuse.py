"""A convolution and the batch norm after it, as one convolution."""

import numpy as np

from ._arguments import check_floats
from .standardize import check_channel_vectors

__all__ = ["fuse_conv_bn_weights"]


def fuse_conv_bn_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w=None, bn_b=None):
    """Return weight and bias of the convolution that computes a convolution and the batch norm after it.

    In evaluation batch norm is γ (x − μ)/√(σ² + ε) + β with constants for each channel, and a convolution is linear:
    its filters times γ/√(σ² + ε) do the same. Names and arguments as in `torch.nn.utils.fuse_conv_bn_weights`.

    Parameters
    ----------
    conv_w : ndarray (C_out, C_in // groups, K, …)
    conv_b, bn_w, bn_b : ndarray (C_out,) or None
        The convolution's bias, γ and β.
    bn_rm, bn_rv : ndarray (C_out,)
        The running mean and variance.
    bn_eps : float
        ε.

    Returns
    -------
    ndarray (C_out, C_in // groups, K, …), ndarray (C_out,)
    """
    check_floats(conv_w=conv_w, conv_b=conv_b, bn_rm=bn_rm, bn_rv=bn_rv, bn_w=bn_w, bn_b=bn_b)
    vectors = {"conv_b": conv_b, "bn_rm": bn_rm, "bn_rv": bn_rv, "bn_w": bn_w, "bn_b": bn_b}
    check_channel_vectors(conv_w, len(conv_w), **vectors)
    with np.errstate(invalid="ignore", divide="ignore"):  # a negative ε: NaN, as asked
        scale = 1 / np.sqrt(bn_rv + bn_rv.dtype.type(bn_eps))
    scale = scale if bn_w is None else scale * bn_w
    shift = -bn_rm if conv_b is None else conv_b - bn_rm
    bias = shift * scale if bn_b is None else shift * scale + bn_b
    return conv_w * scale.reshape(-1, *[1] * (conv_w.ndim - 1)), bias
