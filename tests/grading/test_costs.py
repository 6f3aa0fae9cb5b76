"""What one student may cost: memory, time, a sandbox; never the class."""

import time
from pathlib import Path

import pytest

from cnncourse.checks.registry import load_task
from cnncourse.grading.command import main
from cnncourse.grading.host.bubblewrap import IsolationError
from cnncourse.grading.host.grade import BROKE, NotebookGrader, as_dict, grade_cells
from cnncourse.grading.host.remote_student import Budget, SandboxStudent
from cnncourse.grading.outputs import results
from tests.grading.harness import ANSWERS, CORRELATE, IMPORTS, UNIT_01, grade_one, hand_in

ANSWER = ANSWERS[CORRELATE]


def test_where_memory_runs_out_the_student_dies_and_never_the_warm_parent(sandboxes):
    box = sandboxes.get("numpy")
    channel = box.start_child()
    parent = Path(f"/proc/{box.pid}")
    children = (parent / "task" / str(box.pid) / "children").read_text().split()
    first_to_die = [int(Path(f"/proc/{pid}/oom_score_adj").read_text()) for pid in children]
    box.end_child(channel)
    assert first_to_die == [1000]
    assert int((parent / "oom_score_adj").read_text()) < 1000


def test_a_cell_without_end_is_passed_over_and_the_others_count(sandboxes):
    needs = ANSWER.replace("    windows", "    assert TABLE == [0, 1]\n    windows")
    endless = "try:\n    n = 0\n    while True: n += 1\nfinally:\n    STOPPED = True"
    cells = [IMPORTS, "TABLE = []", endless, needs, "for i in range(2): TABLE.append(i)\nassert STOPPED"]
    graded = grade_one(sandboxes, cells, slack=0.5)
    assert graded.report.passed, (graded.report, graded.problems)
    assert graded.way == "all"
    (problem,) = graded.problems
    assert (problem["cell"], problem["text"]) == (3, "it did not finish in time")


def test_an_answer_without_end_costs_little_more_than_one_limit(sandboxes):
    loop = "def cross_correlate2d(image, kernel):\n    while True: pass"
    start = time.monotonic()
    cells = [IMPORTS, loop, "x = [].copy()", "def cross_correlate2d(a, b): pass\n" + loop]
    graded = grade_one(sandboxes, cells, slack=0.4)
    seconds = load_task(CORRELATE).seconds * 0.4
    assert graded.report.status == "timeout"
    assert time.monotonic() - start < 1.25 * seconds + 3


def test_calls_that_sleep_cannot_add_up(sandboxes):
    sleeps = "import time\ndef f():\n    time.sleep(0.4)"
    total = Budget(1.0)
    start = time.monotonic()
    for _ in range(3):  # three tasks, or ways of loading
        with SandboxStudent(sandboxes.get("numpy"), [sleeps], "f", total=total) as student:
            outcomes = [student.call("f", "function") for _ in range(5)]
    assert outcomes[-1].error.kind == "timeout"
    assert total.left <= 0
    assert time.monotonic() - start < 6


def test_time_between_two_tasks_counts(sandboxes):
    slow = """
import sys, time
def f():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Notebook":
        frame = frame.f_back
    notebook = type(frame.f_locals["self"])
    notebook.turn = lambda self, task, turn=notebook.turn: (time.sleep(0.5), turn(self, task))[1]
"""
    total = Budget(20.0)
    with SandboxStudent(sandboxes.get("numpy"), [slow], "f", total=total) as student:
        assert student.call("f", "function").error is None
        before = total.left
        assert student.turn_to("g", 10)
    assert before - total.left >= 0.5


def test_who_breaks_the_sandbox_twice_loses_that_task_and_nothing_else(sandboxes, monkeypatch):
    honest = NotebookGrader._attempt

    def attempt(self, task, way, fresh):
        if task.name == "conv_parameters":
            raise IsolationError("the warm parent is gone")
        return honest(self, task, way, fresh)

    monkeypatch.setattr(NotebookGrader, "_attempt", attempt)
    tasks = [load_task(f"01.{name}") for name in ("conv_parameters", "normalize")]
    broken, other = grade_cells([IMPORTS, ANSWERS["01.normalize"]], tasks, 7, sandboxes)
    assert (broken.report.status, broken.report.score) == ("refused", 0)
    assert as_dict(broken, None, "conv_parameters")["message"] == BROKE
    assert other.report.passed


def test_without_any_sandbox_grading_stops(sandboxes, monkeypatch):
    def get(self, library):
        raise IsolationError("bubblewrap is gone")

    monkeypatch.setattr(type(sandboxes), "get", get)
    with pytest.raises(IsolationError):
        grade_cells([IMPORTS], [load_task("01.normalize")], 7, sandboxes)


def test_one_student_again_and_the_others_as_they_are(tmp_path, sandboxes, capfd):
    for name in ("ada", "bob"):
        hand_in(tmp_path, name, [IMPORTS, *UNIT_01])
    line = ["grade", str(tmp_path), "--unit", "01", "--jobs", "1", "--no-reexec"]
    assert main(line) == 0
    assert main([*line, "--only", "bob"]) == 0
    assert "1 graded, 1 unchanged" in capfd.readouterr().out
    assert main([*line, "--only", "nobody"]) == 2
    assert "--only: no student called nobody" in capfd.readouterr().err


def test_a_full_disk_is_named_with_the_file(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results.os, "fsync", full)
    with pytest.raises(OSError, match="scores.csv"):
        results.write_whole(tmp_path / "scores.csv", "x")
    assert not list(tmp_path.iterdir())
