"""Pooling and resizing layers."""

from fractions import Fraction

from .. import functional as F
from .activation import Function
from .conv import per_axis


class _Pool(Function):
    """What max and average pooling share: the geometry of a sliding window."""

    axes = 2

    def _geometry(self):
        options = self.options
        kernel_size = per_axis(options["kernel_size"], self.axes)
        stride = kernel_size if options["stride"] is None else per_axis(options["stride"], self.axes)
        padding = per_axis(options["padding"], self.axes)
        dilation = per_axis(options.get("dilation", 1), self.axes)
        return list(zip(kernel_size, stride, padding, dilation, strict=True))

    def output_shape(self, input_shape):
        sizes = []
        for size, (K, S, P, D) in zip(input_shape[2:], self._geometry(), strict=True):
            rest = size + 2 * P - D * (K - 1) - 1
            count = (-(-rest // S) if self.options["ceil_mode"] else rest // S) + 1
            if self.options["ceil_mode"] and (count - 1) * S >= size + P:
                count -= 1  # a window must start inside the input or its left padding
            sizes.append(count)
        return (*input_shape[:2], *sizes)

    def window(self, input_shape):
        return self._geometry()


class _MaxPool(_Pool):
    """The largest value of each window; padding is −∞."""

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
        self.options = {
            "kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation,
            "ceil_mode": ceil_mode,
        }  # fmt: skip


class MaxPool1d(_MaxPool):
    """Max pooling of (N, C, L)."""

    axes, function, function_backward = 1, F.max_pool1d, F.max_pool1d_backward


class MaxPool2d(_MaxPool):
    """Max pooling of (N, C, H, W)."""

    axes, function, function_backward = 2, F.max_pool2d, F.max_pool2d_backward


class MaxPool3d(_MaxPool):
    """Max pooling of (N, C, T, H, W)."""

    axes, function, function_backward = 3, F.max_pool3d, F.max_pool3d_backward


class _AvgPool(_Pool):
    """The mean of each window; padding counts as zeros unless count_include_pad is false."""

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        self.options = {
            "kernel_size": kernel_size, "stride": stride, "padding": padding, "ceil_mode": ceil_mode,
            "count_include_pad": count_include_pad,
        }  # fmt: skip


class AvgPool1d(_AvgPool):
    """Average pooling of (N, C, L)."""

    axes, function, function_backward = 1, F.avg_pool1d, F.avg_pool1d_backward


class AvgPool2d(_AvgPool):
    """Average pooling of (N, C, H, W)."""

    axes, function, function_backward = 2, F.avg_pool2d, F.avg_pool2d_backward


class AvgPool3d(_AvgPool):
    """Average pooling of (N, C, T, H, W)."""

    axes, function, function_backward = 3, F.avg_pool3d, F.avg_pool3d_backward


class _AdaptivePool(Function):
    """Pooling to a given output size; size 1 is global pooling."""

    axes = 2

    def __init__(self, output_size):
        self.options = {"output_size": output_size}

    def _sizes(self, input_shape):
        wanted = per_axis(self.options["output_size"], self.axes)
        pairs = zip(wanted, input_shape[2:], strict=True)
        return [size if want is None else want for want, size in pairs]

    def output_shape(self, input_shape):
        return (*input_shape[:2], *self._sizes(input_shape))

    def window(self, input_shape):
        """The widest window, and the average stride; exact where the sizes divide."""
        windows = []
        for size, count in zip(input_shape[2:], self._sizes(input_shape), strict=True):
            widest = max(-(-(i + 1) * size // count) - i * size // count for i in range(count))
            windows.append((widest, Fraction(size, count), 0, 1))
        return windows


class AdaptiveAvgPool1d(_AdaptivePool):
    """Average pooling of (N, C, L) to a given length."""

    axes, function, function_backward = 1, F.adaptive_avg_pool1d, F.adaptive_avg_pool1d_backward


class AdaptiveAvgPool2d(_AdaptivePool):
    """Average pooling of (N, C, H, W) to a given size; 1 is global average pooling (Lin et al. 2014)."""

    function, function_backward = F.adaptive_avg_pool2d, F.adaptive_avg_pool2d_backward


class AdaptiveMaxPool2d(_AdaptivePool):
    """Max pooling of (N, C, H, W) to a given size."""

    function, function_backward = F.adaptive_max_pool2d, F.adaptive_max_pool2d_backward


class Upsample(Function):
    """Resize (N, C, H, W) by `scale_factor`, or to `size`; modes as `functional.interpolate`."""

    function, function_backward = F.interpolate, F.interpolate_backward

    def __init__(self, size=None, scale_factor=None, mode="nearest", align_corners=None):
        self.options = {
            "size": size, "scale_factor": scale_factor, "mode": mode, "align_corners": align_corners
        }  # fmt: skip

    def _sizes(self, input_shape):
        size, factor = self.options["size"], self.options["scale_factor"]
        axes = len(input_shape) - 2
        if size is not None:
            return per_axis(size, axes)
        factors = (factor,) * axes if isinstance(factor, (int, float)) else factor
        return [int(length * f) for length, f in zip(input_shape[2:], factors, strict=True)]

    def output_shape(self, input_shape):
        return (*input_shape[:2], *self._sizes(input_shape))

    def window(self, input_shape):
        """Nearest copies one input, linear mixes two; `scale` outputs advance by one input."""
        seen = 1 if self.options["mode"].startswith("nearest") else 2
        windows = []
        for old, new in zip(input_shape[2:], self._sizes(input_shape), strict=True):
            windows.append((seen, Fraction(old, new), seen / 2 - old / new / 2, 1))
        return windows


class PixelShuffle(Function):
    """(N, C·r², H, W) to (N, C, r·H, r·W): channels become pixels (Shi et al. 2016)."""

    function, function_backward = F.pixel_shuffle, F.pixel_shuffle_backward

    def __init__(self, upscale_factor):
        self.options = {"upscale_factor": upscale_factor}

    def output_shape(self, input_shape):
        N, C, H, W = input_shape
        r = self.options["upscale_factor"]
        return (N, C // (r * r), H * r, W * r)

    def window(self, input_shape):
        r = self.options["upscale_factor"]
        return [(1, Fraction(1, r), 0.5 - 0.5 / r, 1)] * 2
