"""Right answers to unit 02, each written another way."""

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view


def correlate_four_loops(image, kernel):
    rows = []
    for i in range(image.shape[0] - kernel.shape[0] + 1):
        row = []
        for j in range(image.shape[1] - kernel.shape[1] + 1):
            total = 0.0
            for u in range(kernel.shape[0]):
                for v in range(kernel.shape[1]):
                    total += image[i + u, j + v] * kernel[u, v]
            row.append(total)
        rows.append(row)
    return np.array(rows)


def correlate_windows(image, kernel):
    return np.einsum("ijuv,uv->ij", sliding_window_view(image, kernel.shape), kernel)


def correlate_tensordot(image, kernel):
    return np.tensordot(sliding_window_view(image, kernel.shape), kernel, axes=2)


def correlate_strided(image, kernel):
    shape = (*(np.array(image.shape) - kernel.shape + 1), *kernel.shape)
    return (as_strided(image, shape, image.strides * 2) * kernel).sum(axis=(2, 3))


def correlate_fft(image, kernel):
    size = [a + b - 1 for a, b in zip(image.shape, kernel.shape, strict=True)]
    full = np.fft.irfft2(np.fft.rfft2(image, size) * np.fft.rfft2(kernel[::-1, ::-1], size), size)
    return full[kernel.shape[0] - 1 : image.shape[0], kernel.shape[1] - 1 : image.shape[1]]


def correlate_rows(image, kernel):
    """np.correlate, row by row."""
    height = image.shape[0] - kernel.shape[0] + 1
    return np.array([
        sum(np.correlate(image[i + u], kernel[u], "valid") for u in range(kernel.shape[0])) for i in range(height)
    ])


def correlate_matrix(image, kernel):
    """im2col and a matrix product; the result is a view."""
    windows = sliding_window_view(image, kernel.shape)
    return (windows.reshape(-1, kernel.size) @ kernel.reshape(-1)).reshape(windows.shape[:2])


def correlate_fortran(image, kernel):
    return np.asfortranarray(correlate_windows(image, kernel))


def convolve_by(correlate):
    return lambda image, kernel: correlate(image, np.rot90(kernel, 2))


def convolve_rows(image, kernel):
    height = image.shape[0] - kernel.shape[0] + 1
    backwards = kernel[::-1]
    return np.array([
        sum(np.convolve(image[i + u], backwards[u], "valid") for u in range(kernel.shape[0])) for i in range(height)
    ])


def convolve_definition(image, kernel):
    (k_h, k_w), (height, width) = kernel.shape, image.shape
    out = np.zeros((height - k_h + 1, width - k_w + 1))
    for i, j in np.ndindex(out.shape):
        out[i, j] = math.fsum(
            kernel[u, v] * image[i + k_h - 1 - u, j + k_w - 1 - v] for u in range(k_h) for v in range(k_w)
        )
    return out


def convolve_on_flipped_image(image, kernel):
    """Turn the image, correlate, turn the result."""
    return correlate_windows(image[::-1, ::-1], kernel)[::-1, ::-1]


def conv2d_seven_loops(input, weight, bias=None):
    n, c_in, height, width = input.shape
    c_out, _, k_h, k_w = weight.shape
    out = np.zeros((n, c_out, height - k_h + 1, width - k_w + 1))
    for b in range(n):
        for o in range(c_out):
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    total = 0 if bias is None else bias[o]
                    for c in range(c_in):
                        for u in range(k_h):
                            for v in range(k_w):
                                total += input[b, c, i + u, j + v] * weight[o, c, u, v]
                    out[b, o, i, j] = total
    return out


def conv2d_einsum(input, weight, bias=None):
    windows = sliding_window_view(input, weight.shape[2:], axis=(2, 3))
    out = np.einsum("nchwuv,ocuv->nohw", windows, weight, optimize=True)
    if bias is not None:
        out += bias.reshape(1, -1, 1, 1)
    return out


def conv2d_tensordot(input, weight, bias=None):
    windows = sliding_window_view(input, weight.shape[2:], axis=(2, 3))
    out = np.moveaxis(np.tensordot(windows, weight, axes=[(1, 4, 5), (1, 2, 3)]), -1, 1)
    return out if bias is None else out + bias[None, :, None, None]


def conv2d_columns(input, weight, bias=None):
    windows = sliding_window_view(input, weight.shape[2:], axis=(2, 3))
    n, c, h, w, k_h, k_w = windows.shape
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, -1)
    out = columns @ weight.reshape(len(weight), -1).T
    if bias is not None:
        out = out + bias
    return out.reshape(n, h, w, -1).transpose(0, 3, 1, 2)


