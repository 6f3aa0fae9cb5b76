"""Exercises worked on in the page, in a real browser without a network: answers, reports, loops, reload, notebooks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import NamedTuple

import nbformat
import pytest

from cnncourse.checks import load_task, tasks_of_unit
from tests.book.conftest import need
from tests.book.reader import PHONE, TOO_WIDE
from tests.system import require
from tools.book.practice import role
from tools.book.sources import ROOT

SOLUTIONS = {
    (path.stem[:2], role(cell)[1]): cell.source
    for path in sorted((ROOT / "solutions").glob("[0-9][0-9]_*/[0-9][0-9]_*.ipynb"))
    for cell in nbformat.read(path, as_version=4).cells
    if role(cell)[0] == "task"
}
COMMAND = "import sys; from cnncourse.cli import main; sys.exit(main(sys.argv[1:]))"

ALL_POINTS = f"{sum(task.max_score for task in tasks_of_unit('02')):g}"

pytestmark = pytest.mark.slow


class Tried(NamedTuple):
    """A task, what makes its right answer wrong, and words of the report on that."""

    task: str
    right: str
    wrong: str
    says: str

    @property
    def page(self) -> str:
        return next(f"exercises/{p.stem}" for p in (ROOT / "exercises").glob(f"{self.task[:2]}_*/*.ipynb"))

    @property
    def solution(self) -> str:
        return SOLUTIONS[tuple(self.task.split("."))]


TEN = [
    Tried("01.channel_statistics", "images.std(", "images.var(", "variance-for-std"),
    Tried("01.normalize", "/ std[", "* std[", "multiplies-by-std"),
    Tried("02.cross_correlate2d", "### BEGIN SOLUTION", "kernel = kernel[::-1, ::-1]", "flips-kernel"),
    Tried("02.answer_same_result", '"c"', '"a"', "0 of 1 points"),
    Tried("03.answer_three_layers", "receptive_field([(3, 1)] * 3)", "27", "0 of 1 points"),
    Tried("06.conv2d_grad_bias", "grad_output.sum(", "grad_output.mean(", "mean-for-sum"),
    Tried("07.global_avg_pool2d", "(2, 3))", "(2, 3), keepdims=True)", "keeps-dimensions"),
    Tried("08.answer_running_variance", "0.9 * 1 + 0.1 *", "0.1 * 1 + 0.9 *", "0 of 1 points"),
    Tried("10.c3_parameters", " + table.shape[1]", "", "biases-forgotten"),
    Tried("14.answer_identity_gradient", "return 1", "return 0", "0 of 1 points"),
]


@pytest.fixture
def window(reader):
    need("practice")
    with reader() as opened:
        yield opened
        assert opened.problems == []


class Task:
    """The place of one task on a page."""

    def __init__(self, page, name: str):
        self.place = page.locator(f"#task-{name.split('.')[-1]}")
        self.editor = self.place.locator(".cm-content")
        self.editor.wait_for()
        self.page = page

    def press(self, button: str) -> None:
        self.place.get_by_role("button", name=button, exact=True).click()

    def check(self, code: str, says: str) -> str:
        """Write an answer, check it, wait for these words of the report and return all of it."""
        self.editor.fill(code)
        self.press("Check")
        report = self.place.locator(".cnn-output")
        report.get_by_text(says).first.wait_for()
        return report.inner_text()

    def points(self) -> str:
        return self.place.locator(".cnn-points").inner_text()


@pytest.mark.sampled(share=1 / 5, reason="each page starts Python in a browser")
@pytest.mark.parametrize("tried", TEN, ids=lambda tried: tried.task)
def test_a_task_is_answered_wrong_and_right(window, tried):
    page = window.open(tried.page)
    task, most = Task(page, tried.task), f"{load_task(tried.task).max_score:g}"
    for (unit, name), code in SOLUTIONS.items():  # answers may call those above
        if unit == tried.task[:2] and name in tried.solution and name != tried.task[3:]:
            Task(page, name).editor.fill(code)
    assert tried.right in tried.solution
    task.check(tried.solution.replace(tried.right, tried.wrong), tried.says)
    assert task.points() != f"{most} of {most} points"
    assert window.audit() == []
    task.check(tried.solution, f"{most} of {most} points")
    assert task.points() == f"{most} of {most} points"
    assert "cnn-solved" in task.place.get_attribute("class")


def test_a_report_names_the_mistake_and_leads_to_the_section(window):
    page = window.open("exercises/02_convolution")
    wrong = SOLUTIONS["02", "cross_correlate2d"].replace("### BEGIN SOLUTION", "kernel = kernel[::-1, ::-1]")
    Task(page, "cross_correlate2d").check(wrong, "Likely mistake")
    page.locator(".cnn-output a", has_text="Cross-correlation and convolution").click()
    page.wait_for_url("**/lessons/02_convolution.html#*cross-correlation-and-convolution*")


def test_a_report_fits_a_phone(reader):
    need("practice")
    with reader(size=PHONE) as window:
        page = window.open("exercises/02_convolution")
        wrong = SOLUTIONS["02", "cross_correlate2d"].replace("### BEGIN SOLUTION", "kernel = kernel[::-1, ::-1]")
        Task(page, "cross_correlate2d").check(wrong, "Likely mistake")
        assert (page.evaluate("document.documentElement.scrollWidth"), page.evaluate(TOO_WIDE)) == (PHONE["width"], [])


def test_an_endless_loop_is_ended_and_the_next_answer_is_checked(window):
    page = window.open("exercises/02_convolution")
    task = Task(page, "answer_same_result")
    task.check('def answer_same_result():\n    return "c"', "1 of 1 points")  # and a second Python starts
    page.clock.install()
    task.editor.fill("while True:\n    pass")
    task.press("Run")
    page.clock.run_for(19_000)
    assert task.place.get_by_role("button", name="Stop").is_visible()
    page.clock.run_for(2_000)
    task.place.get_by_text("Stopped after 20 seconds.").wait_for()
    task.check('def answer_same_result():\n    return "c"', "1 of 1 points")
    task.editor.fill("while True:\n    pass")
    task.press("Check")
    task.press("Stop")
    task.place.get_by_text("Stopped by you.").wait_for()


def test_keys_run_and_check_and_leave_the_editor(window):
    page = window.open("exercises/02_convolution")
    task = Task(page, "answer_parameters")
    task.editor.fill("print('hello', 6 * 7)")
    task.editor.press("Shift+Enter")
    task.place.get_by_text("hello 42").wait_for()
    task.editor.fill("def answer_parameters():\n    return 608")
    task.editor.press("Control+Enter")
    task.place.get_by_text("1 of 1 points").first.wait_for()
    task.editor.focus()
    page.keyboard.press("Tab")  # indents
    assert task.editor.evaluate("(e) => e.contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Run"


def test_a_reload_keeps_the_work_and_reset_brings_the_beginning_back(window):
    page = window.open("exercises/02_convolution")
    task = Task(page, "answer_same_result")
    begun = task.editor.inner_text()
    task.check('def answer_same_result():\n    return "c"  # mine', "1 of 1 points")
    page.reload()
    task = Task(page, "answer_same_result")
    assert "# mine" in task.editor.inner_text()
    assert task.points() == "1 of 1 points"
    task.press("Reset")
    assert task.editor.inner_text() == begun
    task.editor.press("Control+z")
    assert "# mine" in task.editor.inner_text()
    window.open("lessons/00_start_here")
    page.locator(".cnn-progress td", has_text=f"1 of {ALL_POINTS}").wait_for()


def test_work_goes_to_a_notebook_that_the_course_checks_and_grades_and_back(window, reader, tmp_path):
    page = window.open("exercises/02_convolution")
    names = ["cross_correlate2d", "answer_same_result"]
    for name in names:
        Task(page, name).editor.fill(SOLUTIONS["02", name])
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download as a notebook").click()
    assert downloading.value.suggested_filename == "02_convolution.ipynb"
    file = tmp_path / "02_convolution.ipynb"
    downloading.value.save_as(file)
    points = sum(load_task(f"02.{name}").max_score for name in names)
    run = lambda *words: subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, words)], cwd=tmp_path, capture_output=True, text=True
    )
    checked = run("check", file)
    assert f"{points:g} of {ALL_POINTS} points" in checked.stdout, checked.stderr
    require("bwrap")
    graded = run("grade", file, "--unit", "02", "--json", "scores.json")
    assert graded.returncode == 0, graded.stderr
    assert json.dumps(points) in (tmp_path / "scores.json").read_text(encoding="utf-8")
    with reader() as other:
        elsewhere = other.open("exercises/02_convolution")
        Task(elsewhere, names[0])
        elsewhere.locator(".cnn-panel input[type=file]").set_input_files(file)
        elsewhere.get_by_text("Took ").wait_for()
        for name in names:
            text = "\n".join(Task(elsewhere, name).editor.locator(".cm-line").all_inner_texts())
            assert text.split() == SOLUTIONS["02", name].split()
        elsewhere.locator(".cnn-panel input[type=file]").set_input_files(ROOT / "README.md")
        elsewhere.get_by_text("This file is not a Jupyter notebook.").wait_for()


def test_a_task_for_pytorch_says_so_and_offers_no_check(window):
    page = window.open("exercises/12_vgg")
    place = page.locator("#task-vgg_block")
    place.get_by_text("This task needs PyTorch").wait_for()
    assert place.get_by_role("button").filter(has_text="Check").count() == 0
