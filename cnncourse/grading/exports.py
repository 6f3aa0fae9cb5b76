"""Scores for other programs: JSON, and CSV for spreadsheets, Canvas and Moodle."""

import csv
import io
import json

from cnncourse.grading.results import write_whole

TASK_KEYS = ("name", "score", "max_score", "status", "mistake", "message")
LOGIN_COLUMNS = ("SIS Login ID", "SIS User ID", "ID", "Username", "Email address", "ID number")


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
        head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title]
        rows = [[_harmless(r["student"]), "", "", _harmless(r["student"]), "", r["score"]] for r in records]
        return _table([head, ["    Points Possible", "", "", "", "", highest], *rows])
    head, rows = _read_roster(roster)
    scores = {r["student"]: r["score"] for r in records}
    kept = [column for column in ("Student", "ID", "SIS User ID", "SIS Login ID", "Section") if column in head]
    people = [row for row in rows if _login(row, scores) is not None]
    filled = [[row[column] for column in kept] + [scores[_login(row, scores)]] for row in people]
    return _table([[*kept, title], ["    Points Possible", *[""] * (len(kept) - 1), highest], *filled])


def to_moodle(records, unit):
    """Moodle's grade import: a user name, the points, a line of feedback."""
    head = ["Username", f"CNN course, unit {unit}", "Feedback comments"]
    rows = [[_harmless(r["student"]), r["score"], _harmless(_line(r))] for r in records]
    return _table([head, *rows])


def roster_logins(roster):
    """The students that a roster names, by login."""
    head, rows = _read_roster(roster)
    column = next((c for c in LOGIN_COLUMNS if c in head), None)
    if column is None:
        raise ValueError(f"{roster}: no column that identifies students; one of {', '.join(LOGIN_COLUMNS)} is wanted")
    return [row[column] for row in rows if row[column]]


def write_exports(records, unit, *, json_file=None, csv_file=None, canvas=None, moodle=None, roster=None):
    """Write the files that are named."""
    for path, text in (
        (json_file, to_json), (csv_file, to_csv), (canvas, lambda r: to_canvas(r, unit, roster)),
        (moodle, lambda r: to_moodle(r, unit)),
    ):  # fmt: skip
        if path:
            write_whole(path, text(records))


def _read_roster(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if not (row.get("Student") or "").strip().startswith("Points Possible")]
        return reader.fieldnames or [], rows


def _login(row, scores):
    return next((row[c] for c in LOGIN_COLUMNS if row.get(c) in scores), None)


def _line(record):
    return record["problem"] or "; ".join(f"{t['name']} {t['score']:g}/{t['max_score']:g}" for t in record["tasks"])


def _harmless(text):
    """A cell that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _table(rows):
    output = io.StringIO()
    csv.writer(output, lineterminator="\n").writerows(rows)
    return output.getvalue()
