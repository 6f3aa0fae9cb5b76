"""Values that cross between the two sides: arguments are rebuilt, results become arrays, numbers, strings and lists."""

from decimal import Decimal
from fractions import Fraction

import numpy as np

PLAIN_DTYPES = {
    *"bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split()
}
SCALARS = {type(None), bool, int, float, complex, str}  # most values are one of these: no need to look further
MAX_ELEMENTS = 50_000_000
MAX_ITEMS = 10_000


class TooLarge(Exception):
    """The answer returned more than a report or a pipe should carry."""

    kind = "too_large"


class UnsupportedValue(Exception):
    """The answer returned something that is not made of arrays, numbers and strings."""

    kind = "unsupported_value"


def unpack(value):
    """Rebuild an argument: arrays with their memory layout, functions that live on the other side of a pipe."""
    if type(value) in SCALARS:
        return value
    if isinstance(value, dict) and "__layout__" in value:
        return _laid_out(value["array"], value["__layout__"])
    if isinstance(value, dict) and "__function__" in value:
        return _asking(value["__function__"])
    if isinstance(value, dict):
        return {key: unpack(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([unpack(item) for item in value])
    return np.array(value) if isinstance(value, np.ndarray) else value


def _asking(number):
    """A function of the trusted side: its arguments go there, and its result comes back."""
    return lambda *args: asking[0](number, [plain(a) for a in args])


asking = []  # the worker's way to the other side


def _laid_out(array, layout):
    if layout == "fortran":
        return np.array(array, order="F")
    if layout == "readonly":
        array = np.array(array, order="C")
        array.flags.writeable = False
        return array
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1] + 1), 77, dtype=array.dtype)
    wide[..., 1::2] = array
    return wide[..., 1::2]


def plain(value, depth=0):
    """Turn a returned value into arrays, numbers, strings, None, lists, tuples and dicts of these."""
    if type(value) in SCALARS or isinstance(value, (bool, int, float, complex, str)):
        return _plain_number(value)
    if isinstance(value, (Fraction, Decimal)):
        whole = isinstance(value, Fraction) and value.denominator == 1
        return _plain_number(int(value)) if whole else float(value)
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return plain(value.item(), depth + 1) if depth < 5 else _refuse(value)
    if isinstance(value, np.ndarray):
        return _plain_array(value)
    if isinstance(value, (list, tuple, dict)) and depth < 5:
        if len(value) > MAX_ITEMS:
            raise TooLarge(f"a {type(value).__name__} of {len(value):,} items")
        if isinstance(value, dict):
            return {str(key): plain(item, depth + 1) for key, item in value.items()}
        kind = tuple if isinstance(value, tuple) else list
        return kind([plain(item, depth + 1) for item in value])
    return _refuse(value)


def _plain_number(value):
    if type(value) not in SCALARS:  # subclasses become the plain kind
        value = next(kind(value) for kind in (bool, int, float, complex, str) if isinstance(value, kind))
    if isinstance(value, str) and len(value) > 100_000:
        raise TooLarge("a very long string")
    if isinstance(value, int) and value.bit_length() > 1000:
        raise TooLarge("an enormous integer")
    return value


def _plain_array(value):
    value = np.asarray(value)
    if value.dtype == np.longdouble:
        value = value.astype(np.float64)
    if value.dtype.name not in PLAIN_DTYPES:
        raise UnsupportedValue(f"an array of dtype {value.dtype.name}")
    if value.size > MAX_ELEMENTS:
        raise TooLarge(f"an array of shape {value.shape}")
    return np.array(value, order="C")


def _refuse(value):
    kind = type(value)
    root = (getattr(kind, "__module__", "") or "").split(".")[0]
    raise UnsupportedValue(f"a {'torch ' if root == 'torch' else ''}{kind.__name__}")


def spoil(value):
    """Overwrite an argument in place, as its owner may."""
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value[...] = ~value if value.dtype.kind == "b" else value + 1
    if isinstance(value, (list, tuple)):
        for item in value:
            spoil(item)
