"""Right answers to unit 19, each written another way. (Modules are in `test_right_modules`.)"""

import math

import numpy as np


def confusion_loop(target, prediction, num_classes, ignore_index=255):
    table = [[0] * num_classes for _ in range(num_classes)]
    for t, p in zip(target.ravel().tolist(), prediction.ravel().tolist(), strict=True):
        if t != ignore_index:
            table[t][p] += 1
    return np.array(table)


def confusion_by_class(target, prediction, num_classes, ignore_index=255):
    """A mask for each pair of classes."""
    table = np.zeros((num_classes, num_classes), int)
    for i in range(num_classes):
        for j in range(num_classes):
            table[i, j] = ((target == i) & (prediction == j) & (target != ignore_index)).sum()
    return table


def confusion_one_hot(target, prediction, num_classes, ignore_index=255):
    """A product of two matrices of zeros and ones."""
    classes = np.arange(num_classes)
    t = (target.ravel()[:, None] == classes) & (target.ravel()[:, None] != ignore_index)
    p = prediction.ravel()[:, None] == classes
    return t.T.astype(np.int64) @ p.astype(np.int64)


def confusion_histogram(target, prediction, num_classes, ignore_index=255):
    kept = target != ignore_index
    edges = np.arange(num_classes + 1) - 0.5
    return np.histogram2d(target[kept], prediction[kept], bins=[edges, edges])[0].astype(int)


def iou_loop(confusion):
    shares = []
    for c in range(len(confusion)):
        both = int(confusion[c, c])
        union = int(confusion[c].sum()) + int(confusion[:, c].sum()) - both
        if union:
            shares.append(both / union)
    return sum(shares) / len(shares)


def iou_nan(confusion):
    counts = np.asarray(confusion, float)
    both = counts.trace() and np.diag(counts)
    with np.errstate(invalid="ignore"):
        return np.nanmean(both / (counts.sum(0) + counts.sum(1) - np.diag(counts)))


def iou_by_dice(confusion):
    """IoU = D / (2 − D)."""
    counts = confusion.astype(np.float64)
    sizes = counts.sum(axis=0) + counts.sum(axis=1)
    D = 2 * np.diag(counts)[sizes > 0] / sizes[sizes > 0]
    return float(np.mean(D / (2 - D)))


def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def dice_flat(logits, target, eps=1.0):
    N = len(logits)
    p, t = sigmoid(logits).reshape(N, -1), target.reshape(N, -1)
    return 1 - np.mean((2 * np.einsum("ni,ni->n", p, t) + eps) / (p.sum(1) + t.sum(1) + eps))


def dice_loop(logits, target, eps=1.0):
    losses = []
    for z, t in zip(logits, target, strict=True):
        p = 0.5 * (np.tanh(0.5 * z) + 1)
        losses.append(1 - (2 * np.sum(p[t > 0]) + eps) / (p.sum() + t.sum() + eps))
    return sum(losses) / len(losses)


def dice_plain(logits, target, eps=1.0):
    """The usual sigmoid: exp overflows to infinity, whose inverse is 0, which is right."""
    with np.errstate(over="ignore"):
        p = 1 / (1 + np.exp(-logits))
    total = 0.0
    for n in range(len(p)):
        total += (2 * (p[n] * target[n]).sum() + eps) / (p[n].sum() + target[n].sum() + eps)
    return 1 - total / len(p)


def dice_back_loop(logits, target, eps=1.0):
    grad = np.zeros_like(logits)
    for n in range(len(logits)):
        p, t = sigmoid(logits[n]), target[n]
        a, b = 2 * (p * t).sum() + eps, (p + t).sum() + eps
        grad[n] = -(2 * t * b - a) / b**2 * p * (1 - p) / len(logits)
    return grad


def dice_back_two_terms(logits, target, eps=1.0):
    p = sigmoid(logits)
    b = np.sum(p + target, axis=(1, 2, 3), keepdims=True) + eps
    overlap = (2 * np.sum(p * target, axis=(1, 2, 3), keepdims=True) + eps) / b
    return sigmoid(-logits) * p * (overlap / b - 2 * target / b) / logits.shape[0]


def both(value):
    return (value, value) if np.ndim(value) == 0 else tuple(value)


def transposed_zeros(input, weight, stride=1, padding=0):
    """Zeros between the pixels, then a correlation with the flipped kernel."""
    (S_h, S_w), (P_h, P_w) = both(stride), both(padding)
    (N, C, H, W), (K_h, K_w) = input.shape, weight.shape[2:]
    wide = np.zeros((N, C, (H - 1) * S_h + 1, (W - 1) * S_w + 1), input.dtype)
    wide[:, :, ::S_h, ::S_w] = input
    wide = np.pad(wide, ((0, 0), (0, 0), (K_h - 1, K_h - 1), (K_w - 1, K_w - 1)))
    views = np.lib.stride_tricks.sliding_window_view(wide, (K_h, K_w), axis=(2, 3))
    y = np.einsum("nchwuv,couv->nohw", views, weight[:, :, ::-1, ::-1])
    return y[:, :, P_h : y.shape[2] - P_h, P_w : y.shape[3] - P_w]


