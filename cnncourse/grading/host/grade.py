"""Grade one submission: processes of its own, generous about how notebooks look, strict about values."""

import time
from dataclasses import dataclass, field
from functools import cache

from cnncourse.checks.question import Question
from cnncourse.checks.registry import tasks_of_unit
from cnncourse.checks.report import TaskReport
from cnncourse.grading.host.bubblewrap import IsolationError
from cnncourse.grading.host.isolation import open_isolation
from cnncourse.grading.host.notebook import Unreadable, read_notebook
from cnncourse.grading.host.record import BROKE, as_dict, tidy
from cnncourse.grading.host.remote_student import BUDGET_SECONDS, SUBMISSION_SECONDS, Budget, SandboxStudent
from cnncourse.grading.host.seeds import visible_seed
from cnncourse.grading.outputs.results import checks_fingerprint, versions

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
    """Which sandbox a task's answers run in (see `bubblewrap.LIBRARY`): those of NumPy tasks find no torch."""
    return "numpy" if _wants(task) == "numpy" else _library_of(task.unit)


def _wants(task):
    """What a task itself asks for; the answer to a question may be worked out with whatever the unit has."""
    if isinstance(task, Question):
        return "any"
    if task.observe.trains:
        return "training"
    return "numpy" if "torch" in getattr(task, "banned", ("torch",)) else "torch"


def _is_training(task):
    return _wants(task) == "training"


@cache
def _library_of(unit):
    wanted = {_wants(task) for task in tasks_of_unit(unit)}
    return next(library for library in ("training", "torch", "numpy") if library in {*wanted, "numpy"})


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
        "score": tidy(sum(g.report.score for g in graded)),
        "max_score": tidy(sum(task.max_score for task in tasks)),
        "isolation": sandboxes.level,
        "versions": versions(),
        "checks_sha256": checks_fingerprint(prepared["unit"]),
        "controls": sandboxes.controls,
        "tasks": [as_dict(g, line, task.name) for g, task in zip(graded, tasks, strict=True)],
        "seconds": round(time.monotonic() - start, 3),
    }


def grade_cells(cells, tasks, seed, sandboxes, slack=2.0):
    """Grade code cells on tasks; returns a list of Graded, one a task."""
    seconds = SUBMISSION_SECONDS + sum(2 * task.seconds for task in tasks if _is_training(task))
    grader = NotebookGrader(cells, seed, sandboxes, slack, Budget(seconds * slack))
    try:
        return [grader.grade(task) for task in tasks]
    finally:
        grader.close()


class NotebookGrader:
    """Grades the tasks of one notebook, in a process that goes from task to task while all is right.

    Attributes
    ----------
    open : the student of each library whose process goes on to the next task
    loads : whether the notebook as a whole can be loaded, as far as is known
    """

    def __init__(self, cells, seed, sandboxes, slack, total):
        self.cells, self.seed, self.sandboxes, self.slack, self.total = cells, seed, sandboxes, slack, total
        self.open, self.loads = {}, True

    def grade(self, task):
        """Grade one task in the ways of loading that could matter; the best counts, or the only answer given."""
        return self._one_answer(task) if isinstance(task, Question) or _is_training(task) else self._best(task)

    def _best(self, task):
        """With the notebook's definitions, then, where that failed, in other ways."""
        best, student = self.attempt(task, "definitions")
        if best.report.passed:
            return best
        if self.loads and whole_could_differ(student):
            other, student = self.attempt(task, "all", fresh=True)
            self.loads = not student.load_failure
            if other.report.score > best.report.score or (self.loads and other.report.score == best.report.score):
                best = other
        for way in narrower_ways(student):
            if best.report.passed:
                break
            other, _ = self.attempt(task, way, fresh=True)
            if other.report.score > best.report.score:
                best = other
        return best

    def _one_answer(self, task):
        """The first way that gives an answer at all: several ways must not be several guesses."""
        first, student = self.attempt(task, "all" if isinstance(task, Question) and self.loads else "definitions")
        self.loads = self.loads and not student.load_failure
        if was_answered(first):
            return first
        ways = ["all"] if student.way != "all" and self.loads and whole_could_differ(student) else []
        for way in [*ways, *narrower_ways(student), *(["definitions"] if student.way == "all" else [])]:
            other, _ = self.attempt(task, way, fresh=True)
            if was_answered(other):
                return other
        return first

    def attempt(self, task, way, *, fresh=False):
        """Evaluate a task on the notebook loaded in one way; returns (Graded, SandboxStudent).

        Where the sandbox itself breaks, a fresh one gets a second try. If that breaks too, the answer is refused;
        IsolationError is raised only where no sandbox can be built at all.
        """
        for _ in range(2):
            try:
                return self._attempt(task, way, fresh)
            except IsolationError:
                library = library_for(task)
                self.open.pop(library, None)
                self.sandboxes.drop(library)
        self.sandboxes.get(library).end_child(self.sandboxes.get(library).start_child())
        report = TaskReport(task.id, 0, task.max_score, "refused", error_text=BROKE)
        return Graded(report, way), SandboxStudent(None, [], task.name, way)

    def _attempt(self, task, way, fresh):
        start = time.monotonic()
        student = self._student(task, way, fresh)
        try:
            report = task.evaluate(student, self.seed)
        except IsolationError:
            raise
        except Exception as problem:
            # Only a value built to confuse gets here; it is not what the task asks for.
            report = TaskReport(task.id, 0, task.max_score, "wrong", error_text=f"grader: {type(problem).__name__}")
        student.has_failed = student.has_failed or not report.passed
        problems = student.problems or student.reading["problems"]
        return Graded(report, way, problems, time.monotonic() - start), student

    def _student(self, task, way, fresh):
        """The process that the task before has left behind, if it is well; else a fresh one."""
        library, budget = library_for(task), max(BUDGET_SECONDS, 2 * getattr(task, "seconds", 0))
        student = self.open.get(library)
        if not fresh and student and self._serves(student, way) and student.turn_to(task.name, budget):
            return student
        self._close(library)  # a sandbox has one child at a time
        self.open[library] = SandboxStudent(
            self.sandboxes.get(library), self.cells, task.name, way, seed=visible_seed(self.seed), slack=self.slack,
            budget=budget, total=self.total,
        )  # fmt: skip
        return self.open[library]

    @staticmethod
    def _serves(student, way):
        """Whether a process is loaded in a way, or in one that gives the same and was never led astray."""
        same = way == "all" and student.way == "definitions" and not student.reading["all_differs"]
        return student.way == way or (same and not student.has_failed)

    def _close(self, library):
        if library in self.open:
            self.open.pop(library).close()

    def close(self):
        """End what still runs."""
        for library in list(self.open):
            self._close(library)


def whole_could_differ(student):
    """Whether all cells, in a fresh process, could give another result than the definitions did in this one."""
    differs = student.is_used or student.reading["all_differs"]
    return differs and not student.load_failure and not student.timed_out


def narrower_ways(student):
    """The ways of loading around a task's own cells that could give another result than loading more did."""
    reading, ways = student.reading, []
    if student.timed_out:
        return ways
    for i in range(min(len(reading["cells"]), MAX_OWN_CELLS)):
        ways += [f"until {i}"] if student.load_failure or reading["until_differs"] else []
        ways += [f"own {i}"] if student.load_failure or reading["own_differs"] else []
    return ways


def was_answered(graded):
    """Whether there was a value to judge."""
    return graded.report.status not in ("missing", "error", "timeout")
