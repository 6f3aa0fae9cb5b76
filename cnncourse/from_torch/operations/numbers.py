"""What dtype PyTorch computes in, where NumPy would choose another."""

import numpy as np


def _order(dtype):
    return "bif".index("b" if dtype.kind == "b" else "i" if dtype.kind in "iu" else "f")


def _common(dtypes):
    """Return the dtype of several of one sort: a float wins over any integer, whatever their sizes."""
    floats = [dtype for dtype in dtypes if dtype.kind == "f"]
    return np.result_type(*(floats or dtypes))


def alike(*values):
    """Return arrays of the dtype in which PyTorch computes with these arrays and Python numbers.

    Arrays with axes decide; arrays without axes, and then Python numbers, only where they are of a higher sort
    (bool < integer < float). A Python float beside integers gives float32, PyTorch's default.
    """
    arrays = [value for value in values if isinstance(value, (np.ndarray, np.generic))]
    numbers = {bool: np.dtype(bool), int: np.dtype(np.int64), float: np.dtype(np.float32)}
    groups = (
        [array.dtype for array in arrays if array.ndim],
        [array.dtype for array in arrays if not array.ndim],
        [numbers[type(value)] for value in values if type(value) in numbers],
    )
    best = None
    for group in filter(None, groups):
        dtype = _common(group)
        if best is None or _order(dtype) > _order(best):
            best = dtype
    return [np.asarray(value, best) for value in values]


def floats(input):
    """Return integers and bools as float32, PyTorch's default; floats as they are."""
    input = np.asarray(input)
    return input if input.dtype.kind == "f" else input.astype(np.float32)
