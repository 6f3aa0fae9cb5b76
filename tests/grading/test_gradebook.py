"""From release to export, with nbgrader's own tools before and after our grading."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cnncourse.grading.command import main
from cnncourse.grading.outputs.gradebook import GradebookMismatch, make_for_owner, write_gradebook
from tests.grading.harness import ANSWERS, notebook_json
from tests.system import require
from tools import release

NAME = "01_images_as_tensors"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A class to which unit 01 was released, with three submissions, graded into the gradebook."""
    require("bwrap")
    folder = tmp_path_factory.mktemp("class")
    assert release.main(["1", "--course", str(folder)]) == 0
    solved(folder, "ada", [task.removeprefix("01.") for task in ANSWERS if task.startswith("01.")])
    solved(folder, "bob", ["to_tensor"])
    path = solved(folder, "cyd", ["to_tensor", "normalize"])
    content = json.loads(path.read_text())
    content["cells"] = [
        {"cell_type": "code", "source": cell["source"], "outputs": [HOSTILE_OUTPUT, HOSTILE_PICTURE]}
        for cell in content["cells"]
        if cell["cell_type"] == "code"
    ]
    content["cells"] += [{"cell_type": "markdown", "source": source} for source in HOSTILE_TEXTS]
    path.write_text(json.dumps(content))
    (folder / "submitted" / "dan").mkdir()
    grade = ["grade", str(folder), "--unit", "01", "--gradebook", str(folder / "gradebook.db"), "--no-reexec"]
    assert main([*grade, "--jobs", "1"]) == 0
    return folder


HOSTILE_OUTPUT = {
    "output_type": "display_data",
    "data": {"text/html": "<script>alert(1)</script>", "text/plain": "a <b>plot</b>"},
    "metadata": {},
}


HOSTILE_PICTURE = {
    "output_type": "display_data",
    "data": {"image/png": 'iVBORw0KGgo="><script>alert(1)</script><img src="'},
    "metadata": {},
}
HOSTILE_TEXTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>\n\n<svg onload=alert(1)>",
    "```\n```\n<script>alert(1)</script>\n````text\n`````",
    "$$\n<script>alert(1)</script>\n$$\n\n[click](javascript:alert(1))",
    "\\begin{equation}<script>alert(1)</script>\\end{equation}",
]


