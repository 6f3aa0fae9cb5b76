"""Histories of long training runs that come with the package; `tools/keep_history.py` writes them."""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "kept_histories"


def training_history(name: str) -> dict:
    """Return the runs of a kept history: network → command, settings, time, and one number per epoch.

    Parameters
    ----------
    name
        Of the history, such as ``"14_degradation"``.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    there = sorted(file.stem for file in FOLDER.glob("*.json"))
    if name not in there:
        raise ValueError(f"name must be one of {', '.join(there)}, got {name!r}")
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["runs"]
