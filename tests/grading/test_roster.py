"""Whose row a submission belongs to: nobody who handed in gets a zero because of how a name is written."""

import csv
import io

import pytest

from cnncourse.grading.command import main
from cnncourse.grading.outputs import exports
from cnncourse.grading.roster import read_roster
from tests.grading.harness import IMPORTS, UNIT_01, hand_in

CANVAS = "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"


def record(student, score=5, handed_in=True):
    tasks = [{"name": "f", "score": score, "max_score": 5}]
    return {"student": student, "score": score, "max_score": 5, "problem": "", "tasks": tasks, "handed_in": handed_in}


def roster(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("folder", ["jdoe", "JDOE", " jdoe ", "u1", "17", "jdoe@uni.edu"])
def test_a_login_is_found_however_it_is_written(tmp_path, folder):
    path = roster(tmp_path, CANVAS + "Doe,17,u1,JDoe,A\nRoe,18,u2,rroe,A\n")
    table = list(csv.reader(io.StringIO(exports.to_canvas([record(folder), record("JDoe", 0, False)], "01", path))))
    assert table[2:] == [["Doe", "17", "u1", "JDoe", "A", "5"]]


def test_accents_are_written_in_two_ways(tmp_path):
    path = roster(tmp_path, "Username\nzoe\u0308\n")
    assert read_roster(path).match(["zo\u00eb"]) == {"zo\u00eb": 0}


def test_a_name_that_fits_two_students_fits_none(tmp_path):
    table = read_roster(roster(tmp_path, "Username,ID number\nann,1\nAnn,2\nbob,3\n"))
    assert table.match(["ann", "Ann", "ANN", "3"]) == {"ann": 0, "Ann": 1, "3": 2}


@pytest.mark.parametrize(
    ("separator", "encoding"), [(";", "cp1252"), ("\t", "utf-16"), (",", "utf-8-sig"), (";", "utf-8")]
)
def test_separators_and_encodings(tmp_path, separator, encoding):
    text = "First name,Last name,Email address\r\nJörg,Ünal,j@x.de\r\n\r\n".replace(",", separator)
    table = read_roster(roster(tmp_path, text, encoding))
    assert [table.login(row) for row in table.rows] == ["j@x.de"]
    assert table.rows[0]["First name"] == "Jörg"
    assert table.match(["J"]) == {"J": 0}
    assert "Jörg,Ünal,j@x.de,5," in exports.to_moodle([record("j")], "01", tmp_path / "roster.csv")


def test_a_line_for_excel_and_quoted_line_ends(tmp_path):
    table = read_roster(roster(tmp_path, 'sep=;\nStudent;Login ID\n"Doe\nJohn";a,b\n'))
    assert table.rows == [{"Student": "Doe\nJohn", "Login ID": "a,b"}]


def test_other_tables_are_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=r"roster.csv: no column that identifies students.*found are Colour"):
        read_roster(roster(tmp_path, "Colour\nred\n"))
    with pytest.raises(ValueError, match="found are none"):
        read_roster(roster(tmp_path, ""))


def test_what_matches_nobody_is_said_on_the_screen_and_in_the_report(tmp_path, sandboxes, capfd):
    hand_in(tmp_path, "JDoe", [IMPORTS, *UNIT_01])
    hand_in(tmp_path, "stranger", [IMPORTS])
    (tmp_path / "submitted" / "loose.ipynb").write_text("{}")
    path = roster(tmp_path, CANVAS + "Doe,17,u1,jdoe,A\nRoe,18,u2,rroe,A\n")
    canvas = tmp_path / "canvas.csv"
    options = ["--roster", str(path), "--canvas", str(canvas), "--jobs", "1", "--no-reexec"]
    assert main(["grade", str(tmp_path), "--unit", "01", *options]) == 4
    assert "2 of 3 students have no points (1 of them have not handed in)" in capfd.readouterr().err
    assert not canvas.exists()
    options.append("--accept-zeros")
    assert main(["grade", str(tmp_path), "--unit", "01", *options]) == 0
    said = capfd.readouterr()
    page = (tmp_path / "grading" / "01" / "class-report.html").read_text()
    for text in (said.err, page):
        assert "not on the roster" in text
        assert "stranger" in text
        assert "loose.ipynb" in text
    assert "not handed in" in said.out
    assert "JDoe" not in page.partition("not on the roster")[2].partition("</ul>")[0]
    assert [row[-1] for row in csv.reader(canvas.open())][2:] == ["15", "0"]
