"""Times, late days, extensions, and points that a teacher gives by hand: in reports, feedback and exports."""

import csv
import datetime
import json
import sys

import pytest

from cnncourse.grading.command import main
from cnncourse.grading.deadlines import Deadlines, read_deadlines, read_time
from cnncourse.grading.manual import apply_manual, read_manual
from cnncourse.grading.outputs import feedback
from cnncourse.grading.submissions import Submission
from tests.grading.harness import IMPORTS, UNIT_01, hand_in

TOML = """
grace_minutes = 15
points_a_day = 2
most = 5
[due]
1 = 2026-10-12T23:59:00+00:00
[extensions.zoe]
01 = 2026-10-19T23:59:00+00:00
"""


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-12 18:30:00.000000 UTC", "2026-10-12 18:30:00 +0000", "2026-10-12T20:30:00+02:00",
        "2026-10-12 18:30 Z", "2026-10-12 18:30:00 GMT",
    ],
)  # fmt: skip
def test_times_of_all_kinds(text):
    assert read_time(text) == datetime.datetime(2026, 10, 12, 18, 30, tzinfo=datetime.UTC)


def test_moodles_times_are_local():
    wanted = datetime.datetime(2026, 10, 12, 18, 30).astimezone()
    assert read_time("Monday, 12 October 2026, 6:30\u202fPM") == wanted
    assert read_time("12 October 2026, 18:30") == wanted
    assert read_time("next week") is None


@pytest.mark.parametrize(
    ("student", "came", "days", "penalty"),
    [
        ("ann", "2026-10-12 23:00 UTC", 0, 0),
        ("ann", "2026-10-13 00:14 UTC", 0, 0),  # grace
        ("ann", "2026-10-13 00:15 UTC", 1, 2),
        ("ann", "2026-10-14 12:00 UTC", 2, 4),
        ("ann", "2026-10-25 12:00 UTC", 13, 5),  # no more than `most`
        ("zoe", "2026-10-19 12:00 UTC", 0, 0),  # an extension
        ("zoe", "2026-10-20 12:00 UTC", 1, 2),
        ("bob", "", 0, 0),
    ],
)
def test_late_days(tmp_path, student, came, days, penalty):
    (tmp_path / "deadlines.toml").write_text(TOML)
    deadlines = read_deadlines(tmp_path / "deadlines.toml")
    path = tmp_path / "x.ipynb"
    if came:
        (tmp_path / "timestamp.txt").write_text(came)
    record = {"student": student, "unit": "01", "score": 10, "handed_in": True}
    got = deadlines.apply(record, Submission(student, "01", path))
    assert (got["late_days"], got["penalty"], got["score"]) == (days, penalty, 10 - penalty)


def test_a_mark_of_canvas_costs_nothing_by_itself(tmp_path):
    (tmp_path / "late.txt").write_text("marked as late by Canvas")
    record = {"student": "ann", "unit": "01", "score": 10, "handed_in": True}
    got = Deadlines(points_a_day=3).apply(record, Submission("ann", "01", tmp_path / "x.ipynb"))
    assert (got["marked_late"], got["penalty"], got["score"]) == (True, 0, 10)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("colour = 1", "colour is not known; known are due"),
        ("points_a_day = -1", "points_a_day is -1"),
        ("grace_minutes = true", "grace_minutes is True"),
        ("[due]\nfirst = 2026-10-12", "got first = 2026-10-12, wanted such as 01"),
        ("[due]\n01 = 'soon'", "got 01 = soon"),
        ("due = 3", "due is 3, wanted is a table"),
        ("[due", "deadlines.toml: "),
    ],
)
def test_errors_name_the_file_and_the_place(tmp_path, content, said):
    path = tmp_path / "deadlines.toml"
    path.write_text(content)
    with pytest.raises(ValueError, match="deadlines.toml") as error:
        read_deadlines(path)
    assert said in str(error.value)
    with pytest.raises(ValueError, match="--due: got 'tomorrow'"):
        read_deadlines(tmp_path / "none.toml", "tomorrow", "01")


