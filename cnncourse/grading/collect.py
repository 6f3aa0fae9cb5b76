"""`cnncourse collect`: put a download of submissions into a class's folder, one folder per student.

Nothing is passed over in silence: each file is placed, or listed with the reason why not.
"""

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from cnncourse.grading.arrivals import Download, assignments, read_arrivals
from cnncourse.grading.deadlines import read_time
from cnncourse.grading.outputs.results import HANDED_OUT, write_whole
from cnncourse.grading.roster import read_roster
from cnncourse.grading.submissions import unit_name

SUBMITTED = "Last modified (submission)"


@dataclass
class Collected:
    """What became of a download: (student, file, remark) of what was placed, (file, reason) of what was not.

    `older` are other notebooks of students whose newest was placed; `missing` those on the roster without any.
    """

    kind: str
    placed: list = field(default_factory=list)
    refused: list = field(default_factory=list)
    older: list = field(default_factory=list)
    missing: list = field(default_factory=list)


def collect(source, course, unit, *, roster=None, replace=False):
    """Place each student's newest notebook of a download at `course/submitted/<student>/<unit's name>/`.

    Parameters
    ----------
    source : path of a zip, or of a folder
    course : path of the class's folder; made where it is missing
    unit : "06"
    roster : Roster or None
        Turns ids and names into logins, and has Moodle's submission times where it is its grading worksheet.
    replace : bool
        Also replace a notebook that differs from the one placed before and is not known to be newer.

    Returns
    -------
    Collected

    Raises
    ------
    FileNotFoundError, ValueError
        Where the source does not exist, or is no zip and no folder.
    """
    download = Download(source)
    kind, arrivals = read_arrivals(download)
    done, chosen = Collected(kind), defaultdict(list)
    for arrival in arrivals:
        if PurePosixPath(arrival.name).name == "timestamp.txt":
            continue
        student, why = _student(arrival, roster)
        why = _why_not(arrival, unit) or why
        if why:
            done.refused.append((arrival.name, why))
        else:
            chosen[student].append(arrival)
    assignment = _assignment(course, unit)
    for student, attempts in sorted(chosen.items()):
        attempts.sort(key=lambda a: (unit_of(a.file) == unit, a.attempt, a.name))
        *older, newest = attempts
        done.older += [(a.name, f"an older or other notebook of {student}; read is {newest.name}") for a in older]
        time = newest.time or _time_on(roster, newest)
        try:
            remark = _place(
                download.read(newest.name), newest, time, course / "submitted" / student / assignment, replace
            )
        except OSError as problem:
            done.refused.append((newest.name, problem.strerror or str(problem)))
            continue
        done.placed.append((student, newest.name, remark))
    if roster:
        there = {student for student, _, _ in done.placed}
        done.missing = [login for login in map(roster.login, roster.rows) if login and login not in there]
    return done


def unit_of(file):
    """The unit that a file's name begins with, or None."""
    try:
        return unit_name(file)
    except ValueError:
        return None


def _why_not(arrival, unit):
    """Why a file is not a notebook of the unit, or ""."""
    if not arrival.file.lower().endswith(".ipynb"):
        return "not a notebook (.ipynb)"
    if unit_of(arrival.file) not in (unit, None):
        return f"its name says unit {unit_of(arrival.file)}, and unit {unit} is collected"
    return ""


def _student(arrival, roster):
    """A student's folder, and why there is none."""
    if not arrival.who:
        return "", "its name does not say whose it is"
    if roster is None:
        who = arrival.who[0].strip()
        fits = who not in ("", ".", "..") and not {"/", "\\", "\0"} & {*who} and not who.startswith(".")
        return who, "" if fits else "whose it is cannot be a folder's name"
    place = roster.find(arrival.who)
    if place is None:
        return "", f"the roster has no student {' or '.join(arrival.who[:3])}"
    login = roster.login(roster.rows[place]).replace("/", "_").replace("\\", "_").lstrip(".")
    return login, "" if login else f"{arrival.who[0]} has no login on the roster"


