"""A learner's copies: nothing given away, links to other copies, and never a word of the learner's lost."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from cnncourse import cli, copies
from cnncourse.places import headings, section
from tools import folding

LINK = re.compile(r"\]\(([^)\s]+)\)")
LESSON = "lessons/02_convolution.ipynb"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course in `course/`, whose copies go to `my_work/`; returns the latter."""
    notebooks, exercises = tmp_path / "course" / "notebooks", tmp_path / "course" / "exercises"
    monkeypatch.setattr(copies, "lessons", lambda: notebooks)
    monkeypatch.setattr(copies, "exercises", lambda: exercises)
    write(notebooks / "02_convolution.ipynb", "the first version")
    write(exercises / "02_convolution" / "02_convolution.ipynb", "def f(): ...")
    return tmp_path / "my_work"


def cell(source, kind="code", outputs=(), **metadata):
    made = {"cell_type": kind, "metadata": metadata, "source": source, "id": "a"}
    return made | ({"outputs": list(outputs), "execution_count": 1} if kind == "code" else {})


def write(path, *sources):
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [source if isinstance(source, dict) else cell(source) for source in sources]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def texts(path):
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def new_version(course, text="the second version"):
    write(course.parent / "course" / "notebooks" / "02_convolution.ipynb", text)


def test_a_copy_that_was_only_run_is_renewed(course):
    assert copies.renew(course) == []
    run = json.loads((course / LESSON).read_text())
    run["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "3"}]
    run["cells"].append(cell(""))  # JupyterLab adds one below the last
    (course / LESSON).write_text(json.dumps(run))
    assert copies.renew(course) == []
    assert "stdout" in (course / LESSON).read_text(), "nothing new in the course: what was run stays"
    new_version(course)
    assert copies.renew(course) == []
    assert texts(course / LESSON) == ["the second version"]


def test_what_a_learner_wrote_is_never_overwritten(course):
    copies.renew(course)
    write(course / LESSON, "the first version", "my thoughts")
    assert copies.renew(course) == []
    new_version(course)
    (said,) = copies.renew(course)
    assert "has changes of yours" in said
    assert "02_convolution.new.ipynb" in said
    assert texts(course / LESSON) == ["the first version", "my thoughts"]
    assert texts(course / "lessons" / "02_convolution.new.ipynb") == ["the second version"]
    assert copies.renew(course) == [], "it is said once"
    new_version(course, "the third version")
    assert len(copies.renew(course)) == 1
    assert texts(course / "lessons" / "02_convolution.new.ipynb") == ["the third version"]
    write(course / "lessons" / "02_convolution.new.ipynb", "thoughts in the newer one")
    new_version(course, "the fourth version")
    assert "02_convolution.new2.ipynb" in copies.renew(course)[0]
    assert texts(course / "lessons" / "02_convolution.new.ipynb") == ["thoughts in the newer one"]
    assert texts(course / LESSON) == ["the first version", "my thoughts"]


@pytest.mark.parametrize("damaged", ["", "[1, 2", '{"a": 1}', None])
def test_without_its_notes_a_copy_counts_as_the_learners(course, damaged):
    copies.renew(course)
    write(course / LESSON, "my own")
    if damaged is None:
        (course / copies.GIVEN).unlink()
    else:
        (course / copies.GIVEN).write_text(damaged)
    assert len(copies.renew(course)) == 1
    assert texts(course / LESSON) == ["my own"]
    assert copies.is_untouched(course, "02_convolution/02_convolution.ipynb")
    assert not copies.is_untouched(course, LESSON)
    assert not list(course.glob("02_convolution/*.new.ipynb")), "nothing has changed there"


def test_a_file_that_is_no_notebook_any_more_stays(course):
    copies.renew(course)
    (course / LESSON).write_bytes(b"\xff\x00 not a notebook")
    new_version(course)
    assert len(copies.renew(course)) == 1
    assert (course / LESSON).read_bytes() == b"\xff\x00 not a notebook"


def test_a_deleted_copy_comes_back(course):
    copies.renew(course)
    (course / LESSON).unlink()
    copies.renew(course)
    assert texts(course / LESSON) == ["the first version"]


def test_what_answers_a_prediction_is_cleared_and_all_else_stays():
    out = [{"output_type": "stream", "name": "stdout", "text": "4"}]
    hidden = cell("4", outputs=out, jupyter={"outputs_hidden": True, "source_hidden": True})
    made = copies.learners_version({"cells": [cell("3", outputs=out), hidden]})["cells"]
    assert (made[0]["outputs"], made[0]["execution_count"]) == (out, 1)
    assert (made[1]["outputs"], made[1]["execution_count"]) == ([], None)
    assert made[1]["metadata"]["jupyter"] == {"source_hidden": True}


def test_claims_and_questions_are_not_answered_before_they_are_run():
    out = [{"output_type": "stream", "name": "stdout", "text": "1. 56"}]
    texts = [
        "## 9. The tour\n\n### More",
        "## Claims to test\n\n1. Deeper is better.",
        "and then",
        "## Summary\n\n## Questions",
    ]
    cells = [c for text in texts for c in (cell(text, "markdown"), cell("x", outputs=out))]
    made = copies.learners_version({"cells": cells})["cells"]
    assert [bool(c["outputs"]) for c in made if c["cell_type"] == "code"] == [True, False, False, False]


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """The copies of the whole course."""
    folder = tmp_path_factory.mktemp("learner") / "my_work"
    copies.renew(folder)
    return folder


def test_no_copy_shows_what_answers_a_prediction(everything):
    answers = 0
    for path in everything.glob("lessons/*.ipynb"):
        copy = nbformat.read(path, as_version=4)
        for _, code, _ in folding.predictions(copy):
            for found in (copy.cells[place] for place in code):
                if folding.OPEN not in folding.tags(found):
                    answers += 1
                    assert found.outputs == [], f"{path.name}: {found.source[:80]}"
    assert answers > 80


def test_every_link_in_a_copy_leads_to_a_copy_and_to_its_section(everything):
    names = {path: {name for text in texts(path) for name in headings(text)} for path in everything.glob("*/*.ipynb")}
    dead, count = [], 0
    for path in names:
        content = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for text in ("".join(c["source"]) for c in content if c["cell_type"] == "markdown"):
            for link in LINK.findall(text):
                file, _, wanted = link.partition("#")
                if "://" in link or file.startswith("mailto:"):
                    continue
                count += 1
                target = (path.parent / file).resolve() if file else path
                if target not in names or (wanted and unquote(wanted) not in names[target]):
                    dead.append(f"{path.parent.name}/{path.name}: {link}")
    assert dead == []
    assert count > 150


def test_a_report_leads_to_the_copy_of_the_lesson(everything):
    link = section("02#The sliding window, by hand", everything / "02_convolution")
    assert link == "../lessons/02_convolution.ipynb#2.-The-sliding-window,-by-hand"
    assert "my_work" not in section("02", Path(__file__).parents[2] / "solutions" / "02_convolution")


def test_git_has_nothing_to_merge_after_a_learners_evening(tmp_path, monkeypatch):
    """A clone whose lessons are run and written in takes the next version of the course by `git pull`."""

    def git(folder, *words):
        name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        done = subprocess.run(["git", "-C", str(folder), *name, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    write(ours / "notebooks" / "02_convolution.ipynb", "the first version")
    (ours / ".gitignore").write_text((Path(__file__).parents[2] / ".gitignore").read_text())
    git(tmp_path, "init", "-q", "ours")
    git(ours, "add", ".")
    git(ours, "commit", "-qm", "one")
    git(tmp_path, "clone", "-q", "ours", "theirs")
    monkeypatch.setattr(copies, "lessons", lambda: theirs / "notebooks")
    monkeypatch.setattr(copies, "exercises", lambda: theirs / "exercises")
    monkeypatch.chdir(theirs)
    assert cli.main(["start"]) == 0
    write(theirs / "my_work" / LESSON, "my thoughts")
    assert git(theirs, "status", "--porcelain") == ""
    write(ours / "notebooks" / "02_convolution.ipynb", "the second version")
    git(ours, "commit", "-qam", "two")
    git(theirs, "pull", "-q")
    assert len(copies.renew(theirs / "my_work")) == 1
    assert texts(theirs / "my_work" / LESSON) == ["my thoughts"]


def test_from_inside_my_work_the_same_copies_are_meant(course, monkeypatch, capsys):
    copies.renew(course)
    monkeypatch.chdir(course / "lessons")
    assert cli.main(["start"]) == 0
    assert not (course / "lessons" / "my_work").exists()
    assert "00_start_here.ipynb is the start page of your copies" in capsys.readouterr().out
