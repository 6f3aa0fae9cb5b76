"""Where lessons and exercises are, and where a section of a lesson is: its address, and the way there."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)


def exercises() -> Path:
    """Return the folder of the exercises: in a clone beside the package, in an installation from a wheel inside it."""
    return _inside("exercises") or ROOT / "exercises"


def lessons() -> Path:
    """Return the folder of the lessons: in a clone beside the package, in an installation from a wheel inside it."""
    return _inside("lessons") or ROOT / "notebooks"


def _inside(name: str) -> Path | None:
    folder = Path(__file__).resolve().parent / name
    return folder if folder.is_dir() else None


def address(heading: str) -> str:
    """Return the address that JupyterLab gives to a heading: its text with a hyphen for each space."""
    return re.sub(r"[*`]", "", heading.strip()).replace(" ", "-")


def headings(text: str) -> list[str]:
    """Return the addresses of the headings of a Markdown text."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [address(heading) for heading in HEADING.findall(text)]


def lesson(number: str, seen_from: Path, root: Path | None = None) -> Path | None:
    """Return a lesson's notebook: inside of `my_work` the learner's copy where there is one, else the original."""
    here = seen_from.resolve()
    copies = [folder / "lessons" for folder in (here, *here.parents) if folder.name == "my_work"]
    for folder in (*copies, lessons() if root is None else root / "notebooks"):
        found = sorted(folder.glob(f"{number}_*.ipynb"))
        if found:
            return found[0]
    return None


def section(see: str, seen_from: Path, root: Path | None = None) -> str | None:
    """Return the link to a section of a lesson, for a page in the folder `seen_from`.

    Parameters
    ----------
    see
        Such as ``"02#Kernels made by hand"``; the number of the section may be left out. ``"02"`` is the lesson's top.
    seen_from
        The folder of the page that holds the link.
    root
        The course's folder; by default the one of this package.

    Returns
    -------
    str or None
        Such as ``"../../notebooks/02_convolution.ipynb#6.-Kernels-made-by-hand"``; None if there is no such lesson
        here (an installed package without a clone) or no such section.
    """
    number, _, wanted = see.partition("#")
    notebook = lesson(number, seen_from, root)
    if notebook is None:
        return None
    path = Path(os.path.relpath(notebook, seen_from)).as_posix()
    if not wanted:
        return path
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    for name in (name for text in texts for name in headings(text)):
        if address(wanted) in (name, re.sub(r"^[\d.]+-", "", name)):
            return f"{path}#{name}"
    return None
