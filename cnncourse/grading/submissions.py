"""Find what was handed in: one notebook, or nbgrader's layout `submitted/<student>/<unit>/<unit>.ipynb`."""

import os
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Submission:
    """One student's notebook for one unit; `path` is None where nothing was handed in, `problem` says what is odd."""

    student: str
    unit: str
    path: Path | None
    problem: str = ""


def unit_name(text):
    """Write a unit as two digits: "6" and "06_backpropagation" become "06".

    Raises
    ------
    ValueError
        Where there is no number at its start.
    """
    match = re.match(r"\d{1,2}(?!\d)", str(text).strip())
    if match is None:
        raise ValueError(f"unit: got {text!r}, wanted a number such as 06")
    return match.group().zfill(2)


def find_submissions(path, unit):
    """List submissions below a path, by student.

    Parameters
    ----------
    path : a notebook; a folder `submitted`, one that holds such a folder, or one student's folder
    unit : "06"

    Returns
    -------
    list of Submission, sorted by student; those who handed in nothing have `path` None

    Raises
    ------
    FileNotFoundError
        Where there is nothing of that kind.
    """
    path = Path(path)
    if path.is_file():
        return [Submission(_text(path.stem), unit, path)]
    root = submitted_folder(path)
    if root is None:
        raise FileNotFoundError(f"{path}: neither a notebook nor a folder of submissions")
    if _unit_folder(root, unit) is not None:
        return [_of_student(root, unit)]
    folders = [entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    if not folders:
        raise FileNotFoundError(f"{root}: no students' folders (submitted/<student>/<unit>/<unit>.ipynb)")
    return sorted((_of_student(folder, unit) for folder in folders), key=lambda s: s.student)


def submitted_folder(path):
    """The folder with the students' folders: `path/submitted` where that exists, else `path`; None if no folder."""
    path = Path(path)
    if (path / "submitted").is_dir():
        return path / "submitted"
    return path if path.is_dir() else None


def course_folder(path):
    """The folder that holds `submitted`; for anything else, the one that the path lies in."""
    path = Path(path).resolve()
    if path.is_file() or path.name == "submitted":
        return path.parent
    return path


def _of_student(folder, unit):
    student = _text(folder.name)
    try:
        return _in_folder(student, folder, unit)
    except OSError as problem:
        return Submission(student, unit, None, f"The folder cannot be read ({problem.strerror}).")


def _in_folder(student, folder, unit):
    place = _unit_folder(folder, unit)
    if place is None:
        return Submission(student, unit, None)
    if folder.is_symlink() or place.is_symlink():
        return Submission(student, unit, None, "The submission is a link to another folder, which is not followed.")
    notebooks = [p for p in place.iterdir() if p.suffix == ".ipynb" and not p.name.startswith(".")]
    exact = [p for p in notebooks if p.stem == place.name]
    numbered = [p for p in notebooks if re.match(rf"0?{int(unit)}(?!\d)", p.name)]
    found = exact or sorted(numbered, key=_newest_first) or sorted(notebooks, key=_newest_first)
    if not found:
        return Submission(student, unit, None, f"The folder {place.name} holds no notebook (.ipynb).")
    return Submission(student, unit, found[0])


def _unit_folder(folder, unit):
    fitting = [p for p in folder.iterdir() if re.match(rf"0?{int(unit)}(?!\d)", p.name) and p.is_dir()]
    return min(fitting, key=lambda p: p.name, default=None)


def _newest_first(path):
    return -path.lstat().st_mtime, path.name


def _text(name):
    return os.fsencode(name).decode("utf-8", "backslashreplace")
