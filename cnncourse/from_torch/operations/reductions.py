"""Sums, means and extremes over axes, products of matrices, under PyTorch's names and arguments."""

import numpy as np

from cnncourse.numpy_nn import functional as F


def axes(dim):
    """Return NumPy's axis for PyTorch's dim: a list becomes a tuple, and an empty list means all."""
    if isinstance(dim, (tuple, list)):
        return tuple(dim) or None
    return dim


def _reduction(function, prepare=np.asarray):
    def compute(input, dim=None, keepdim=False, dtype=None):
        values = prepare(input) if dtype is None else input.astype(dtype)
        return np.asarray(function(values, axis=axes(dim), keepdims=keepdim))

    return compute


def _extreme(function, position, name):
    """max and min: of everything, of two arrays, or along an axis with the positions."""

    def compute(input, dim=None, keepdim=False, other=None):
        if other is not None:
            return np.asarray(getattr(np, name)(input, other))
        if dim is None:
            return np.asarray(function(input))
        positions = position(input, axis=dim, keepdims=keepdim)
        return np.asarray(function(input, axis=dim, keepdims=keepdim)), np.asarray(positions)

    return compute


def _spread(function):
    """Variance and standard deviation; divided by n − 1 unless told otherwise."""

    def compute(input, dim=None, unbiased=True, keepdim=False, correction=None):
        ddof = int(unbiased) if correction is None else correction
        return np.asarray(function(input, axis=axes(dim), keepdims=keepdim, ddof=ddof))

    return compute


def _with_mean(spread):
    def compute(input, dim=None, unbiased=True, keepdim=False, correction=None):
        mean = np.mean(input, axis=axes(dim), keepdims=keepdim)
        return spread(input, dim, unbiased, keepdim, correction), np.asarray(mean)

    return compute


def norm(input, p="fro", dim=None, keepdim=False, dtype=None, ord=None):
    """(Σ|x|ᵖ)^(1/p) over the axes `dim`, or over all."""
    p = 2.0 if (ord or p) in ("fro", None) else float(p if ord is None else ord)
    size = np.abs(input if dtype is None else input.astype(dtype))
    axis = axes(dim)
    if p == np.inf:
        value = size.max(axis=axis, keepdims=keepdim)
    elif p == -np.inf:
        value = size.min(axis=axis, keepdims=keepdim)
    elif p == 0:
        value = (size != 0).sum(axis=axis, keepdims=keepdim).astype(size.dtype)
    else:
        value = np.sum(size**p, axis=axis, keepdims=keepdim) ** (1 / p)
    return np.asarray(value, size.dtype)


def normalize(input, p=2.0, dim=1, eps=1e-12):
    """Divide by the norm along `dim`, but by no less than eps."""
    return input / np.maximum(norm(input, p, dim, keepdim=True), np.asarray(eps, input.dtype))


def logsumexp(input, dim, keepdim=False):
    """log Σ e^x over the axes `dim`."""
    highest = input.max(axis=axes(dim), keepdims=True)
    total = np.log(np.exp(input - highest).sum(axis=axes(dim), keepdims=True)) + highest
    return total if keepdim else np.asarray(np.squeeze(total, axes(dim)))


def _position(function):
    def compute(input, dim=None, keepdim=False):
        return np.asarray(function(input, axis=dim, keepdims=keepdim))

    return compute


def addmm(input, mat1, mat2, beta=1, alpha=1):
    """β·input + α·mat1 @ mat2."""
    return np.asarray(beta, mat1.dtype) * input + np.asarray(alpha, mat1.dtype) * (mat1 @ mat2)


def baddbmm(input, batch1, batch2, beta=1, alpha=1):
    """β·input + α·batch1 @ batch2, for each matrix of the batches."""
    return addmm(input, batch1, batch2, beta, alpha)


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    """softmax(q kᵀ / √d + mask) v."""
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    scores = np.asarray(scale, query.dtype) * (query @ np.swapaxes(key, -1, -2))
    if is_causal:
        attn_mask = np.tri(*scores.shape[-2:], dtype=bool)
    if attn_mask is not None:
        scores = np.where(attn_mask, scores, -np.inf) if attn_mask.dtype == bool else scores + attn_mask
    return F.softmax(scores, -1) @ value


def _product(input, **mat2):
    (other,) = mat2.values()  # `other` for matmul, `mat2` for mm and bmm, `vec` for mv, `tensor` for dot
    return np.asarray(np.matmul(input, other))


REDUCTIONS = {
    "sum": _reduction(np.sum), "mean": _reduction(np.mean), "prod": _reduction(np.prod),
    "amax": _reduction(np.amax), "amin": _reduction(np.amin), "all": _reduction(np.all), "any": _reduction(np.any),
    "max": _extreme(np.max, np.argmax, "maximum"), "min": _extreme(np.min, np.argmin, "minimum"),
    "argmax": _position(np.argmax), "argmin": _position(np.argmin),
    "var": _spread(np.var), "std": _spread(np.std),
    "var_mean": _with_mean(_spread(np.var)), "std_mean": _with_mean(_spread(np.std)),
    "count_nonzero": lambda input, dim=None: np.asarray(np.count_nonzero(input, axis=axes(dim))),
    "cumprod": lambda input, dim, dtype=None: np.cumprod(input, axis=dim, dtype=dtype or input.dtype),
    "pairwise_distance": lambda x1, x2, p=2.0, eps=1e-6, keepdim=False: norm(
        x1 - x2 + x1.dtype.type(eps), p, -1, keepdim),
    "softmin": lambda input, dim, dtype=None: F.softmax(-(input if dtype is None else input.astype(dtype)), dim),
    "bilinear": lambda input1, input2, weight, bias=None: np.einsum(
        "...i,kij,...j->...k", input1, weight, input2) + (0 if bias is None else bias),
    "baddbmm": baddbmm, "scaled_dot_product_attention": scaled_dot_product_attention,
    "norm": norm, "linalg_vector_norm": norm, "linalg_norm": norm, "normalize": normalize, "logsumexp": logsumexp,
    "cumsum": lambda input, dim: np.cumsum(input, axis=dim),
    "matmul": _product, "mm": _product, "bmm": _product, "mv": _product, "dot": _product, "addmm": addmm,
}  # fmt: skip