def transposed_loops(input, weight, stride=1, padding=0):
    """Every product by itself; what falls outside is left out."""
    (S_h, S_w), (P_h, P_w) = both(stride), both(padding)
    (N, _, H, W), (_, O, K_h, K_w) = input.shape, weight.shape
    rows, columns = (H - 1) * S_h - 2 * P_h + K_h, (W - 1) * S_w - 2 * P_w + K_w
    y = np.zeros((N, O, rows, columns), input.dtype)
    for i in range(H):
        for j in range(W):
            for u in range(K_h):
                for v in range(K_w):
                    r, c = i * S_h + u - P_h, j * S_w + v - P_w
                    if 0 <= r < rows and 0 <= c < columns:
                        y[:, :, r, c] += input[:, :, i, j] @ weight[:, :, u, v]
    return y


def transposed_columns(input, weight, stride=1, padding=0):
    """One matrix product, then the columns are put down (col2im)."""
    (S_h, S_w), (P_h, P_w) = both(stride), both(padding)
    (N, C, H, W), (_, O, K_h, K_w) = input.shape, weight.shape
    columns = (weight.reshape(C, -1).T @ input.reshape(N, C, -1)).reshape(N, O, K_h, K_w, H, W)
    y = np.zeros((N, O, (H - 1) * S_h + K_h, (W - 1) * S_w + K_w), input.dtype)
    for u in range(K_h):
        for v in range(K_w):
            y[:, :, u : u + S_h * H : S_h, v : v + S_w * W : S_w][:, :, :H, :W] += columns[:, :, u, v]
    return y[:, :, P_h:, P_w:][:, :, : y.shape[2] - 2 * P_h, : y.shape[3] - 2 * P_w]


def bilinear_caffe(stride):
    """As FCN's first code has it."""
    size = 2 * stride - stride % 2
    factor = (size + 1) // 2
    centre = factor - 1 if size % 2 == 1 else factor - 0.5
    grid = np.ogrid[:size, :size]
    return (1 - abs(grid[0] - centre) / factor) * (1 - abs(grid[1] - centre) / factor)


def bilinear_boxes(stride):
    """A box convolved with a box is a hat."""
    box = np.ones(stride) / stride
    hat = np.convolve(box, box) * stride
    if stride % 2 == 0:
        hat = (np.append(hat, 0) + np.insert(hat, 0, 0)) / 2
    return np.outer(hat, hat)


def bilinear_loops(stride):
    K = 2 * stride if stride % 2 == 0 else 2 * stride - 1
    line = [1 - math.fabs(i - (K - 1) / 2) / stride for i in range(K)]
    return np.array([[a * b for b in line] for a in line])


def crop_ranges(skip, x):
    (H, W), (h, w) = skip.shape[-2:], x.shape[-2:]
    rows = np.arange(h) + (H - h) // 2
    columns = np.arange(w) + (W - w) // 2
    return np.concatenate((skip[:, :, rows][:, :, :, columns], x), 1)


def crop_from_both_ends(skip, x):
    above, left = (skip.shape[2] - x.shape[2]) // 2, (skip.shape[3] - x.shape[3]) // 2
    below, right = skip.shape[2] - x.shape[2] - above, skip.shape[3] - x.shape[3] - left
    return np.hstack([skip[:, :, above : skip.shape[2] - below, left : skip.shape[3] - right], x])


def crop_into_zeros(skip, x):
    N, C, h, w = x.shape
    y = np.empty((N, skip.shape[1] + C, h, w), x.dtype)
    t, s = (skip.shape[2] - h) // 2, (skip.shape[3] - w) // 2
    y[:, : skip.shape[1]] = skip[:, :, t:, s:][:, :, :h, :w]
    y[:, skip.shape[1] :] = x
    return y


def confusion_floats(target, prediction, num_classes, ignore_index=255):
    """A table of floats, whose numbers are whole."""
    table = np.zeros((num_classes, num_classes))
    kept = target != ignore_index
    np.add.at(table, (target[kept], prediction[kept]), 1)
    return table


def confusion_codes(target, prediction, num_classes, ignore_index=255):
    kept = target != ignore_index
    codes = target[kept].astype(np.int64) * num_classes + prediction[kept].astype(np.int64)
    return np.bincount(codes, minlength=num_classes**2).reshape(num_classes, num_classes)


def iou_without_the_rest(confusion):
    """The union is everything but what is in neither row nor column."""
    shares = []
    for c in range(len(confusion)):
        union = confusion.sum() - np.delete(np.delete(confusion, c, 0), c, 1).sum()
        if union:
            shares.append(confusion[c, c] / union)
    return math.fsum(shares) / len(shares)


