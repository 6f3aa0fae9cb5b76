"""Convolutional neural networks, each idea twice: a NumPy reference and PyTorch.

Importing this package costs next to nothing; its parts load when they are used.
"""

from __future__ import annotations

import importlib

_LAZY = {
    "at_least": "cnncourse.bounds",
    "at_most": "cnncourse.bounds",
    "check": "cnncourse.checks",
    "progress": "cnncourse.checks.progress",
    "setup": "cnncourse.session",
    "show": "cnncourse.viz.show",
    "table": "cnncourse.viz.table",
    "versions": "cnncourse.session",
}

__all__ = ["__version__", *_LAZY]


def __getattr__(name: str):
    if name == "__version__":
        return _version()
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    if name in ("checks", "data", "explain", "grading", "numpy_nn", "torch_nn", "transfer", "viz"):
        return importlib.import_module(f"cnncourse.{name}")
    raise AttributeError(f"module 'cnncourse' has no attribute {name!r}")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # takes longer than all the rest of this import

    try:
        return version("cnncourse")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "0+unknown"