def test_points_by_hand(tmp_path):
    path = tmp_path / "manual.csv"
    path.write_text("\ufeffStudent;Task;Points;Comment\nann;f;3,5;Good\nann;;;Nice\nzoe;f;1;\nann;g;1;\n", "utf-8")
    record = {"student": "ann", "score": 3, "tasks": [{"name": "f", "score": 1}, {"name": "h", "score": 2}]}
    (got,), unknown = apply_manual([record], read_manual(path))
    assert got["score"] == 5.5
    assert got["comment"] == "Nice"
    assert got["tasks"][0] == {"name": "f", "score": 3.5, "auto_score": 1, "manual_score": 3.5, "comment": "Good"}
    assert unknown == ["zoe: there is no such student", "ann: no task g"]
    path.write_text("student,task,points,comment\nann,f,many,\n")
    with pytest.raises(ValueError, match=r"manual.csv, line 2: points are 'many'"):
        read_manual(path)
    path.write_text("student,task\n")
    with pytest.raises(ValueError, match="the column points, comment is missing"):
        read_manual(path)


def test_a_late_class_in_all_that_is_written(tmp_path, sandboxes, capfd):
    for student, time in (("ann", "2026-10-12 12:00 UTC"), ("bob", "2026-10-14 12:00 UTC"), ("zoe", "")):
        path = hand_in(tmp_path, student, [IMPORTS, *UNIT_01])
        if time:
            path.with_name("timestamp.txt").write_text(time)
    hand_in(tmp_path, "eve", [IMPORTS, UNIT_01[0].replace("(2, 0, 1)", "(2, 1, 0)"), *UNIT_01[1:]])
    (tmp_path / "deadlines.toml").write_text(TOML)
    line = ["grade", str(tmp_path), "--unit", "01", "--jobs", "1", "--no-reexec", "--json", str(tmp_path / "s.json")]
    line += ["--csv", str(tmp_path / "s.csv"), "--mistakes", str(tmp_path / "m.csv")]
    line += ["--feedback", str(tmp_path / "feedback")]
    (tmp_path / "grading" / "01").mkdir(parents=True)
    manual = tmp_path / "grading" / "01" / "manual.csv"
    manual.write_text("student,task,points,comment\nann,to_tensor,1,too short\nnobody,,,x\n")
    assert main(line) == 0
    assert "manual.csv, and fits nothing: nobody: there is no such student" in capfd.readouterr().err
    got = {s["student"]: s for s in json.loads((tmp_path / "s.json").read_text())["submissions"]}
    full = got["zoe"]["score"]
    assert got["bob"]["score"] == full - 4
    assert (got["bob"]["late_days"], got["bob"]["penalty"]) == (2, 4)
    assert got["ann"]["score"] < full
    rows = {row["student"]: row for row in csv.DictReader((tmp_path / "s.csv").open())}
    assert (rows["bob"]["late_days"], rows["bob"]["penalty"]) == ("2", "4")
    (mistake,) = list(csv.DictReader((tmp_path / "m.csv").open()))
    assert (mistake["times"], mistake["task"]) == ("1", "to_tensor")
    assert len(mistake["explanation"]) > 20
    page = (tmp_path / "grading" / "01" / "class-report.html").read_text()
    assert "bob: 2 days, 4 points off" in page
    assert "Points: students" in page
    page = (tmp_path / "feedback" / "bob" / "01.html").read_text()
    assert "2 days late, which costs 4 points" in page
    assert "the grader gave" in (tmp_path / "feedback" / "ann" / "01.md").read_text()
    assert main([*line, "--again", "--anonymous"]) == 0  # points by hand stay
    again = {s["score"] for s in json.loads((tmp_path / "s.json").read_text())["submissions"]}
    assert again == {s["score"] for s in got.values()}
    page = (tmp_path / "grading" / "01" / "class-report.html").read_text()
    for student in ("ann", "bob", "zoe"):
        assert f">{student}<" not in page
        assert f"\n{student}," not in (tmp_path / "s.csv").read_text()
    key = {row["student"]: row["id"] for row in csv.DictReader((tmp_path / "grading/01/anonymous.csv").open())}
    assert key["bob"] in page
    if sys.platform != "win32":
        assert key["bob"] in (tmp_path / "s.csv").read_text()


def test_a_broken_file_is_said_before_anything_is_graded(tmp_path, capfd):
    hand_in(tmp_path, "ann", [IMPORTS])
    (tmp_path / "deadlines.toml").write_text("[due")
    assert main(["grade", str(tmp_path), "--unit", "01", "--no-reexec"]) == 2
    assert "deadlines.toml" in capfd.readouterr().err
    assert not (tmp_path / "grading" / "01").exists()


def test_feedback_of_records_from_before():
    record = {"student": "ann", "unit": "01", "score": 1, "max_score": 2, "problem": "", "tasks": []}
    assert "late" not in feedback.to_html(record) + feedback.to_markdown(record)
