"""The index of the book: the terms of `book/terms.txt`, with the sections where lessons introduce them in bold."""

from __future__ import annotations

import re
from pathlib import Path

from nbformat import NotebookNode

from cnncourse.places import address as address_of
from tools.book.pages import HEADING, ROOT, plain_title

LIST = ROOT / "book" / "terms.txt"
NOT_HERE = ("Where to read more", "Summary", "Questions", "Claims to test")
HEAD = """# Index

Terms in alphabetical order, with the sections that introduce them. The search box finds every other word.
"""


def sections(notebook: NotebookNode) -> list[tuple[str, str]]:
    """Return the sections of a lesson as (heading, text), in order, without those that only repeat."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    pieces = HEADING.split(text)  # text, marks, heading, text, marks, heading, …
    both = zip(pieces[2::3], pieces[3::3], strict=True)
    return [(heading, body) for heading, body in both if plain_title(heading) not in NOT_HERE]


def places(term: str, lessons: dict[Path, NotebookNode]) -> list[tuple[Path, str]]:
    """Return the sections that introduce a term: one a lesson, where it is in bold; else the first that names it."""
    word = rf"(?<!\w){re.escape(term)}(?!\w)".replace(r"\ ", r"\s+")
    bold = re.compile(rf"\*\*[^*]*{word}[^*]*\*\*", re.IGNORECASE)
    found = []
    for path, notebook in lessons.items():
        found += [(path, heading) for heading, body in sections(notebook) if bold.search(body)][:1]
    if found:
        return found
    named = re.compile(word, re.IGNORECASE)
    for path, notebook in lessons.items():
        found += [(path, h) for h, body in sections(notebook) if named.search(h) or named.search(body)]
    return found[:1]


def page(lessons: dict[Path, NotebookNode]) -> str:
    """Return the index as a Markdown page.

    Raises
    ------
    ValueError
        Where no lesson has a term of the list.
    """
    lines, letter = [HEAD], ""
    for term in sorted(LIST.read_text(encoding="utf-8").split("\n"), key=str.lower):
        if not term:
            continue
        found = places(term, lessons)
        if not found:
            raise ValueError(f"no lesson has the term {term!r} of {LIST.name}: remove it there")
        if term[0].upper() != letter:
            letter = term[0].upper()
            lines.append(f"\n## {letter}\n")
        links = [f"[{p.stem[:2]} {plain_title(h)}](<lessons/{p.name}#{address_of(h)}>)" for p, h in found]
        lines.append(f"- {term}: {'; '.join(links)}")
    return "\n".join(lines) + "\n"
