"""Reading what was handed in: honest oddities are read, broken and hostile files get one clear line."""

import json
import os
from pathlib import Path

import pytest

from cnncourse.grading.host import notebook as reading
from cnncourse.grading.host.notebook import Unreadable, read_notebook
from cnncourse.grading.submissions import Submission, course_folder, find_submissions, passed_over, unit_name
from tests.grading.harness import hand_in, notebook_json

CELLS = ["x = 1", "def f():\n    return 'ä'"]


def written(tmp_path, content):
    path = tmp_path / "work.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_reads_code_cells_in_order(tmp_path):
    read = read_notebook(written(tmp_path, notebook_json(CELLS)))
    assert read.cells == CELLS


@pytest.mark.parametrize(
    "change",
    [
        lambda n: n["metadata"].update(kernelspec={"name": "julia-9", "language": "whatever"}),
        lambda n: n.pop("metadata"),
        lambda n: n.update(nbformat_minor=99),
        lambda n: [cell.pop("metadata") for cell in n["cells"]],
        lambda n: [cell["metadata"].update(tags=["skip-execution"], nbgrader={"grade": True}) for cell in n["cells"]],
        lambda n: [cell.update(source=cell["source"].splitlines(keepends=True)) for cell in n["cells"]],
        lambda n: [cell.update(outputs=[{"output_type": "nonsense"}], execution_count="three") for cell in n["cells"]],
        lambda n: n["cells"].insert(0, {"cell_type": "markdown", "source": "import os; os._exit(1)"}),
        lambda n: n["cells"].insert(0, "not a cell"),
        lambda n: n["cells"].insert(0, {"cell_type": ["code"], "source": "boom"}),
    ],
)
def test_what_does_not_matter_does_not_matter(tmp_path, change):
    content = json.loads(notebook_json(CELLS))
    change(content)
    assert read_notebook(written(tmp_path, json.dumps(content))).cells == CELLS


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    text = "\ufeff" + notebook_json(["a = 1\r\nb = 2"]).replace("\n", "\r\n")
    assert read_notebook(written(tmp_path, text)).cells == ["a = 1\nb = 2"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"])
def test_files_in_other_encodings_are_read(tmp_path, encoding):
    text = json.dumps(json.loads(notebook_json(CELLS)), ensure_ascii=False)
    assert "ä" in text
    assert read_notebook(written(tmp_path, text.encode(encoding))).cells == CELLS


def test_sources_of_other_kinds_are_empty(tmp_path):
    content = json.loads(notebook_json(CELLS))
    content["cells"][0]["source"] = {"evil": 1}
    content["cells"][1]["source"] = ["def f():\n", 3, None, "    return 1"]
    assert read_notebook(written(tmp_path, json.dumps(content))).cells == ["", "def f():\n    return 1"]


def test_half_a_surrogate_pair_becomes_a_question_mark(tmp_path):
    read = read_notebook(written(tmp_path, notebook_json(["x = '\ud800'"])))
    assert read.cells == ["x = '?'"]
    assert read.code_sha256


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("print('this is a script')", "not valid JSON"),
        (notebook_json(CELLS)[:-20], "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        (b"PK\x03\x04\x00\xff\xfe" * 100, "not text"),
        ("[1, 2, 3]", "not a notebook"),
        ('"text"', "not a notebook"),
        ('{"cells": {"0": 1}, "nbformat": 4}', "not a notebook"),
        ('{"nbformat": 4}', "format"),
        ('{"nbformat": 3, "worksheets": [], "cells": []}', "format is 3"),
        ('{"nbformat": [[1]], "cells": []}', "format"),
        ("{" + '"a":[],' * 500_000 + '"nbformat": 4, "cells": []}', "far more parts"),
        (notebook_json(["x"] * 3000), "3,000 code cells"),
        (notebook_json(["x" * (1 << 20), "y"]), "million characters"),
        ("1" * 5000, "not valid JSON"),
    ],
)
def test_other_files_get_a_clear_line(tmp_path, content, said):
    with pytest.raises(Unreadable, match=said):
        read_notebook(written(tmp_path, content))


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = written(tmp_path, "{")
    os.truncate(path, reading.MAX_BYTES + 1)
    with pytest.raises(Unreadable, match="too large: 100.0 MiB, at most 100 MiB"):
        read_notebook(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_pipes_links_and_folders_are_no_notebooks(tmp_path):
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    for name in ("pipe", "folder", "link", "absent"):
        with pytest.raises(Unreadable):
            read_notebook(tmp_path / f"{name}.ipynb")


# ---- finding submissions


@pytest.mark.parametrize(("text", "unit"), [("6", "06"), ("06", "06"), ("06_backprop", "06"), ("12", "12")])
def test_units_are_two_digits(text, unit):
    assert unit_name(text) == unit


@pytest.mark.parametrize("text", ["six", "", "123", "_06"])
def test_other_units_are_refused(text):
    with pytest.raises(ValueError, match="unit"):
        unit_name(text)


def test_finds_the_layout_from_any_of_its_folders(tmp_path):
    path = hand_in(tmp_path, "ada", CELLS, "03_shapes")
    hand_in(tmp_path, "bob", CELLS, "04_equivariance")
    everyone = [Submission("ada", "03", path), Submission("bob", "03", None)]
    assert find_submissions(tmp_path, "03") == everyone
    assert find_submissions(tmp_path / "submitted", "03") == everyone
    assert find_submissions(tmp_path / "submitted" / "ada", "03") == everyone[:1]
    assert find_submissions(path, "03") == [Submission("03_shapes", "03", path)]
    assert course_folder(tmp_path / "submitted") == course_folder(tmp_path) == tmp_path


def test_a_renamed_notebook_is_found_and_the_right_one_of_several(tmp_path):
    path = hand_in(tmp_path, "ada", CELLS, "03_shapes")
    renamed = path.rename(path.with_name("03_shapes (1).ipynb"))
    assert find_submissions(tmp_path, "03")[0].path == renamed
    path.with_name("scratch.ipynb").write_text("{}")
    path.with_name(".hidden.ipynb").write_text("{}")
    assert find_submissions(tmp_path, "03")[0].path == renamed
    path.write_text("{}")
    assert find_submissions(tmp_path, "03")[0].path == path


def test_odd_folders_are_said_to_be_odd(tmp_path):
    classmate = hand_in(tmp_path, "ada", CELLS, "03_shapes")
    (tmp_path / "submitted" / "bob").mkdir()
    (tmp_path / "submitted" / "bob" / "03_shapes").symlink_to(classmate.parent)
    (tmp_path / "submitted" / "cyd" / "03_shapes").mkdir(parents=True)
    (tmp_path / "submitted" / ".DS_Store").write_text("")
    _, bob, cyd = find_submissions(tmp_path, "03")
    assert bob.path is None
    assert "link" in bob.problem
    assert "no notebook" in cyd.problem


def test_nothing_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        find_submissions(tmp_path / "absent", "03")
    with pytest.raises(FileNotFoundError, match="no students"):
        find_submissions(tmp_path, "03")


def test_a_folder_that_cannot_be_read_costs_its_student_alone(tmp_path, monkeypatch):
    hand_in(tmp_path, "ada", CELLS, "03_shapes")
    hand_in(tmp_path, "bob", CELLS, "03_shapes")
    honest = Path.iterdir

    def iterdir(folder):
        if folder.name == "bob":
            raise PermissionError(13, "Permission denied")
        return honest(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    ada, bob = find_submissions(tmp_path, "03")
    assert ada.path is not None
    assert bob.problem == "The folder cannot be read (Permission denied)."


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on Unix alone")
def test_names_that_are_no_text_stay_apart(tmp_path):
    for name in (b"b\xff", b"b\xfe"):
        os.makedirs(os.path.join(os.fsencode(tmp_path), b"submitted", name))
    (tmp_path / "submitted" / "b\\xff").mkdir()  # a name that is text, and looks the same
    assert [s.student for s in find_submissions(tmp_path, "03")] == ["b\\xfe", "b\\xff", "b\\xff~"]


def test_a_notebook_elsewhere_in_the_students_folder_is_found(tmp_path):
    for student, place in (("ada", "03_shapes.ipynb"), ("bob", "homework/03_shapes.IPYNB"), ("cyd", "3.ipynb"),
                           ("dan", "final.ipynb"), ("eve", "04_equivariance.ipynb"), ("fay", "notes.txt")):  # fmt: skip
        path = tmp_path / "submitted" / student / place
        path.parent.mkdir(parents=True)
        path.write_text(notebook_json(CELLS))
    ada, bob, cyd, dan, eve, fay = find_submissions(tmp_path, "03")
    assert all(s.path and not s.problem for s in (ada, bob, cyd))
    assert "No notebook's name begins with 03" in dan.problem
    assert "final.ipynb" in dan.problem
    assert not eve.problem
    assert eve.path is None and fay.path is None  # noqa: PT018


def test_what_is_not_read_is_told(tmp_path):
    path = hand_in(tmp_path, "ada", CELLS, "03_shapes")
    path.with_name("03_shapes (2).ipynb").write_text("{}")
    (tmp_path / "submitted" / "bob.ipynb").write_text("{}")
    hand_in(tmp_path, "cyd", CELLS, "03_shapes").rename(tmp_path / "submitted" / "cyd" / "03_shapes" / "a.py")
    ada, cyd = find_submissions(tmp_path, "03")
    assert ada.note == "read was 03_shapes.ipynb; not read: 03_shapes (2).ipynb"
    assert "there are: a.py" in cyd.problem
    assert passed_over(tmp_path) == ["bob.ipynb"]


def test_what_lies_too_deep_or_is_no_notebook_is_no_silent_zero(tmp_path):
    for student, place in (("ada", "work/03/03_shapes.ipynb"), ("bob", "03_shapes.pdf"), ("cyd", "a/b/final.ipynb"),
                           ("dan", "04_equivariance/a/b.ipynb"), ("eve", "report.pdf")):  # fmt: skip
        path = tmp_path / "submitted" / student / place
        path.parent.mkdir(parents=True)
        path.write_text(notebook_json(CELLS))
    ada, bob, cyd, dan, eve = find_submissions(tmp_path, "03")
    assert "work/03/03_shapes.ipynb" in ada.problem.replace(os.sep, "/")
    assert "03_shapes.pdf" in bob.problem
    assert "final.ipynb" in cyd.problem
    assert not dan.problem and not eve.problem  # noqa: PT018


def test_folders_of_operating_systems_are_nobodys(tmp_path):
    hand_in(tmp_path, "ada", CELLS, "03_shapes")
    for place in ("__MACOSX/ada/03_shapes/._03_shapes.ipynb", "@eaDir/x", "ada/03_shapes/__MACOSX/03_shapes (1).ipynb"):
        path = tmp_path / "submitted" / place
        path.parent.mkdir(parents=True)
        path.write_text("x")
    (ada,) = find_submissions(tmp_path, "03")
    assert ada.path is not None and not ada.note  # noqa: PT018
