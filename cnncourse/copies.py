"""A learner's own copies of the lessons and exercises in `my_work`: made, renewed, and never overwritten.

    my_work/lessons/02_convolution.ipynb           a lesson; what answers a prediction is cleared
    my_work/02_convolution/02_convolution.ipynb    its exercises
    my_work/.copies.json                           what was given, so that a learner's changes are recognised

The originals stay as they are, so `git pull` finds nothing that it would have to merge.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from pathlib import Path

from cnncourse.places import exercises, lessons

GIVEN = ".copies.json"
START = "lessons/00_start_here.ipynb"
FORMAT = b"1"  # another number renews all copies
HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
TO_ANSWER_FIRST = {"Claims to test", "Questions"}  # sections whose cells compute the answers
LINKS = (  # from an original's neighbours to a copy's
    (re.compile(r"\]\(\.\./exercises/(\d\d_\w+)/"), r"](../\1/"),
    (re.compile(r"\]\(\.\./\.\./notebooks/"), "](../lessons/"),
)


def originals() -> dict[str, Path]:
    """Return each notebook that a learner gets: its path in `my_work` -> the course's file."""
    found = {f"lessons/{path.name}": path for path in sorted(lessons().glob("[0-9][0-9]_*.ipynb"))}
    return found | {
        f"{path.stem}/{path.name}": path for path in sorted(exercises().glob("[0-9][0-9]_*/[0-9][0-9]_*.ipynb"))
    }


def learners_version(notebook: dict) -> dict:
    """Make of a notebook, which is modified and returned, what a learner gets.

    What answers a prediction, a claim or a question is cleared, and links lead to the learner's other copies.
    """
    section = ""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = "".join(cell["source"])
            section = (HEADING.findall(text) or [section])[-1]
            for pattern, link in LINKS:
                text = pattern.sub(link, text)
            cell["source"] = text
        elif cell["metadata"].get("jupyter", {}).pop("outputs_hidden", False) or section in TO_ANSWER_FIRST:
            cell["outputs"], cell["execution_count"] = [], None
    return notebook


def written(path: Path) -> str:
    """Return a digest of the texts in a notebook's cells: running it changes nothing, writing does.

    Empty cells do not count, because JupyterLab adds one below the last cell that is run.
    """
    data = path.read_bytes()
    try:
        cells = json.loads(data)["cells"]
        data = json.dumps([text for cell in cells if (text := "".join(cell["source"])).strip()]).encode()
    except (ValueError, KeyError, TypeError):
        pass  # no notebook any more: any byte counts
    return hashlib.sha256(data).hexdigest()[:16]


def given(folder: Path) -> dict[str, dict[str, str]]:
    """Return what is noted about the copies in `folder`; empty where the note is missing or damaged."""
    try:
        notes = json.loads((folder / GIVEN).read_text(encoding="utf-8"))
        return {str(name): dict(note) for name, note in notes.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def is_untouched(folder: Path, name: str) -> bool:
    """Whether the copy `name` in `folder` holds the text that was given, and nothing of the learner's."""
    return given(folder).get(name, {}).get("written") == written(folder / name)


def renew(folder: Path, again: str | None = None) -> list[str]:
    """Bring the copies in `folder` up to date without losing what the learner wrote.

    A missing copy is made. One that the learner has only run is replaced when the course has a newer version. Beside
    one that the learner has changed, the newer version is put under another name.

    Parameters
    ----------
    folder
        Usually ``my_work``; created if it is missing.
    again
        The name of one copy, such as ``"02_convolution/02_convolution.ipynb"``, that is replaced in any case.

    Returns
    -------
    list of str
        A sentence for each newer version that was put beside a changed copy.
    """
    notes, said, made = given(folder), [], []
    for name, original in originals().items():
        data = original.read_bytes()
        version = hashlib.sha256(FORMAT + data).hexdigest()[:16]
        note, path = notes.setdefault(name, {}), folder / name
        if path.exists() and name != again:
            if note.get("version") == version:
                continue
            if note.get("written") != written(path):
                beside = _beside(path, note)
                _write(beside, learners_version(json.loads(data)))
                made.append(beside)
                if written(beside) == written(path):  # from a time without notes, and nothing has changed
                    beside.unlink()
                    made[-1], note["written"] = path, written(path)
                else:
                    note["beside"] = written(beside)
                    said.append(
                        f"{path} has changes of yours, and the course has a newer version of it. "
                        f"Your file stays as it is; the newer version is {beside.name}, beside it."
                    )
                note["version"] = version
                continue
        _write(path, learners_version(json.loads(data)))
        made.append(path)
        note |= {"version": version, "written": written(path)}
    if made:
        _write(folder / GIVEN, notes)
        _trust(made)
    return said


def _beside(path: Path, note: dict[str, str]) -> Path:
    """Return a free name beside `path`, or that of an earlier newer version in which nothing was written."""
    number = 1
    while True:
        beside = path.with_suffix(f".new{number if number > 1 else ''}.ipynb")
        if not beside.exists() or written(beside) == note.get("beside"):
            return beside
        number += 1


def _write(path: Path, content: dict) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def _trust(paths: list[Path]) -> None:
    """Sign the copies as JupyterLab does, so that their widgets move before anything has run."""
    with contextlib.suppress(Exception):  # without it they show a still picture
        import nbformat
        from nbformat.sign import NotebookNotary

        notary = NotebookNotary()
        for path in paths:
            notary.sign(nbformat.read(path, as_version=4))
