"""A class graded through the command: in parallel, resumed, killed, on a full disk; scores are never lost or wrong."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest

from cnncourse.grading.command import main
from cnncourse.grading.host.cgroups import CONTROLS, _candidates, remove_left_over
from cnncourse.grading.host.class_run import LocalPool, grade_all
from cnncourse.grading.host.grader_process import GraderFailed, Job
from cnncourse.grading.host.seeds import read_or_make_secret, submission_seed
from cnncourse.grading.outputs.results import Results, checks_fingerprint, file_name, write_whole
from cnncourse.grading.submissions import find_submissions
from tests.grading.harness import ANSWERS, IMPORTS, UNIT_01, hand_in
from tests.system import require

HOSTILE = {
    "mallory": "import os\nwhile True: os.fork()",
    "trudy": "import os\nos.kill(-1, 9)\nos._exit(0)",
    "oscar": "import numpy as np\nnp.ndarray.mean = None\nraise SystemExit",
}
SECRET = "0123456789abcdef"
START = "import sys; from cnncourse.grading.command import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(autouse=True)
def _bubblewrap():
    require("bwrap")


@pytest.fixture
def course(tmp_path):
    """Five honest students, one with half the work, one who handed in nothing."""
    for name in ("ada", "bob", "cyd", "dan", "eve"):
        hand_in(tmp_path, name, [IMPORTS, *UNIT_01])
    hand_in(tmp_path, "fay", [IMPORTS, *UNIT_01[:2]])
    hand_in(tmp_path, "gus", [IMPORTS], "02_convolution")
    (tmp_path / "secret").write_text(SECRET)
    return tmp_path


def command(course, *more):
    line = [sys.executable, "-I", "-c", START, "grade", str(course), "--unit", "1"]
    return [*line, "--seed-file", str(course / "secret"), *more]


def run(course, *more, **how):
    return subprocess.run(command(course, *more), capture_output=True, text=True, timeout=100, **how)


def scores(course):
    return {path.stem: json.loads(path.read_text())["score"] for path in (course / "grading" / "01").glob("[!.]*.json")}


RIGHT = dict(ada=15, bob=15, cyd=15, dan=15, eve=15, fay=7, gus=0)


def test_grades_a_class_and_only_what_changed_the_next_time(course):
    first = run(course, "--json", str(course / "all.json"))
    assert first.returncode == 0, first.stderr
    assert "7 graded. Scores" in first.stdout
    assert scores(course) == RIGHT
    submissions = json.loads((course / "all.json").read_text())["submissions"]
    assert [s["student"] for s in submissions] == sorted(RIGHT)
    assert {s["isolation"] for s in submissions if s["score"]} == {"bubblewrap"}
    assert {t["status"] for s in submissions for t in s["tasks"]} == {"right", "missing"}
    before = (course / "grading" / "01" / "ada.json").stat().st_mtime_ns
    hand_in(course, "fay", [IMPORTS, *UNIT_01])
    second = run(course)
    assert "1 graded, 6 unchanged" in second.stdout
    assert scores(course) == RIGHT | {"fay": 15}
    assert (course / "grading" / "01" / "ada.json").stat().st_mtime_ns == before


def test_each_record_says_what_a_replay_needs(course):
    run(course, "--jobs", "1")
    record = json.loads((course / "grading" / "01" / "ada.json").read_text())
    assert record["seed"] == submission_seed(SECRET, "01", "ada")
    assert record["versions"].keys() >= {"cnncourse", "numpy", "torch", "python"}
    assert record["isolation"] == "bubblewrap"
    assert record["time"].startswith("20")
    assert len(record["notebook_sha256"]) == len(record["checks_sha256"]) == 64
    assert SECRET not in json.dumps(record)


def test_hostile_classmates_change_nobodys_score(course):
    for name, code in HOSTILE.items():
        hand_in(course, name, [code, IMPORTS, *UNIT_01[:1], code])
    assert run(course, "--jobs", "2", "--slack", "0.2").returncode == 0
    got = scores(course)
    assert {name: got[name] for name in RIGHT} == RIGHT
    assert {name: got[name] for name in HOSTILE} == dict.fromkeys(HOSTILE, 4)  # what is right in theirs


def test_killed_at_any_moment_it_resumes(course):
    for number in range(12):
        hand_in(course, f"more{number:02}", [IMPORTS, *UNIT_01])
    folder = course / "grading" / "01"
    for wanted in (1, 4, 9):
        grader = subprocess.Popen(command(course, "--jobs", "2"), stdout=subprocess.DEVNULL)
        while len(list(folder.glob("[!.]*.json"))) < wanted:
            assert grader.poll() is None
            time.sleep(0.005)
        grader.kill()
        grader.wait()
        assert all(score == RIGHT.get(name, 15) for name, score in scores(course).items())
    wait_for_no_process(str(course))
    last = run(course, "--jobs", "2")
    assert last.returncode == 0
    assert "unchanged since an earlier run" in last.stdout
    assert scores(course) == RIGHT | {f"more{number:02}": 15 for number in range(12)}
    assert list(folder.glob(".*")) == []


def test_control_groups_do_not_pile_up(course):
    run(course)
    remove_left_over(patience=2.0)
    groups = [name for control in CONTROLS for parent, _ in _candidates(control, "", "")
              for name in os.listdir(parent) if name.startswith("cnncourse-")]  # fmt: skip
    makers = {name.split("-")[1] for name in groups}
    assert all(os.path.exists(f"/proc/{maker}") for maker in makers), groups


def wait_for_no_process(text):
    for _ in range(500):
        if not any(text in line for line in command_lines()):
            return
        time.sleep(0.01)
    pytest.fail("a process is left")


def command_lines():
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                yield open(f"/proc/{entry}/cmdline").read()
            except OSError:
                continue


def test_ctrl_c_keeps_what_is_done(course):
    for number in range(12):
        hand_in(course, f"more{number:02}", [IMPORTS, *UNIT_01])
    grader = subprocess.Popen(
        command(course, "--jobs", "2"), stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores ctrl-C
    )  # fmt: skip
    while not list((course / "grading" / "01").glob("[!.]*.json")):
        time.sleep(0.01)
    grader.send_signal(signal.SIGINT)
    said = grader.communicate(timeout=30)[1]
    assert grader.returncode == 130
    assert "run the same command again" in said
    assert "Traceback" not in said
    kept = scores(course)
    assert 0 < len(kept) < 19
    assert f"{19 - len(kept)} graded, {len(kept)} unchanged" in run(course).stdout


def test_a_full_disk_loses_and_spoils_nothing(course):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    assert run(course, "--jobs", "1").returncode == 0
    whole = scores(course)
    hand_in(course, "ada", [IMPORTS, *UNIT_01, "# changed"])
    stopped = run(course, preexec_fn=small_files)
    assert stopped.returncode == 1
    assert "What was graded before is kept" in stopped.stderr
    assert scores(course) == whole
    assert list((course / "grading" / "01").glob(".*")) == []
    assert "1 graded, 6 unchanged" in run(course).stdout


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="mounts a tiny disk, which takes root")
def test_a_disk_that_is_really_full(course):
    folder = course / "grading"
    folder.mkdir()
    mount = f"mount -t tmpfs -o size=8k none '{folder}' && head -c 8192 /dev/zero > '{folder}/full'; "
    line = ["unshare", "-m", "sh", "-c", mount + '"$@"; code=$?; ls "$0"; exit $code', str(folder), *command(course)]
    stopped = subprocess.run(line, capture_output=True, text=True, timeout=100)
    assert stopped.returncode == 1
    assert "No space left" in stopped.stderr
    assert run(course).returncode == 0
    assert scores(course) == RIGHT


def test_a_grading_process_that_dies_gets_a_successor():
    prepared = {"student": "ada", "unit": "01", "cells": [IMPORTS, *UNIT_01], "problem": "", "handed_in": True}
    with Job() as job:
        assert job.grade(prepared, 1)["score"] == 15
        job.process.kill()
        assert job.grade(prepared, 1)["score"] == 15
    with pytest.raises(GraderFailed, match="stopped"):
        job.grade(prepared, 1)


def test_a_failure_on_our_side_makes_no_score_and_does_not_stop_the_class(course, monkeypatch):
    good = Job.grade

    def grade(self, prepared, seed):
        if prepared["student"] == "bob":
            raise GraderFailed("for the test")
        return good(self, prepared, seed)

    monkeypatch.setattr(Job, "grade", grade)
    pool = LocalPool(1)
    try:
        summary = grade_all(find_submissions(course, "01"), SECRET, Results(course / "grading", "01"), pool)
    finally:
        pool.close()
    assert summary.failed == [("bob", "for the test")]
    assert "bob" not in scores(course)
    assert len(summary.records) == 6


def test_the_same_seed_gives_the_same_scores_another_seed_other_inputs(course, tmp_path):
    hand_in(course, "random", [IMPORTS, "import random\ndef conv_parameters(*a, **k): return random.randrange(40)"])
    run(course)
    first = {path.name: json.loads(path.read_text()) for path in (course / "grading" / "01").glob("[!.]*.json")}
    run(course, "--again")
    for name, record in first.items():
        again = json.loads((course / "grading" / "01" / name).read_text())
        for task in (*again["tasks"], *record["tasks"]):
            task.pop("seconds")
        assert again["tasks"] == record["tasks"]
        assert again["seed"] == record["seed"]
    assert submission_seed(SECRET, "01", "ada") != submission_seed(SECRET, "01", "bob")
    assert submission_seed(SECRET, "01", "ada") != submission_seed(SECRET + "x", "01", "ada")


def test_secrets_are_made_once_for_the_owner_alone(tmp_path):
    path = tmp_path / "deep" / "secret"
    secret = read_or_make_secret(path)
    assert len(secret) == 64
    assert read_or_make_secret(path) == secret
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "short").write_text("123")
    with pytest.raises(ValueError, match="at least 16"):
        read_or_make_secret(tmp_path / "short")


def test_what_is_handed_out_obeys_the_umask_and_the_rest_is_for_the_owner_alone(course):
    out, old = course / "out", os.umask(0o027)
    kinds = [part for kind in ("json", "csv", "mistakes") for part in (f"--{kind}", str(out / kind))]
    try:
        assert run(course, "--feedback", str(out), "--only", "ada", "--anonymous", *kinds).returncode == 0
        assert run(course, "--report", str(out / "report.html"), "--only", "ada").returncode == 0
    finally:
        os.umask(old)
    modes = {path.relative_to(course).as_posix(): path.stat().st_mode & 0o777 for path in course.rglob("*")}
    handed = {"json", "csv", "mistakes", "report.html", "ada/01.html", "ada/01.md"}
    assert {name: modes[f"out/{name}"] for name in handed} == dict.fromkeys(handed, 0o640)
    kept = {f"grading/01/{name}" for name in ("ada.json", "anonymous.csv", "class-report.html")}
    assert {name: modes[name] for name in kept} == dict.fromkeys(kept, 0o600)


def test_wrong_use_is_told(course, capsys, tmp_path):
    for line, said in (
        ([str(course), "--unit", "77"], "no tasks for unit 77"),
        ([str(course), "--unit", "x"], "wanted a number"),
        ([str(tmp_path / "absent"), "--unit", "01"], "neither a notebook"),
    ):
        assert main(["grade", *line, "--no-reexec"]) == 2
        assert said in capsys.readouterr().err


def test_records_of_another_making_are_not_trusted(tmp_path):
    results = Results(tmp_path, "01")
    for content in ("", "{", "[]", '{"format": 0}'):
        write_whole(results.path("ada"), content)
        assert results.load("ada") is None
    assert len(checks_fingerprint("01")) == 64


def test_any_name_makes_a_file_in_the_folder(tmp_path):
    for student in ("ada", "..", ".", "a/b", "-rf", "ü" * 300, "=1+1", "a\nb", "C:\\x"):
        assert "/" not in file_name(student)
        assert not file_name(student).startswith(".")
        write_whole(Results(tmp_path, "01").path(student), "{}")
    assert len(os.listdir(tmp_path / "01")) == 9


def test_one_notebook_is_graded_and_explained(course):
    path = course / "submitted" / "fay" / "01_images" / "01_images.ipynb"
    line = command(course)
    line[line.index("grade") + 1] = str(path)
    done = subprocess.run([*line, "--results", str(course / "elsewhere")], capture_output=True, text=True)
    assert re.search(r"^7 of \d+ points$", done.stdout, re.MULTILINE)
    assert "normalize 0/3, not attempted" in done.stdout


def test_replaying_a_score_says_whether_it_holds(course, capsys):
    run(course)
    again = ["regrade", "fay", str(course), "--unit", "01", "--no-reexec"]
    assert main(again) == 0
    assert "Replayed with the same inputs: 7" in capsys.readouterr().out
    hand_in(course, "fay", [IMPORTS, ANSWERS["01.to_tensor"]])
    assert main([*again, "--save", "--show-inputs"]) == 1
    said = capsys.readouterr().out
    assert "it has changed since" in said
    assert "channel_statistics: 3 (right), now 0 (not attempted yet)" in said
    assert scores(course)["fay"] == 4
    assert main(["regrade", "nobody", str(course), "--unit", "01", "--no-reexec"]) == 2
