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

LESSONS = Path(__file__).resolve().parent.parent / "notebooks"
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
MENTION = re.compile(r"\b[Ll]essons? (\d\d)(?:(?:,| and| to|–| or) (\d\d))?( \(planned\))?")
SECTION = re.compile(r"lesson sections? (?:\[[^\]]+\]\([^)]*#[^)]*\), )*\[([^\]]+)\]\(([^)#]+)\)")
TICS = {  # what a search can find of the style sheet: pattern -> what to write
    r"\b([Gg]radients?|[Dd]erivatives?) by ((the|each|its|all|every)\b|\$)": "with respect to",
    r"\b(of|into|in|at|after|with|takes?|has|have) so many\b": "the number, or n",
    r"\bleaves? (a|no) rest\b|\ba rest\b": "a remainder",
    r"\b([Nn]obody|[Ss]omebody|[Ww]hoever|[Ss]trangers?|[Cc]rowd|[Ll]ottery|[Ii]n company)\b": "the plain noun",
    r"\b[Dd]etours?\b": "shortcut",
    r"\b[Mm]end(s|ed|ing)?\b": "fix, correct",
    r"\b[Uu]nder your hands\b": "Try it yourself",
    r"\bto the bottom:|networks to the bottom": "from the ground up",
    r"\bthe law of (?!large)|\bits law\b|\bsame law\b": "the distribution of",
    r"\b[Rr]ight answers\b": "accuracy, correct answers",
    r", for (it|they|there|we|this|that) (is|are|was|were|would|has|have|can|do|does)\b": "because",
    r"`[^`]+` (says|asks|owes|promises|knows|wants|lies|speaks)\b": "returns, needs, is",
    r"\bone \w+ a (student|task|thread|layer|pixel|stage|class|section|figure|step|picture|image)\b": "per",
    r"\b(blocks|layers|images|pictures|numbers|bytes|steps) a (stage|class|step|layer|pixel|batch|unit)\b": "per",
    r"\b\w*(normaliz|standardiz|initializ|regulariz|generaliz|optimiz|minimiz|visualiz|recogniz|summariz)\w*": "-is-",
    r"\b([Cc]olor|[Bb]ehavior|[Nn]eighbor|[Cc]enter|[Gg]ray|[Ff]avor)(s|ed|ing|hood|ing)?\b": "British spelling",
    r"\bin (some|all) patience\b|\bwhat is owed\b": "what is meant",
}


def _texts(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def _prose(text: str) -> str:
    """Return a text without code, formulas, addresses and quoted titles."""
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"\$\$.*?\$\$|```.*?```", " ", text, flags=re.DOTALL)
    return re.sub(r"\b(arXiv:\S+|https?:\S+)", " ", text)


def tics(notebook: NotebookNode) -> list[str]:
    """Return the phrases of the text that the style sheet replaces, each with what to write."""
    found = []
    for text in _texts(notebook):
        if text.startswith("## Where to read more"):  # titles are quoted as they are
            continue
        prose = _prose(text)
        for pattern, better in TICS.items():
            plain = prose if pattern.startswith("`") else re.sub(r"`[^`]*`", "`…`", prose)
            for hit in re.finditer(pattern, plain):
                around = plain[max(0, hit.start() - 30) : hit.end() + 20].replace("\n", " ")
                found.append(f"…{around}… (write: {better})")
    return found


@cache
def planned() -> dict[str, str]:
    """Return the lessons that are planned and not there yet, number to name."""
    return tomllib.loads((LESSONS / "source" / "planned.toml").read_text(encoding="utf-8"))


def missing_lessons(notebook: NotebookNode) -> list[str]:
    """Return the mentions of lessons that are neither there nor marked as planned."""
    there = {file.name[:2] for file in (LESSONS / "source").glob("[0-9][0-9]_*.py")}
    found = []
    for text in _texts(notebook):
        for hit in MENTION.finditer(" ".join(text.split())):
            numbers = [number for number in hit.group(1, 2) if number]
            if not all(number in there or (number in planned() and hit[3]) for number in numbers):
                found.append(f"{hit[0]} (not there: write “lesson NN (planned)”)")
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
