"""Scores and comments into nbgrader's gradebook, through nbgrader's own interface.

Automatic scores and comments, times and late penalties are written; what a teacher enters by hand, there or in
`manual.csv`, is written as manual and wins.
nbgrader is the extra `classroom`; SQLite by default, PostgreSQL by its URL.
"""

import contextlib
import datetime
import os
import re
import sys
import warnings
from collections import Counter

from cnncourse.grading.outputs.feedback import clean
from cnncourse.grading.outputs.results import OWNER
from cnncourse.grading.submissions import unit_name


class GradebookFailed(RuntimeError):
    """The gradebook cannot be reached or written; says why, in a sentence."""


@contextlib.contextmanager
def told(url):
    """Turn the errors of databases and their drivers into sentences."""
    name = re.sub(r"//[^@/]*@", "//…@", url)  # no password on a screen
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ModuleNotFoundError:
        raise GradebookFailed("nbgrader is not installed: pip install 'cnncourse[classroom]'.") from None
    try:
        yield
    except ModuleNotFoundError as problem:
        raise GradebookFailed(f"The gradebook {name} needs the Python package {problem.name}: install it.") from None
    except (SQLAlchemyError, OSError) as problem:
        why = " ".join(str(getattr(problem, "orig", None) or problem).split())[:300]
        raise GradebookFailed(f"The gradebook {name} could not be written: {why}.") from None


class GradebookMismatch(ValueError):
    """The gradebook's cells do not fit the unit's tasks."""


def gradebook_url(text):
    """A database URL; a plain path means SQLite, and PostgreSQL is reached by the driver of the extra `classroom`."""
    if "://" not in text:
        return f"sqlite:///{os.path.abspath(text)}"
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", text)


def make_for_owner(url):
    """Make the file of a new SQLite database, which only its owner can read; do nothing where it is there."""
    path = re.fullmatch(r"sqlite:///([^?:]+)", url)
    if path:
        with contextlib.suppress(OSError):  # a database that cannot be made gets its sentence from SQLite
            os.close(os.open(path[1], os.O_CREAT | os.O_RDONLY, OWNER))


def write_gradebook(url, records, unit, assignment=None):
    """Write records into a gradebook; returns (assignment's name, number of students written).

    Parameters
    ----------
    url : "gradebook.db", "sqlite:///gradebook.db" or "postgresql://…"
    records : records of one unit; those who handed in nothing get a student entry, but no submission
    unit : "06"
    assignment : name for the assignment where the gradebook has none for this unit

    Raises
    ------
    GradebookMismatch
        Where the released assignment has no cell for a task, or one with other points.
    GradebookFailed
        Where the database cannot be reached or written, or nbgrader or a driver is not installed.
    """
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    with told(url):
        from nbgrader.api import Gradebook

        url = gradebook_url(url)
        make_for_owner(url)
        return _write(Gradebook(url), records, unit, assignment)


def _write(gradebook, records, unit, assignment):
    with warnings.catch_warnings(), gradebook:
        warnings.filterwarnings("ignore", "Object of type .* not in session")  # nbgrader's own way of adding
        found = find_assignment(gradebook, unit)
        if found is None:
            found = add_assignment(gradebook, records[0], assignment or unit)
        notebook = found.notebooks[0]
        names = _match_cells(notebook, records[0]["tasks"])
        due = Counter(r["due"] for r in records if r.get("due"))
        if due:
            found.duedate = _naive(due.most_common(1)[0][0])
        for record in records:
            gradebook.update_or_create_student(record["student"])
            if record["handed_in"]:
                _write_one(gradebook, found.name, notebook.name, names, record)
        return found.name, sum(r["handed_in"] for r in records)


def find_assignment(gradebook, unit):
    """The gradebook's assignment for a unit, or None."""
    for assignment in gradebook.assignments:
        try:
            if unit_name(assignment.name) == unit and assignment.notebooks:
                return assignment
        except ValueError:
            continue
    return None


def add_assignment(gradebook, record, name):
    """Make an assignment with a cell per task, for a course that was released by other means."""
    gradebook.update_or_create_assignment(name)
    gradebook.update_or_create_notebook(name, name)
    for task in record["tasks"]:
        gradebook.update_or_create_grade_cell(task["name"], name, name, max_score=task["max_score"], cell_type="code")
        gradebook.update_or_create_solution_cell(task["name"], name, name)
    return gradebook.find_assignment(name)


def _match_cells(notebook, tasks):
    """For each task, the names of its grade cell and of its solution cell (or None)."""
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    comments = [cell.name for cell in notebook.solution_cells]
    names = {}
    for task in tasks:
        grade = _cell_for(task["name"], points)
        if grade is None or points[grade] != task["max_score"]:
            has = "no cell" if grade is None else f"{points[grade]:g} points"
            raise GradebookMismatch(
                f"the gradebook's notebook {notebook.name} has {has} for the task {task['name']} of "
                f"{task['max_score']:g} points: release the assignment again"
            )
        names[task["name"]] = grade, _cell_for(task["name"], comments)
    return names


def _cell_for(task, cells):
    """The cell whose name is the task's, with a prefix such as "check_" or "03." at most."""
    fitting = [name for name in cells if re.fullmatch(rf"((check|grade|test|\d\d)[-_.])?{re.escape(task)}", name)]
    return min(fitting, key=len, default=None)


def _write_one(gradebook, assignment, notebook, names, record):
    submission = gradebook.update_or_create_submission(assignment, record["student"])
    if record.get("came"):
        submission.timestamp = _naive(record["came"])
    for theirs in submission.notebooks:
        theirs.late_submission_penalty = record.get("penalty", 0)
    for task in record["tasks"]:
        grade_cell, comment_cell = names[task["name"]]
        where = notebook, assignment, record["student"]
        grade = gradebook.find_grade(grade_cell, *where)
        grade.auto_score, grade.needs_manual_grade = task.get("auto_score", task["score"]), False
        if "manual_score" in task:
            grade.manual_score = task["manual_score"]
        if comment_cell is not None:
            comment = gradebook.find_comment(comment_cell, *where)
            comment.auto_comment = clean(task["message"])
            if task.get("comment"):
                comment.manual_comment = clean(task["comment"])
    gradebook.db.commit()


def _naive(text):
    """A moment in UTC without a zone, as nbgrader keeps it."""
    return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC).replace(tzinfo=None)
