"""The course installed from its wheel, away from the repository: the learner's commands find their exercises."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cnncourse.checks import tasks_of_unit

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "import sys; from cnncourse.cli import main; sys.exit(main(sys.argv[1:]))"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that a wheel built here was unpacked into, as pip does."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, folder: Path, *arguments: str):
    environment = dict(os.environ, PYTHONPATH=str(installed), OMP_NUM_THREADS="1")
    return subprocess.run(
        [sys.executable, "-P", "-c", COMMAND, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_the_wheel_holds_the_course_and_its_exercises_and_nothing_else(installed):
    assert {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")} == {"cnncourse"}
    packaged = sorted(path.name for path in (installed / "cnncourse" / "exercises").glob("*/*.ipynb"))
    assert packaged == sorted(path.name for path in (ROOT / "exercises").glob("*/*.ipynb"))
    lessons = sorted(path.name for path in (installed / "cnncourse" / "lessons").glob("*.ipynb"))
    assert lessons == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert (installed / "cnncourse" / "viz" / "widgets" / "static.js").is_file()
    assert list((installed / "cnncourse" / "data" / "embedded").glob("*.gz"))
    where = [sys.executable, "-P", "-c", "import cnncourse; print(cnncourse.__file__)"]
    found = subprocess.run(where, env=dict(os.environ, PYTHONPATH=str(installed)), capture_output=True, text=True)
    assert Path(found.stdout.strip()).is_relative_to(installed)


def test_start_and_check_work_in_an_empty_folder(installed, tmp_path):
    started = run(installed, tmp_path, "start", "02")
    assert started.returncode == 0, started.stderr
    assert (tmp_path / "my_work" / "02_convolution" / "02_convolution.ipynb").is_file()
    assert (tmp_path / "my_work" / "lessons" / "00_start_here.ipynb").is_file()
    checked = run(installed, tmp_path, "check", "02")
    points = sum(task.max_score for task in tasks_of_unit("02"))
    assert f"0 of {points:g} points" in checked.stdout, checked.stderr
    unknown = run(installed, tmp_path, "start", "77")
    assert unknown.returncode == 2
    assert "02_convolution" in unknown.stderr
