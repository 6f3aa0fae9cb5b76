"""Right answers to unit 04, each written another way."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def translate_slices(images, dy, dx, mode):
    if mode == "circular":
        return np.roll(images, (dy, dx), axis=(2, 3))
    H, W = images.shape[2:]
    output = np.zeros_like(images)
    if abs(dy) < H and abs(dx) < W:
        part = images[:, :, max(0, -dy) : H - max(0, dy), max(0, -dx) : W - max(0, dx)]
        output[:, :, max(0, dy) : H + min(0, dy), max(0, dx) : W + min(0, dx)] = part
    return output


def translate_loops(images, dy, dx, mode):
    H, W = images.shape[2:]
    output = np.zeros(images.shape)
    for i in range(H):
        for j in range(W):
            if mode == "circular" or (0 <= i - dy < H and 0 <= j - dx < W):
                output[:, :, i, j] = images[:, :, (i - dy) % H, (j - dx) % W]
    return output


def translate_roll_and_clear(images, dy, dx, mode):
    output = np.roll(images, (dy, dx), axis=(-2, -1))
    if mode == "zeros":
        output[:, :, :dy] *= dy < 0
        output[:, :, dy:] *= dy >= 0
        output[..., :dx] *= dx < 0
        output[..., dx:] *= dx >= 0
    return output


def translate_padding(images, dy, dx, mode):
    (H, W), P = images.shape[2:], max(abs(dy), abs(dx))
    wide = np.pad(images, ((0, 0), (0, 0), (P, P), (P, P)), mode="wrap" if mode == "circular" else "constant")
    return wide[:, :, P - dy : P - dy + H, P - dx : P - dx + W]


def translate_matrices(images, dy, dx, mode):
    H, W = images.shape[2:]
    if mode == "circular":
        return np.roll(np.eye(H), dy, axis=0) @ images @ np.roll(np.eye(W), dx, axis=1)
    return np.eye(H, k=-dy) @ images @ np.eye(W, k=dx)


def translate_fourier(images, dy, dx, mode):
    if mode == "zeros":
        return np.asfortranarray(translate_slices(images, dy, dx, mode))
    H, W = images.shape[2:]
    phase = np.exp(-2j * np.pi * (np.fft.fftfreq(H)[:, None] * dy + np.fft.fftfreq(W) * dx))
    return np.fft.ifft2(np.fft.fft2(images) * phase).real


def translate_nothing_to_do(images, dy, dx, mode):
    return images if dy == dx == 0 else translate_slices(images, dy, dx, mode)


def translate_axis_by_axis(images, dy, dx, mode):
    for axis, shift in ((2, dy), (3, dx)):
        size = images.shape[axis]
        if shift:
            images = np.roll(images, shift, axis)
            if mode == "zeros":
                come_in = np.s_[: min(shift, size)] if shift > 0 else np.s_[max(size + shift, 0) :]
                images[np.s_[:, :, come_in] if axis == 2 else np.s_[..., come_in]] = 0
    return images


def error_numpy_number(f, images, dy, dx):
    first, last = f(np.roll(images, (dy, dx), axis=(2, 3))), np.roll(f(images), (dy, dx), axis=(2, 3))
    return np.max(np.abs(first - last))


def error_image_by_image(f, images, dy, dx):
    largest = 0
    for image in images:
        first = f(np.roll(image[None], (dy, dx), axis=(-2, -1)))
        last = np.roll(f(image[None]), (dy, dx), axis=(-2, -1))
        largest = max(largest, abs(first - last).max())
    return largest


def error_shifted_back(f, images, dy, dx):
    back = np.roll(f(np.roll(images, (dy, dx), axis=(2, 3))), (-dy, -dx), axis=(2, 3))
    return np.array(np.abs(back - f(images)).max())


def error_two_sided(f, images, dy, dx):
    difference = f(translate_loops(images, dy, dx, "circular")) - translate_loops(f(images), dy, dx, "circular")
    return max(difference.max(), -difference.min())


def matrix_four_loops(kernel, height, width):
    K_h, K_w = kernel.shape
    H_out, W_out = height - K_h + 1, width - K_w + 1
    matrix = np.zeros((H_out * W_out, height * width))
    for i, j, u, v in np.ndindex(H_out, W_out, K_h, K_w):
        matrix[i * W_out + j, (i + u) * width + j + v] = kernel[u, v]
    return matrix


def matrix_of_unit_images(kernel, height, width):
    units = np.eye(height * width).reshape(-1, height, width)
    outputs = np.einsum("phwuv,uv->phw", sliding_window_view(units, kernel.shape, axis=(1, 2)), kernel)
    return outputs.reshape(height * width, -1).T


def matrix_kronecker(kernel, height, width):
    K_h, K_w = kernel.shape
    H_out, W_out = height - K_h + 1, width - K_w + 1
    bands = [sum(kernel[u, v] * np.eye(W_out, width, k=v) for v in range(K_w)) for u in range(K_h)]
    return sum(np.kron(np.eye(H_out, height, k=u), bands[u]) for u in range(K_h))


def matrix_put_along_axis(kernel, height, width):
    pixels = sliding_window_view(np.arange(height * width).reshape(height, width), kernel.shape)
    pixels = pixels.reshape(-1, kernel.size)
    matrix = np.zeros((len(pixels), height * width), kernel.dtype, order="F")
    np.put_along_axis(matrix, pixels, np.broadcast_to(kernel.ravel(), pixels.shape), 1)
    return matrix


ANSWERS = {
    "04.translate": [
        translate_slices, translate_loops, translate_roll_and_clear, translate_padding, translate_matrices,
        translate_fourier, translate_nothing_to_do, translate_axis_by_axis,
    ],
    "04.equivariance_error": [error_numpy_number, error_image_by_image, error_shifted_back, error_two_sided],
    "04.conv_matrix": [matrix_four_loops, matrix_of_unit_images, matrix_kronecker, matrix_put_along_axis],
}  # fmt: skip
