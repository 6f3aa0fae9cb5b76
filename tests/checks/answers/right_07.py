"""Right answers to unit 07, each written another way."""

from functools import reduce

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def geometry(input, kernel_size, stride, padding):
    stride = kernel_size if stride is None else stride
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = (v if isinstance(v, tuple) else (v, v) for v in (kernel_size, stride, padding))
    H, W = input.shape[2:]
    return K_h, K_w, S_h, S_w, P_h, P_w, (H + 2 * P_h - K_h) // S_h + 1, (W + 2 * P_w - K_w) // S_w + 1


def pad(input, P_h, P_w, value):
    return np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=value)


def max_loops(input, kernel_size, stride=None, padding=0):
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(input, kernel_size, stride, padding)
    padded, output = pad(input, P_h, P_w, -np.inf), np.empty((*input.shape[:2], H_out, W_out))
    for n, c, i, j in np.ndindex(output.shape):
        output[n, c, i, j] = padded[n, c, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w].max()
    return output


def max_by_offset(input, kernel_size, stride=None, padding=0):
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(input, kernel_size, stride, padding)
    padded, output = pad(input, P_h, P_w, np.finfo(input.dtype).min), None
    for u, v in np.ndindex(K_h, K_w):
        seen = padded[:, :, u : u + S_h * (H_out - 1) + 1 : S_h, v : v + S_w * (W_out - 1) + 1 : S_w]
        output = seen if output is None else np.maximum(output, seen)
    return output


def max_clipped_windows(input, kernel_size, stride=None, padding=0):
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(input, kernel_size, stride, padding)
    output = np.empty((*input.shape[:2], H_out, W_out), input.dtype)
    for i, j in np.ndindex(H_out, W_out):
        top, left = i * S_h - P_h, j * S_w - P_w
        output[:, :, i, j] = input[:, :, max(top, 0) : top + K_h, max(left, 0) : left + K_w].max(axis=(2, 3))
    return output


def max_backward_add_at(grad_output, input, kernel_size, stride=None, padding=0):
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(input, kernel_size, stride, padding)
    padded, (N, C, H, W) = pad(input, P_h, P_w, -np.inf), input.shape
    windows = sliding_window_view(padded, (K_h, K_w), axis=(2, 3))[:, :, ::S_h, ::S_w]
    number = windows.reshape(N, C, H_out, W_out, -1).argmax(axis=-1)
    rows, columns = np.arange(H_out)[:, None] * S_h + number // K_w, np.arange(W_out) * S_w + number % K_w
    gradient = np.zeros_like(padded)
    np.add.at(gradient, (np.arange(N)[:, None, None, None], np.arange(C)[:, None, None], rows, columns), grad_output)
    return gradient[:, :, P_h : P_h + H, P_w : P_w + W]


def max_backward_first_hit(grad_output, input, kernel_size, stride=None, padding=0):
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(input, kernel_size, stride, padding)
    padded, output = pad(input, P_h, P_w, -np.inf), max_by_offset(input, kernel_size, stride, padding)
    gradient, done = np.zeros(padded.shape), np.zeros(output.shape, bool)
    for u, v in np.ndindex(K_h, K_w):
        here = np.s_[:, :, u : u + S_h * (H_out - 1) + 1 : S_h, v : v + S_w * (W_out - 1) + 1 : S_w]
        hit = (padded[here] == output) & ~done
        done |= hit
        gradient[here] += hit * grad_output
    return gradient[:, :, P_h : P_h + input.shape[2], P_w : P_w + input.shape[3]]


def max_backward_plain(grad_output, input, kernel_size, stride=None, padding=0):
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(input, kernel_size, stride, padding)
    gradient, (H, W) = np.zeros_like(input), input.shape[2:]
    for n, c, i, j in np.ndindex(grad_output.shape):
        best = None
        for a in range(max(i * S_h - P_h, 0), min(i * S_h - P_h + K_h, H)):
            for b in range(max(j * S_w - P_w, 0), min(j * S_w - P_w + K_w, W)):
                if best is None or input[n, c, a, b] > input[n, c][best]:
                    best = a, b
        gradient[n, c][best] += grad_output[n, c, i, j]
    return gradient


def average_by_offset(input, kernel_size, stride=None, padding=0):
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(input, kernel_size, stride, padding)
    padded, output = pad(input, P_h, P_w, 0), np.zeros((*input.shape[:2], H_out, W_out))
    for u, v in np.ndindex(K_h, K_w):
        output += padded[:, :, u : u + S_h * (H_out - 1) + 1 : S_h, v : v + S_w * (W_out - 1) + 1 : S_w]
    return output / (K_h * K_w)


