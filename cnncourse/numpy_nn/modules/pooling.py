"""Pooling and resizing layers."""

from .. import functional as F
from .activation import Function

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool2d", "AvgPool1d", "AvgPool2d",
    "AvgPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d", "PixelShuffle", "Upsample",
]  # fmt: skip


class WindowPool(Function):
    """What max and average pooling share: a window that slides over so many spatial axes."""

    axes = 2


class _MaxPool(WindowPool):
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


class _AvgPool(WindowPool):
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


class AdaptivePool(Function):
    """Pooling to a given output size; size 1 is global pooling."""

    axes = 2

    def __init__(self, output_size):
        self.options = {"output_size": output_size}


class AdaptiveAvgPool1d(AdaptivePool):
    """Average pooling of (N, C, L) to a given length."""

    axes, function, function_backward = 1, F.adaptive_avg_pool1d, F.adaptive_avg_pool1d_backward


class AdaptiveAvgPool2d(AdaptivePool):
    """Average pooling of (N, C, H, W) to a given size; 1 is global average pooling (Lin et al. 2014)."""

    function, function_backward = F.adaptive_avg_pool2d, F.adaptive_avg_pool2d_backward


class AdaptiveAvgPool3d(AdaptivePool):
    """Average pooling of (N, C, T, H, W) to a given size; 1 is the mean over time and space."""

    axes, function, function_backward = 3, F.adaptive_avg_pool3d, F.adaptive_avg_pool3d_backward


class AdaptiveMaxPool2d(AdaptivePool):
    """Max pooling of (N, C, H, W) to a given size."""

    function, function_backward = F.adaptive_max_pool2d, F.adaptive_max_pool2d_backward


class Upsample(Function):
    """Resize (N, C, H, W) by `scale_factor`, or to `size`; modes as `functional.interpolate`."""

    function, function_backward = F.interpolate, F.interpolate_backward

    def __init__(self, size=None, scale_factor=None, mode="nearest", align_corners=None):
        self.options = {
            "size": size, "scale_factor": scale_factor, "mode": mode, "align_corners": align_corners
        }  # fmt: skip


class PixelShuffle(Function):
    """(N, C·r², H, W) to (N, C, r·H, r·W): channels become pixels (Shi et al. 2016)."""

    function, function_backward = F.pixel_shuffle, F.pixel_shuffle_backward

    def __init__(self, upscale_factor):
        self.options = {"upscale_factor": upscale_factor}
