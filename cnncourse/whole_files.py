"""Files that are there whole or not at all: written under another name in the same folder, then renamed."""

import os
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path):
    """Give a path to write to; at the end it becomes `path`, and after an error it is gone and `path` as before.

    The folder is made if it is not there.

    >>> import tempfile
    >>> with whole_file(Path(tempfile.mkdtemp()) / "note.txt") as unfinished:
    ...     _ = unfinished.write_text("done")
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
