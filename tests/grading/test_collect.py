"""What arrives is placed or named: downloads of Canvas and Moodle as they are, nbgrader's exchange, loose notebooks."""

import io
import json
import zipfile

import pytest

from cnncourse.cli import main
from cnncourse.grading.arrivals import Download, read_arrivals
from cnncourse.grading.collect import collect
from cnncourse.grading.roster import read_roster
from cnncourse.grading.submissions import find_submissions
from tests.grading.harness import notebook_json

UNIT = "01_images_as_tensors"
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section
    Points Possible,,,,
"Doe, Jane",101,u1,jdoe,A
"Roe, Ann-Marie",102,u2,amroe,A
"Poe, Zoë",103,u3,zpoe,B
"""
WORKSHEET = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (submission),Feedback
Participant 9001,Jane Doe,jane@uni.edu,Submitted for grading,,100.00,"Monday, 12 October 2026, 6:30 PM",
Participant 9002,Zoë Poe,zoe@uni.edu,Submitted for grading,,100.00,"Tuesday, 13 October 2026, 9:05 AM",
Participant 9003,Max Roe,max@uni.edu,No submission,,100.00,-,
"""


def text(word):
    return notebook_json([f"{word} = 1"])


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def unpacked(path, files):
    for name, content in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    return path


def roster(tmp_path, content):
    path = tmp_path / "roster.csv"
    path.write_text(content, encoding="utf-8")
    return read_roster(path)


def read_words(course):
    """From student to the name that the notebook placed for him defines."""
    return {
        path.parent.parent.name: json.loads(path.read_text())["cells"][0]["source"].split()[0]
        for path in course.glob(f"submitted/*/{UNIT}/{UNIT}.ipynb")
    }


FROM_CANVAS = {
    "doejane_101_5001_01_images_as_tensors.ipynb": text("old"),
    "doejane_101_5001_01_images_as_tensors-2.ipynb": text("newest"),
    "doejane_101_5001_01_images_as_tensors-1.ipynb": text("older"),
    "roeannmarie_LATE_102_5002_homework.ipynb": text("ann"),
    "roeannmarie_LATE_102_5003_drawing.png": "no notebook",
    "poezo_103_5004_02_convolution.ipynb": text("other_unit"),
    "__MACOSX/._doejane_101_5001_01_images_as_tensors.ipynb": "junk",
}


@pytest.mark.parametrize("make", [zipped, unpacked])
def test_a_download_of_canvas(tmp_path, make):
    source = make(tmp_path / "submissions.zip", FROM_CANVAS)
    done = collect(source, tmp_path / "class", "01", roster=roster(tmp_path, CANVAS))
    assert done.kind == "Canvas"
    assert read_words(tmp_path / "class") == {"jdoe": "newest", "amroe": "ann"}
    assert [row[2] for row in done.placed] == ["marked as late", ""]
    why = dict(done.refused + done.older)
    assert why["roeannmarie_LATE_102_5003_drawing.png"] == "not a notebook (.ipynb)"
    assert "says unit 02, and unit 01 is collected" in why["poezo_103_5004_02_convolution.ipynb"]
    assert sum("older or other notebook of jdoe" in reason for reason in why.values()) == 2
    assert done.missing == ["zpoe"]


def test_without_a_roster_the_id_of_canvas_is_the_folder(tmp_path):
    collect(zipped(tmp_path / "s.zip", FROM_CANVAS), tmp_path / "class", "01")
    assert read_words(tmp_path / "class") == {"101": "newest", "102": "ann"}
    found = find_submissions(tmp_path / "class", "01")
    place = roster(tmp_path, CANVAS).match([s.student for s in found])
    assert place == {"101": 0, "102": 1}


@pytest.mark.parametrize("between", ["_assignsubmission_file_/", "_assignsubmission_file/", "_assignsubmission_file_"])
def test_a_download_of_moodle_with_its_worksheet(tmp_path, between):
    files = {
        f"Jane Doe_9001{between}01_images_as_tensors.ipynb": text("jane"),
        f"Zoë Poe_9002{between}my work.ipynb": text("zoe"),
    }
    done = collect(zipped(tmp_path / "m.zip", files), tmp_path / "class", "01", roster=roster(tmp_path, WORKSHEET))
    assert done.kind == "Moodle"
    assert done.refused == []
    assert read_words(tmp_path / "class") == {"jane@uni.edu": "jane", "zoe@uni.edu": "zoe"}
    assert done.missing == ["max@uni.edu"]
    stamp = tmp_path / "class" / "submitted" / "jane@uni.edu" / UNIT / "timestamp.txt"
    assert stamp.read_text().startswith("2026-10-12 18:30:00 ")


def test_nbgraders_exchange_and_layout(tmp_path):
    files = {
        "jdoe+01_images_as_tensors+2026-10-12 18:30:00.123456 UTC/01_images_as_tensors.ipynb": text("first"),
        "jdoe+01_images_as_tensors+2026-10-13 08:00:00.123456 UTC+a1b2/01_images_as_tensors.ipynb": text("second"),
        "jdoe+01_images_as_tensors+2026-10-13 08:00:00.123456 UTC+a1b2/timestamp.txt": "x",
    }
    done = collect(unpacked(tmp_path / "inbound", files), tmp_path / "class", "01")
    assert done.kind == "nbgrader's exchange"
    assert read_words(tmp_path / "class") == {"jdoe": "second"}
    files = {
        f"submitted/ann/{UNIT}/{UNIT}.ipynb": text("ann"),
        f"submitted/ann/{UNIT}/timestamp.txt": "2026-10-12 18:30:00 +0200",
        f"submitted/bob/{UNIT}/{UNIT}.ipynb": text("bob"),
        "submitted/bob/02_convolution/02_convolution.ipynb": text("two"),
    }
    done = collect(zipped(tmp_path / "all.zip", files), tmp_path / "other", "01")
    assert done.kind == "folders"
    assert read_words(tmp_path / "other") == {"ann": "ann", "bob": "bob"}
    assert len(done.refused) == 1


