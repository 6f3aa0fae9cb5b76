"""Right answers to unit 03, each written another way."""

import itertools
import math

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view


def size_counting(size, kernel_size, stride=1, padding=0, dilation=1):
    """Count the starts at which the window fits."""
    reach = dilation * (kernel_size - 1)
    return sum(1 for start in range(0, size + 2 * padding, stride) if start + reach < size + 2 * padding)


def size_range(size, kernel_size, stride=1, padding=0, dilation=1):
    effective = kernel_size + (kernel_size - 1) * (dilation - 1)
    return len(range(0, size + 2 * padding - effective + 1, stride))


def size_floor(size, kernel_size, stride=1, padding=0, dilation=1):
    return int(np.floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1))


def size_ceil(size, kernel_size, stride=1, padding=0, dilation=1):
    return math.ceil((size + 2 * padding - dilation * (kernel_size - 1)) / stride)


def size_divmod(size, kernel_size, stride=1, padding=0, dilation=1):
    steps, _ = divmod(size + padding + padding - (dilation * (kernel_size - 1) + 1), stride)
    return np.int64(steps + 1)


def size_truncated(size, kernel_size, stride=1, padding=0, dilation=1):
    return int((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1


def two(value):
    return (value, value) if np.ndim(value) == 0 else tuple(value)


def conv2d_loops(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Reads zeros outside of the image instead of padding it; everything by loops."""
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = two(stride), two(padding), two(dilation)
    n, c_in, height, width = input.shape
    c_out, c_group, k_h, k_w = weight.shape
    h_out = (height + 2 * p_h - d_h * (k_h - 1) - 1) // s_h + 1
    w_out = (width + 2 * p_w - d_w * (k_w - 1) - 1) // s_w + 1
    out = np.zeros((n, c_out, h_out, w_out), input.dtype)
    for b, o, i, j in np.ndindex(out.shape):
        group = o * groups // c_out
        total = 0.0 if bias is None else bias[o]
        for c, u, v in np.ndindex(c_group, k_h, k_w):
            y, x = i * s_h - p_h + u * d_h, j * s_w - p_w + v * d_w
            if 0 <= y < height and 0 <= x < width:
                total += input[b, group * c_group + c, y, x] * weight[o, c, u, v]
        out[b, o, i, j] = total
    return out


def conv2d_dilated_kernel(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Spreads the kernel with zeros, computes every place, then keeps every S-th; groups one by one."""
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = two(stride), two(padding), two(dilation)
    c_out, c_group, k_h, k_w = weight.shape
    spread = np.zeros((c_out, c_group, d_h * (k_h - 1) + 1, d_w * (k_w - 1) + 1), weight.dtype)
    spread[:, :, ::d_h, ::d_w] = weight
    padded = np.pad(input, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), "constant")
    parts = []
    for x, w in zip(np.split(padded, groups, axis=1), np.split(spread, groups), strict=True):
        windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))[:, :, ::s_h, ::s_w]
        parts.append(np.einsum("nchwuv,ocuv->nohw", windows, w))
    out = np.concatenate(parts, axis=1)
    return out if bias is None else out + bias[:, None, None]


