"""Read a notebook as data: bounded JSON, code cells' sources, and nothing else of it.

The one reader of `cnncourse grade` and `cnncourse check`.
"""

import hashlib
import json
import os
import stat
from dataclasses import dataclass

MAX_BYTES = 100 << 20
MAX_CONTAINERS = 400_000  # lists and objects, of which a small file could otherwise hold millions
MAX_CELLS = 2_000
MAX_SOURCE = 1 << 20


class Unreadable(ValueError):
    """Why a file cannot be graded, in a sentence for the student."""


@dataclass(frozen=True)
class Notebook:
    """The sources of the code cells, in order, and a fingerprint of the whole file."""

    cells: list
    sha256: str

    @property
    def code_sha256(self):
        """A fingerprint of the code alone, spaces at line ends and empty lines aside."""
        lines = (line.rstrip() for source in self.cells for line in source.splitlines())
        return hashlib.sha256("\n".join(line for line in lines if line).encode()).hexdigest()


def read_notebook(path):
    """Read a notebook file; metadata, outputs, tags and the kernel's name are ignored.

    Raises
    ------
    Unreadable
        Where it is no regular file, too large, not JSON, not notebook format 4, or holds too much.
    """
    data = _read_bounded(path)
    return Notebook(_code_cells(_parse(data)), hashlib.sha256(data).hexdigest())


def load_notebook(path):
    """The notebook's JSON content, with a list of cells of whatever kind; raises Unreadable."""
    return _parse(_read_bounded(path))


def _read_bounded(path):
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError as problem:
        if os.path.islink(path):
            raise Unreadable("The file is a link to another file, and links are not followed.") from None
        raise Unreadable(f"The file cannot be opened ({problem.strerror}).") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("This is not a regular file.")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        size = f"{status.st_size / 2**20:.1f} MiB"
        raise Unreadable(f"The file is too large: {size}, at most {MAX_BYTES >> 20} MiB. Clear its outputs and save.")
    return data


def _parse(data):
    if not data.strip():
        raise Unreadable("The file is empty.")
    if data.count(b"[") + data.count(b"{") > MAX_CONTAINERS:
        raise Unreadable("The file holds far more parts than a notebook does.")
    text = _text(data)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("The file is not a notebook: it is not valid JSON. Save it again in JupyterLab.") from None
    if not isinstance(content, dict) or not isinstance(content.get("cells", []), list):
        raise Unreadable("The file is JSON, but not a notebook.")
    if content.get("nbformat") != 4 or "cells" not in content:
        found = str(content.get("nbformat"))[:20]
        raise Unreadable(f"The notebook's format is {found}; 4 is wanted. Open it in JupyterLab and save it.")
    return content


def _text(data):
    """Bytes as text: UTF-8, UTF-16 or UTF-32, with a byte order mark or without; else the encoding of old Windows."""
    encoding = json.detect_encoding(data)
    for name in (encoding, "cp1252", "latin-1"):
        try:
            return data.decode(name).removeprefix("\ufeff")
        except UnicodeDecodeError:
            if b"\0" in data:
                break
    raise Unreadable("The file is not text: is it really a notebook (.ipynb)?")


def _code_cells(content):
    cells = [cell for cell in content["cells"] if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"The notebook has {len(cells):,} code cells; at most {MAX_CELLS:,} are read.")
    sources = [_source(cell.get("source", "")) for cell in cells]
    if sum(map(len, sources)) > MAX_SOURCE:
        raise Unreadable("The notebook holds more than a million characters of code.")
    return sources


def _source(source):
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    text = source if isinstance(source, str) else ""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