def conv2d_of_singles(input, weight, bias=None):
    """Built from single-channel correlations, as the exercise suggests."""
    maps = [
        [sum(correlate_windows(x[c], f[c]) for c in range(len(x))) + (0 if bias is None else bias[o])
         for o, f in enumerate(weight)]
        for x in input
    ]  # fmt: skip
    return np.stack([np.stack(m) for m in maps])


def conv2d_fft(input, weight, bias=None):
    n, c, height, width = input.shape
    k_h, k_w = weight.shape[2:]
    size = (height + k_h - 1, width + k_w - 1)
    spectrum = np.fft.fft2(input, size)[:, None] * np.fft.fft2(weight[:, :, ::-1, ::-1], size)[None]
    out = np.fft.ifft2(spectrum.sum(axis=2)).real[:, :, k_h - 1 : height, k_w - 1 : width]
    return out if bias is None else out + bias[:, None, None]


def law_convolve(p, q):
    return np.convolve(p, q)


def law_list(p, q):
    law = [0.0] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            law[i + j] += float(a) * float(b)
    return law


def law_polynomials(p, q):
    return np.polynomial.polynomial.polymul(p, q)


def law_fft(p, q):
    n = len(p) + len(q) - 1
    return np.fft.irfft(np.fft.rfft(p, n) * np.fft.rfft(q, n), n)


def law_diagonals(p, q):
    table = np.outer(p, q)[:, ::-1]
    return np.array([np.trace(table, offset) for offset in range(table.shape[1] - 1, -table.shape[0], -1)])


def law_add_at(p, q):
    law = np.zeros(len(p) + len(q) - 1)
    np.add.at(law, np.add.outer(np.arange(len(p)), np.arange(len(q))), np.outer(p, q))
    return law


def law_matrix(p, q):
    matrix = np.zeros((len(p) + len(q) - 1, len(q)))
    for j in range(len(q)):
        matrix[j : j + len(p), j] = p
    return matrix @ q


def sobel_slices(image):
    top, middle, bottom = image[:-2], image[1:-1], image[2:]
    rows = top + 2 * middle + bottom
    across = rows[:, 2:] - rows[:, :-2]
    step = bottom - top
    down = step[:, :-2] + 2 * step[:, 1:-1] + step[:, 2:]
    return np.hypot(across, down)


def sobel_separable(image):
    smooth, slope = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
    across = correlate_windows(correlate_windows(image, slope[None]), smooth[:, None])
    down = correlate_windows(correlate_windows(image, smooth[None]), slope[:, None])
    return np.abs(across + 1j * down)


def sobel_flipped(image):
    """The kernels with the other sign give the same length."""
    kernel = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])
    stack = np.stack([correlate_four_loops(image, kernel), correlate_four_loops(image, kernel.T)])
    return np.linalg.norm(stack, axis=0)


def sobel_power(image):
    kernel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    return (correlate_windows(image, kernel) ** 2 + correlate_windows(image, kernel.T) ** 2) ** 0.5


def stride_of_all(image, kernel, stride):
    """Every S-th of all windows, copied."""
    s_h, s_w = np.broadcast_to(stride, 2)
    return correlate_windows(image, kernel)[::s_h, ::s_w].copy()


def stride_loops(image, kernel, stride):
    """Window by window."""
    s_h, s_w = stride if isinstance(stride, tuple) else (stride, stride)
    rows = range(0, len(image) - len(kernel) + 1, s_h)
    columns = range(0, image.shape[1] - kernel.shape[1] + 1, s_w)
    return np.array([[(image[i:, j:][: len(kernel), : kernel.shape[1]] * kernel).sum() for j in columns] for i in rows])


def stride_windows(image, kernel, stride):
    s_h, s_w = np.broadcast_to(stride, 2)
    return np.tensordot(sliding_window_view(image, kernel.shape)[::s_h, ::s_w], kernel)


def separate_svd(kernel):
    left, sizes, right = np.linalg.svd(kernel)
    return left[:, 0] * sizes[0], right[0]


def separate_halves(kernel):
    """Column and row of equal length, as lists."""
    left, sizes, right = np.linalg.svd(kernel)
    return (left[:, 0] * sizes[0] ** 0.5).tolist(), (-right[0] * -(sizes[0] ** 0.5)).tolist()


def separate_largest(kernel):
    """The row and the column through the largest entry; the row is a view of the kernel."""
    i, j = np.unravel_index(np.abs(kernel).argmax(), kernel.shape)
    return kernel[:, j] / kernel[i, j], kernel[i]


