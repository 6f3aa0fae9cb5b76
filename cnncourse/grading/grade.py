"""Grade one submission: every task in its own process, generous about how notebooks look, strict about values."""

import time
from dataclasses import dataclass, field

from cnncourse.checks.question import Question
from cnncourse.checks.registry import tasks_of_unit
from cnncourse.checks.report import TaskReport
from cnncourse.checks.training import TrainingTask
from cnncourse.grading.isolation import open_isolation
from cnncourse.grading.notebook import Unreadable, read_notebook
from cnncourse.grading.results import checks_fingerprint, versions
from cnncourse.grading.sandbox import IsolationError
from cnncourse.grading.seeds import visible_seed
from cnncourse.grading.student import BUDGET_SECONDS, SandboxStudent

MAX_OWN_CELLS = 3
CHILDREN_PER_SANDBOX = 2_000  # then a fresh one, so that nothing can pile up


@dataclass
class Graded:
    """One task's result: the report, how the notebook was loaded, statements that failed, seconds it took."""

    report: TaskReport
    way: str = "all"
    problems: list = field(default_factory=list)
    seconds: float = 0.0


class Sandboxes:
    """Opens a sandbox per library when it is first wanted, and a fresh one when that breaks or grows old."""

    def __init__(self, *, trust=False):
        self.trust, self.open, self.used = trust, {}, {}
        self.level, self.controls = "none needed", []  # until student code is to run

    def get(self, library):
        """A sandbox with that library."""
        if self.used.get(library, 0) >= CHILDREN_PER_SANDBOX:
            self.drop(library)
        if library not in self.open:
            self.open[library] = open_isolation(library, trust=self.trust)
            self.used[library] = 0
            self.level, self.controls = self.open[library].level, self.open[library].controls
        self.used[library] += 1
        return self.open[library]

    def drop(self, library):
        """Close one; the next `get` opens another."""
        if library in self.open:
            self.open.pop(library).close()

    def close(self):
        """Close all."""
        for library in list(self.open):
            self.drop(library)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


def library_for(task):
    """Which sandbox a task's answers run in (see `sandbox.LIBRARY`): those of NumPy tasks find no torch."""
    if isinstance(task, TrainingTask):
        return "training"
    return "numpy" if "torch" in getattr(task, "banned", ("torch",)) else "torch"


def prepare(submission):
    """Read what was handed in; returns a dict, ready for JSON, of which nothing has run."""
    problem, notebook = submission.problem, None
    if submission.path is not None:
        try:
            notebook = read_notebook(submission.path)
        except Unreadable as unreadable:
            problem = str(unreadable)
    return {
        "student": submission.student,
        "unit": submission.unit,
        "handed_in": submission.path is not None or bool(problem),
        "problem": problem,
        "cells": notebook.cells if notebook else None,
        "notebook_sha256": notebook.sha256 if notebook else None,
        "code_sha256": notebook.code_sha256 if notebook else None,
    }


def grade_submission(prepared, seed, sandboxes, slack=2.0):
    """Grade what `prepare` read.

    Returns
    -------
    dict, ready for JSON (see `results`), without the fields that describe the run
    """
    start = time.monotonic()
    tasks = tasks_of_unit(prepared["unit"])
    record = {key: value for key, value in prepared.items() if key != "cells"}
    line = None
    if prepared["cells"] is None:
        status = "refused" if prepared["problem"] else "missing"
        line = prepared["problem"] or "Nothing was handed in."
        graded = [Graded(TaskReport(task.id, 0, task.max_score, status)) for task in tasks]
    else:
        graded = grade_cells(prepared["cells"], tasks, seed, sandboxes, slack)
    return record | {
        "score": _tidy(sum(g.report.score for g in graded)),
        "max_score": _tidy(sum(task.max_score for task in tasks)),
        "isolation": sandboxes.level,
        "versions": versions(),
        "checks_sha256": checks_fingerprint(prepared["unit"]),
        "controls": sandboxes.controls,
        "tasks": [as_dict(g, line, task.name) for g, task in zip(graded, tasks, strict=True)],
        "seconds": round(time.monotonic() - start, 3),
    }


