"""Find what was handed in: one notebook, or nbgrader's layout `submitted/<student>/<unit>/<unit>.ipynb`.

A notebook that lies elsewhere in a student's folder is found by the unit's number at the start of its name. What is
there and is not read is said, as a problem (it costs the points) or as a note.
"""

import itertools
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

# Folders that operating systems put beside the students'.
OF_SYSTEMS = ("__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found")


@dataclass(frozen=True)
class Submission:
    """One student's notebook for one unit.

    `path` is None where nothing was handed in, `problem` is why nothing could be read, `note` what else is there.
    """

    student: str
    unit: str
    path: Path | None
    problem: str = ""
    note: str = ""


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
    folders = [entry for entry in root.iterdir() if entry.is_dir() and _is_theirs(entry)]
    if not folders:
        raise FileNotFoundError(f"{root}: no students' folders (submitted/<student>/<unit>/<unit>.ipynb)")
    folders.sort(key=lambda folder: (not _is_text(folder.name), folder.name))
    found, names = [], set()
    for folder in folders:
        submission = _of_student(folder, unit)
        while submission.student in names:  # a name that is no text is written like another that is
            submission = replace(submission, student=submission.student + "~")
        names.add(submission.student)
        found.append(submission)
    return sorted(found, key=lambda s: s.student)


def _is_text(name):
    return _text(name) == name


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


def passed_over(path):
    """Names of what lies beside the students' folders and belongs to none."""
    root = submitted_folder(path)
    if root is None or Path(path).is_file():
        return []
    return sorted(_text(entry.name) for entry in root.iterdir() if _is_theirs(entry) and entry.is_file())


def _in_folder(student, folder, unit):
    place = _unit_folder(folder, unit) or folder
    if folder.is_symlink() or place.is_symlink():
        return Submission(student, unit, None, "The submission is a link to another folder, which is not followed.")
    notebooks = _notebooks(place)
    numbered = [p for p in notebooks if _number(p.name) == int(unit)]
    if place == folder:
        found = sorted(numbered, key=_newest_first)
        strange = [p for p in notebooks if _number(p.name) is None]
        if not found and strange:
            names = _list(strange, folder)
            problem = f"No notebook's name begins with {unit}, so that none was read; there are: {names}."
            return Submission(student, unit, None, problem)
        if not found:
            others = [p for p in _all_files(folder) if p not in notebooks and _may_be_of(unit, p.relative_to(folder))]
            there = f"No notebook of unit {unit} lies where they are read; there are: {_list(others, folder)}."
            return Submission(student, unit, None, there if others else "")
    else:
        exact = [p for p in notebooks if p.stem == place.name]
        found = exact or sorted(numbered, key=_newest_first) or sorted(notebooks, key=_newest_first)
        numbered = notebooks
    if not found:
        others = [p for p in place.iterdir() if _is_theirs(p)]
        there = f"; there are: {_list(others, place)}" if others else ""
        return Submission(student, unit, None, f"The folder {place.name} holds no notebook (.ipynb){there}.")
    others = [p for p in numbered if p != found[0]]
    note = f"read was {_text(found[0].name)}; not read: {_list(others, place)}" if others else ""
    return Submission(student, unit, found[0], note=note)


def _notebooks(folder):
    """Notebooks in a folder and in the folders in it; links to folders are not followed."""
    found = []
    for entry in sorted(folder.iterdir()):
        if not _is_theirs(entry):
            continue
        if entry.suffix.lower() == ".ipynb" and not (entry.is_dir() and not entry.is_symlink()):
            found.append(entry)
        elif entry.is_dir() and not entry.is_symlink():
            found += [p for p in entry.glob("*.[iI][pP][yY][nN][bB]") if not p.name.startswith(".") and not p.is_dir()]
    return found


def _may_be_of(unit, path):
    """Whether a file that is not read has this unit's number, or is a notebook without a number in no unit's folder."""
    numbers = {_number(part) for part in path.parts} - {None}
    return int(unit) in numbers or (not numbers and path.suffix.lower() == ".ipynb")


def _is_theirs(path):
    return not path.name.startswith(".") and path.name not in OF_SYSTEMS


def _all_files(folder):
    """At most 1,000 files below a folder, without those of the operating system."""
    files = (p for p in folder.rglob("*") if p.is_file() and all(map(_is_theirs, (p, *p.relative_to(folder).parents))))
    return list(itertools.islice(files, 1000))


def _list(paths, folder):
    names = sorted(_text(str(p.relative_to(folder))) for p in paths)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _number(name):
    found = re.match(r"\d{1,2}(?!\d)", name)
    return int(found.group()) if found else None


def _unit_folder(folder, unit):
    fitting = [p for p in folder.iterdir() if _number(p.name) == int(unit) and p.is_dir()]
    return min(fitting, key=lambda p: p.name, default=None)


def _newest_first(path):
    return -path.lstat().st_mtime, path.name


def _text(name):
    return os.fsencode(name).decode("utf-8", "backslashreplace")
