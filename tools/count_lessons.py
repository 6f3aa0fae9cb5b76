"""Count what a learner would stumble over in the lessons and exercises, from their sources.

    python -m tools.count_lessons           a table, one row per lesson
    python -m tools.count_lessons 14        and every place in lesson 14
    python -m tools.count_lessons --lower   write the counts that have fallen into tests/notebooks/allowed.toml

`tests/notebooks/test_counts.py` fails where a count is above what is allowed, so counts can only fall.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from functools import cache
from pathlib import Path

from tools import lesson_code, lesson_text, style
from tools.build_exercises import SOURCES as EXERCISES
from tools.build_notebooks import FOLDER
from tools.notebook_builder import code_cells, read_source

ALLOWED = Path(__file__).resolve().parent.parent / "tests" / "notebooks" / "allowed.toml"
TARGETS = {
    "given away": 0, "plumbing": 25, "long cells": 0, "dead links": 0, "no section": 0, "tics": 0, "rate": 0,
}  # fmt: skip


@cache
def places(source: Path) -> dict[str, list[str]]:
    """Return for each kind of fault where it is; for "plumbing", the visible lines that draw, print or assert."""
    notebook = read_source(source)
    lesson = source.parent.parent.name == "notebooks"
    target = FOLDER / "any.ipynb" if lesson else source.parent.parent.parent / "exercises" / source.stem / "any.ipynb"
    found = {
        "dead links": lesson_text.dead_links(notebook, target.parent) + lesson_text.missing_lessons(notebook),
        "no section": lesson_text.links_without_section(notebook),
        "tics": lesson_text.tics(notebook),
        "rate": style.learning_rates_in("\n".join(code_cells(notebook))),
    }
    if lesson:
        found |= {
            "given away": lesson_code.given_away(notebook),
            "plumbing": lesson_code.plumbing(notebook),
            "long cells": lesson_code.long_cells(notebook),
        }
    return found


@cache
def counts(source: Path) -> dict[str, int]:
    """Return how many faults of each kind there are; "plumbing" in per cent of the visible lines of code."""
    result = {kind: len(where) for kind, where in places(source).items()}
    if "plumbing" in result:
        result["plumbing"] = round(
            100 * result["plumbing"] / max(1, len(lesson_code.visible_lines(read_source(source))))
        )
    return result


def name_of(source: Path) -> str:
    """Return how a source is called here: "14" for a lesson, "exercise 14" for an exercise."""
    return source.stem[:2] if source.parent.parent.name == "notebooks" else f"exercise {source.stem[:2]}"


def all_sources() -> list[Path]:
    return sorted((FOLDER / "source").glob("[0-9][0-9]_*.py")) + sorted(EXERCISES.glob("[0-9][0-9]_*.py"))


def allowed() -> dict[str, dict[str, int]]:
    """Return the counts above the target that are allowed for now, by lesson."""
    return tomllib.loads(ALLOWED.read_text(encoding="utf-8"))


def above_target(counted: dict[str, int]) -> dict[str, int]:
    return {kind: number for kind, number in sorted(counted.items()) if number > TARGETS[kind]}


def lower(counted: dict[str, dict[str, int]], known: dict[str, dict[str, int]]) -> str:
    """Return the text of the file of allowed counts, with each count as it is now where that is lower."""
    lines = [
        "# Counts above the target that are allowed for now (python -m tools.count_lessons). They may only fall:",
        "# after improving a lesson, `python -m tools.count_lessons --lower` writes the new ones.",
    ]
    for name, numbers in counted.items():
        left = {
            kind: min(number, known.get(name, {}).get(kind, TARGETS[kind]))
            for kind, number in above_target(numbers).items()
            if kind in known.get(name, {})
        }
        if left:
            lines += ["", f'["{name}"]', *(f'"{kind}" = {number}' for kind, number in left.items())]
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "lessons", nargs="*", help="numbers such as 14: print every place in the lesson and its exercise"
    )
    parser.add_argument("--lower", action="store_true", help="write the counts that have fallen into the allowed ones")
    arguments = parser.parse_args(argv)
    sources = all_sources()
    if arguments.lower:
        ALLOWED.write_text(lower({name_of(source): counts(source) for source in sources}, allowed()), encoding="utf-8")
        return 0
    if arguments.lessons:
        sources = [source for source in sources if source.stem[:2] in arguments.lessons]
    print(f"{'':14}" + "".join(f"{kind:>12}" for kind in TARGETS) + "\n" + f"{'target':14}"
          + "".join(f"{number:>12}" for number in TARGETS.values()))  # fmt: skip
    for source in sources:
        counted = counts(source)
        print(f"{name_of(source):14}" + "".join(f"{counted.get(kind, '–'):>12}" for kind in TARGETS))
        if arguments.lessons:
            for kind, where in places(source).items():
                print("".join(f"    {kind}: {place}\n" for place in where), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
