"""The teacher's guide, run as it stands: every command of it, in order, for a class of thirty."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnncourse.grading.command import parser
from cnncourse.grading.host import notebook, sandbox
from cnncourse.grading.host import remote_student as student
from tests.grading.harness import ANSWERS
from tests.system import require

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "teachers-guide.md").read_text()
NAME = "01_images_as_tensors"


def commands():
    """The lines of the guide's shell blocks, in order."""
    return [line for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) for line in block.strip().split("\n")]


def thirty_hand_in(course):
    """Students of all kinds, among them those whom every class has."""
    released = json.loads((course / "release" / NAME / f"{NAME}.ipynb").read_text())
    for number in range(30):
        content = json.loads(json.dumps(released))
        known = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in content["cells"]}
        for position, task in enumerate(task for task in ANSWERS if task.startswith("01.")):
            if position % (number % 4 + 1) == 0:
                known[task.removeprefix("01.")]["source"] = ANSWERS[task]
        path = course / "submitted" / f"student{number:02}" / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content) if number != 5 else "{ not a notebook")
    (course / "submitted" / "student30").mkdir()


@pytest.mark.slow
def test_every_command_of_the_guide_works(tmp_path):
    require("bwrap")
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"HOME": str(tmp_path), "PATH": programs}
    course = tmp_path / "cnn-class"
    for line in commands():
        line = re.sub(r'^make release ARGS="(.*)"$', rf"{sys.executable} -m tools.release \1", line)
        folder = ROOT if "tools.release" in line else tmp_path
        done = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if "tools.release" in line:
            thirty_hand_in(course)
    with open(course / "grades.csv") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    ours = {s["student"]: s["score"] for s in json.loads((tmp_path / "scores.json").read_text())["submissions"]}
    assert exported == ours
    assert len(ours) == 31
    assert (ours["student00"], ours["student05"], ours["student30"]) == (15, 0, 0)
    assert len({*ours.values()}) > 3
    assert len(list((course / "feedback").glob("student*/01.html"))) == 31
    assert "Not handed in (1)" in (course / "grading" / "01" / "class-report.html").read_text()
    assert "student07" in (tmp_path / "canvas.csv").read_text()
    assert "student07" in (tmp_path / "moodle.csv").read_text()
    assert "the same" in done.stdout
    shutil.rmtree(course)


def test_the_guide_names_every_option():
    options = set(re.findall(r"--[a-z][a-z-]+", GUIDE))
    commands = parser()._subparsers._group_actions[0].choices.values()
    known = {option for command in commands for option in command._option_string_actions}
    told = {"--seed-file", "--jobs", "--json", "--csv", "--feedback", "--gradebook", "--dask", "--trust-submissions"}
    assert told <= options & known
    elsewhere = {"--course", "--to", "--rm", "--security-opt", "--cap-add", "--host", "--port"}
    assert options - known <= elsewhere


def test_the_guides_limits_are_the_real_ones():
    limits, mib = sandbox.FOR_LIBRARY, 1 << 20
    memory = [f"{limits[library].memory // (1024 * mib)} GiB" for library in ("numpy", "torch")]
    load = [f"{2 * student.LOAD_SECONDS[library]} s" for library in ("numpy", "torch")]
    folder = [f"{limits[library].folder // mib} MiB" for library in ("numpy", "torch")]
    processes = [str(limits[library].processes) for library in ("numpy", "torch")]
    rows = {"memory beyond": memory, "loading": load, "files written": folder, "processes": processes}
    for row, cells in rows.items():
        (line,) = [line for line in GUIDE.splitlines() if line.startswith(f"| {row}")]
        assert line.split(" | ")[1:] == [cells[0], cells[1] + " |"]
    assert f"{2 * student.BUDGET_SECONDS} s, or more" in GUIDE
    assert f"training aside | {2 * student.SUBMISSION_SECONDS} s |" in GUIDE
    assert 400 * 2 * student.SUBMISSION_SECONDS / 2 <= 10 * 3600
    assert f"{notebook.MAX_BYTES >> 20} MiB, {notebook.MAX_CELLS:,} code cells" in GUIDE


def test_the_dockerfile_agrees_with_the_project():
    """It cannot be built here; what it relies on is looked at."""
    text = (ROOT / "Dockerfile").read_text()
    project = (ROOT / "pyproject.toml").read_text()
    extras = re.search(r"\.\[([a-z,]+)\]", text).group(1).split(",")
    assert all(re.search(rf"^{extra} = \[", project, re.MULTILINE) for extra in extras)
    python = tuple(map(int, re.search(r"FROM python:(\d+)\.(\d+)", text).groups()))
    oldest = tuple(map(int, re.search(r'requires-python = ">=(\d+)\.(\d+)"', project).groups()))
    assert python >= oldest
    assert "bubblewrap" in text
    assert (ROOT / "constraints.txt").is_file()
    assert 'ENTRYPOINT ["cnncourse"]' in text
    assert 'cnncourse = "cnncourse.cli:main"' in project
    assert "cnncourse grade . --unit 01" in re.sub(r"\s+", " ", GUIDE.replace("\\\n", ""))
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "class"} <= set(ignored)
