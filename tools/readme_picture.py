"""Make the README's pictures: a lesson's figure, copied, and a lesson's widget, photographed in a browser.

python -m tools.readme_picture
"""

from __future__ import annotations

import base64
import os
import sys
import tempfile
from pathlib import Path

import nbformat

from tools import static_pages
from tools.build_notebooks import FOLDER, ROOT

IMAGES = ROOT / "docs" / "images"
CHROMIUM = Path("/usr/bin/chromium")


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
            if "image/png" in data and data.get("text/plain", "").startswith(alt):
                return base64.b64decode(data["image/png"])
    raise LookupError(f"{lesson.name} has no picture whose alt text begins with {alt!r}")


def photograph(number: str, label: str) -> bytes:
    """Return a PNG of the widget with this label in a lesson, on its static page."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        static_pages.main([folder, number])
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.goto(next(Path(folder).glob("*.html")).as_uri(), wait_until="domcontentloaded")
        page.evaluate(static_pages.OPEN_ALL)
        picture = page.locator(f"[aria-label='{label}']").screenshot()
        browser.close()
    return picture


def write(name: str, picture: bytes) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    temporary = IMAGES / f"{name}.tmp"
    temporary.write_bytes(picture)
    os.replace(temporary, IMAGES / name)
    print(IMAGES.relative_to(ROOT) / name)


def main() -> int:
    write("deblurring.png", find_picture(FOLDER / "06_backpropagation.ipynb", "The picture being recovered"))
    if CHROMIUM.exists():
        write("widget.png", photograph("14", "A deep stack with and without shortcuts"))
    else:
        print(f"{CHROMIUM} is not here, so the picture of the widget stays as it is")
    return 0


if __name__ == "__main__":
    sys.exit(main())
