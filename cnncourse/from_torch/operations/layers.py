"""Layers: most are functions of `numpy_nn.functional` under the same name; here is what differs."""

import numpy as np

from cnncourse.numpy_nn import functional as F

from .pointwise import POINTWISE
from .reductions import norm


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """Normalise each channel by the running statistics, or by the batch's where there are none."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, 0.0, eps)


def instance_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5,
    unbatched=None,
):  # fmt: skip
    """Normalise each channel of each image; an input of `unbatched` axes is one image."""
    batch = input[None] if input.ndim == unbatched else input
    output = F.instance_norm(batch, running_mean, running_var, weight, bias, use_input_stats, 0.0, eps)
    return output[0] if input.ndim == unbatched else output


def channel_shuffle(input, groups):
    """Deal the channels of each group out in turn."""
    N, C, *size = input.shape
    return input.reshape(N, groups, C // groups, *size).swapaxes(1, 2).reshape(input.shape)


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """Return `interpolate` under its old name."""
    return F.interpolate(input, size, scale_factor, mode, align_corners)


def upsample_bilinear(input, size=None, scale_factor=None):
    """Return bilinear `interpolate` whose corners stay."""
    return F.interpolate(input, size, scale_factor, "bilinear", align_corners=True)


def adaptive_max_pool1d(input, output_size, return_indices=False):
    """Return the maximum of each of `output_size` pieces."""
    size = output_size[0] if isinstance(output_size, (tuple, list)) else output_size
    pooled = F.adaptive_max_pool2d(input[..., None, :], (1, size), return_indices)
    return tuple(one[..., 0, :] for one in pooled) if return_indices else pooled[..., 0, :]


def lp_pool(axes):
    """Return the p-norm of each window."""
    average = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}[axes]

    def pool(input, norm_type, kernel_size, stride=None, ceil_mode=False):
        count = np.prod(kernel_size) if isinstance(kernel_size, (tuple, list)) else kernel_size**axes
        mean = average(input**norm_type, kernel_size, stride, 0, ceil_mode)
        return (np.sign(mean) * np.maximum(np.abs(mean), 0) * input.dtype.type(count)) ** (1 / norm_type)

    return pool


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """x1·x2 / (|x1| |x2|), each norm at least eps."""
    lengths = [np.maximum(norm(x, 2, dim, True), np.asarray(eps, x1.dtype)) for x in (x1, x2)]
    return np.sum((x1 / lengths[0]) * (x2 / lengths[1]), axis=dim)


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """Divide by the root of the mean square over the last axes."""
    axes = tuple(range(-len(normalized_shape), 0))
    eps = np.finfo(input.dtype).eps if eps is None else eps
    output = input / np.sqrt(np.mean(input**2, axis=axes, keepdims=True) + np.asarray(eps, input.dtype))
    return output if weight is None else output * weight


def einsum(equation, operands):
    """Sum products over the letters that the output does not have."""
    return np.einsum(equation, *operands)


SAME_NAME = {
    name: getattr(F, name)
    for name in F.__all__
    if not name.endswith(("_backward", "_running", "_mask"))
    and name not in ("dropout", "batch_norm", "instance_norm", "fuse_conv_bn_weights")
}
LAYERS = {name: function for name, function in SAME_NAME.items() if name not in POINTWISE} | {
    "batch_norm": batch_norm, "instance_norm": instance_norm, "rms_norm": rms_norm,
    "channel_shuffle": channel_shuffle, "native_channel_shuffle": channel_shuffle,
    "upsample": upsample, "upsample_nearest": lambda input, size=None, scale_factor=None: F.interpolate(
        input, size, scale_factor),
    "upsample_bilinear": upsample_bilinear, "adaptive_max_pool1d": adaptive_max_pool1d,
    "lp_pool1d": lp_pool(1), "lp_pool2d": lp_pool(2), "lp_pool3d": lp_pool(3),
    "cosine_similarity": cosine_similarity, "einsum": einsum,
}  # fmt: skip
