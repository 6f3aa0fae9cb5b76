"""What all tools that keep results with the course write down: when, with what, and the file whole or not at all."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from cnncourse.whole_files import whole_file


def made_with() -> dict[str, str]:
    """Return the versions that decide a result's last digits."""
    return {"python": platform.python_version(), "torch": version("torch"), "numpy": version("numpy")}


def written(timestamp: float | None = None) -> str:
    """Return a moment to the minute, now by default."""
    moment = datetime.now(UTC) if timestamp is None else datetime.fromtimestamp(timestamp, UTC)
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def keep(content: dict, file: Path) -> None:
    """Write a dict as JSON."""
    with whole_file(file) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