def test_loose_notebooks(tmp_path):
    files = {
        "01_images_as_tensors_jdoe.ipynb": text("jane"),
        "amroe 01_images_as_tensors (1).ipynb": text("ann"),
        "zpoe.ipynb": text("zoe"),
        "01_images_as_tensors (3).ipynb": text("nobody"),
    }
    done = collect(unpacked(tmp_path / "loose", files), tmp_path / "class", "01", roster=roster(tmp_path, CANVAS))
    assert read_words(tmp_path / "class") == {"jdoe": "jane", "amroe": "ann", "zpoe": "zoe"}
    assert done.refused == [("01_images_as_tensors (3).ipynb", "its name does not say whose it is")]


def test_a_zip_with_a_folder_of_its_own_name(tmp_path):
    for inner in (FROM_CANVAS, {"ann/01_x.ipynb": text("a"), "bob/01_x.ipynb": text("b")}):
        files = {f"hw1/{name}": content for name, content in inner.items() if "__MACOSX" not in name}
        kind, arrivals = read_arrivals(Download(zipped(tmp_path / "z.zip", files)))
        assert kind == ("Canvas" if inner is FROM_CANVAS else "folders")
        assert all(a.who for a in arrivals)


def test_hostile_names_stay_in_the_class(tmp_path):
    files = {
        "../../evil_101_5_01_x.ipynb": text("a"),
        "doe_101_5_01_x.ipynb": text("b"),
        "..": text("c"),
        "/abs_102_6_01_x.ipynb": text("d"),
        "Ann_7_assignsubmission_file_/../../../01_x.ipynb": text("e"),
    }
    collect(zipped(tmp_path / "z.zip", files), tmp_path / "class", "01")
    outside = [p for p in tmp_path.rglob("*") if p.is_file() and tmp_path / "class" not in p.parents]
    assert outside == [tmp_path / "z.zip"]


def test_work_collected_before_is_not_lost(tmp_path):
    name = "Jane Doe_9001_assignsubmission_file_/01_x.ipynb"
    course, table = tmp_path / "class", roster(tmp_path, CANVAS)
    loose = {"jdoe.ipynb": text("first")}
    collect(zipped(tmp_path / "1.zip", loose), course, "01", roster=table)
    done = collect(zipped(tmp_path / "2.zip", {"jdoe.ipynb": text("second")}), course, "01", roster=table)
    assert "kept is the other notebook" in done.placed[0][2]
    assert read_words(course) == {"jdoe": "first"}
    done = collect(zipped(tmp_path / "2.zip", {"jdoe.ipynb": text("second")}), course, "01", roster=table, replace=True)
    assert read_words(course) == {"jdoe": "second"}
    sheet = roster(tmp_path, WORKSHEET)
    collect(zipped(tmp_path / "m1.zip", {name: text("monday")}), course, "01", roster=sheet)
    later = roster(tmp_path, WORKSHEET.replace("Monday, 12", "Thursday, 15"))
    done = collect(zipped(tmp_path / "m2.zip", {name: text("thursday")}), course, "01", roster=later)
    assert read_words(course)["jane@uni.edu"] == "thursday"
    assert "replaces the one" in done.placed[0][2]


def test_the_command_says_what_became_of_each_file(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    source = zipped(tmp_path / "s.zip", FROM_CANVAS)
    (tmp_path / "roster.csv").write_text(CANVAS)
    line = ["collect", str(source), str(tmp_path / "class"), "--unit", "1", "--roster", str(tmp_path / "roster.csv")]
    assert main(line) == 1
    said = capsys.readouterr().out
    for name in FROM_CANVAS:
        assert "MACOSX" in name or name in said
    assert "nothing came: zpoe" in said
    assert "Read as Canvas: 2 notebooks placed, 4 files not placed" in said
    assert main(["collect", str(tmp_path / "none.zip"), str(tmp_path), "--unit", "1"]) == 2
    assert "none.zip: there is no such file or folder" in capsys.readouterr().err
    (tmp_path / "text.zip").write_text("no zip")
    assert main(["collect", str(tmp_path / "text.zip"), str(tmp_path), "--unit", "1"]) == 2
    assert "neither a folder nor a zip" in capsys.readouterr().err


def test_a_broken_member_costs_that_file_alone(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a_1_1_01_x.ipynb", text("unhurt"))
        archive.writestr("b_2_1_01_x.ipynb", text("spoilt"))
    (tmp_path / "z.zip").write_bytes(content.getvalue().replace(b"spoilt = 1", b"spoilt = 2"))
    done = collect(tmp_path / "z.zip", tmp_path / "class", "01")
    assert read_words(tmp_path / "class") == {"1": "unhurt"}
    assert "cannot be unpacked" in done.refused[0][1]
