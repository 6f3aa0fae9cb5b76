"""What of the text of a lesson or an exercise leads nowhere, and which of its words the style sheet replaces."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from cnncourse.places import headings
from tools import style

LESSONS = Path(__file__).resolve().parent.parent / "notebooks"
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
MENTION = re.compile(r"\b[Ll]essons? (\d\d)(?:(?:,| and| to|–| or) (\d\d))?( \(planned\))?")
SECTION = re.compile(r"lesson sections? (?:\[[^\]]+\]\([^)]*#[^)]*\), )*\[([^\]]+)\]\(([^)#]+)\)")


def _texts(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def tics(notebook: NotebookNode) -> list[str]:
    """Return the phrases of the text that the style sheet replaces, each with what to write."""
    texts = (text for text in _texts(notebook) if not text.startswith("## Where to read more"))  # titles are quoted
    return [place for text in texts for place in style.found_in(text)]


@cache
def planned() -> dict[str, str]:
    """Return the lessons that are planned and not there yet, number to name."""
    return tomllib.loads((LESSONS / "source" / "planned.toml").read_text(encoding="utf-8"))


def missing_lessons(notebook: NotebookNode) -> list[str]:
    """Return the mentions of lessons that are neither there nor marked as planned, or there and marked all the same."""
    there = {file.name[:2] for file in (LESSONS / "source").glob("[0-9][0-9]_*.py")}
    found = []
    for text in _texts(notebook):
        for hit in MENTION.finditer(" ".join(text.split())):
            numbers = [number for number in hit.group(1, 2) if number]
            if not all(number in there or (number in planned() and hit[3]) for number in numbers):
                found.append(f"{hit[0]} (not there: write “lesson NN (planned)”)")
            elif hit[3] and numbers[-1] in there:
                found.append(f"{hit[0]} (it is there: make it a link)")
    return found


def dead_links(notebook: NotebookNode, folder: Path, markdown: bool = False) -> list[str]:
    """Return the links, seen from `folder`, to files or sections that do not exist; `markdown`: of a Markdown file."""
    found = []
    for text in _texts(notebook):
        for _, target in LINK.findall(text):
            if "://" in target or target.startswith("mailto:"):
                continue
            path, _, section = target.partition("#")
            names = None if path else [name for own in _texts(notebook) for name in headings(own)]
            if names and markdown:
                names = [_on_github(name) for name in names]
            file = (folder / path).resolve()
            if path and not file.exists():
                found.append(f"{target} (no such file)")
            elif section and unquote(section) not in (names if names is not None else _sections(file)):
                found.append(f"{target} (no such section)")
    return found


def dead_links_of(page: Path) -> list[str]:
    """Return the links of a Markdown file to files or sections that do not exist."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return dead_links(new_notebook(cells=[new_markdown_cell(text)]), page.parent, markdown=True)


@cache
def _sections(file: Path) -> list[str]:
    """Return the addresses of the sections of a notebook or a Markdown file."""
    source = file.parent / "source" / f"{file.stem}.py"
    if source.exists():  # a lesson's source is newer than its notebook
        from tools.notebook_builder import read_source

        return [name for text in _texts(read_source(source)) for name in headings(text)]
    if file.suffix == ".ipynb":
        return [name for text in _texts(nbformat.read(file, as_version=4)) for name in headings(text)]
    return [_on_github(name) for name in headings(file.read_text(encoding="utf-8"))]


def _on_github(name: str) -> str:
    """Return the address that GitHub gives to a heading of a Markdown file, from JupyterLab's."""
    return re.sub(r"[^\w-]", "", name.lower())


def links_without_section(notebook: NotebookNode) -> list[str]:
    """Return the links that name a section of a lesson and lead to the lesson's top."""
    return [f"{hit[1]}: {hit[2]}" for text in _texts(notebook) for hit in SECTION.finditer(text)]
