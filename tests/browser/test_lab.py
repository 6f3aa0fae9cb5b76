"""Lesson 01 as a learner meets it: opened in JupyterLab, run to its end, formulas and figures on the page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser.lab import browser_page, jupyter_lab, run_all_cells
from tests.system import require

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_lesson_01_runs_to_its_end_in_a_browser(tmp_path):
    chromium = require("chromium")
    course = tmp_path / "course"
    course.mkdir()
    shutil.copytree(ROOT / "notebooks", course / "notebooks")  # running a notebook must not touch the real one
    settings = tmp_path / "settings"
    settings.mkdir()
    with jupyter_lab(course, settings) as address, browser_page(chromium) as page:
        failures = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(f"{address}/tree/notebooks/01_images_as_tensors.ipynb")
        status = run_all_cells(page)
        assert status["errors"] == 0
        assert status["done"] == status["total"] > 10
        assert page.locator("mjx-container").count() > 0, "no formula was typeset"
        assert page.locator(".jp-OutputArea img").count() > 0, "no figure is on the page"
        assert page.locator("text=There was an error").count() == 0
        assert failures == []
