"""How plain values travel between the grader and a student's process: lengths, a JSON header, raw array bytes.

Nothing here can execute anything: no pickle, no `np.load`, no object arrays. What comes in is checked
against caps before memory is spent on it. This file imports NumPy and the standard library alone, because
the student's side gets a copy of it.

A frame is `header length (4 bytes) · payload length (8 bytes) · header · payload`, little-endian. The header is
`{"value": tree, "arrays": [[dtype, shape], …]}`; a tree holds None, booleans, numbers, strings and lists as JSON
has them, and `{"tuple": […]}`, `{"dict": [[key, tree], …]}`, `{"complex": [re, im]}`, `{"array": index}`.
"""

import json
import math
import struct
import time

import numpy as np

DTYPES = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split()
    )
}
NAMES = {np.dtype(name): name for name in DTYPES}
LENGTHS = struct.Struct("<IQ")
MAX_HEADER = 2 << 20
MAX_REPLY = 64 << 20  # bytes of arrays that a student's process may send at once
MAX_REQUEST = 512 << 20  # bytes that the grader may send: training images
MAX_ARRAYS = 20_000
MAX_PARTS = 200_000  # values in a header, of which two megabytes could otherwise hold a million
MAX_DEPTH = 16
MAX_NDIM = 16


class ProtocolError(ValueError):
    """A frame that breaks the rules; the other side is not to be trusted further."""


class ChannelClosed(ConnectionError):
    """The other side has gone."""


class OutOfTime(TimeoutError):
    """No complete frame came within the time allowed."""


# ---- values to frames


def encode(value, limit=MAX_REPLY):
    """Turn a plain value into the bytes of one frame, as a list of chunks.

    Raises ProtocolError where the value holds something that is not plain, is nested too deep or too large.
    """
    arrays = []
    header = {
        "value": _tree(value, arrays, 0),
        "arrays": [[NAMES[a.dtype.newbyteorder("=")], list(a.shape)] for a in arrays],
    }
    size = sum(array.nbytes for array in arrays)
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    if len(text) > MAX_HEADER or size > limit or len(arrays) > MAX_ARRAYS or text.count(b",") > MAX_PARTS:
        raise ProtocolError(f"a value of {size:,} bytes in {len(arrays):,} arrays is more than may be sent")
    chunks = [memoryview(array.reshape(-1)).cast("B") for array in arrays if array.nbytes]
    return [LENGTHS.pack(len(text), size) + text, *chunks]


def _tree(value, arrays, depth):
    if depth > MAX_DEPTH:
        raise ProtocolError("a value nested too deep")
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is complex:
        return {"complex": [value.real, value.imag]}
    if kind is list:
        return [_tree(item, arrays, depth + 1) for item in value]
    if kind is tuple:
        return {"tuple": [_tree(item, arrays, depth + 1) for item in value]}
    if kind is dict:
        return {"dict": [[_key(key), _tree(item, arrays, depth + 1)] for key, item in value.items()]}
    if isinstance(value, np.generic):
        value = np.asarray(value)
    name = NAMES.get(value.dtype.newbyteorder("=")) if isinstance(value, np.ndarray) else None
    if name and value.ndim <= MAX_NDIM:
        arrays.append(np.array(value, dtype=DTYPES[name], order="C", copy=None, subok=False))
        return {"array": len(arrays) - 1}
    raise ProtocolError(f"a value of type {kind.__name__} cannot be sent")


def _key(key):
    if type(key) is str:
        return _text(key)
    if type(key) in (int, bool):
        return key
    raise ProtocolError(f"a dict key of type {type(key).__name__} cannot be sent")


