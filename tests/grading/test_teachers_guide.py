"""The teacher's guide, run as it stands: every command of it, in order, for a class of 200."""

import csv
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cnncourse.grading.collect import parser as collect_parser
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


SIZE = 200
LOOP = "def to_tensor(image):\n    while True:\n        pass"
FLOOD = "def normalize(images, mean, std):\n    kept = []\n    while True:\n        kept.append(bytearray(1 << 24))"


def a_class_hands_in(course, zipped, roster):
    """Students of all kinds, as Canvas hands their work out: late, in several attempts, hostile, broken, absent."""
    released = json.loads((course / "release" / NAME / f"{NAME}.ipynb").read_text())
    rows = ["Student,ID,SIS User ID,SIS Login ID,Section", "    Points Possible,,,,"]
    with zipfile.ZipFile(zipped, "w") as archive:
        for number in range(SIZE):
            rows.append(f'"Family{number}, Given",{7000 + number},u{number},student{number:02},A')
            if number == 30:
                continue  # nothing came
            late = "LATE_" if number % 9 == 4 else ""
            name = f"family{number}given_{late}{7000 + number}_{40000 + number}_{NAME}"
            content = json.loads(json.dumps(released))
            known = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in content["cells"]}
            for position, task in enumerate(task for task in ANSWERS if task.startswith("01.")):
                if position % (number % 4 + 1) == 0:
                    known[task.removeprefix("01.")]["source"] = f"# {number}\n{ANSWERS[task]}"
            if number == 11:
                known["to_tensor"]["source"] = LOOP
            if number == 12:
                known["normalize"]["source"] = FLOOD
            if number == 13:
                content["cells"].append({"cell_type": "markdown", "source": "<script>document.title = 1</script>"})
            if number == 14:
                archive.writestr(f"{name}.ipynb", json.dumps(released))
                name += "-1"
            archive.writestr(f"{name}.ipynb", json.dumps(content) if number != 5 else "{ not a notebook")
    roster.write_text("\n".join(rows) + "\n")


@pytest.mark.slow
def test_every_command_of_the_guide_works(tmp_path, postgresql):
    require("bwrap")
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"HOME": str(tmp_path), "PATH": programs, "GRADEBOOK": postgresql}
    course = tmp_path / "cnn-class"
    for line in commands():
        line = re.sub(r"^make release (ARGS=.*)$", rf"\1; eval {sys.executable} -m tools.release $ARGS", line)
        folder = ROOT if "tools.release" in line else tmp_path
        done = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (line, done.stdout[-3000:], done.stderr[-3000:])
        if "tools.release" in line:
            a_class_hands_in(course, tmp_path / "submissions.zip", tmp_path / "roster.csv")
        if "collect" in line:
            assert f"{SIZE - 1} notebooks placed" in done.stdout
            assert "an older or other notebook of student14" in " ".join(done.stdout.replace("│", " ").split())
    with open(course / "grades.csv") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    ours = {s["student"]: s["score"] for s in json.loads((tmp_path / "scores.json").read_text())["submissions"]}
    assert exported == ours
    assert len(ours) == SIZE
    assert (ours["student00"], ours["student05"], ours["student30"]) == (15, 0, 0)
    assert (ours["student11"], ours["student12"]) == (3, 12)
    assert len({*ours.values()}) > 3
    assert len(list((course / "feedback").glob("student*/01.html"))) == SIZE - 1
    report = (course / "grading" / "01" / "class-report.html").read_text()
    assert "Not handed in (1)" in report
    assert "Late (22)" in report
    with open(tmp_path / "canvas.csv") as file:
        canvas = {row["ID"]: row for row in csv.DictReader(file)}
    assert canvas["7014"]["CNN course, unit 01"] == str(ours["student14"])
    assert "student07" in (tmp_path / "moodle.csv").read_text()
    assert "the same" in done.stdout
    appeal = json.loads((tmp_path / "appeal.ipynb").read_text())
    code = "\n".join("".join(cell["source"]) for cell in appeal["cells"] if cell["cell_type"] == "code")
    assert "case = {" in code
    shutil.rmtree(course)


def test_the_guide_names_every_option():
    options = set(re.findall(r"--[a-z][a-z-]+", GUIDE))
    commands = parser()._subparsers._group_actions[0].choices.values()
    known = {option for command in commands for option in command._option_string_actions}
    told = {"--seed-file", "--jobs", "--json", "--csv", "--feedback", "--gradebook", "--dask", "--trust-submissions"}
    assert told <= options & known
    known |= {option for option in collect_parser()._option_string_actions}
    elsewhere = {"--course", "--to", "--rm", "--security-opt", "--cap-add", "--host", "--port"}
    assert options - known <= elsewhere


def test_the_guides_limits_are_the_real_ones():
    limits, mib = sandbox.FOR_LIBRARY, 1 << 20
    memory = [f"{limits[library].memory / (1024 * mib):g} GiB" for library in ("numpy", "torch")]
    load = [f"{2 * student.LOAD_SECONDS[library]} s" for library in ("numpy", "torch")]
    folder = [f"{limits[library].folder // mib} MiB" for library in ("numpy", "torch")]
    processes = [str(limits[library].processes) for library in ("numpy", "torch")]
    rows = {"memory beyond": memory, "loading": load, "files written": folder, "processes": processes}
    for row, cells in rows.items():
        (line,) = [line for line in GUIDE.splitlines() if line.startswith(f"| {row}")]
        assert line.split(" | ")[1:] == [cells[0], cells[1] + " |"]
    assert f"{2 * student.BUDGET_SECONDS} s, or more" in GUIDE
    assert f"training aside | {2 * student.SUBMISSION_SECONDS} s |" in GUIDE
    # The guide has one column for PyTorch: a task that trains has longer, and in all else what the others have.
    assert dataclasses.replace(limits["training"], cpu_seconds=limits["torch"].cpu_seconds) == limits["torch"]
    assert student.LOAD_SECONDS["training"] == student.LOAD_SECONDS["torch"]
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
