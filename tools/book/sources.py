"""Write everything that Sphinx reads: the pages' sources and the files that all pages share."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat

from tools.book import assets, pages, practice, references, terms
from tools.front_door import public_address

ROOT = pages.ROOT
BOOK = ROOT / "book"
LESSONS = ROOT / "notebooks"
EXERCISES = ROOT / "exercises"


def lessons() -> list[Path]:
    """Return all lessons that stand, the start page first."""
    return sorted(LESSONS.glob("[0-9][0-9]_*.ipynb"))


def exercises() -> list[Path]:
    """Return all exercises as students get them."""
    return sorted(EXERCISES.glob("[0-9][0-9]_*/[0-9][0-9]_*.ipynb"))


def write_sources(scratch: Path, live: bool) -> None:
    """Fill `scratch/source` and `scratch/static`.

    Raises
    ------
    tools.book.assets.MissingAssetsError
        If MathJax is not in the cache.
    """
    source, static = scratch / "source", scratch / "static"
    for folder in (source, static):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(BOOK / "_static", static)
    assets.copy("formulas", static)
    if live:
        assets.copy("practice", static)
        (static / "pyodide" / "course.zip").write_bytes(practice.course_zip())
    for folder in (source / "lessons", source / "exercises", static / "figures", static / "notebooks" / "exercises"):
        folder.mkdir(parents=True)
    for page in BOOK.glob("*.md"):
        shutil.copy(page, source)

    address = public_address()
    read = {path: pages.read(path) for path in lessons()}
    sections = {path.stem: pages.sections_of(notebook) for path, notebook in read.items()}
    works = references.entries()
    cited = {key: [] for key in works}
    for path in lessons():
        page = pages.lesson_page(path, sections, static / "figures", address)
        for key in references.cite_all(page, works):
            cited[key].append(path)
        nbformat.write(page, source / "lessons" / path.name)
        shutil.copy(path, static / "notebooks")
    for path in exercises():
        page = practice.exercise_page(path, sections, address, live)
        nbformat.write(page, source / "exercises" / path.name)
        shutil.copy(path, static / "notebooks" / "exercises")
    (static / "tasks.json").write_text(practice.all_tasks(exercises()), encoding="utf-8")
    (source / "references.md").write_text(references.page(works, cited), encoding="utf-8")
    (source / "terms.md").write_text(terms.page(read), encoding="utf-8")
