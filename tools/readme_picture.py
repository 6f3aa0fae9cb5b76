"""Copy the README's picture out of the lesson that draws it: ``python -m tools.readme_picture``."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
LESSON = ROOT / "notebooks" / "06_backpropagation.ipynb"
ALT = "The picture being recovered"
PICTURE = ROOT / "docs" / "images" / "deblurring.png"


def find_picture(lesson: Path, alt: str) -> bytes:
    """Return the PNG whose alt text begins with `alt`.

    Raises
    ------
    LookupError
        If the lesson has no such picture.
    """
    for cell in nbformat.read(lesson, as_version=4).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data and data["text/plain"].startswith(alt):
                return base64.b64decode(data["image/png"])
    raise LookupError(f"{lesson.name} has no picture whose alt text begins with {alt!r}")


def main() -> None:
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    temporary = PICTURE.with_suffix(".tmp")
    temporary.write_bytes(find_picture(LESSON, ALT))
    os.replace(temporary, PICTURE)
    print(PICTURE.relative_to(ROOT))


if __name__ == "__main__":
    main()