def solved(folder, student, names):
    """Hand in the released notebook with the answers of some tasks filled in."""
    content = json.loads((folder / "release" / NAME / f"{NAME}.ipynb").read_text())
    for cell in content["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in names:
            cell["source"] = ANSWERS[f"01.{name}"]
    path = folder / "submitted" / student / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    return path


def open_gradebook(folder):
    from nbgrader.api import Gradebook

    return Gradebook(f"sqlite:///{folder / 'gradebook.db'}")


def nbgrader_api(folder):
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    settings = Config()
    settings.CourseDirectory.root = str(folder)
    return NbGraderAPI(CourseDirectory(config=settings), config=settings)


def test_scores_and_comments_are_in_the_gradebook(course):
    with open_gradebook(course) as gradebook:
        submissions = gradebook.find_assignment(NAME).submissions
        assert {s.student_id: s.score for s in submissions} == {"ada": 15, "bob": 4, "cyd": 7}
        grade = gradebook.find_grade("check_normalize", NAME, NAME, "bob")
        assert (grade.auto_score, grade.manual_score, grade.needs_manual_grade) == (0, None, False)
        comment = gradebook.find_comment("to_tensor", NAME, NAME, "ada")
        assert comment.auto_comment == "All hidden checks passed."
        assert "dan" in [student.id for student in gradebook.students]


def test_grading_again_changes_nothing_and_a_teachers_score_stays(course):
    with open_gradebook(course) as gradebook:
        gradebook.find_grade("check_normalize", NAME, NAME, "bob").manual_score = 2
        gradebook.db.commit()
    records = [json.loads(p.read_text()) for p in sorted((course / "grading" / "01").glob("[!.]*.json"))]
    assert write_gradebook(str(course / "gradebook.db"), records, "01") == (NAME, 3)
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission(NAME, "bob").score == 6
        gradebook.find_grade("check_normalize", NAME, NAME, "bob").manual_score = None
        gradebook.db.commit()


def test_nbgrader_exports_what_we_wrote(course):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    line = [sys.executable, "-m", "nbgrader", "export", "--to", "grades.csv"]
    subprocess.run(line, cwd=course, env=os.environ | {"PATH": path}, check=True, capture_output=True, timeout=200)
    with open(course / "grades.csv") as file:
        rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert rows == {"ada": 15, "bob": 4, "cyd": 7, "dan": 0}


def test_nbgrader_makes_its_pages_of_what_we_placed(course):
    assert nbgrader_api(course).generate_feedback(NAME)["success"]
    page = (course / "feedback" / "cyd" / NAME / f"{NAME}.html").read_text()
    assert "(Score: 7.0 / 17.0)" in page
    assert "a &lt;b&gt;plot" in page
    assert page.count("alert(1)") >= len(HOSTILE_TEXTS)  # told, as text
    for live in ("<script>alert(1)", "<img src=x", "<svg onload", 'href="javascript:'):
        assert live not in page
    assert (course / "feedback" / "ada" / NAME / f"{NAME}.html").is_file()


def test_formgrader_lists_the_submissions_as_graded(course):
    listed = {s["student"]: s for s in nbgrader_api(course).get_submissions(NAME)}
    assert {name: s["score"] for name, s in listed.items() if s["autograded"]} == {"ada": 15, "bob": 4, "cyd": 7}
    assert not any(s["needs_manual_grade"] for s in listed.values())


def test_the_gradebook_and_its_address_are_for_the_owner_alone(course, tmp_path):
    old = os.umask(0o022)
    try:
        for path in (course / "gradebook.db", course / "nbgrader_config.py"):
            assert path.stat().st_mode & 0o777 == 0o600
        make_for_owner(f"sqlite:///{tmp_path / 'new.db'}")
        assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600
        (tmp_path / "old.db").touch(0o660)
        before = (tmp_path / "old.db").stat()
        for url in (f"sqlite:///{tmp_path / 'old.db'}", "sqlite:///:memory:", f"sqlite:///{tmp_path}/no/such.db"):
            make_for_owner(url)
    finally:
        os.umask(old)
    assert (tmp_path / "old.db").stat() == before, "a class that shares its gradebook goes on sharing it"
    assert {path.name for path in tmp_path.iterdir()} == {"new.db", "old.db"}


def test_a_gradebook_without_release_gets_an_assignment(course):
    record = json.loads((course / "grading" / "01" / "ada.json").read_text()) | {"unit": "02"}
    url = f"sqlite:///{course / 'gradebook.db'}"
    assert write_gradebook(url, [record], "02") == ("02", 1)
    next(t for t in record["tasks"] if t["name"] == "normalize")["max_score"] = 9
    with pytest.raises(GradebookMismatch, match="normalize of 9 points"):
        write_gradebook(url, [record], "02")
    with open_gradebook(course) as gradebook:
        gradebook.remove_assignment("02")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("{}/corrupt.db", "file is not a database"),
        ("{}/no/such/folder/gradebook.db", "unable to open database file"),
        ("postgresql://teacher:secret@127.0.0.1:1/grades", "needs the Python package|refused"),
        ("nonsense://x", "nonsense"),
    ],
)
def test_a_gradebook_that_cannot_be_written_gets_a_sentence_and_the_rest_is_written(course, tmp_path, url, said, capfd):
    (tmp_path / "corrupt.db").write_bytes(b"this is no database" * 1000)
    table = tmp_path / "scores.csv"
    options = ["--csv", str(table), "--gradebook", url.format(tmp_path), "--no-reexec", "--accept-zeros"]
    assert main(["grade", str(course), "--unit", "01", *options]) == 1
    told = capfd.readouterr().err
    assert re.search(said, told)
    assert "Everything else is written" in told
    assert "Traceback" not in told
    assert "secret" not in told
    assert table.is_file()


def test_release_knows_its_exercises_and_notices_what_is_stale(course, monkeypatch):
    assert release.names(["3"]) == ["03_shapes_and_receptive_fields"]
    with pytest.raises(SystemExit, match="No exercise starts with '77'"):
        release.names(["77"])
    monkeypatch.setattr(release, "content", lambda path: str(path))
    with pytest.raises(SystemExit, match="make exercises"):
        release.main(["1", "--course", str(course)])


def test_an_empty_notebook_is_placed_with_all_released_cells(course, tmp_path):
    from cnncourse.grading.outputs.autograded import place
    from cnncourse.grading.submissions import Submission

    path = tmp_path / "submitted" / "eve" / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(notebook_json(["x = 1"]))
    released = course / "release" / NAME / f"{NAME}.ipynb"
    placed = json.loads(place(Submission("eve", "01", path), released, tmp_path, NAME).read_text())
    marks = [c["metadata"]["nbgrader"]["grade_id"] for c in placed["cells"] if "nbgrader" in c["metadata"]]
    assert "check_to_tensor" in marks
    assert len(marks) == len(set(marks)) == len(placed["cells"]) - 1
