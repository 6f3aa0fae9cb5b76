"""Axes, pieces and copies of tensors, under PyTorch's names and arguments."""

import numpy as np

from .numbers import alike


def flatten(input, start_dim=0, end_dim=-1):
    """Join the axes from `start_dim` to `end_dim` into one."""
    if not input.ndim:
        return input.reshape(1)
    start, end = start_dim % input.ndim, end_dim % input.ndim
    shape = input.shape
    return input.reshape(*shape[:start], int(np.prod(shape[start : end + 1])), *shape[end + 1 :])


def unflatten(input, dim, sizes):
    """Split one axis into several."""
    dim %= input.ndim
    sizes = list(sizes)
    if -1 in sizes:
        sizes[sizes.index(-1)] = input.shape[dim] // -int(np.prod(sizes))
    return input.reshape(*input.shape[:dim], *sizes, *input.shape[dim + 1 :])


def squeeze(input, dim=None):
    """Drop axes of length one; others stay, even if named."""
    if dim is None:
        return np.squeeze(input)
    dims = dim if isinstance(dim, (tuple, list)) else (dim,)
    return np.squeeze(input, tuple(axis % input.ndim for axis in dims if input.shape[axis] == 1))


def unsqueeze(input, dim):
    """Add an axis of length one."""
    return np.expand_dims(input, dim)


def permute(input, dims):
    """Reorder the axes."""
    return input.transpose(dims)


def transpose(input, dim0, dim1):
    """Exchange two axes."""
    return np.swapaxes(input, dim0, dim1)


def expand(input, size, implicit=False):
    """Repeat axes of length one without copying; −1 keeps a length."""
    own = (1,) * (len(size) - input.ndim) + input.shape
    return np.broadcast_to(input, [have if want == -1 else want for have, want in zip(own, size, strict=True)])


def narrow(input, dim, start, length):
    """Return `length` entries of an axis, from `start`."""
    start = int(start)
    return input[_at(input, dim, slice(start, (start % input.shape[dim] if start < 0 else start) + length))]


def select(input, dim, index):
    """Return one entry of an axis."""
    return input[_at(input, dim, index)]


def _at(input, dim, index):
    return (slice(None),) * (dim % input.ndim) + (index,)


def split(input, split_size, dim=0):
    """Cut an axis into pieces of one size (the last may be smaller) or of the given sizes."""
    length = input.shape[dim]
    if isinstance(split_size, (tuple, list)):
        if sum(split_size) != length:
            raise ValueError(f"split_size: expected sizes that add up to {length}, got {list(split_size)}")
        return tuple(np.split(input, np.cumsum(split_size)[:-1], axis=dim))
    return tuple(np.split(input, range(split_size, length, split_size), axis=dim))


