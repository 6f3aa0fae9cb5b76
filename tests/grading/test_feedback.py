"""What students and teachers read: complete, escaped, and without a hidden input or a wanted value."""

import csv
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from cnncourse.checks.registry import load_task, tasks_of_unit
from cnncourse.grading.host.grade import grade_submission, prepare
from cnncourse.grading.outputs import class_report, exports, feedback
from cnncourse.grading.submissions import Submission
from tests.grading.harness import IMPORTS, UNIT_01, hand_in, notebook_json

NASTY = "<script>alert(1)</script> [x](javascript:y) \x1b[31mred\x07 \u202egnp"
SEED = 4711

LEAKS = """
import numpy as np
class Told(Exception): pass
def to_tensor(image): raise ValueError(repr(image.tolist()))
def channel_statistics(images): raise type(repr(images.tolist()), (Exception,), {})("x")
def normalize(images, mean, std):
    print(images.tolist())
    return images.tolist()
def mlp_parameters(shape, hidden):
    global __name__
    raise KeyError((shape, hidden))
def conv_parameters(*args): return f"{args}"
"""


@pytest.fixture(scope="module")
def records(sandboxes, tmp_path_factory):
    """An honest student, one who tries to see the inputs, one with a nasty notebook, a broken file, one without."""
    folder = tmp_path_factory.mktemp("class")
    raises = f"raise ValueError({NASTY!r})"
    works = {
        "ada": [IMPORTS, *UNIT_01],
        "bob": [IMPORTS, *UNIT_01],
        "eve": [IMPORTS, LEAKS],
        NASTY.replace("/", "_"): [IMPORTS, raises, *UNIT_01[:1], "def normalize(*a):\n    1 / 0"],
        "=cmd()": "not a notebook",
    }
    made = []
    for student, cells in works.items():
        path = hand_in(folder, f"s{len(made)}", cells)
        prepared = prepare(Submission(student, "01", path))
        made.append(grade_submission(prepared, SEED, sandboxes) | {"time": "2026-01-01"})
    made.append(grade_submission(prepare(Submission("gus", "01", None)), SEED, sandboxes) | {"time": "2026-01-01"})
    return made


def numbers_drawn():
    """Every longer number among the hidden inputs and wanted values of this seed, as it would be printed."""
    found = set()
    for task in tasks_of_unit("01"):
        if hasattr(task, "draw"):
            for case in task.draw(SEED):
                values = [*case.args, *case.kwargs.values(), task.wanted(case)]
                parts = [p for v in values for p in (v if isinstance(v, (tuple, list)) else [v])]
                for value in (np.asarray(p).ravel() for p in parts if p is not None):
                    found |= {f"{x:.4g}" for x in value.astype(float) if x != round(x)}
    return {text for text in found if len(text) >= 5}


def test_no_hidden_input_or_wanted_value_reaches_a_student(records):
    drawn = numbers_drawn()
    assert len(drawn) > 100
    eve = records[2]
    for text in (feedback.to_html(eve), feedback.to_markdown(eve), exports.to_json([eve]), exports.to_csv([eve])):
        shown = set(re.findall(r"\d+\.\d+(?:e-?\d+)?", text))
        assert not {f"{float(number):.4g}" for number in shown} & drawn
        assert "[[" not in text.replace("[[\n", "")


def test_an_answer_that_shows_its_input_would_be_noticed(records):
    task = load_task("01.normalize")
    text = repr(task.draw(SEED)[0].args[0].tolist())
    assert {f"{float(n):.4g}" for n in re.findall(r"\d+\.\d+", text)} & numbers_drawn()


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = set(), set()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}


def test_pages_hold_nothing_that_a_student_wrote_as_markup(records):
    for page in (*map(feedback.to_html, records), class_report.to_html(records, "01")):
        seen = Tags()
        seen.feed(page)
        assert not seen.tags & {"script", "a", "img", "iframe", "b"}
        assert not any(name.startswith("on") for name in seen.attributes)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", page)
        assert "default-src 'none'" in page


def test_markdown_is_escaped_too(records):
    text = feedback.to_markdown(records[3])
    assert "<script>" not in text.replace("\\<", "")
    assert "](javascript" not in text
    assert "\x1b" not in text


def test_feedback_says_points_status_mistake_and_where_to_read(records, tmp_path):
    assert feedback.write_feedback(records, tmp_path) == 6
    text = (tmp_path / "ada" / "01.md").read_text()
    assert "Unit 01: 15 of" in text
    assert "All hidden checks passed" in text
    html = feedback.to_html(records[3])
    assert "The error was a ZeroDivisionError" in html
    assert "Read: lesson 01" in html
    assert "cell 2, line 1: ValueError" in html
    assert "Save it again in JupyterLab" in feedback.to_html(records[4])
    assert "Nothing was handed in" in feedback.to_markdown(records[5])


def test_class_report_tells_what_the_class_got_wrong(records):
    page = class_report.to_html(records, "01")
    assert "5 of 6 students handed in" in page
    assert "Not handed in (1)" in page
    assert "Could not be read (1)" in page
    assert "Identical submissions (1)" in page
    assert "<li>ada, bob</li>" in page
    assert class_report.identical_submissions(records) == [["ada", "bob"]]
    assert "Most common mistakes" in page
    assert "none of whom" in class_report.to_html(records[5:], "01")


def test_json_has_the_fields_that_programs_rely_on(records):
    first, *_, nothing = json.loads(exports.to_json(records))["submissions"]
    assert first.keys() >= {"student", "unit", "score", "max_score", "isolation", "tasks"}
    assert (first["student"], first["unit"], first["score"], first["isolation"]) == ("ada", "01", 15, "bubblewrap")
    for task in first["tasks"]:
        assert task.keys() == {"name", "score", "max_score", "status", "mistake", "message"}
    assert {task["status"] for task in nothing["tasks"]} == {"missing"}


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_tables_have_no_formulas(records):
    head, *body = rows(exports.to_csv(records))
    assert head[:4] == ["student", "unit", "score", "max_score"]
    assert body[0][:3] == ["ada", "01", "15"]
    assert body[4][0] == "'=cmd()"
    assert rows(exports.to_moodle(records, "01"))[1][:2] == ["ada", "15"]


def test_canvas_gets_its_own_rows_back(records, tmp_path):
    head, points, first, *_ = rows(exports.to_canvas(records, "01"))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "CNN course, unit 01"]
    assert points[0].strip() == "Points Possible"
    assert first == ["ada", "", "", "ada", "", "15"]
    roster = tmp_path / "canvas.csv"
    roster.write_text(
        "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Other\n    Points Possible,,,,,10\n"
        '"L, Ada",17,u1,ada,A,3\nNobody,18,u2,nobody,A,\n', encoding="utf-8",
    )  # fmt: skip
    table = rows(exports.to_canvas(records, "01", roster))
    assert table[2:] == [["L, Ada", "17", "u1", "ada", "A", "15"]]
    assert exports.roster_logins(roster) == ["ada", "nobody"]
    roster.write_text("Name\nAda\n")
    with pytest.raises(ValueError, match="no column that identifies"):
        exports.roster_logins(roster)


def test_notebooks_that_only_differ_in_spaces_are_identical(tmp_path):
    prints = set()
    for number, cells in enumerate((["a = 1\n\nb = 2"], ["a = 1  ", "b = 2\n"], ["a = 1\nb = 3"])):
        path = tmp_path / f"{number}.ipynb"
        path.write_text(notebook_json(cells))
        prints.add(prepare(Submission("x", "01", path))["code_sha256"])
    assert len(prints) == 2
