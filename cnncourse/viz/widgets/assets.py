"""The JavaScript and the style of the widgets, read from the files beside this one."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def script(name: str) -> str:
    """Return one widget's ES module, with the helpers that all widgets share in front of it."""
    return "\n".join((FOLDER / f"{part}.js").read_text(encoding="utf-8") for part in ("common", name))


def style() -> str:
    """Return the style sheet that all widgets share."""
    return (FOLDER / "common.css").read_text(encoding="utf-8")
