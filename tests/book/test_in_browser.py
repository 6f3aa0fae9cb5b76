"""The Python side of practice in the page, run by this Python with only what the browser gets."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile

import nbformat
import pytest

from cnncourse.checks import load_task
from tools.book.practice import course_zip, needs_torch, role
from tools.book.sources import ROOT, exercises

# Runs questions as the page's worker does, in a Python that has NumPy and nothing else that the course installs.
WORKER = """
import json, sys

class OnlyNumPy:
    def find_spec(self, name, path=None, target=None):
        known = {"numpy", "cnncourse", "in_browser", "threadpoolctl", *sys.stdlib_module_names}
        if name.partition(".")[0] not in known:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path = [OnlyNumPy(), *(finder for finder in sys.meta_path if "editable" not in repr(finder))]
sys.path.insert(0, sys.argv[1])
import in_browser

assert in_browser.load_task.__module__ == "cnncourse.checks.registry"
assert sys.modules["cnncourse"].__file__.startswith(sys.argv[1])
print(json.dumps([json.loads(getattr(in_browser, q.pop("what"))(**q)) for q in json.load(sys.stdin)]))
"""
IMPORTS = "import numpy as np\nimport torch\nfrom cnncourse import viz"


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """A function that puts questions to the worker and returns its answers."""
    folder = tmp_path_factory.mktemp("course")
    with zipfile.ZipFile(io.BytesIO(course_zip())) as archive:
        archive.extractall(folder)

    def answers(*questions: dict) -> list[dict]:
        done = subprocess.run(
            [sys.executable, "-P", "-c", WORKER, str(folder)], input=json.dumps(questions), capture_output=True,
            text=True, cwd=folder,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return answers


def question(what: str, *codes: str, prelude: str = IMPORTS, **more) -> dict:
    given = [{"name": f"answer {number}", "code": code} for number, code in enumerate(codes)]
    return {"what": what, "prelude": prelude, "answers": given, **more}


def test_all_right_answers_get_all_points_without_pytorch(ask):
    questions = []
    for path in exercises():
        cells = nbformat.read(ROOT / "solutions" / path.stem / path.name, as_version=4).cells
        imports = next(cell.source for cell in cells if cell.cell_type == "code")  # as the page takes them
        solved = [(f"{path.stem[:2]}.{role(cell)[1]}", cell.source) for cell in cells if role(cell)[0] == "task"]
        torch_names = [task_id[3:] for task_id, _ in solved if needs_torch(load_task(task_id))]
        here = [(task_id, code) for task_id, code in solved if task_id[3:] not in torch_names]
        for place, (task_id, code) in enumerate(here):
            if not any(name in code for name in torch_names):
                codes = (code for _, code in here[: place + 1])
                questions.append(question("check", *codes, prelude=imports, task_id=task_id))
    assert len(questions) >= 70
    wrong = [q["task_id"] for q, answer in zip(questions, ask(*questions), strict=True)
             if (answer["status"], answer["score"]) != ("right", answer["max_score"])]  # fmt: skip
    assert wrong == []


def test_run_shows_what_is_printed_the_last_value_and_what_went_wrong(ask):
    shown, value, failed, unreadable, unwritten, endless = ask(
        question("run", "print('one')", "print('two')\nnp.arange(3)"),
        question("run", "def f():\n    return 3", "f()"),
        question("run", "x = 1\n\ny = x + unknown"),
        question("run", "def f(:"),
        question("run", "raise NotImplementedError"),
        question("run", "print('x' * 100_000)"),
    )
    assert shown == {"text": "two\narray([0, 1, 2])", "html": "", "error": ""}
    assert value["text"] == "3"
    assert "NameError: name &#x27;unknown&#x27; is not defined" in failed["error"]
    assert "In your line 3: <code>y = x + unknown</code>" in failed["error"]
    assert "SyntaxError" in unreadable["error"]
    assert "In your line 1: <code>def f(:</code>" in unreadable["error"]
    assert "not written yet" in unwritten["error"]
    assert len(endless["text"]) < 21_000
    assert endless["text"].endswith("… and more")


def test_an_answer_above_that_fails_does_not_spoil_the_one_below(ask):
    right = "def answer_same_result():\n    return 'c'"
    (answer,) = ask(question("check", "1 / 0", "def f(:", right, task_id="02.answer_same_result"))
    assert answer["status"] == "right"


def test_code_that_stops_says_so_and_answers_hold_no_html(ask):
    (answer,) = ask(question("check", "raise ValueError('<script>')", task_id="02.answer_same_result"))
    assert (answer["score"], answer["max_score"], answer["status"]) == (0, 1, "error")
    assert "&lt;script&gt;" in answer["html"]
    assert "<script>" not in answer["html"]
