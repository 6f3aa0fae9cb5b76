"""Lesson 03's moving figures in a real JupyterLab: shown from the saved state, driven by keyboard alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.lab import browser_page, jupyter_lab
from tests.system import require

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = "03_shapes_and_receptive_fields.ipynb"
SELECTED_CELL = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"


def bring_into_view(page, selector: str):
    """Scroll the notebook until the widget is on the page: JupyterLab builds only what is near the view."""
    scroller = page.locator(".jp-WindowedPanel-outer:visible").first
    for y in range(0, 60_000, 600):
        scroller.evaluate("(e, y) => e.scrollTo(0, y)", y)
        page.wait_for_timeout(150)
        if page.locator(selector).count():
            found = page.locator(selector).first
            found.scroll_into_view_if_needed()
            return found
    raise AssertionError(f"{selector} never came into view")


@pytest.mark.slow
def test_widgets_show_their_saved_state_and_follow_the_keyboard(tmp_path):
    from playwright.sync_api import expect

    chromium = require("chromium")
    course, settings = tmp_path / "course", tmp_path / "settings"
    course.mkdir()
    settings.mkdir()
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, course)
    trust_database = dict(os.environ, JUPYTER_CONFIG_DIR=str(settings), JUPYTER_DATA_DIR=str(settings))
    trust = [sys.executable, "-m", "nbformat.sign", str(course / NOTEBOOK)]  # else saved widgets show as words
    subprocess.run(trust, env=trust_database, check=True, capture_output=True)
    with jupyter_lab(course, settings) as address, browser_page(chromium) as page:
        failures = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(f"{address}/tree/{NOTEBOOK}")
        page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext?.isReady", timeout=60_000)

        output = bring_into_view(page, "[aria-label^='Output:']")
        stepper = page.locator(".cnn-widget", has=output)
        words = stepper.locator("[aria-live]")
        expect(words).to_contain_text("output[0, 0] reads rows 0, 1, 2 and columns 0, 1, 2")
        output.focus()
        selected = page.evaluate(SELECTED_CELL)
        for key in ("ArrowDown", "ArrowRight"):
            page.keyboard.press(key)
        expect(words).to_contain_text("output[1, 1] reads rows 2, 3, 4 and columns 2, 3, 4")
        stride = stepper.get_by_label("stride S").first
        stride.focus()
        page.keyboard.press("ArrowLeft")
        expect(stepper).to_contain_text("output 6 × 6")
        assert page.evaluate(SELECTED_CELL) == selected, "JupyterLab moved its cursor"

        picture = bring_into_view(page, "[aria-label^='Layers:']")
        words = page.locator(".cnn-widget", has=picture).locator("[aria-live]")
        expect(words).to_contain_text("pixels 8 to 14 of the input: receptive field 7")
        picture.focus()
        selected = page.evaluate(SELECTED_CELL)
        for key in ("ArrowDown", "ArrowLeft"):
            page.keyboard.press(key)
        expect(words).to_contain_text("Unit 8 of layer 2")
        expect(words).to_contain_text("pixels 8 to 12 of the input: receptive field 5")
        assert page.evaluate(SELECTED_CELL) == selected, "JupyterLab moved its cursor"
        assert failures == []
