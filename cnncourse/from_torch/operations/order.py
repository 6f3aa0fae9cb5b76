"""Sorting, picking by position and putting back, under PyTorch's names and arguments."""

import numpy as np


def argsort(input, dim=-1, descending=False, stable=None):
    """Return the positions that sort an axis; equal entries in their order."""
    if not input.ndim:
        return np.zeros((), np.int64)
    order = np.argsort(np.flip(input, dim) if descending else input, axis=dim, kind="stable")
    return np.flip(input.shape[dim] - 1 - order, dim) if descending else order


def sort(input, dim=-1, descending=False, stable=None):
    """Return the sorted axis, and the positions where its entries were."""
    order = argsort(input, dim, descending)
    return (np.take_along_axis(input, order, dim) if input.ndim else input), order


def topk(input, k, dim=-1, largest=True, sorted=True):
    """Return the k largest or smallest entries of an axis in order, and their positions."""
    values, order = sort(input, dim, largest)
    first = (slice(None),) * (dim % input.ndim) + (slice(k),)
    return values[first], order[first]


def gather(input, dim, index, sparse_grad=False):
    """Return the entries of an axis that `index` names; along the others it may be shorter."""
    return np.take_along_axis(_as_short(input, dim, index), index, dim)


def scatter(input, dim, index, src=None, value=None):
    """Return a copy in which the entries that `index` names along an axis are those of `src`, or `value`."""
    changed = input.copy()
    new = value if src is None else src[tuple(map(slice, index.shape))]
    np.put_along_axis(_as_short(changed, dim, index), index, new, dim)
    return changed


def _as_short(input, dim, index):
    return input[tuple(slice(None if axis == dim % input.ndim else n) for axis, n in enumerate(index.shape))]


def take_along_dim(input, indices, dim=None):
    """Return the entries of an axis that `indices` name; all other axes fit together."""
    if dim is None:
        return input.reshape(-1)[indices.reshape(-1)]
    axis = dim % input.ndim
    other = [np.broadcast_shapes(*pair) for pair in zip(_ones(input, axis), _ones(indices, axis), strict=True)]
    full = [np.broadcast_to(one, [*sum(other[:axis], ()), one.shape[axis], *sum(other[axis + 1 :], ())])
            for one in (input, indices)]  # fmt: skip
    return np.take_along_axis(*full, axis)


def _ones(array, axis):
    return [(1 if k == axis else n,) for k, n in enumerate(array.shape)]


def one_hot(input, num_classes=-1):
    """Return 1 at the place of each class, else 0."""
    classes = np.arange(input.max() + 1 if num_classes == -1 else num_classes)
    return (input[..., None] == classes).astype(np.int64)


def max_unpool(axes):
    """Put each maximum back where `max_pool` found it, and 0 elsewhere."""

    def unpool(input, indices, kernel_size, stride=None, padding=0, output_size=None):
        kernel, stride, padding = (
            one if isinstance(one, (tuple, list)) else [one] * axes
            for one in (kernel_size, stride or kernel_size, padding)
        )
        sizes = zip(input.shape[-axes:], kernel, stride, padding, strict=True)
        size = [(n - 1) * S - 2 * P + K for n, K, S, P in sizes] if output_size is None else output_size[-axes:]
        output = np.zeros((*input.shape[:-axes], int(np.prod(size))), input.dtype)
        flat = (*input.shape[:-axes], -1)
        np.put_along_axis(output, indices.reshape(flat), input.reshape(flat), -1)
        return output.reshape(*input.shape[:-axes], *size)

    return unpool


ORDER = {
    "argsort": argsort, "sort": sort, "topk": topk, "gather": gather, "scatter": scatter,
    "take_along_dim": take_along_dim, "one_hot": one_hot,
    "embedding": lambda input, weight, padding_idx=None, norm_type=2.0: weight[input],
    "max_unpool1d": max_unpool(1), "max_unpool2d": max_unpool(2), "max_unpool3d": max_unpool(3),
}  # fmt: skip
