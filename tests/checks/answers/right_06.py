"""Right answers to unit 06, each written another way."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def pad(input, padding):
    P_h, P_w = pair(padding)
    return np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))


def bias_loops(grad_output):
    gradient = np.zeros(grad_output.shape[1])
    for n, o, i, j in np.ndindex(grad_output.shape):
        gradient[o] += grad_output[n, o, i, j]
    return gradient


def bias_einsum(grad_output):
    return np.einsum("nohw->o", grad_output)


def bias_product(grad_output):
    return grad_output.swapaxes(0, 1).reshape(grad_output.shape[1], -1) @ np.ones(grad_output[:, 0].size)


def weight_loops(grad_output, input, kernel_size, stride=1, padding=0):
    (K_h, K_w), (S_h, S_w), padded = pair(kernel_size), pair(stride), pad(input, padding)
    gradient = np.zeros((grad_output.shape[1], input.shape[1], K_h, K_w))
    for n, o, i, j in np.ndindex(grad_output.shape):
        window = padded[n, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
        gradient[o] += grad_output[n, o, i, j] * window
    return gradient


def weight_tensordot(grad_output, input, kernel_size, stride=1, padding=0):
    (K_h, K_w), (S_h, S_w), padded = pair(kernel_size), pair(stride), pad(input, padding)
    H_out, W_out = grad_output.shape[2:]
    gradient = np.empty((grad_output.shape[1], input.shape[1], K_h, K_w), input.dtype)
    for u, v in np.ndindex(K_h, K_w):
        seen = padded[:, :, u : u + S_h * (H_out - 1) + 1 : S_h, v : v + S_w * (W_out - 1) + 1 : S_w]
        gradient[:, :, u, v] = np.tensordot(grad_output, seen, axes=([0, 2, 3], [0, 2, 3]))
    return gradient


def weight_spread(grad_output, input, kernel_size, stride=1, padding=0):
    (K_h, K_w), (S_h, S_w), (N, C_out, H_out, W_out) = pair(kernel_size), pair(stride), grad_output.shape
    spread = np.zeros((N, C_out, (H_out - 1) * S_h + 1, (W_out - 1) * S_w + 1))
    spread[:, :, ::S_h, ::S_w] = grad_output
    windows = sliding_window_view(pad(input, padding), spread.shape[2:], axis=(2, 3))[:, :, :K_h, :K_w]
    return np.einsum("ncuvhw,nohw->ocuv", windows, spread)


def weight_columns(grad_output, input, kernel_size, stride=1, padding=0):
    (K_h, K_w), (S_h, S_w), padded = pair(kernel_size), pair(stride), pad(input, padding)
    windows = sliding_window_view(padded, (K_h, K_w), axis=(2, 3))[:, :, ::S_h, ::S_w]
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, input.shape[1] * K_h * K_w)
    rows = grad_output.transpose(1, 0, 2, 3).reshape(grad_output.shape[1], -1)
    return (rows @ columns).reshape(grad_output.shape[1], input.shape[1], K_h, K_w)


def input_loops(grad_output, weight, input_shape, stride=1, padding=0):
    (S_h, S_w), (P_h, P_w), (N, C, H, W) = pair(stride), pair(padding), input_shape
    K_h, K_w = weight.shape[2:]
    padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w))
    for n, o, i, j in np.ndindex(grad_output.shape):
        padded[n, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w] += grad_output[n, o, i, j] * weight[o]
    return padded[:, :, P_h : P_h + H, P_w : P_w + W]


def input_flipped_correlation(grad_output, weight, input_shape, stride=1, padding=0):
    (S_h, S_w), (P_h, P_w), (H, W) = pair(stride), pair(padding), input_shape[2:]
    (K_h, K_w), (N, C_out, H_out, W_out) = weight.shape[2:], grad_output.shape
    spread = np.zeros((N, C_out, H + 2 * P_h - K_h + 1, W + 2 * P_w - K_w + 1))
    spread[:, :, ::S_h, ::S_w][:, :, :H_out, :W_out] = grad_output
    windows = sliding_window_view(pad(spread, (K_h - 1, K_w - 1)), (K_h, K_w), axis=(2, 3))
    full = np.einsum("nohwuv,ocuv->nchw", windows, weight[:, :, ::-1, ::-1])
    return full[:, :, P_h : P_h + H, P_w : P_w + W]


def input_transposed_matrix(grad_output, weight, input_shape, stride=1, padding=0):
    (S_h, S_w), (N, C, H, W) = pair(stride), input_shape
    units = pad(np.eye(C * H * W).reshape(-1, C, H, W), padding)
    windows = sliding_window_view(units, weight.shape[2:], axis=(2, 3))[:, :, ::S_h, ::S_w]
    matrix = np.einsum("pchwuv,ocuv->pohw", windows, weight).reshape(C * H * W, -1)
    return (grad_output.reshape(N, -1) @ matrix.T).reshape(input_shape)


def numerical_nditer(f, x, grad_output, eps=1e-6):
    gradient = np.zeros_like(x)
    entries = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not entries.finished:
        index = entries.multi_index
        old = x[index]
        x[index] = old + eps
        above = f(x)
        x[index] = old - eps
        below = f(x)
        x[index] = old
        gradient[index] = np.sum((above - below) * grad_output) / (2 * eps)
        entries.iternext()
    return gradient


def numerical_copies(f, x, grad_output, eps=1e-6):
    gradient = []
    for step in eps * np.eye(x.size):
        step = step.reshape(x.shape)
        gradient.append(np.vdot(f(x + step) - f(x - step), grad_output) / (2 * eps))
    return np.array(gradient).reshape(x.shape)


def numerical_there_and_back(f, x, grad_output, eps=1e-6):
    gradient = np.empty(x.shape)
    for index in np.ndindex(*x.shape):
        x[index] += eps
        above = (f(x) * grad_output).sum()
        x[index] -= 2 * eps
        below = (f(x) * grad_output).sum()
        x[index] += eps
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def numerical_jacobian(f, x, grad_output, eps=1e-6):
    steps = (eps * np.eye(x.size)).reshape(-1, *x.shape)
    jacobian = [(f(x + step) - f(x - step)).ravel() / (2 * eps) for step in steps]
    return (np.array(jacobian) @ grad_output.ravel()).reshape(x.shape)


ANSWERS = {
    "06.conv2d_grad_bias": [bias_loops, bias_einsum, bias_product],
    "06.conv2d_grad_weight": [weight_loops, weight_tensordot, weight_spread, weight_columns],
    "06.conv2d_grad_input": [input_loops, input_flipped_correlation, input_transposed_matrix],
    "06.numerical_gradient": [numerical_nditer, numerical_copies, numerical_there_and_back, numerical_jacobian],
}
