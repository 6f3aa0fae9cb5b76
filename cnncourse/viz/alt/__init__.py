"""The alt texts of the lessons' figures, one file per lesson: ``08.toml`` holds those of lesson 08 and its exercises.

They are not in the lessons' code, where they would tell what a figure shows before it is drawn.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
KEY = re.compile(r"(\d\d)/([a-z0-9-]+)")
FIELD = re.compile(r"\{([a-z_]+)\}")


@cache
def texts(lesson: str) -> dict[str, str]:
    """Return the alt texts of one lesson by name, each on one line; none for a lesson without a file."""
    file = FOLDER / f"{lesson}.toml"
    if not file.exists():
        return {}
    return {name: " ".join(text.split()) for name, text in tomllib.loads(file.read_text(encoding="utf-8")).items()}


def words(key: str, fields: dict | None = None) -> str:
    """Return the alt text that `key` names; `key` itself where it names none.

    Parameters
    ----------
    key
        Such as ``"08/loss-over-rate"``.
    fields
        Values for the places in the text that are written ``{name}``; a place without a value stays as it is.
    """
    found = KEY.fullmatch(key)
    text = texts(found[1]).get(found[2], key) if found else key
    return FIELD.sub(lambda place: str((fields or {}).get(place[1], place[0])), text)