def shift_of_unit(dy, dx):
    """One pixel, moved by np.roll."""
    kernel = np.zeros((2 * abs(dy) + 1, 2 * abs(dx) + 1))
    kernel[abs(dy), abs(dx)] = 1
    return np.roll(kernel, (-dy, -dx), axis=(0, 1))


def shift_outer(dy, dx):
    column, row = (np.eye(2 * abs(d) + 1)[abs(d) - d] for d in (dy, dx))
    return np.outer(column, row)


def shift_integers(dy, dx):
    rows, columns = np.mgrid[-abs(dy) : abs(dy) + 1, -abs(dx) : abs(dx) + 1]
    return ((rows == -dy) & (columns == -dx)).astype(float)


def slope_difference(height, width):
    """The last column minus the first."""
    kernel = np.zeros((height, width))
    kernel[:, -1], kernel[:, 0] = 1, -1
    return kernel / height / (width - 1)


def slope_one_row(height, width):
    """Two neighbours in one row."""
    kernel = np.zeros((height, width))
    kernel[height // 2, :2] = -1, 1
    return kernel


def slope_plane(height, width):
    """What least squares with a plane makes of a picture."""
    rows, columns = np.mgrid[:height, :width]
    design = np.stack([rows.ravel(), columns.ravel(), np.ones(height * width)], axis=1)
    return np.linalg.pinv(design)[1].reshape(height, width)


def slope_sobel(height, width):
    """Weighted rows, as Sobel has them."""
    rows = np.array([math.comb(height - 1, i) for i in range(height)])
    kernel = np.outer(rows, np.arange(width) - (width - 1) / 2)
    return kernel / (kernel @ np.arange(width)).sum()


def learned_normal_equations(images, outputs, kernel_size):
    rows = sliding_window_view(images, kernel_size, axis=(1, 2)).reshape(outputs.size, -1)
    return np.linalg.solve(rows.T @ rows, rows.T @ outputs.reshape(-1)).reshape(kernel_size)


def learned_downhill(images, outputs, kernel_size):
    """Gradient descent from random weights."""
    rows = sliding_window_view(images, kernel_size, axis=(1, 2)).reshape(outputs.size, -1).astype(float)
    y, weights = outputs.ravel(), np.random.default_rng(5).normal(size=kernel_size[0] * kernel_size[1])
    lr = 1 / np.linalg.eigvalsh(2 * rows.T @ rows)[-1]
    for _ in range(2000):
        weights = weights - lr * 2 * rows.T @ (rows @ weights - y)
    return weights.reshape(kernel_size)


def learned_loops(images, outputs, kernel_size):
    k_h, k_w = kernel_size
    rows = [images[n, i : i + k_h, j : j + k_w].ravel() for n, i, j in np.ndindex(outputs.shape)]
    return np.linalg.lstsq(np.array(rows), outputs.ravel(), rcond=None)[0].reshape(k_h, k_w)


CORRELATE = [
    correlate_four_loops, correlate_windows, correlate_tensordot, correlate_strided, correlate_fft, correlate_rows,
    correlate_matrix, correlate_fortran,
]  # fmt: skip
def sum_where_one_die_has_one_side(p, q):
    if len(q) == 1:
        return p
    return q if len(p) == 1 else np.convolve(p, q)


ANSWERS = {
    "02.cross_correlate2d": CORRELATE,
    "02.convolve2d": [
        convolve_rows, convolve_definition, convolve_on_flipped_image, *(convolve_by(f) for f in CORRELATE),
    ],
    "02.conv2d": [
        conv2d_seven_loops, conv2d_einsum, conv2d_tensordot, conv2d_columns, conv2d_of_singles, conv2d_fft,
    ],
    "02.sum_distribution": [
        law_convolve, law_list, law_polynomials, law_fft, law_diagonals, law_add_at, law_matrix,
        sum_where_one_die_has_one_side,
    ],
    "02.sobel_magnitude": [sobel_slices, sobel_separable, sobel_flipped, sobel_power],
    "02.correlate_with_stride": [stride_of_all, stride_loops, stride_windows],
    "02.separate": [separate_svd, separate_halves, separate_largest],
    "02.shift_kernel": [shift_of_unit, shift_outer, shift_integers],
    "02.slope_kernel": [slope_difference, slope_one_row, slope_plane, slope_sobel],
    "02.learn_kernel": [learned_normal_equations, learned_downhill, learned_loops],
}  # fmt: skip
