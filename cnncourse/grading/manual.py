"""Points and comments that a teacher gives by hand: `grading/<unit>/manual.csv`, which no grading touches.

    student,task,points,comment
    student07,to_tensor,3,Right idea; the axis was my unclear wording.
    student12,,,Very clean code.

A row without points is a comment only. A row without a task belongs to the whole notebook. `cnncourse grade` reads the
file at each run; in nbgrader's gradebook these become manual scores, which win there too.
"""

import csv
import math
from pathlib import Path

NAME = "manual.csv"
COLUMNS = ["student", "task", "points", "comment"]


def read_manual(path):
    """Rows of the file as (student, task, points or None, comment); nothing where there is no file.

    Raises
    ------
    ValueError
        Where a column is missing or points are no number; names the file and the line.
    """
    path = Path(path)
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        sample = file.readline()
        file.seek(0)
        reader = csv.DictReader(file, delimiter=max(",;\t", key=sample.count), restval="")
        columns = [name.strip().casefold() for name in reader.fieldnames or []]
        if missing := [name for name in COLUMNS if name not in columns]:
            raise ValueError(f"{path}: the column {', '.join(missing)} is missing; wanted are {', '.join(COLUMNS)}")
        reader.fieldnames = columns
        rows = []
        for row in reader:
            student, task, points, comment = ((row[name] or "").strip() for name in COLUMNS)
            if student and (points or comment):
                rows.append((student, task, _number(points, path, reader.line_num), comment))
    return rows


def _number(text, path, line):
    if not text:
        return None
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        points = math.nan
    if not math.isfinite(points):
        raise ValueError(f"{path}, line {line}: points are {text!r}, wanted is a number")
    return int(points) if points == int(points) else points


def apply_manual(records, rows):
    """Records with a teacher's points and comments in them; also what fits no student or task, in sentences.

    A task gets `auto_score` (what the grader gave), `manual_score` and `comment`; a record `comment`.
    """
    changed, unknown = {r["student"]: r for r in records}, []
    for student, task, points, comment in rows:
        record = changed.get(student)
        if record is None:
            unknown.append(f"{student}: there is no such student")
        elif not task and points is None:
            changed[student] = record | {"comment": comment}
        elif task not in {t["name"] for t in record["tasks"]}:
            unknown.append(f"{student}: no task {task or 'is named, and there are points'}")
        else:
            tasks = [_with(t, points, comment) if t["name"] == task else t for t in record["tasks"]]
            score = sum(t["score"] for t in tasks)
            changed[student] = record | {"tasks": tasks, "score": int(score) if score == int(score) else score}
    return list(changed.values()), unknown


def _with(task, points, comment):
    given = {} if points is None else {"auto_score": task["score"], "manual_score": points, "score": points}
    return task | given | ({"comment": comment} if comment else {})