def _assignment(course, unit):
    """The folder that students' notebooks of a unit lie in: as it was released, else the exercise's own name."""
    released = sorted(p.name for p in (course / "release").glob("*") if p.is_dir() and unit_of(p.name) == unit)
    if released:
        return released[0]
    return next((name for name in assignments() if unit_of(name) == unit), unit)


def _time_on(roster, arrival):
    """When Moodle's grading worksheet says that a student handed in, or ""."""
    if roster is None or SUBMITTED not in roster.columns:
        return ""
    text = roster.rows[roster.find(arrival.who)][SUBMITTED].strip()
    return text if text not in ("", "-") else ""


def _place(data, arrival, time, folder, replace):
    """Write one notebook with its time; returns a remark."""
    remarks = []
    moment = read_time(time) if time else None
    if time and moment is None:
        remarks.append(f"its time cannot be read: {time}")
    path = folder / f"{folder.name}.ipynb"
    before = folder / "timestamp.txt"
    if path.exists() and path.read_bytes() != data:
        known = read_time(before.read_text(encoding="utf-8")) if before.exists() else None
        if not (replace or (moment and known and moment > known)):
            return "kept is the other notebook that was collected before; --replace takes this one"
        remarks.append("replaces the one that was collected before")
    write_whole(path, data, HANDED_OUT)
    for name, text in (
        ("timestamp.txt", moment.strftime("%Y-%m-%d %H:%M:%S %z") if moment else ""),
        ("late.txt", "marked as late by Canvas" if arrival.late else ""),
    ):
        if text:
            write_whole(folder / name, f"{text}\n", HANDED_OUT)
        else:
            (folder / name).unlink(missing_ok=True)
    remarks += [f"handed in {moment:%Y-%m-%d %H:%M %z}"] if moment else []
    remarks += ["marked as late"] if arrival.late else []
    return "; ".join(remarks)


def main(argv=None):
    """Run the command; returns 0, 1 where something was not placed, 2 for wrong use."""
    options = parser().parse_args(argv)
    try:
        unit = unit_name(options.unit)
        roster = read_roster(options.roster) if options.roster else None
        done = collect(options.source, options.course, unit, roster=roster, replace=options.replace)
    except (FileNotFoundError, ValueError) as problem:
        said = f"{problem.filename}: {problem.strerror}" if isinstance(problem, OSError) else problem
        print(f"cnncourse collect: {said}", file=sys.stderr)
        return 2
    _print(done, options.course, unit)
    return 1 if done.refused or not done.placed else 0


def _print(done, course, unit):
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from cnncourse.grading.outputs.feedback import clean

    console = Console()
    for title, rows in (
        (("student", "from", "remark"), done.placed), (("not placed", "why"), done.refused + done.older),
    ):  # fmt: skip
        if rows:
            table = Table(*title)
            for row in rows:
                table.add_row(*(escape(clean(text)) for text in row))
            console.print(table)
    if done.missing:
        console.print(escape(clean(f"On the roster, and nothing came: {', '.join(done.missing)}")))
    counts = f"{len(done.placed)} notebooks placed, {len(done.refused + done.older)} files not placed"
    console.print(f"Read as {done.kind}: {counts}. Next: cnncourse grade {escape(str(course))} --unit {unit}")


def parser():
    """Describe the command."""
    parser = argparse.ArgumentParser(
        prog="cnncourse collect",
        description="Put a download of submissions into a class's folder: the zip of Canvas or Moodle as it was "
        "downloaded (or unpacked), nbgrader's exchange, or a folder of loose notebooks.",
    )
    parser.add_argument("source", type=Path, help="the zip, or a folder")
    parser.add_argument("course", type=Path, help="the class's folder; notebooks go to submitted/ in it")
    parser.add_argument("--unit", required=True, help="number of the unit, such as 06")
    parser.add_argument(
        "--roster", type=Path, metavar="FILE", help="table exported from Canvas or Moodle: ids and names become logins"
    )
    parser.add_argument(
        "--replace", action="store_true", help="replace notebooks that were collected before, also by older ones"
    )
    return parser
