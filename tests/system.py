"""What a test needs from the system: skipped with a reason at home, a failure in CI."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
CURE = {
    "bwrap": "bubblewrap (Debian: apt install bubblewrap)",
    "chromium": "chromium (Debian: apt install chromium)",
    "postgres": "PostgreSQL (Debian: apt install postgresql)",
    "fashion-mnist": "the full Fashion-MNIST (Debian: apt install dataset-fashion-mnist)",
}


def require(name: str) -> str:
    """Return the path of a program or folder that a test needs, or skip the test and say what is missing.

    With ``CI=true`` a missing one fails the test: CI must run everything.
    """
    if name == "fashion-mnist":
        path = str(FASHION_MNIST) if FASHION_MNIST.is_dir() else None
    else:
        places = [*os.get_exec_path(), *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]
        path = shutil.which(name, path=os.pathsep.join(places))
    if path:
        return path
    message = f"missing on this system: {CURE[name]}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
