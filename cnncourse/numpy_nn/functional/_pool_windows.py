"""The windows of pooling: what max and average pooling ask of their arguments."""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from ..algorithms.windows import output_size
from ._arguments import as_batch, check_floats, per_axis


@dataclass(frozen=True)
class PoolWindows:
    """Kernel, stride, padding and dilation per axis, how many windows fit, and what to pad before and after."""

    K: tuple
    S: tuple
    P: tuple
    D: tuple
    positions: tuple
    paddings: tuple

    def first_inside(self):
        """Return, for each output position, the number of its window's first entry that is not padding."""
        first = []
        for k, s, p, d, positions in zip(self.K, self.S, self.P, self.D, self.positions, strict=True):
            before = np.maximum(p - np.arange(positions) * s, 0)
            first.append(np.minimum(-(-before // d), k - 1))
        # Row-major number of (k_1, k_2, …): ((k_1)·K_2 + k_2)·K_3 + …
        return reduce(lambda number, axis: np.add.outer(number * axis[0], axis[1]), zip(self.K, first, strict=True), 0)


def check(axes, input, kernel_size, stride, padding, dilation, ceil_mode):
    """Refuse what PyTorch refuses; return the `PoolWindows`.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what was expected and what it got.
    """
    check_floats(input=input)
    x, _ = as_batch(input, axes)
    if 0 in x.shape[1:]:
        raise ValueError(f"input: expected sizes of at least 1 except the batch's, got shape {input.shape}")
    K = per_axis("kernel_size", kernel_size, axes, minimum=1)
    S = K if stride is None or stride in ((), []) else per_axis("stride", stride, axes, minimum=1)
    P = per_axis("padding", padding, axes, minimum=0)
    D = per_axis("dilation", dilation, axes, minimum=1)
    extent = [d * (k - 1) + 1 for k, d in zip(K, D, strict=True)]
    if any(p > k // 2 for p, k in zip(P, K, strict=True)):
        raise ValueError(f"padding: expected at most half of kernel_size {K}, got {P}")
    positions = _positions(x.shape[2:], K, S, P, D, ceil_mode)
    if min(positions) < 1:
        raise ValueError(
            f"kernel_size: expected windows of extent at most the padded input's, got extent {tuple(extent)} "
            f"for input of shape {input.shape} with padding {P}"
        )
    reach = [(o - 1) * s + e for o, s, e in zip(positions, S, extent, strict=True)]
    after = [max(p, r - i - p) for p, r, i in zip(P, reach, x.shape[2:], strict=True)]
    return PoolWindows(K, S, P, D, positions, tuple(zip(P, after, strict=True)))


def _positions(spatial, K, S, P, D, ceil_mode):
    """Return the output size; with ceil_mode also a last window that reaches over the end, but starts before it."""
    if not ceil_mode:
        return output_size([i + 2 * p for i, p in zip(spatial, P, strict=True)], K, S, D)
    rounded_up = output_size([i + 2 * p + s - 1 for i, p, s in zip(spatial, P, S, strict=True)], K, S, D)
    return tuple(o - 1 if (o - 1) * s >= i + p else o for o, s, i, p in zip(rounded_up, S, spatial, P, strict=True))
