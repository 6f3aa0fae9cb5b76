"""Weights in files, the same for NumPy and PyTorch models: the safetensors format, which cannot run code."""

import math
from pathlib import Path

import numpy as np

from cnncourse.whole_files import whole_file

DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?", "C64": "<c8",
}  # fmt: skip


def save_weights(model, path):
    """Write a model's `state_dict` to `path`.

    Parameters
    ----------
    model : cnncourse.numpy_nn Module or torch.nn.Module
        Entries in bfloat16 or float8, which NumPy does not have, are written as float32: the same values.
    path : path
        Conventionally ends in .safetensors. Written under another name first and then renamed.

    Raises
    ------
    ValueError
        An entry is of a number format that the file cannot hold, or holds no numbers.
    """
    from safetensors.numpy import save

    path = Path(path)
    arrays = {name: _as_array(value, name, path) for name, value in model.state_dict().items()}
    with whole_file(path) as unfinished:
        unfinished.write_bytes(save(arrays))


def load_weights(model, path):
    """Read `path` into a NumPy or PyTorch model of the same keys and shapes; return the model.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is damaged or no safetensors file, holds a number format that cannot be read, or its entries do not
        fit the model. The message names the file and the entries, and nothing has been loaded.
    """
    arrays = _read(path)
    state = model.state_dict()
    problems = [f"missing {name}" for name in state if name not in arrays]
    problems += [f"unexpected {name}" for name in arrays if name not in state]
    problems += [problem for name, array in arrays.items() if name in state
                 for problem in _misfits(name, array, state[name])]  # fmt: skip
    if problems:
        raise ValueError(f"path: {path} does not fit the model ({type(model).__name__}): " + "; ".join(problems))
    if _is_torch(model):
        import torch

        arrays = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    try:
        model.load_state_dict(arrays)
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"path: {path} does not fit the model: {error}") from error
    return model


def _read(path):
    """Return the arrays of a safetensors file by name."""
    from safetensors import SafetensorError, deserialize

    try:
        entries = deserialize(Path(path).read_bytes())
    except (SafetensorError, ValueError, TypeError) as error:
        raise ValueError(f"path: expected a safetensors file, got {path} ({error})") from error
    return {name: _decode(entry, name, path) for name, entry in entries}


def _decode(entry, name, path):
    """Return an entry as an array; bfloat16 and float8 become float32, which holds all their values."""
    dtype, data = entry["dtype"], entry["data"]
    if dtype in DTYPES:
        values = np.frombuffer(data, DTYPES[dtype])
    elif dtype == "BF16":  # the upper half of a float32
        values = (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    elif dtype == "F8_E5M2":  # the upper half of a float16
        values = (np.frombuffer(data, "u1").astype(np.uint16) << 8).view(np.float16).astype(np.float32)
    elif dtype == "F8_E4M3":
        values = _float8_e4m3()[np.frombuffer(data, "u1")]
    else:
        raise ValueError(f"path: {path} holds {name} as {dtype}, a number format that cannot be read")
    if values.size != math.prod(entry["shape"]):
        raise ValueError(f"path: {path} holds {values.size} numbers for {name} of shape {tuple(entry['shape'])}")
    return values.reshape(entry["shape"])


def _float8_e4m3():
    """Return the value of each of the 256 codes: sign, 4 bits of exponent with bias 7, 3 bits of fraction."""
    code = np.arange(256)
    exponent, fraction = code >> 3 & 15, (code & 7) / 8
    size = np.where(exponent == 0, fraction * 2.0**-6, (1 + fraction) * 2.0 ** (exponent - 7))
    size[code & 127 == 127] = np.nan
    return np.where(code < 128, size, -size).astype(np.float32)


def _misfits(name, array, wanted):
    """Return what is wrong with an array for an entry of the model: its shape, or values that would be lost."""
    shape = tuple(wanted.shape)
    if array.shape != shape:
        return [f"{name}: expected shape {shape}, got {array.shape}"]
    kind = str(wanted.dtype).removeprefix("torch.")
    if array.dtype.kind == "c" and "complex" not in kind:
        return [f"{name}: expected {kind}, got complex numbers"]
    if kind.startswith(("int", "uint", "bool")):
        with np.errstate(invalid="ignore"):
            same = np.array_equal(array.astype(kind), array)
        return [] if same else [f"{name}: expected {kind}, got {array.dtype} values that it cannot hold"]
    largest = {"float16": 65504.0, "float32": float(np.finfo(np.float32).max), "bfloat16": 3.3895313892515355e38}
    finite = np.abs(array[np.isfinite(array)]) if array.dtype.kind == "f" else np.abs(array.astype(np.float64))
    if kind in largest and finite.size and float(finite.max()) > largest[kind]:
        return [f"{name}: expected {kind}, got values up to {finite.max():.3g}, which it cannot hold"]
    return []


def _is_torch(model):
    return any(cls.__module__.startswith("torch.") for cls in type(model).__mro__)


def _as_array(value, name, path):
    """Return an entry of a state_dict as an array that a safetensors file can hold."""
    try:
        if hasattr(value, "detach"):
            value = value.detach().cpu()
            kind = str(value.dtype).removeprefix("torch.")
            value = (value.float() if kind == "bfloat16" or kind.startswith("float8") else value).numpy()
        array = np.array(value, order="C")
    except (NotImplementedError, RuntimeError, TypeError) as error:
        raise ValueError(f"path: cannot write {name} to {path}: {error}") from error
    if array.dtype.newbyteorder("<").str.replace("|", "").replace("b1", "?") not in DTYPES.values():
        kind = getattr(value, "dtype", type(value).__name__)
        raise ValueError(f"path: cannot write {name} to {path}: the file has no number format for {kind}")
    return array
