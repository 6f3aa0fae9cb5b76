"""Right answers to unit 20, each written another way."""

from functools import reduce

import numpy as np


def causal_loops(input, weight, dilation=1):
    """Step by step, tap by tap; nothing is padded."""
    (N, C, L), (C_out, _, K) = input.shape, weight.shape
    output = np.zeros((N, C_out, L), input.dtype)
    for n, o, t in np.ndindex(N, C_out, L):
        for c in range(C):
            for k in range(K):
                s = t - dilation * (K - 1 - k)
                if s >= 0:
                    output[n, o, t] += weight[o, c, k] * input[n, c, s]
    return output


def causal_shifted(input, weight, dilation=1):
    """The output is moved instead of the input."""
    L, K = input.shape[2], weight.shape[2]
    output = np.zeros((len(input), len(weight), L), input.dtype)
    for k in range(K):
        late = dilation * (K - 1 - k)
        if late < L:
            output[:, :, late:] += np.tensordot(input[:, :, : L - late], weight[:, :, k], (1, 1)).swapaxes(1, 2)
    return output


def causal_full(input, weight, dilation=1):
    """np.convolve of the flipped, spread kernel, cut off at the end."""
    (N, C, L), (C_out, _, K) = input.shape, weight.shape
    spread = np.zeros((C_out, C, dilation * (K - 1) + 1), weight.dtype)
    spread[:, :, ::dilation] = weight
    return np.array([
        [sum(np.convolve(input[n, c], spread[o, c, ::-1])[:L] for c in range(C)) for o in range(C_out)]
        for n in range(N)
    ])  # fmt: skip


def causal_matrix(input, weight, dilation=1):
    """One matrix (L, L) per pair of channels, zero above the diagonal."""
    L, K = input.shape[2], weight.shape[2]
    moved = [np.eye(L, k=-dilation * (K - 1 - k)) for k in range(K)]
    return np.einsum("ock,kts,ncs->not", weight, moved, input)


def causal_fft(input, weight, dilation=1):
    """By the Fourier transform, long enough that nothing wraps around."""
    L, K = input.shape[2], weight.shape[2]
    size = L + dilation * (K - 1) + 1
    spread = np.zeros((*weight.shape[:2], size))
    spread[:, :, : dilation * K : dilation] = weight[:, :, ::-1]
    spectrum = np.einsum("ncf,ocf->nof", np.fft.rfft(input, size), np.fft.rfft(spread, size))
    return np.fft.irfft(spectrum, size)[:, :, :L]


def reach_set(kernel_size, dilations):
    """The steps themselves, followed back layer by layer."""
    seen = {0}
    for D in reversed(list(dilations)):
        seen = {s - D * k for s in seen for k in range(kernel_size)}
    return np.int64(max(seen) - min(seen) + 1)


def reach_reduce(kernel_size, dilations):
    """A running sum."""
    return reduce(lambda size, D: size + D * (kernel_size - 1), dilations, 1)


def conv3d_loops(input, weight, bias=None):
    """Every output by itself."""
    sides = [size - K + 1 for size, K in zip(input.shape[2:], weight.shape[2:], strict=True)]
    output = np.empty((len(input), len(weight), *sides), input.dtype)
    K_t, K_h, K_w = weight.shape[2:]
    for n, o, t, i, j in np.ndindex(*output.shape):
        output[n, o, t, i, j] = np.vdot(input[n, :, t : t + K_t, i : i + K_h, j : j + K_w], weight[o])
        if bias is not None:
            output[n, o, t, i, j] += bias[o]
    return output


def conv3d_tensordot(input, weight, bias=None):
    """Windows against all filters; the bias first."""
    windows = np.lib.stride_tricks.sliding_window_view(input, weight.shape[2:], (2, 3, 4))
    output = np.moveaxis(np.tensordot(windows, weight, ((1, 5, 6, 7), (1, 2, 3, 4))), -1, 1)
    return (np.zeros(len(weight)) if bias is None else bias).reshape(-1, 1, 1, 1) + output


def conv3d_fft(input, weight, bias=None):
    """By the Fourier transform with the kernel's conjugate."""
    sides, axes = input.shape[2:], (2, 3, 4)
    spectrum = np.einsum(
        "ncxyz,ocxyz->noxyz", np.fft.rfftn(input, sides, axes), np.fft.rfftn(weight, sides, axes).conj()
    )
    valid = tuple(slice(size - K + 1) for size, K in zip(sides, weight.shape[2:], strict=True))
    output = np.fft.irfftn(spectrum, sides, axes)[(..., *valid)]
    return output if bias is None else output + bias[None, :, None, None, None]


def conv3d_frames(input, weight, bias=None):
    """A sum of 2-D convolutions of frames."""
    K_t, T = weight.shape[2], input.shape[2]
    frames = []
    for t in range(T - K_t + 1):
        total = 0
        for k in range(K_t):
            windows = np.lib.stride_tricks.sliding_window_view(input[:, :, t + k], weight.shape[3:], (2, 3))
            total = total + np.einsum("nchwij,ocij->nohw", windows, weight[:, :, k])
        frames.append(total if bias is None else total + bias[:, None, None])
    return np.stack(frames, axis=2)