def chunk(input, chunks, dim=0):
    """Cut an axis into at most `chunks` pieces of one size; the last may be smaller."""
    return split(input, max(-(-input.shape[dim] // chunks), 1), dim)


def tensor_split(input, indices_or_sections, dim=0):
    """Cut an axis into pieces whose sizes differ by one at most, or at the given positions."""
    return tuple(np.array_split(input, indices_or_sections, axis=dim))


def unbind(input, dim=0):
    """Return the entries of an axis one by one."""
    return tuple(np.moveaxis(input, dim, 0))


def cat(tensors, dim=0):
    """Join along an axis; an old habit of PyTorch passes over arrays of shape (0,)."""
    tensors = [one for one in tensors if one.shape != (0,)] or list(tensors)[:1]
    return np.concatenate(alike(*tensors), axis=dim)


def stack(tensors, dim=0):
    """Join along a new axis."""
    return np.stack(alike(*tensors), axis=dim)


def repeat(input, repeats):
    """Put copies side by side."""
    return np.tile(input, repeats)


def repeat_interleave(input, repeats, dim=None):
    """Repeat every entry of an axis."""
    return np.repeat(input, repeats, axis=dim)


def roll(input, shifts, dims=()):
    """Shift entries along axes; what leaves at one end comes in at the other."""
    return np.roll(input, shifts, axis=dims or None)


def index_select(input, dim, index):
    """Return the entries of an axis that `index` names."""
    return np.take(input, index, axis=dim)


def unfold_axis(input, dimension, size, step):
    """Return all windows of an axis, `step` apart; each window is a new last axis."""
    windows = np.lib.stride_tricks.sliding_window_view(input, size, dimension)
    return windows[_at(windows, dimension % input.ndim, slice(None, None, step))]


def diff(input, n=1, dim=-1, prepend=None, append=None):
    """Return the differences of neighbours along an axis."""
    ends = {name: one for name, one in (("prepend", prepend), ("append", append)) if one is not None}
    return np.diff(input, n, dim, **ends)


def meshgrid(tensors, indexing="ij"):
    """Return one array of coordinates for each axis."""
    return tuple(np.meshgrid(*tensors, indexing=indexing))


def setitem(input, index, value):
    """Return a copy in which the entries at `index` are `value`."""
    changed = input.copy()
    changed[index] = value
    return changed


def cast(input, dtype):
    """Return the values as another dtype."""
    return input.astype(dtype, copy=False)


VIEWS = {  # PyTorch's result always shares memory with its input
    "view": lambda input, size: input.reshape(size), "view_as": lambda input, other: input.reshape(other.shape),
    "permute": permute, "transpose": transpose, "swapaxes": lambda input, axis0, axis1: transpose(input, axis0, axis1),
    "swapdims": transpose, "movedim": lambda input, source, destination: np.moveaxis(input, source, destination),
    "t": lambda input: np.transpose(input), "adjoint": lambda input: np.swapaxes(input, -1, -2),
    "squeeze": squeeze, "unsqueeze": unsqueeze, "expand": expand, "broadcast_to": expand,
    "expand_as": lambda input, other: np.broadcast_to(input, other.shape), "narrow": narrow, "select": select,
    "unflatten": unflatten, "getitem": lambda input, index: input[index],
    "diagonal": lambda input, offset=0, dim1=0, dim2=1: np.diagonal(input, offset, dim1, dim2),
}  # fmt: skip
PIECES = {"split": split, "chunk": chunk, "tensor_split": tensor_split, "unbind": unbind,
          "split_with_sizes": lambda input, split_sizes, dim=0: split(input, split_sizes, dim)}  # fmt: skip
MAYBE_VIEWS = {  # … or a copy, as the memory happens to be laid out
    "reshape": lambda input, shape: input.reshape(shape), "flatten": flatten, "ravel": lambda input: input.reshape(-1),
    "unfold_axis": unfold_axis, "reshape_as": lambda input, other: input.reshape(other.shape),
    "contiguous": lambda input: np.asarray(input, order="C"), "cast": cast, "type_as": lambda input,
    other: cast(input, other.dtype),
}  # fmt: skip
COPIES = {
    "clone": lambda input: np.copy(input), "cat": cat, "concat": cat, "concatenate": cat, "stack": stack,
    "repeat": repeat, "tile": lambda input, dims: np.tile(input, dims), "repeat_interleave": repeat_interleave,
    "roll": roll, "rot90": lambda input, k=1, dims=(0, 1): np.rot90(input, k, tuple(dims)),
    "fliplr": lambda input: np.fliplr(input), "flipud": lambda input: np.flipud(input),
    "tril": lambda input, diagonal=0: np.tril(input, diagonal),
    "triu": lambda input, diagonal=0: np.triu(input, diagonal),
    "outer": lambda input, vec2: np.multiply.outer(*alike(input, vec2)), "diff": diff,
    "kron": lambda input, other: np.kron(*alike(input, other)), "meshgrid": meshgrid,
    "flip": lambda input, dims: np.flip(input, tuple(dims)), "index_select": index_select,
    "masked_select": lambda input, mask: input[np.broadcast_to(mask, input.shape)],
    "gather_items": lambda input, index: input[index],
    "setitem": setitem, "copy": lambda input, src: np.broadcast_to(src, input.shape).astype(input.dtype),
    "fill": lambda input, value: np.full_like(input, value), "zero": lambda input: np.zeros_like(input),
    "zeros_like": lambda input, dtype=None: np.zeros_like(input, dtype),
    "ones_like": lambda input, dtype=None: np.ones_like(input, dtype),
    "full_like": lambda input, fill_value, dtype=None: np.full_like(input, fill_value, dtype),
    "new_zeros": lambda input, size, dtype=None: np.zeros(size, dtype or input.dtype),
    "new_ones": lambda input, size, dtype=None: np.ones(size, dtype or input.dtype),
    "new_full": lambda input, size, fill_value, dtype=None: np.full(size, fill_value, dtype or input.dtype),
    "zeros": lambda size, dtype=np.float32: np.zeros(size, dtype),
    "ones": lambda size, dtype=np.float32: np.ones(size, dtype),
    "full": lambda size, fill_value, dtype=None: np.full(size, fill_value, dtype or alike(fill_value)[0].dtype),
    "arange": lambda start=0, end=None, step=1, dtype=None: np.arange(start, end, step).astype(
        dtype or alike(start, step if end is None else end, step)[0].dtype),
    "linspace": lambda start, end, steps, dtype=np.float32: np.linspace(start, end, steps, dtype=dtype),
    "tensor": lambda data, dtype=None: np.asarray(data, dtype or alike(data)[0].dtype),
}  # fmt: skip