def conv2d_strided(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """as_strided windows and one batched matrix product."""
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = two(stride), two(padding), two(dilation)
    n, c_in, height, width = input.shape
    c_out, c_group, k_h, k_w = weight.shape
    x = np.zeros((n, c_in, height + 2 * p_h, width + 2 * p_w), input.dtype)
    x[:, :, p_h : p_h + height, p_w : p_w + width] = input
    h_out = (x.shape[2] - d_h * (k_h - 1) - 1) // s_h + 1
    w_out = (x.shape[3] - d_w * (k_w - 1) - 1) // s_w + 1
    a, b, c, d = x.strides
    windows = as_strided(
        x, (n, groups, c_group, k_h, k_w, h_out, w_out), (a, b * c_group, b, c * d_h, d * d_w, c * s_h, d * s_w)
    )
    columns = windows.reshape(n, groups, c_group * k_h * k_w, h_out * w_out)
    out = (weight.reshape(groups, c_out // groups, -1) @ columns).reshape(n, c_out, h_out, w_out)
    if bias is not None:
        out += bias.reshape(-1, 1, 1)
    return out


def conv2d_fft(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = two(stride), two(padding), two(dilation)
    c_out, c_group, k_h, k_w = weight.shape
    spread = np.zeros((c_out, c_group, d_h * (k_h - 1) + 1, d_w * (k_w - 1) + 1))
    spread[:, :, ::d_h, ::d_w] = weight
    x = np.pad(input, [(0, 0), (0, 0), (p_h, p_h), (p_w, p_w)])
    x = x.reshape(len(x), groups, c_group, *x.shape[2:])
    f = spread.reshape(groups, -1, c_group, *spread.shape[2:])
    spectrum = np.einsum("ngchw,gochw->ngohw", np.fft.fft2(x), np.conj(np.fft.fft2(f, x.shape[-2:])))
    out = np.fft.ifft2(spectrum).real
    valid = out[..., : x.shape[3] - f.shape[3] + 1, : x.shape[4] - f.shape[4] + 1][..., ::s_h, ::s_w]
    out = valid.reshape(len(x), c_out, *valid.shape[3:])
    return out if bias is None else out + bias[None, :, None, None]


def field_backwards(layers):
    """From the last layer to the first: r = (r − 1) · S + K."""
    size = 1
    for kernel_size, stride in reversed(layers):
        size = (size - 1) * stride + kernel_size
    return size


def field_recursive(layers):
    if not layers:
        return 1
    (kernel_size, stride), *rest = layers
    return (field_recursive(rest) - 1) * stride + kernel_size


def field_products(layers):
    jumps = [1, *itertools.accumulate((s for _, s in layers), lambda a, b: a * b)]
    return 1 + sum((k - 1) * jump for (k, _), jump in zip(layers, jumps, strict=False))


def field_numpy(layers):
    if len(layers) == 0:
        return np.int64(1)
    kernels, strides = np.array(layers).T
    return 1 + np.sum((kernels - 1) * np.cumprod(np.concatenate([[1], strides[:-1]])))


def field_sets(layers):
    """Follow the pixels themselves."""
    seen = {0}
    for kernel_size, stride in layers[::-1]:
        seen = {p * stride + k for p in seen for k in range(kernel_size)}
    return max(seen) - min(seen) + 1


def cost_list(c_in, c_out, kernel_size, h_out, w_out, groups=1):
    k_h, k_w = two(kernel_size)
    return [c_out * (c_in * k_h * k_w // groups + 1), h_out * w_out * c_out * c_in * k_h * k_w // groups]


def cost_numpy(c_in, c_out, kernel_size, h_out, w_out, groups=1):
    weights = np.prod((c_out, c_in // groups, *two(kernel_size)), dtype=np.int64)
    return weights + c_out, weights * np.int64(h_out) * w_out


def cost_by_group(c_in, c_out, kernel_size, h_out, w_out, groups=1):
    k_h, k_w = two(kernel_size)
    weights = sum((c_in // groups) * (c_out // groups) * k_h * k_w for _ in range(groups))
    return (weights + c_out, weights * h_out * w_out)


def conv1x1_loops(input, weight):
    out = np.zeros((input.shape[0], weight.shape[0], *input.shape[2:]), input.dtype)
    for o in range(weight.shape[0]):
        for c in range(weight.shape[1]):
            out[:, o] += weight[o, c, 0, 0] * input[:, c]
    return out


def conv1x1_channels_last(input, weight):
    return (input.transpose(0, 2, 3, 1) @ weight.squeeze(axis=(2, 3)).T).transpose(0, 3, 1, 2)


def conv1x1_tensordot(input, weight):
    return np.tensordot(weight[..., 0, 0], input, axes=(1, 1)).swapaxes(0, 1)


def conv1x1_einsum(input, weight):
    return np.einsum("nchw,ocuv->nohw", input, weight)


def conv1x1_broadcast(input, weight):
    return (weight[None, :, :] * input[:, None]).sum(axis=2)


def conv1x1_as_conv2d(input, weight):
    return conv2d_strided(input, weight)


ANSWERS = {
    "03.conv_output_size": [size_counting, size_range, size_floor, size_ceil, size_divmod, size_truncated],
    "03.conv2d": [conv2d_loops, conv2d_dilated_kernel, conv2d_strided, conv2d_fft],
    "03.receptive_field": [field_backwards, field_recursive, field_products, field_numpy, field_sets],
    "03.conv_cost": [cost_list, cost_numpy, cost_by_group],
    "03.conv1x1": [
        conv1x1_loops, conv1x1_channels_last, conv1x1_tensordot, conv1x1_einsum, conv1x1_broadcast, conv1x1_as_conv2d,
    ],
}  # fmt: skip