def grade_cells(cells, tasks, seed, sandboxes, slack=2.0):
    """Grade code cells on tasks; returns a list of Graded, one a task."""
    grader = NotebookGrader(cells, seed, sandboxes, slack)
    try:
        return [grader.grade(task) for task in tasks]
    finally:
        grader.close()


class NotebookGrader:
    """Grades the tasks of one notebook: each in a process of its own, the questions in one together.

    Attributes
    ----------
    first : the way of loading to try first; narrower than "all" once the whole notebook could not be loaded
    """

    def __init__(self, cells, seed, sandboxes, slack):
        self.cells, self.seed, self.sandboxes, self.slack = cells, seed, sandboxes, slack
        self.first = "all"
        self.for_questions = None

    def grade(self, task):
        """Grade one task: the notebook as a whole, then, where that failed, in narrower ways; the best counts."""
        first = self.first
        best, student = self.attempt(task, first)
        if best.report.passed or not student.reading["cells"]:
            return best
        if student.load_failure:
            self.first = "definitions"
        for way in [] if student.timed_out else narrower_ways(first, student):
            other, _ = self.attempt(task, way)
            if other.report.score > best.report.score:
                best = other
            if best.report.passed:
                break
        return best

    def attempt(self, task, way):
        """Evaluate a task on the notebook loaded in one way; returns (Graded, SandboxStudent).

        Where the sandbox itself breaks, a fresh one gets a second try; IsolationError is raised if that breaks too.
        """
        try:
            return self._attempt(task, way)
        except IsolationError:
            self.close()
            self.sandboxes.drop(library_for(task))
            return self._attempt(task, way)

    def _attempt(self, task, way):
        start = time.monotonic()
        student = self._student(task, way)
        try:
            report = task.evaluate(student, self.seed)
        except IsolationError:
            raise
        except Exception as problem:
            # Only a value built to confuse gets here; it is not what the task asks for.
            report = TaskReport(task.id, 0, task.max_score, "wrong", error_text=f"grader: {type(problem).__name__}")
        finally:
            if student is not self.for_questions:
                student.close()
        problems = student.problems or student.reading["problems"]
        return Graded(report, way, problems, time.monotonic() - start), student

    def _student(self, task, way):
        """A fresh process; a question, which only reads a variable, may go to the one that read the last."""
        shared = self.for_questions
        if isinstance(task, Question) and shared is not None and shared.way == way and shared.turn_to(task.name):
            return shared
        self.close()  # a sandbox has one child at a time
        sandbox = self.sandboxes.get(library_for(task))
        budget = max(BUDGET_SECONDS, 2 * getattr(task, "seconds", 0))
        student = SandboxStudent(
            sandbox, self.cells, task.name, way, seed=visible_seed(self.seed), slack=self.slack, budget=budget
        )
        if isinstance(task, Question):
            self.for_questions = student
        return student

    def close(self):
        """End what still runs."""
        shared, self.for_questions = self.for_questions, None
        if shared is not None:
            shared.close()


def narrower_ways(first, student):
    """The ways of loading that could give another result than the first one did."""
    ways = ["definitions"] if student.load_failure and first == "all" else []
    if student.load_failure or student.reading["own_differs"]:
        ways += [f"own {i}" for i in range(min(len(student.reading["cells"]), MAX_OWN_CELLS))]
    return ways


def as_dict(graded, line, name):
    """A task's result as plain data; the message is the one for hidden inputs."""
    report = graded.report
    return {
        "name": name,
        "id": report.task,
        "score": _tidy(report.score),
        "max_score": _tidy(report.max_score),
        "status": report.status,
        "mistake": report.mistake,
        "message": line or report.hidden_message(),
        "see": report.see,
        "criteria": [[c.name, _tidy(c.earned), _tidy(c.points)] for c in report.criteria],
        "loaded": graded.way,
        "problems": graded.problems,
        "seconds": round(graded.seconds, 3),
    }


def _tidy(number):
    number = round(float(number), 6)
    return int(number) if number == int(number) else number
