"""Scores for other programs: JSON, and CSV for spreadsheets, Canvas and Moodle."""

import csv
import io
import json

from cnncourse.grading.outputs.class_report import mistakes
from cnncourse.grading.outputs.results import HANDED_OUT, write_whole
from cnncourse.grading.roster import COLUMNS, NAMES, read_roster

TIME_KEYS = ("due", "came", "late_days", "marked_late", "penalty", "comment")
TASK_KEYS = ("name", "score", "max_score", "status", "mistake", "message")
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def to_json(records):
    """All records as one JSON text, with the fields that programs may rely on."""
    submissions = [
        {key: record[key] for key in ("student", "unit", "score", "max_score", "isolation", "problem", "time")}
        | {key: record[key] for key in TIME_KEYS if key in record}
        | {"tasks": [{key: task[key] for key in TASK_KEYS} for task in record["tasks"]]}
        for record in records
    ]
    return json.dumps({"submissions": submissions}, indent=1, ensure_ascii=False) + "\n"


def to_csv(records):
    """One row a student: the sum, then each task's points."""
    names = [task["name"] for task in records[0]["tasks"]] if records else []
    timed = [key for key in ("came", "late_days", "penalty") if any(r.get(key) for r in records)]
    head = ["student", "unit", "score", "max_score", "handed_in", "isolation", *names, *timed]
    rows = [
        [
            _harmless(r["student"]), r["unit"], r["score"], r["max_score"], "yes" if r["handed_in"] else "no",
            r["isolation"], *(t["score"] for t in r["tasks"]), *(r.get(key, "") for key in timed),
        ]
        for r in records
    ]  # fmt: skip
    return _table([head, *rows])


def to_mistakes(records):
    """Likely mistakes by frequency, one a row, with what students read."""
    head = ["times", "task", "mistake", "explanation", "section"]
    return _table([head, *([_harmless(str(cell)) for cell in row] for row in mistakes(records))])


def to_aliases(names):
    """Who stands behind an anonymous id: for the teacher alone."""
    return _table([["student", "id"], *([_harmless(who), name] for who, name in sorted(names.items()))])


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
        if {"Identifier", "Grade"} <= {*table.columns}:
            return _worksheet(table, records)
        head = [c for c in table.columns if c in (*NAMES, "First name", "Last name", *COLUMNS)]
        rows = [([table.rows[i][c] for c in head], r) for i, r in table.fill(records).items()]
    title = [f"CNN course, unit {unit}", "Feedback comments"]
    return _table([[*head, *title], *([*who, r["score"], _harmless(_line(r))] for who, r in rows)])


def _worksheet(table, records):
    """Moodle's grading worksheet as it was exported, with grades and comments filled in."""
    for place, record in table.fill(records).items():
        table.rows[place] |= {"Grade": f"{record['score']:g}"}
        if "Feedback comments" in table.columns:
            table.rows[place] |= {"Feedback comments": _harmless(_line(record))}
    return _table([table.columns, *([row[c] for c in table.columns] for row in table.rows)])


def roster_logins(roster):
    """The students that a roster names, by login."""
    table = read_roster(roster)
    return [login for login in map(table.login, table.rows) if login]


def write_exports(records, unit, files, roster=None, shown=None):
    """Write the files that are named.

    Parameters
    ----------
    records : list of dict
    unit : "06"
    files : dict
        From "json", "csv", "mistakes", "canvas" or "moodle" to a path, or to None.
    roster : path or None
    shown : list of dict or None
        Records that go into the first three where students shall not be named.
    """
    shown = records if shown is None else shown
    texts = {
        "json": lambda: to_json(shown), "csv": lambda: to_csv(shown), "mistakes": lambda: to_mistakes(shown),
        "canvas": lambda: to_canvas(records, unit, roster), "moodle": lambda: to_moodle(records, unit, roster),
    }  # fmt: skip
    for kind, path in files.items():
        if path:
            write_whole(path, texts[kind](), HANDED_OUT)


def _line(record):
    return record["problem"] or "; ".join(f"{t['name']} {t['score']:g}/{t['max_score']:g}" for t in record["tasks"])


def _harmless(text):
    """A cell that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _table(rows):
    output = io.StringIO()
    csv.writer(output, lineterminator="\n").writerows(rows)
    return output.getvalue()
