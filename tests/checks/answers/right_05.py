"""Right answers to unit 05, each written another way."""

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def geometry(H, W, kernel_size, stride, padding):
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    return K_h, K_w, S_h, S_w, P_h, P_w, (H + 2 * P_h - K_h) // S_h + 1, (W + 2 * P_w - K_w) // S_w + 1


def columns_by_loops(input, kernel_size, stride=1, padding=0):
    N, C, H, W = input.shape
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(H, W, kernel_size, stride, padding)
    padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w))
    padded[:, :, P_h : P_h + H, P_w : P_w + W] = input
    columns = np.zeros((N, C * K_h * K_w, H_out * W_out))
    for n, i, j in np.ndindex(N, H_out, W_out):
        window = padded[n, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
        columns[n, :, i * W_out + j] = window.ravel()
    return columns


def columns_by_strides(input, kernel_size, stride=1, padding=0):
    N, C, H, W = input.shape
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(H, W, kernel_size, stride, padding)
    padded = np.ascontiguousarray(np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w))))
    a, b, c, d = padded.strides
    view = as_strided(padded, (N, C, K_h, K_w, H_out, W_out), (a, b, c, d, c * S_h, d * S_w))
    return np.asfortranarray(view.reshape(N, C * K_h * K_w, H_out * W_out))


def columns_by_index(input, kernel_size, stride=1, padding=0):
    C, H, W = input.shape[1:]
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(H, W, kernel_size, stride, padding)
    rows = np.tile(np.repeat(np.arange(K_h), K_w), C)[:, None] + S_h * np.repeat(np.arange(H_out), W_out)
    across = np.tile(np.arange(K_w), K_h * C)[:, None] + S_w * np.tile(np.arange(W_out), H_out)
    channels = np.repeat(np.arange(C), K_h * K_w)[:, None]
    return np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))[:, channels, rows, across]


def columns_of_windows_unpadded(input, kernel_size, stride=1, padding=0):
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    if P_h or P_w:
        input = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    windows = sliding_window_view(input, (K_h, K_w), axis=(2, 3))[:, :, ::S_h, ::S_w]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(len(input), input.shape[1] * K_h * K_w, -1)


def image_by_loops(columns, input_shape, kernel_size, stride=1, padding=0):
    N, C, H, W = input_shape
    K_h, K_w, S_h, S_w, P_h, P_w, H_out, W_out = geometry(H, W, kernel_size, stride, padding)
    padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w))
    for n, i, j in np.ndindex(N, H_out, W_out):
        window = columns[n, :, i * W_out + j].reshape(C, K_h, K_w)
        padded[n, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w] += window
    return padded[:, :, P_h : H + P_h, P_w : W + P_w]


def image_by_bincount(columns, input_shape, kernel_size, stride=1, padding=0):
    N, C, H, W = input_shape
    numbers = np.arange(1.0, C * H * W + 1).reshape(1, C, H, W)  # 0 is the padding
    where = columns_by_loops(numbers, kernel_size, stride, padding)[0].astype(int).ravel()
    images = [np.bincount(where, part.ravel(), minlength=C * H * W + 1)[1:] for part in columns]
    return np.array(images).reshape(input_shape)


def image_by_add_at(columns, input_shape, kernel_size, stride=1, padding=0):
    N, C, H, W = input_shape
    numbers = np.arange(1.0, C * H * W + 1).reshape(1, C, H, W)
    where = columns_by_loops(numbers, kernel_size, stride, padding)[0].astype(int)
    flat = np.zeros((N, C * H * W + 1), columns.dtype)
    np.add.at(flat, (slice(None), where), columns)
    return flat[:, 1:].reshape(input_shape)


def image_by_transposed_matrix(columns, input_shape, kernel_size, stride=1, padding=0):
    N, C, H, W = input_shape
    units = np.eye(C * H * W).reshape(-1, C, H, W)
    matrix = columns_by_index(units, kernel_size, stride, padding).reshape(C * H * W, -1)
    return (columns.reshape(N, -1) @ matrix.T).reshape(input_shape)


def image_of_single_pixels(columns, input_shape, kernel_size, stride=1, padding=0):
    if pair(kernel_size) == pair(stride) == (1, 1) and pair(padding) == (0, 0):
        return columns.reshape(input_shape)
    return image_by_loops(columns, input_shape, kernel_size, stride, padding)


def conv_linear_fft(input, weight):
    (H, W), (K_h, K_w) = input.shape[2:], weight.shape[2:]
    size = (H + K_h - 1, W + K_w - 1)
    spectra = np.fft.fft2(input, size)[:, None] * np.fft.fft2(weight[:, :, ::-1, ::-1], size)
    return np.fft.ifft2(spectra.sum(axis=2)).real[:, :, K_h - 1 : H, K_w - 1 : W]


def conv_one_by_one(input, weight):
    (N, C, H, W), (C_out, _, K_h, K_w) = input.shape, weight.shape
    output = np.zeros((N, C_out, H - K_h + 1, W - K_w + 1))
    for n, o, c in np.ndindex(N, C_out, C):
        product = np.fft.fft2(input[n, c], (16, 32)) * np.conj(np.fft.fft2(weight[o, c], (16, 32)))
        output[n, o] += np.fft.ifft2(product).real[: H - K_h + 1, : W - K_w + 1]
    return output


def conv_windows(input, weight):
    return np.einsum("nchwuv,ocuv->nohw", sliding_window_view(input, weight.shape[2:], axis=(2, 3)), weight)


B = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
A = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])


def winograd_tile_by_tile(signal, kernel):
    output = np.zeros(len(signal) - 2)
    for t in range(0, len(signal) - 3, 2):
        output[t : t + 2] = A @ ((G @ kernel) * (B @ signal[t : t + 4]))
    return output


def winograd_all_tiles(signal, kernel):
    return (sliding_window_view(signal, 4)[::2] @ B.T * (G @ kernel) @ A.T).ravel()


def winograd_correlate(signal, kernel):
    return np.correlate(signal, kernel, "valid")


def winograd_list(signal, kernel):
    return [float(kernel @ signal[i : i + 3]) for i in range(len(signal) - 2)]


def columns_of_stacked_windows(input, kernel_size, stride=1, padding=0):
    """Each window flattened by itself; the windows stacked along a new last axis."""
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    x = np.pad(input, [(0, 0), (0, 0), (P_h, P_h), (P_w, P_w)])
    places = [(i, j) for i in range(0, x.shape[2] - K_h + 1, S_h) for j in range(0, x.shape[3] - K_w + 1, S_w)]
    return np.stack([x[:, :, i : i + K_h, j : j + K_w].reshape(len(x), -1) for i, j in places], axis=-1)


ANSWERS = {
    "05.im2col": [
        columns_by_loops, columns_by_strides, columns_by_index, columns_of_windows_unpadded, columns_of_stacked_windows,
    ],
    "05.col2im": [
        image_by_loops, image_by_bincount, image_by_add_at, image_by_transposed_matrix, image_of_single_pixels,
    ],
    "05.conv2d_fft": [conv_linear_fft, conv_one_by_one, conv_windows],
    "05.winograd_f23": [winograd_tile_by_tile, winograd_all_tiles, winograd_correlate, winograd_list],
}  # fmt: skip