def _text(text):
    """Text that can be written anywhere: half surrogate pairs become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


# ---- frames to values


def decode(text, payload):
    """Turn a frame's header and payload back into a plain value; raises ProtocolError where a rule is broken."""
    if text.count(b",") > MAX_PARTS:
        raise ProtocolError("a header of too many parts")
    try:
        header = json.loads(text)
        specs = header["arrays"]
        if set(header) != {"value", "arrays"} or not isinstance(specs, list) or len(specs) > MAX_ARRAYS:
            raise ProtocolError("a header of the wrong form")
        return _value(header["value"], _arrays(specs, payload), 0)
    except ProtocolError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError) as problem:
        raise ProtocolError(f"a malformed header ({type(problem).__name__})") from None


def _arrays(specs, payload):
    arrays, start = [], 0
    for name, shape in specs:
        if type(name) is not str or name not in DTYPES:
            raise ProtocolError("an array of a dtype that is not allowed")
        if len(shape) > MAX_NDIM or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape):
            raise ProtocolError("an array of an impossible shape")
        count, dtype = math.prod(shape), DTYPES[name]
        stop = start + count * dtype.itemsize
        if stop > len(payload):
            raise ProtocolError("arrays larger than the bytes sent")
        array = np.frombuffer(payload, dtype, count, start).reshape(shape)
        arrays.append(_as_real_bools(array) if name == "bool" else array.astype(dtype.newbyteorder("=")))
        start = stop
    if start != len(payload):
        raise ProtocolError("bytes that belong to no array")
    return arrays


def _as_real_bools(array):
    """Bytes other than 0 and 1 would be booleans that no comparison expects."""
    return np.asarray(array.view(np.uint8) != 0)


def _value(tree, arrays, depth):
    if depth > MAX_DEPTH:
        raise ProtocolError("a value nested too deep")
    if tree is None or isinstance(tree, (bool, int, float)):
        return tree
    if isinstance(tree, str):
        return _text(tree)
    if isinstance(tree, list):
        return [_value(item, arrays, depth + 1) for item in tree]
    ((tag, body),) = tree.items()
    if tag == "tuple":
        return tuple(_value(item, arrays, depth + 1) for item in body)
    if tag == "dict":
        return {_key(key): _value(item, arrays, depth + 1) for key, item in body}
    if tag == "complex":
        return complex(*map(float, body))
    if tag == "array" and type(body) is int and body >= 0:
        return arrays[body]
    raise ProtocolError("an unknown kind of value")


# ---- frames through a socket


def send(channel, value, limit=MAX_REPLY, seconds=None):
    """Send one value; raises OutOfTime where the other side does not take it within `seconds`."""
    deadline = None if seconds is None else time.monotonic() + seconds
    try:
        for chunk in encode(value, limit):
            _wait_until(channel, deadline)
            channel.sendall(chunk)
    except TimeoutError:
        raise OutOfTime("the frame was not taken in time") from None
    except OSError as problem:
        raise ChannelClosed(str(problem)) from None


def receive(channel, limit=MAX_REPLY, seconds=None):
    """Receive one value; raises OutOfTime, ChannelClosed or ProtocolError."""
    deadline = None if seconds is None else time.monotonic() + seconds
    header_length, size = LENGTHS.unpack(_read(channel, LENGTHS.size, deadline))
    if header_length > MAX_HEADER or size > limit:
        raise ProtocolError(f"a frame of {header_length + size:,} bytes is more than is accepted")
    text = _read(channel, header_length, deadline)
    return decode(text, _read(channel, size, deadline))


def _read(channel, count, deadline):
    data = bytearray()
    try:
        while len(data) < count:
            _wait_until(channel, deadline)
            chunk = channel.recv(min(count - len(data), 1 << 20))
            if not chunk:
                raise ChannelClosed("the other side closed the channel")
            data += chunk
    except TimeoutError:
        raise OutOfTime("no complete frame came in time") from None
    except ConnectionError as problem:
        raise ChannelClosed(str(problem)) from None
    return data


def _wait_until(channel, deadline):
    if deadline is None:
        channel.settimeout(None)
        return
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    channel.settimeout(remaining)
