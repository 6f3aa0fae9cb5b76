"""More than a hundred kinds of hostile notebooks: no undeserved point, nothing left behind, no classmate harmed."""

import os

import numpy as np
import pytest

from cnncourse.checks.registry import load_task
from cnncourse.grading.host.grade import grade_cells
from tests.grading.attacks_on_grader import ATTACKS as ON_GRADER
from tests.grading.attacks_on_process import ATTACKS as ON_PROCESS
from tests.grading.attacks_on_values import ATTACKS as ON_VALUES
from tests.grading.harness import ANSWERS, CORRELATE, IMPORTS, descendants, grade_one, open_files

HASTY = 0.1  # these notebooks deserve nothing, so half a second a call is enough for them


def written_down_answers():
    """A table of the published inputs (seed 0) and their answers, looked up by the input's first number."""
    task = load_task(CORRELATE)
    table = {float(case.args[0].ravel()[0]): np.asarray(task.wanted(case)).tolist() for case in task.draw(0)}
    return f"""
TABLE = {table!r}
def cross_correlate2d(image, kernel):
    return np.array(TABLE[float(image.ravel()[0])], image.dtype)
"""


def code_of(name):
    code = {**ON_VALUES, **ON_PROCESS, **ON_GRADER}[name]
    return written_down_answers() if code is None else code


def test_there_are_a_hundred_kinds_and_more():
    assert len(ON_VALUES) + len(ON_PROCESS) + len(ON_GRADER) >= 100


@pytest.mark.parametrize("name", [*ON_VALUES, *ON_PROCESS, *ON_GRADER])
def test_attack_earns_nothing_and_leaves_nothing(sandboxes, name):
    honest = [IMPORTS, ANSWERS[CORRELATE]]
    assert grade_one(sandboxes, honest).report.passed
    before = open_files()
    graded = grade_one(sandboxes, [IMPORTS, code_of(name)], slack=HASTY)
    assert graded.report.score == 0
    assert graded.report.status in ("wrong", "error", "timeout", "missing")
    sandbox = sandboxes.get("numpy")
    assert descendants(sandbox.pid) == []
    assert open_files() == before
    assert not os.path.exists("/tmp/ran")
    assert grade_one(sandboxes, honest).report.passed  # the classmate who comes next, in the same sandbox


def test_the_written_down_answers_would_have_passed_on_the_published_inputs(sandboxes):
    cells = [IMPORTS, written_down_answers()]
    assert grade_one(sandboxes, cells, seed=0).report.score > 0
    assert grade_one(sandboxes, cells).report.score == 0


def test_hidden_inputs_do_not_come_back_as_problems_of_loading(sandboxes):
    """What an answer has seen of one task's inputs must not reach the feedback by way of the next task."""
    tells = """
import sys
def conv_parameters(*inputs, **more):
    def turn(self, task):
        problem = {"cell": 1, "line": 1, "text": f"the inputs are {inputs}"}
        return {"problems": [problem], "cells": [1], "all_differs": False, "own_differs": False, "at_rest": True}
    sys.modules["worker"].Notebook.turn = turn
    return 0
"""
    tasks = [load_task("01.conv_parameters"), load_task("01.normalize")]
    for graded in grade_cells([IMPORTS, tells, ANSWERS["01.normalize"]], tasks, 5, sandboxes):
        assert graded.problems == []