def normalized_matrices(adjacency):
    """The formula with matrices."""
    looped = np.asarray(adjacency, float) + np.identity(len(adjacency))
    root = np.linalg.inv(np.diag(looped.sum(1)) ** 0.5)
    return root @ looped @ root


def normalized_entries(adjacency):
    """Entry by entry, in plain Python."""
    M = len(adjacency)
    looped = [[float(adjacency[i, j]) + (i == j) for j in range(M)] for i in range(M)]
    sums = [sum(row) for row in looped]
    return np.array([[looped[i][j] / (sums[i] * sums[j]) ** 0.5 for j in range(M)] for i in range(M)])


def normalized_einsum(adjacency):
    """With the factors of rows and columns, without I as a matrix."""
    looped = adjacency.astype(float)
    looped[np.diag_indices(len(looped))] += 1
    root = looped.sum(-1) ** -0.5
    return np.einsum("i,ij,j->ij", root, looped, root)


def conv_weight_first(adjacency, features, weight):
    """The weights first."""
    return normalized_matrices(adjacency) @ (features @ weight)


def conv_loops(adjacency, features, weight):
    """Node by node, as messages."""
    A = normalized_entries(adjacency)
    output = np.zeros((len(features), weight.shape[1]))
    for i, j in zip(*np.nonzero(A), strict=True):
        output[i] += A[i, j] * (features[j] @ weight)
    return output


def conv_einsum(adjacency, features, weight):
    """All at once."""
    return np.einsum("ij,jc,co->io", normalized_einsum(adjacency), features, weight)


def backward_loops(grad_output, adjacency, features, weight):
    """Edge by edge; a list."""
    A = normalized_entries(adjacency)
    grad_features, grad_weight = np.zeros_like(features), np.zeros_like(weight)
    for i, j in np.ndindex(*A.shape):
        grad_features[j] += A[i, j] * (weight @ grad_output[i])
        grad_weight += A[i, j] * np.outer(features[j], grad_output[i])
    return [grad_features, grad_weight]


def backward_einsum(grad_output, adjacency, features, weight):
    """By the chain rule with indices."""
    A = normalized_einsum(adjacency)
    return (
        np.einsum("ij,io,co->jc", A, grad_output, weight),
        np.einsum("ij,jc,io->co", A, features, grad_output),
    )


def error_matrix(layer, adjacency, features, permutation):
    """With P as a matrix."""
    P = np.eye(len(features))[permutation]
    return np.abs(layer(P @ adjacency @ P.T, P @ features) - P @ layer(adjacency, features)).max()


def error_loops(layer, adjacency, features, permutation):
    """Node by node; both sides taken back to the old numbers."""
    M = len(permutation)
    renamed = np.array([[adjacency[permutation[i], permutation[j]] for j in range(M)] for i in range(M)])
    new, old = layer(renamed, np.array([features[i] for i in permutation])), layer(adjacency, features)
    return max(float(np.abs(new[i] - old[permutation[i]]).max()) for i in range(M))


def lift_loops(image, kernel):
    """Turned by indices, pixel by pixel."""
    K = len(kernel)
    H, W = image.shape[0] - K + 1, image.shape[1] - K + 1
    maps = np.zeros((4, H, W), image.dtype)
    turned = kernel
    for r in range(4):
        for i, j in np.ndindex(H, W):
            maps[r, i, j] = (image[i : i + K, j : j + K] * turned).sum()
        turned = turned.T[::-1]
    return maps


def lift_pictures(image, kernel):
    """The picture is turned the other way, and the map back."""
    maps = []
    for r in range(4):
        windows = np.lib.stride_tricks.sliding_window_view(np.rot90(image, -r), kernel.shape)
        maps.append(np.rot90(np.tensordot(windows, kernel, 2), r))
    return np.array(maps)


def lift_fft(image, kernel):
    """All four at once by the Fourier transform."""
    filters = np.stack([kernel, kernel.T[::-1], kernel[::-1, ::-1], kernel.T[:, ::-1]])
    K, (H, W) = len(kernel), image.shape
    product = np.fft.rfft2(image) * np.fft.rfft2(filters, (H, W)).conj()
    return np.fft.irfft2(product, (H, W))[:, : H - K + 1, : W - K + 1]


def patches_loops(images, weight, bias):
    """Patch by patch."""
    N, _, H, W = images.shape
    P = weight.shape[-1]
    rows = [
        np.tensordot(images[:, :, i : i + P, j : j + P], weight, ((1, 2, 3), (1, 2, 3))) + bias
        for i in range(0, H, P)
        for j in range(0, W, P)
    ]
    return np.stack(rows, axis=1)


def patches_windows(images, weight, bias):
    """Every P-th window of a convolution."""
    P = weight.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(images, (P, P), (2, 3))[:, :, ::P, ::P]
    maps = np.einsum("nchwij,dcij->ndhw", windows, weight) + bias[:, None, None]
    return maps.reshape(len(images), len(weight), -1).swapaxes(1, 2)


