"""Count how long the lessons take to read, and write the ways through the course into README.md and the start page.

    python -m tools.ways            write the minutes into maps and lessons' heads, and the path of two evenings
    python -m tools.ways --print    print the minutes of every section
    python -m tools.ways --check    write nothing; exit 1 if a map is out of date

The path is in notebooks/source/evenings.toml. A section that can wait says so in its first words: "*(This section can
wait.)*".
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

from nbformat import NotebookNode

from cnncourse.places import address
from tools import lesson_code, waiting
from tools.build_exercises import SOURCES as EXERCISES
from tools.build_notebooks import FOLDER
from tools.notebook_builder import read_source

ROOT = FOLDER.parent
# 150 words a minute; a question is one of the end, with a folded answer
SECONDS = {"word": 0.4, "formula": 30, "line of code": 6, "figure": 20, "prediction": 60, "question": 90}
EXERCISE = re.compile(r"About (\d+)\s+minutes")
ROW = re.compile(r"^((?:# )?\| (\d\d) \|.*?\]\(\S+?\.ipynb\) \|[^|]*\|)[^|\n]*\|[^|\n]*\|", re.MULTILINE)
HEAD = re.compile(r"(\*\*Time\*\* about )\d+( minutes)")
OPENING, CLOSING = "<!-- two evenings -->", "<!-- end of two evenings -->"
PATH = re.compile(f"(?:# )?{OPENING}.*?{CLOSING}", re.DOTALL)


def seconds(notebook: NotebookNode) -> float:
    """Return how long it takes to read these cells, code and predictions included."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    counted = {
        "word": len(re.findall(r"\w+", re.sub(r"\$\$.*?\$\$|\]\([^)]*\)", " ", text, flags=re.DOTALL))),
        "formula": text.count("$$") // 2,
        "line of code": len(lesson_code.visible_lines(notebook)),
        "figure": len(re.findall(r"\bshow\(", code)),
        "prediction": text.count("> **Predict"),
        "question": text.count("<summary>Answer"),
    }
    return sum(SECONDS[kind] * number for kind, number in counted.items())


@cache
def sections(source: Path) -> dict[str, tuple[float, bool]]:
    """Return for each section of a lesson, the top included, its minutes and whether it can wait."""
    return {
        title: (seconds(NotebookNode(cells=cells)) / 60, waiting.can_wait(cells))
        for title, cells in waiting.parts(read_source(source)).items()
    }


def lesson(number: str) -> Path:
    """Return the source of a lesson."""
    return next((FOLDER / "source").glob(f"{number}_*.py"))


def rounded(minutes: float) -> int:
    return max(5, 5 * round(minutes / 5))


def times(number: str) -> tuple[str, str]:
    """Return the minutes of a lesson, in brackets without what can wait, and those of its exercise."""
    found = sections(lesson(number)).values()
    all_of_it = rounded(sum(minutes for minutes, _ in found))
    without = rounded(sum(minutes for minutes, can_wait in found if not can_wait))
    exercise = next(EXERCISES.glob(f"{number}_*.py"), None)
    text = exercise.read_text(encoding="utf-8") if exercise else ""  # none yet: the unit's exercise is planned
    said = EXERCISE.search(text.replace("\n# ", " "))
    return f"{all_of_it} ({without})" if without < all_of_it else str(all_of_it), said[1] if said else "?"


def path(folder: str) -> str:
    """Return the path of two evenings as Markdown; `folder` leads from the page to the lessons."""
    evenings = tomllib.loads((FOLDER / "source" / "evenings.toml").read_text(encoding="utf-8"))["evening"]
    lines = []
    for evening in evenings:
        chosen = {number: _chosen(number, names) for number, names in evening.items() if number != "title"}
        total = sum(minutes for parts in chosen.values() for _, minutes in parts)
        lines += ["", f"**{evening['title']}** (about {rounded(total)} minutes)", ""]
        for number, parts in chosen.items():
            file = f"{folder}{lesson(number).stem}.ipynb"
            links = [f"[{_plain(title)}]({file}#{_escaped(address(title))})" for title, _ in parts]
            lines.append(f"- {number}, {rounded(sum(m for _, m in parts))} minutes: {' · '.join(links)}")
    return "\n".join([OPENING, *lines, "", CLOSING])


def _chosen(number: str, names: list[str]) -> list[tuple[str, float]]:
    """Return title and minutes of the sections of these names, in the lesson's order."""
    found = sections(lesson(number))
    missing = set(names) - {_plain(title) for title in found}
    if missing:
        raise ValueError(f"evenings.toml: lesson {number} has no section called {', '.join(sorted(missing))}")
    return [(title, minutes) for title, (minutes, _) in found.items() if _plain(title) in names]


def _plain(title: str) -> str:
    return re.sub(r"^\d+\. ", "", title)


def _escaped(link: str) -> str:
    return link.replace("(", "%28").replace(")", "%29")


def pages() -> dict[Path, str]:
    """Return what README.md and the sources of the start page and the lessons should hold."""
    readme, start = ROOT / "README.md", lesson("00")
    made = {}
    for source in sorted((FOLDER / "source").glob("[0-9][0-9]_*.py"))[1:]:
        minutes = rounded(sum(minutes for minutes, _ in sections(source).values()))
        made[source] = HEAD.sub(rf"\g<1>{minutes}\2", source.read_text(encoding="utf-8"), count=1)
    for page, folder in ((readme, "notebooks/"), (start, "")):
        text = ROW.sub(lambda row: f"{row[1]} {' | '.join(times(row[2]))} |", page.read_text(encoding="utf-8"))
        block = path(folder)
        if page == start:
            block = "\n".join(f"# {line}".rstrip() for line in block.splitlines())
        made[page] = PATH.sub(lambda _, block=block: block, text)
    return made


def stale() -> list[Path]:
    """Return the pages that `write` would change."""
    return [page for page, text in pages().items() if page.read_text(encoding="utf-8") != text]


def write() -> None:
    """Write the minutes and the path where they have changed."""
    for page, text in pages().items():
        if page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            print(f"{page.relative_to(ROOT)}: minutes written")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", action="store_true", help="print the minutes of every section")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a map is out of date")
    arguments = parser.parse_args(argv)
    if arguments.print:
        for source in sorted((FOLDER / "source").glob("[0-9][0-9]_*.py")):
            print(f"{source.stem}: {sum(minutes for minutes, _ in sections(source).values()):.0f}")
            for title, (minutes, can_wait) in sections(source).items():
                print(f"{minutes:6.0f}  {title}" + " (can wait)" * can_wait)
    elif arguments.check:
        for page in stale():
            print(f"{page.relative_to(ROOT)} is out of date: run python -m tools.ways")
        return 1 if stale() else 0
    else:
        write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
