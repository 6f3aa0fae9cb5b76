"""The IDX file format of MNIST and Fashion-MNIST, plain or gzipped.

An IDX file is a big-endian header and then the values in row-major order. The header is two zero
bytes, a type code (8 for uint8), the number of axes, and one 32-bit length per axis.
"""

import gzip
import hashlib
import io
import os
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np

from .errors import CorruptDataError, MissingDataError

UINT8 = 8
FRESH_COPY = "delete this file and fetch a fresh copy (`cnncourse doctor` lists what is found where)"


def read_idx(path: str | os.PathLike, md5: str | None = None, cure: str = FRESH_COPY) -> np.ndarray:
    """Read an IDX file of bytes, gzipped where the name ends in ``.gz``.

    Parameters
    ----------
    path : path
        The file.
    md5 : str, optional
        MD5 of the *unpacked* content, in hexadecimal. It does not depend on who compressed the file.
    cure : str
        What a reader should do about a broken file; it ends the error message.

    Returns
    -------
    ndarray of uint8
        As many axes as the header says, e.g. ``(N, H, W)`` for images and ``(N,)`` for labels.

    Raises
    ------
    MissingDataError
        There is no such file.
    CorruptDataError
        It is truncated, not gzip, not IDX, or its checksum differs.
    """
    path = Path(path)
    content = _unpacked(path, cure)
    values = _parse(content, path, cure)
    if md5 is not None:
        got = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if got != md5:
            raise CorruptDataError(f"{path} has the wrong checksum: MD5 {got}, expected {md5}.", cure)
    return values


def write_idx(path: str | os.PathLike, values: np.ndarray) -> None:
    """Write a uint8 array as a gzipped IDX file; the same values always give the same bytes.

    Raises
    ------
    TypeError
        ``values`` is not uint8.
    """
    if values.dtype != np.uint8:
        raise TypeError(f"values: expected uint8, got {values.dtype}")
    packed = io.BytesIO()
    # No file name and no time of writing in gzip's header: both would change from run to run.
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as stream:
        stream.write(struct.pack(">BBBB", 0, 0, UINT8, values.ndim))
        stream.write(struct.pack(f">{values.ndim}I", *values.shape))
        stream.write(np.ascontiguousarray(values).tobytes())
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "wb") as stream:
        stream.write(packed.getvalue())
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def _unpacked(path: Path, cure: str) -> bytes:
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        raise MissingDataError(f"{path} is missing.", cure) from None
    except OSError as error:
        raise CorruptDataError(f"{path} cannot be read: {error.strerror or error}.", cure) from None
    if path.suffix != ".gz":
        return packed
    try:
        return gzip.decompress(packed)
    except EOFError:
        raise CorruptDataError(f"{path} is truncated: its gzip stream stops early.", cure) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise CorruptDataError(f"{path} is not a sound gzip file: {error}.", cure) from None


def _parse(content: bytes, path: Path, cure: str) -> np.ndarray:
    if len(content) < 4 or content[:3] != bytes([0, 0, UINT8]):
        raise CorruptDataError(f"{path} is not an IDX file of bytes: it starts with {content[:4]!r}.", cure)
    axes = content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise CorruptDataError(f"{path} is truncated: it stops inside its header.", cure)
    shape = struct.unpack(f">{axes}I", content[4:start])
    expected = start + int(np.prod(shape, dtype=np.int64))
    if len(content) != expected:
        state = "truncated" if len(content) < expected else "too long"
        raise CorruptDataError(
            f"{path} is {state}: {len(content)} bytes where shape {shape} needs {expected}.", cure
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()