def average_by_running_sums(input, kernel_size, stride=None, padding=0):
    K_h, K_w, S_h, S_w, P_h, P_w, _, _ = geometry(input, kernel_size, stride, padding)
    sums = np.pad(pad(input, P_h, P_w, 0).cumsum(axis=2).cumsum(axis=3), ((0, 0), (0, 0), (1, 0), (1, 0)))
    boxes = sums[:, :, K_h:, K_w:] - sums[:, :, :-K_h, K_w:] - sums[:, :, K_h:, :-K_w] + sums[:, :, :-K_h, :-K_w]
    return boxes[:, :, ::S_h, ::S_w] / (K_h * K_w)


def averaging_matrices(input, kernel_size, stride, padding):
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(input, kernel_size, stride, padding)
    H, W = input.shape[2:]
    down = np.arange(H) - (np.arange(H_out) * S_h - P_h)[:, None]
    across = np.arange(W) - (np.arange(W_out) * S_w - P_w)[:, None]
    return ((down >= 0) & (down < K_h)) / K_h, ((across >= 0) & (across < K_w)) / K_w


def average_by_matrices(input, kernel_size, stride=None, padding=0):
    down, across = averaging_matrices(input, kernel_size, stride, padding)
    return down @ input @ across.T


def average_backward_by_matrices(grad_output, input, kernel_size, stride=None, padding=0):
    down, across = averaging_matrices(input, kernel_size, stride, padding)
    return down.T @ grad_output @ across


def average_backward_plain(grad_output, input, kernel_size, stride=None, padding=0):
    K_h, K_w, S_h, S_w, P_h, P_w, _, _ = geometry(input, kernel_size, stride, padding)
    gradient = np.zeros_like(input)
    for i, j in np.ndindex(grad_output.shape[2:]):
        top, left = i * S_h - P_h, j * S_w - P_w
        window = gradient[:, :, max(top, 0) : top + K_h, max(left, 0) : left + K_w]
        window += grad_output[:, :, i : i + 1, j : j + 1] / K_h / K_w
    return gradient


def max_reduced(input, kernel_size, stride=None, padding=0):
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(input, kernel_size, stride, padding)
    padded = pad(input, P_h, P_w, -np.inf) if P_h or P_w else input
    rows = [slice(u, u + S_h * (H_out - 1) + 1, S_h) for u in range(K_h)]
    columns = [slice(v, v + S_w * (W_out - 1) + 1, S_w) for v in range(K_w)]
    return reduce(np.maximum, [padded[:, :, row, column] for row in rows for column in columns])


def is_one_pixel(kernel_size, stride, padding):
    return kernel_size in (1, (1, 1)) and stride in (None, 1, (1, 1)) and padding in (0, (0, 0))


def average_of_one_pixel(input, kernel_size, stride=None, padding=0):
    if is_one_pixel(kernel_size, stride, padding):
        return input
    return average_by_offset(input, kernel_size, stride, padding)


def average_backward_of_one_pixel(grad_output, input, kernel_size, stride=None, padding=0):
    if is_one_pixel(kernel_size, stride, padding):
        return grad_output
    return average_backward_plain(grad_output, input, kernel_size, stride, padding)


def max_backward_of_one_pixel(grad_output, input, kernel_size, stride=None, padding=0):
    if is_one_pixel(kernel_size, stride, padding):
        return grad_output
    return max_backward_plain(grad_output, input, kernel_size, stride, padding)


def global_of_one_pixel(input):
    return input[:, :, 0, 0] if input.shape[2:] == (1, 1) else global_einsum(input)


def global_einsum(input):
    return np.einsum("nchw->nc", input) / (input.shape[2] * input.shape[3])


def global_reshaped(input):
    return input.reshape(*input.shape[:2], -1).mean(axis=-1)


def global_loops(input):
    return np.array([[channel.mean() for channel in image] for image in input])


ANSWERS = {
    "07.max_pool2d": [max_loops, max_by_offset, max_clipped_windows, max_reduced],
    "07.max_pool2d_backward": [
        max_backward_add_at, max_backward_first_hit, max_backward_plain, max_backward_of_one_pixel,
    ],
    "07.avg_pool2d": [average_by_offset, average_by_running_sums, average_by_matrices, average_of_one_pixel],
    "07.avg_pool2d_backward": [average_backward_by_matrices, average_backward_plain, average_backward_of_one_pixel],
    "07.global_avg_pool2d": [global_einsum, global_reshaped, global_loops, global_of_one_pixel],
}  # fmt: skip
