"""CausalConv1d: convolution in time that never looks ahead."""

import numpy as np

from .. import functional as F
from .conv import Conv1d

__all__ = ["CausalConv1d"]


class CausalConv1d(Conv1d):
    """Cross-correlation in time whose output at t sees inputs up to t only: (N, C_in, L) to (N, C_out, L).

        y[n, o, t] = b[o] + Σ_c Σ_k w[o, c, k] · x[n, c, t − D·(K − 1 − k)]

    The last tap meets the present, and D·(K − 1) zeros stand before the beginning. Source: A. van den Oord et al.,
    arXiv:1609.03499, section 2.1.

    Parameters
    ----------
    in_channels, out_channels, kernel_size : int
    dilation, groups : int
    bias : bool
    rng : numpy.random.Generator, optional
        Draws weight and bias from PyTorch's distribution.
    """

    def __init__(
        self, in_channels, out_channels, kernel_size, dilation=1, groups=1, bias=True, *, rng=None, dtype=np.float32
    ):
        super().__init__(
            in_channels, out_channels, kernel_size, dilation=dilation, groups=groups, bias=bias, rng=rng, dtype=dtype
        )  # fmt: skip
        self.past = self.dilation[0] * (self.kernel_size[0] - 1)

    def forward(self, input):
        padded = F.pad(input, (self.past, 0))
        self.saved = input, padded
        return F.conv1d(padded, **self.arguments())

    def backward(self, grad_output):
        return super().backward(grad_output)[..., self.past :]
