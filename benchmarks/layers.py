"""The convolution layers that are measured, and what each must compute and move."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Layer:
    """One convolution of a batch of square images."""

    name: str
    N: int
    C_in: int
    C_out: int
    size: int
    K: int = 3
    stride: int = 1
    padding: int = 1
    dilation: int = 1
    groups: int = 1

    @property
    def output_size(self):
        return (self.size + 2 * self.padding - self.dilation * (self.K - 1) - 1) // self.stride + 1

    @property
    def flops(self):
        """Multiplications and additions of the definition."""
        return 2 * self.N * self.output_size**2 * self.C_out * (self.C_in // self.groups) * self.K**2

    @property
    def bytes(self):
        """What must be read and written at the least, in float32: input, filters, output, once each."""
        image, filters = self.C_in * self.size**2, self.C_out * (self.C_in // self.groups) * self.K**2
        return 4 * (self.N * image + filters + self.N * self.C_out * self.output_size**2)

    @property
    def geometry(self):
        """The keyword arguments of `conv2d`."""
        return {name: getattr(self, name) for name in ("stride", "padding", "dilation", "groups")}

    def arrays(self, rng):
        """Draw input, weight and upstream gradient, float32."""
        shapes = (
            (self.N, self.C_in, self.size, self.size),
            (self.C_out, self.C_in // self.groups, self.K, self.K),
            (self.N, self.C_out, self.output_size, self.output_size),
        )
        return tuple(rng.standard_normal(shape, dtype=np.float32) for shape in shapes)


NINE = [
    *(
        Layer(f"{C} channels, {size}², batch 8", 8, C, C, size)
        for C, size in ((64, 56), (128, 28), (256, 14), (512, 7))
    ),
    *(
        Layer(f"{C} channels, {size}², batch 2", 2, C, C, size)
        for C, size in ((64, 224), (128, 112), (256, 56), (512, 28), (512, 14))
    ),
]

OTHERS = [
    Layer("1×1, 256→64, 56²", 8, 256, 64, 56, K=1, padding=0),
    Layer("1×1, 112→672, 14²", 8, 112, 672, 14, K=1, padding=0),
    Layer("1×1 stride 2, 64→128, 56²", 8, 64, 128, 56, K=1, stride=2, padding=0),
    Layer("7×7 stride 2, 3→64, 224²", 8, 3, 64, 224, K=7, stride=2, padding=3),
    Layer("11×11 stride 4, 3→64, 224²", 8, 3, 64, 224, K=11, stride=4, padding=2),
    Layer("5×5, 64→192, 27²", 8, 64, 192, 27, K=5, padding=2),
    Layer("5×5, 6→16, 14², batch 64", 64, 6, 16, 14, K=5, padding=0),
    Layer("3×3, 3→64, 224²", 2, 3, 64, 224),
    Layer("3×3, 16→16, 32², batch 64", 64, 16, 16, 32),
    Layer("3×3 stride 2, 3→32, 224²", 8, 3, 32, 224, stride=2),
    Layer("3×3 stride 2, 64→128, 56²", 8, 64, 128, 56, stride=2),
    Layer("3×3 dilation 2, 256→256, 28²", 8, 256, 256, 28, padding=2, dilation=2),
    Layer("depthwise 3×3, 32, 112²", 8, 32, 32, 112, groups=32),
    Layer("depthwise 3×3 stride 2, 96, 112²", 8, 96, 96, 112, stride=2, groups=96),
    Layer("depthwise 5×5, 240, 28²", 8, 240, 240, 28, K=5, padding=2, groups=240),
    Layer("depthwise 3×3, 480, 14²", 8, 480, 480, 14, groups=480),
    Layer("depthwise 5×5, 1152, 7²", 8, 1152, 1152, 7, K=5, padding=2, groups=1152),
]
