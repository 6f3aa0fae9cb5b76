"""Right answers to unit 01, each written another way."""

import functools
import operator

import numpy as np


def to_tensor_loops(image):
    channels = [image] if image.ndim == 2 else [image[:, :, c] for c in range(image.shape[2])]
    out = np.empty((len(channels), *image.shape[:2]), np.float32)
    for c, channel in enumerate(channels):
        for y in range(channel.shape[0]):
            for x in range(channel.shape[1]):
                out[c, y, x] = channel[y, x] / 255
    return out


def to_tensor_moveaxis(image):
    return np.moveaxis(np.atleast_3d(image), -1, 0).astype("float32") / np.float32(255.0)


def to_tensor_view(image):
    """A transposed view of a float32 array, not contiguous."""
    scaled = np.divide(image, 255, dtype=np.float32)
    return scaled[None] if image.ndim == 2 else np.einsum("hwc->chw", scaled)


def to_tensor_table(image):
    table = (np.arange(256) / 255).astype(np.float32)
    planes = table[image]
    return planes.reshape(1, *image.shape) if image.ndim == 2 else np.stack(np.dsplit(planes, image.shape[2]))[..., 0]


def to_tensor_multiply(image):
    if image.ndim == 2:
        image = np.expand_dims(image, -1)
    return np.ascontiguousarray(np.rollaxis(image, 2)).astype(np.float32) * np.float32(1 / 255)


def statistics_two_pass(images):
    n, c, h, w = images.shape
    flat = images.transpose(1, 0, 2, 3).reshape(c, -1)
    mean = flat.sum(axis=1) / (n * h * w)
    return [mean, np.sqrt(((flat - mean[:, None]) ** 2).sum(axis=1) / (n * h * w))]


def statistics_moments(images):
    mean = np.einsum("nchw->c", images) / (images.size / images.shape[1])
    square = np.einsum("nchw,nchw->c", images, images) / (images.size / images.shape[1])
    return mean, np.sqrt(np.maximum(square - mean**2, 0))


def statistics_loops(images):
    means, stds = [], []
    for c in range(images.shape[1]):
        values = [float(v) for v in images[:, c].ravel()]
        mean = sum(values) / len(values)
        means.append(mean)
        stds.append((sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5)
    return np.array(means), np.array(stds)


def statistics_generator(images):
    channels = [images[:, c] for c in range(images.shape[1])]
    return tuple(np.array([f(c) for c in channels]) for f in (np.mean, np.std))


def normalize_broadcast_to(images, mean, std):
    return np.divide(images - np.reshape(mean, (1, -1, 1, 1)), np.reshape(std, (1, -1, 1, 1)))


def normalize_copy(images, mean, std):
    out = images.copy()
    for c in range(images.shape[1]):
        out[:, c] -= mean[c]
        out[:, c] /= std[c]
    return out


def normalize_last_axis(images, mean, std):
    return ((images.transpose(0, 2, 3, 1) - mean) / std).transpose(0, 3, 1, 2)


def normalize_stack(images, mean, std):
    return np.stack(
        [(images[:, c] - mean[c]) / std[c] for c in range(len(mean))], axis=1
    )


def normalize_affine(images, mean, std):
    return np.einsum("nchw,c->nchw", images, 1 / std) - (mean / std)[None, :, None, None]


def mlp_numpy(shape, hidden):
    return np.prod(shape, dtype=np.int64) * hidden + hidden


def mlp_reduce(shape, hidden):
    return (functools.reduce(operator.mul, shape, 1) + 1) * hidden


def mlp_sum(shape, hidden):
    inputs = 1
    for side in list(shape):
        inputs = inputs * int(side)
    return np.array(hidden * inputs + hidden)


def conv_parameters_numpy(c_in, c_out, kernel_size, bias=True):
    return np.prod([c_out, c_in, *np.broadcast_to(kernel_size, 2)]) + bias * c_out


def conv_parameters_unpack(c_in, c_out, kernel_size, bias=True):
    try:
        k_h, k_w = kernel_size
    except TypeError:
        k_h = k_w = kernel_size
    return (c_in * k_h * k_w + int(bias)) * c_out


def conv_parameters_shape(c_in, c_out, kernel_size, bias=True):
    if not isinstance(kernel_size, tuple):
        kernel_size = (kernel_size,) * 2
    weight, offset = np.zeros((c_out, c_in, *kernel_size)), np.zeros(c_out if bias else 0)
    return weight.size + offset.size


ANSWERS = {
    "01.to_tensor": [to_tensor_loops, to_tensor_moveaxis, to_tensor_view, to_tensor_table, to_tensor_multiply],
    "01.channel_statistics": [statistics_two_pass, statistics_moments, statistics_loops, statistics_generator],
    "01.normalize": [
        normalize_broadcast_to, normalize_copy, normalize_last_axis, normalize_stack, normalize_affine,
    ],
    "01.mlp_parameters": [mlp_numpy, mlp_reduce, mlp_sum],
    "01.conv_parameters": [conv_parameters_numpy, conv_parameters_unpack, conv_parameters_shape],
}  # fmt: skip