def dice_logarithms(logits, target, eps=1.0):
    """p from its logarithm; the sums as products of matrices."""
    p, t = np.exp(-np.logaddexp(0, -logits)).squeeze(1), target.squeeze(1)
    above = 2 * np.tensordot(p, t, axes=([1, 2], [1, 2])).diagonal() + eps
    return np.average(1 - above / (p.sum((1, 2)) + t.sum((1, 2)) + eps))


def dice_back_complex(logits, target, eps=1.0):
    """The derivative with respect to p by a step along the imaginary axis."""
    p = (1 + np.tanh(logits.astype(float) / 2)) / 2
    grad = np.zeros(logits.shape)
    for index in np.ndindex(logits.shape):
        q, t = p[index[0]].astype(complex), target[index[0]]
        q[index[1:]] += 1e-30j
        grad[index] = -((2 * (q * t).sum() + eps) / (q.sum() + t.sum() + eps)).imag / 1e-30
    return (grad * p * (1 - p) / len(logits)).astype(logits.dtype)


def transposed_matrices(input, weight, stride=1, padding=0):
    """A matrix of zeros and ones for each axis says which pixel and entry meet which place."""
    (S_h, S_w), (P_h, P_w) = (s if isinstance(s, (tuple, list)) else (s, s) for s in (stride, padding))

    def places(n, K, S, P):
        hit = np.zeros((n, K, (n - 1) * S + K - 2 * P))
        for i, u in np.ndindex(n, K):
            if 0 <= i * S + u - P < hit.shape[2]:
                hit[i, u, i * S + u - P] = 1
        return hit

    rows = places(input.shape[2], weight.shape[2], S_h, P_h)
    columns = places(input.shape[3], weight.shape[3], S_w, P_w)
    return np.einsum("ncij,couv,iur,jvs->nors", input, weight, rows, columns, optimize=True)


def transposed_gathered(input, weight, stride=1, padding=0):
    """Output pixel by output pixel: which input pixels reach it?"""
    (S_h, S_w), (P_h, P_w) = (s if isinstance(s, (tuple, list)) else (s, s) for s in (stride, padding))
    (N, _, H, W), (_, C_out, K_h, K_w) = input.shape, weight.shape
    y = np.zeros((N, C_out, (H - 1) * S_h - 2 * P_h + K_h, (W - 1) * S_w - 2 * P_w + K_w), input.dtype)
    for r, s, u, v in np.ndindex(*y.shape[2:], K_h, K_w):
        (i, above), (j, left) = divmod(r + P_h - u, S_h), divmod(s + P_w - v, S_w)
        if above == left == 0 and 0 <= i < H and 0 <= j < W:
            y[:, :, r, s] += input[:, :, i, j] @ weight[:, :, u, v]
    return y


def transposed_fft(input, weight, stride=1, padding=0):
    (S_h, S_w), (P_h, P_w) = (s if isinstance(s, (tuple, list)) else (s, s) for s in (stride, padding))
    (N, C, H, W), (K_h, K_w) = input.shape, weight.shape[2:]
    spread = np.zeros((N, C, (H - 1) * S_h + 1, (W - 1) * S_w + 1))
    spread[..., ::S_h, ::S_w] = input
    size = spread.shape[2] + K_h - 1, spread.shape[3] + K_w - 1
    product = np.einsum("ncij,coij->noij", np.fft.rfft2(spread, size), np.fft.rfft2(weight, size))
    return np.fft.irfft2(product, size)[..., P_h : size[0] - P_h, P_w : size[1] - P_w].astype(input.dtype)


def bilinear_interp(stride):
    K = 2 * stride - stride % 2
    middle = (K - 1) / 2
    hat = np.interp(np.arange(K), [middle - stride, middle, middle + stride], [0, 1, 0])
    return np.einsum("i,j->ij", hat, hat)


def crop_windows(skip, x):
    """The window that lies in the middle, of all that there are."""
    i, j = (np.array(skip.shape[2:]) - x.shape[2:]) // 2
    windows = np.lib.stride_tricks.sliding_window_view(skip, x.shape[2:], axis=(2, 3))
    return np.append(windows[:, :, i, j], x, axis=1)


ANSWERS = {
    "19.confusion_matrix": [
        confusion_loop, confusion_by_class, confusion_one_hot, confusion_histogram, confusion_floats,
        confusion_codes,
    ],
    "19.mean_iou": [iou_loop, iou_nan, iou_by_dice, iou_without_the_rest],
    "19.dice_loss": [dice_flat, dice_loop, dice_plain, dice_logarithms],
    "19.dice_loss_backward": [dice_back_loop, dice_back_two_terms, dice_back_complex],
    "19.conv_transpose2d": [
        transposed_zeros, transposed_loops, transposed_columns, transposed_matrices, transposed_gathered,
        transposed_fft,
    ],
    "19.bilinear_kernel": [bilinear_caffe, bilinear_boxes, bilinear_loops, bilinear_interp],
    "19.crop_and_concat": [crop_ranges, crop_from_both_ends, crop_into_zeros, crop_windows],
}  # fmt: skip
