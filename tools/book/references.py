"""The works that lessons name: where a lesson cites one of `book/references.bib`, the book shows its entry at once.

Lessons stay plain text, as JupyterLab and GitHub show them: "Zhang (2019)", "(Luo, Li, Urtasun and Zemel, 2016)", or a
title in quotes under "Where to read more". This file finds these places and makes links of them.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from nbformat import NotebookNode

from tools.book.pages import ROOT

LIST = ROOT / "book" / "references.bib"
ENTRY = re.compile(r"^@(\w+)\{(\w+),\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^  (\w+) = \{(.*)\},$", re.MULTILINE)
READ_MORE = "## Where to read more"
TITLE = re.compile(r'"([^"]+?)([,?]?)"|\*([A-Z][^*]+)\*')  # an article's, or a book's
NAME = re.compile(r"[A-Z]\w+")
BETWEEN = r"[^.;()\[\]<>`$\d]{0,70}?[\s,]*"  # from the first author's name to the year
HEAD = """# References

The works that the lessons name, by author. Behind each stand the lessons that cite it.
"""


def entries(text: str | None = None) -> dict[str, dict[str, str]]:
    """Return the works of the list by key: their fields, with "kind" for the word behind the @."""
    text = LIST.read_text(encoding="utf-8") if text is None else text
    return {key: {"kind": kind, **dict(FIELD.findall(body))} for kind, key, body in ENTRY.findall(text)}


def describe(work: dict[str, str]) -> str:
    """Return a work's authors, title and place as one line of plain text."""
    names = [" ".join(reversed(name.split(", "))) for name in work["author"].split(" and ")]
    authors = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    title = work["title"] if work["kind"] == "book" else f"“{work['title']}”"
    title += "" if title.rstrip("”").endswith("?") else ","
    place = " ".join(work[name] for name in ("journal", "booktitle", "volume") if name in work)
    rest = [place, work.get("edition"), work.get("publisher"), work["year"] + work.get("letter", "")]
    return f"{authors}: {title} {', '.join(filter(None, rest))}" + ("." if "eprint" not in work else "") + _arxiv(work)


def _arxiv(work: dict[str, str]) -> str:
    return f", arXiv:{work['eprint']}." if "eprint" in work else ""


def plain(title: str) -> str:
    """Return a title's letters alone, for comparing."""
    return re.sub(r"\W+", " ", title).strip().lower()


def find(title: str, near: str, works: dict[str, dict[str, str]], book: bool = False) -> str | None:
    """Return the key of the work whose title begins with `title`; of several, the one whose author stands near it."""
    found = [
        key
        for key, work in works.items()
        if (work["kind"] == "book") == book and (plain(work["title"]) + " ").startswith(plain(title) + " ")
    ]
    if len(found) > 1:
        found = [key for key in found if surname(works[key]) in near and works[key]["year"] in near]
    return found[0] if len(found) == 1 else None


def surname(work: dict[str, str]) -> str:
    return work["author"].partition(",")[0]


def link(shown: str, key: str, works: dict[str, dict[str, str]]) -> str:
    """Return a citation as a link to the list of references that carries the entry's text for the pop-up."""
    text = html.escape(describe(works[key]))
    return f'<a class="cnn-cite" href="../references.html#ref-{key}" data-reference="{text}">{shown}</a>'


def named(text: str, works: dict[str, dict[str, str]]) -> list[tuple[int, int, str]]:
    """Return where a text names one of the works by its authors and year: first and last place, key; in order."""
    found = []
    for key, work in works.items():
        years = {work["year"] + work.get("letter", "")} | ({"20" + work["eprint"][:2]} if "eprint" in work else set())
        year = rf"(?:{'|'.join(sorted(years))})(?!\w)"
        pattern = rf"(?<![\w-]){re.escape(surname(work))}\b{BETWEEN}(?:\({year}\)|{year})"
        for place in re.finditer(pattern, text):
            others = set(NAME.findall(place[0])) - set(NAME.findall(work["author"] + " " + work["title"]))
            if not others and not re.search(r"[A-Z]\w+(,| and)\s+$", text[: place.start()]):
                found.append((place.start(), place.end(), key))
    return sorted(found)


def cite(text: str, works: dict[str, dict[str, str]]) -> tuple[str, set[str]]:
    """Return a text with links where it names one of the works, and the keys of those that it names."""
    places, pieces, done = named(text, works), [], 0
    for first, last, key in places:
        if first >= done:
            pieces += [text[done:first], link(text[first:last], key, works)]
            done = last
    return "".join([*pieces, text[done:]]), {key for _, _, key in places}


def cite_titles(text: str, works: dict[str, dict[str, str]]) -> tuple[str, set[str]]:
    """Do the same for a list under "Where to read more", in which works stand with their titles."""
    keys = set()
    items = re.split(r"(?m)(?=^- |^\*\*)", text)
    for place, item in enumerate(items):

        def titled(found, item=item):
            key = find(found[1] or found[3], item, works, book=bool(found[3]))
            if not key:
                return found[0]
            keys.add(key)
            return link(found[0], key, works)

        items[place] = TITLE.sub(titled, item) if item.startswith("- ") else item
    return "".join(items), keys


def cite_all(notebook: NotebookNode, works: dict[str, dict[str, str]]) -> set[str]:
    """Make links of a lesson's citations; return the keys of the works under its "Where to read more"."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    listed = set()
    for cell in cells:
        before, heading, more = cell.source.partition(READ_MORE)
        if heading:
            more, keys = cite_titles(more, works)
            listed |= keys
            cell.source = before + heading + more
    here = {key: works[key] for key in works if key in listed}
    for cell in cells:
        before, heading, more = cell.source.partition(READ_MORE)
        cell.source = cite(before, here)[0] + heading + more
    return listed


def page(works: dict[str, dict[str, str]], cited: dict[str, list[Path]]) -> str:
    """Return the list of references as a Markdown page; `cited` has the lessons that name each work.

    Raises
    ------
    ValueError
        Where no lesson names a work of the list.
    """
    lines = [HEAD]
    for key, work in sorted(works.items(), key=lambda pair: (plain(pair[1]["author"]), pair[1]["year"])):
        if not cited.get(key):
            raise ValueError(f"no lesson names the work {key!r} of {LIST.name}: remove it there")
        text = html.escape(describe(work))
        if "eprint" in work:
            name = f"arXiv:{work['eprint']}"
            text = text.replace(name, f'<a href="https://arxiv.org/abs/{work["eprint"]}">{name}</a>')
        lessons = ", ".join(f'<a href="lessons/{path.stem}.html">{path.stem[:2]}</a>' for path in cited[key])
        lines.append(f'<p class="cnn-reference" id="ref-{key}">{text} <span>Lesson {lessons}</span></p>\n')
    return "\n".join(lines)
