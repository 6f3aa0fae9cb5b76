"""The windows of pooling: what max and average pooling ask of their arguments."""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from .max_pool import check_pool


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
    """Refuse what PyTorch refuses; return the `PoolWindows`."""
    K, S, P, D, positions = check_pool(axes, input, kernel_size, stride, padding, dilation, ceil_mode)
    sizes = input.shape[-axes:]
    reach = [(o - 1) * s + d * (k - 1) + 1 for o, s, d, k in zip(positions, S, D, K, strict=True)]
    after = [max(p, r - i - p) for p, r, i in zip(P, reach, sizes, strict=True)]
    return PoolWindows(K, S, P, D, positions, tuple(zip(P, after, strict=True)))
