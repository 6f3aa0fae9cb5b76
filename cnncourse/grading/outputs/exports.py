"""Scores for other programs: JSON, and CSV for spreadsheets, Canvas and Moodle."""

import csv
import io
import json

from cnncourse.grading.outputs.results import write_whole
from cnncourse.grading.roster import COLUMNS, NAMES, read_roster

TASK_KEYS = ("name", "score", "max_score", "status", "mistake", "message")
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def to_json(records):
    """All records as one JSON text, with the fields that programs may rely on."""
    submissions = [
        {key: record[key] for key in ("student", "unit", "score", "max_score", "isolation", "problem", "time")}
        | {"tasks": [{key: task[key] for key in TASK_KEYS} for task in record["tasks"]]}
        for record in records
    ]
    return json.dumps({"submissions": submissions}, indent=1, ensure_ascii=False) + "\n"


def to_csv(records):
    """One row a student: the sum, then each task's points."""
    names = [task["name"] for task in records[0]["tasks"]] if records else []
    head = ["student", "unit", "score", "max_score", "handed_in", "isolation", *names]
    rows = [
        [
            _harmless(r["student"]), r["unit"], r["score"], r["max_score"], "yes" if r["handed_in"] else "no",
            r["isolation"], *(t["score"] for t in r["tasks"]),
        ]
        for r in records
    ]  # fmt: skip
    return _table([head, *rows])


def to_canvas(records, unit, roster=None):
    """Canvas's gradebook format; with a roster exported from Canvas, its rows with the unit's column filled in.

    Students are matched by login (or another identifier of the roster), which is their folder's name.
    """
    title = f"CNN course, unit {unit}"
    highest = records[0]["max_score"] if records else 0
    if roster is None:
        head = [*CANVAS, title]
        rows = [[_harmless(r["student"]), "", "", _harmless(r["student"]), "", r["score"]] for r in records]
        return _table([head, ["    Points Possible", "", "", "", "", highest], *rows])
    table = read_roster(roster)
    kept = [column for column in CANVAS if column in table.columns] or table.keys
    filled = [[table.rows[i][column] for column in kept] + [r["score"]] for i, r in table.fill(records).items()]
    return _table([[*kept, title], ["    Points Possible", *[""] * (len(kept) - 1), highest], *filled])


def to_moodle(records, unit, roster=None):
    """Moodle's grade import: who it is, the points, a line of feedback; with a roster, its names and identifiers."""
    head, rows = ["Username"], [([_harmless(r["student"])], r) for r in records]
    if roster is not None:
        table = read_roster(roster)
        head = [c for c in table.columns if c in (*NAMES, "First name", "Last name", *COLUMNS)]
        rows = [([table.rows[i][c] for c in head], r) for i, r in table.fill(records).items()]
    title = [f"CNN course, unit {unit}", "Feedback comments"]
    return _table([[*head, *title], *([*who, r["score"], _harmless(_line(r))] for who, r in rows)])


def roster_logins(roster):
    """The students that a roster names, by login."""
    table = read_roster(roster)
    return [login for login in map(table.login, table.rows) if login]


def write_exports(records, unit, *, json_file=None, csv_file=None, canvas=None, moodle=None, roster=None):
    """Write the files that are named."""
    for path, text in (
        (json_file, to_json), (csv_file, to_csv), (canvas, lambda r: to_canvas(r, unit, roster)),
        (moodle, lambda r: to_moodle(r, unit, roster)),
    ):  # fmt: skip
        if path:
            write_whole(path, text(records))


def _line(record):
    return record["problem"] or "; ".join(f"{t['name']} {t['score']:g}/{t['max_score']:g}" for t in record["tasks"])


def _harmless(text):
    """A cell that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _table(rows):
    output = io.StringIO()
    csv.writer(output, lineterminator="\n").writerows(rows)
    return output.getvalue()