def patches_entries(images, weight, bias):
    """Entry by entry of the kernel, on every P-th pixel."""
    D, _, P, _ = weight.shape
    total = bias
    for i in range(P):
        for j in range(P):
            total = total + np.moveaxis(images[:, :, i::P, j::P], 1, -1) @ weight[:, :, i, j].T
    return total.reshape(len(images), -1, D)


def causal_strides(input, weight, dilation=1):
    """Windows made of strides."""
    (N, C, L), K = input.shape, weight.shape[2]
    padded = np.concatenate([np.zeros((N, C, dilation * (K - 1)), input.dtype), input], axis=2)
    n, c, t = padded.strides
    windows = np.lib.stride_tricks.as_strided(padded, (N, C, L, K), (n, c, t, t * dilation), writeable=False)
    return np.einsum("nclk,ock->nol", windows, weight)


def reach_recursive(kernel_size, dilations):
    if not dilations:
        return 1
    return reach_recursive(kernel_size, dilations[1:]) + (kernel_size - 1) * dilations[0]


def reach_numpy(kernel_size, dilations):
    return np.sum(np.asarray(dilations, dtype=int) * (kernel_size - 1)) + 1


def conv3d_strides(input, weight, bias=None):
    """One matrix product with windows made of strides."""
    N, C, *sides = input.shape
    K = weight.shape[2:]
    out = [side - k + 1 for side, k in zip(sides, K, strict=True)]
    n, c, *steps = input.strides
    windows = np.lib.stride_tricks.as_strided(input, (N, *out, C, *K), (n, *steps, c, *steps), writeable=False)
    y = windows.reshape(-1, C * np.prod(K)) @ weight.reshape(len(weight), -1).T
    return np.moveaxis((y if bias is None else y + bias).reshape(N, *out, -1), -1, 1)


def normalized_in_two_steps(adjacency):
    """A copy whose diagonal grows; rows and columns divided one after the other."""
    A = adjacency.astype(adjacency.dtype if adjacency.dtype.kind == "f" else float)
    A[np.diag_indices_from(A)] += 1
    root = np.sqrt(A.sum(1, keepdims=True))
    return A / root / root.T


def conv_without_the_matrix(adjacency, features, weight):
    """Â is never made."""
    d = 1 / np.sqrt(1 + adjacency.sum(1, keepdims=True))
    scaled = d * features
    return d * ((adjacency @ scaled + scaled) @ weight)


def backward_without_the_matrix(grad_output, adjacency, features, weight):
    d = (1 + adjacency.sum(1))[:, None] ** -0.5
    g = d * grad_output
    g = d * (adjacency.T @ g + g)
    return [np.dot(g, weight.T), np.tensordot(features, g, axes=(0, 0))]


def error_turned_back(layer, adjacency, features, permutation):
    """The new output is renumbered back."""
    back = np.argsort(permutation)
    y = layer(adjacency[permutation][:, permutation], features.take(permutation, 0))
    return np.abs(y[back] - layer(adjacency, features)).max()


def lift_entries(image, kernel):
    """Entry by entry of the kernel, whose place turns."""
    K = len(kernel)
    maps = np.zeros((4, *(side - K + 1 for side in image.shape)), image.dtype)
    for u, v in np.ndindex(K, K):
        seen = image[u : u + maps.shape[1], v : v + maps.shape[2]]
        for r, place in enumerate([(u, v), (v, K - 1 - u), (K - 1 - u, K - 1 - v), (K - 1 - v, u)]):
            maps[r] += kernel[place] * seen
    return maps


def patches_strides(images, weight, bias):
    (N, C, H, W), P = images.shape, weight.shape[-1]
    n, c, h, w = images.strides
    cut = np.lib.stride_tricks.as_strided(images, (N, H // P, W // P, C, P, P), (n, P * h, P * w, c, h, w))
    rows = cut.reshape(N, -1, 1, weight[0].size)
    return (rows * weight.reshape(len(weight), -1)).sum(-1) + bias


ANSWERS = {
    "20.causal_conv1d": [causal_loops, causal_shifted, causal_full, causal_matrix, causal_fft, causal_strides],
    "20.stack_receptive_field": [reach_set, reach_reduce, reach_recursive, reach_numpy],
    "20.conv3d": [conv3d_loops, conv3d_tensordot, conv3d_fft, conv3d_frames, conv3d_strides],
    "20.normalized_adjacency": [normalized_matrices, normalized_entries, normalized_einsum, normalized_in_two_steps],
    "20.graph_conv": [conv_weight_first, conv_loops, conv_einsum, conv_without_the_matrix],
    "20.graph_conv_backward": [backward_loops, backward_einsum, backward_without_the_matrix],
    "20.permutation_error": [error_matrix, error_loops, error_turned_back],
    "20.lift_rotations": [lift_loops, lift_pictures, lift_fft, lift_entries],
    "20.patch_embedding": [patches_loops, patches_windows, patches_entries, patches_strides],
}
