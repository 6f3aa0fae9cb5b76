"""The moving figures in JupyterLab and on static pages: shown from their saved state, driven by keyboard alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.browser.lab import browser_page, jupyter_lab
from tests.system import require
from tools import static_pages
from tools.notebook_builder import execute, read_source, write

ROOT = Path(__file__).resolve().parents[2]
GAVE_UP = "Error displaying widget: model not found"
SELECTED_CELL = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"


class Shown(NamedTuple):
    """A widget in a lesson: the part that takes the keys, and its words before and after them."""

    lesson: str
    label: str
    keys: list[str]
    before: str
    after: str


WIDGETS = [
    Shown("03", "Output:", ["ArrowDown", "ArrowRight"], "output[1, 1] reads rows 2, 3", "output[2, 2] reads rows 4, 5"),
    Shown("03", "Layers:", ["ArrowDown", "ArrowLeft"], "Unit 8 of layer 3", "Unit 8 of layer 2"),
    Shown("06", "Upstream gradient:", ["End"], "g[0, 1] = ", "g[1, 1] = "),
    Shown("07", "shift down", ["ArrowRight"], "Shifted 1 down", "Shifted 2 down"),
    Shown("10", "Maps:", ["PageDown", "n"], "C3, map 0, row 3, column 4", "S4, map 1, row 1, column 2"),
    Shown("08", "training step", ["End"], "Step 0.", "Step 130."),
    Shown("18", "NMS threshold", ["Home"], "of 18 boxes: recall 1.00", "of 18 boxes: recall 0.50"),
    Shown("14", "layers", ["Home"], "After 41 layers with shortcuts", "After 1 layer with shortcuts"),
    Shown("16", "espresso", ["ArrowRight"], "espresso. Its logit is", "cup. Its logit is"),
]
LESSONS = sorted({widget.lesson for widget in WIDGETS})


def drive(page, part, widget: Shown) -> None:
    """Press the keys on the part that takes them; the words and the picture must follow."""
    from playwright.sync_api import expect

    frame = page.locator(".cnn-widget", has=part)
    words = frame.locator("[aria-live]")
    expect(words).to_contain_text(widget.before)
    picture = frame.screenshot()
    part.focus()
    for key in widget.keys:
        page.keyboard.press(key)
    expect(words).to_contain_text(widget.after)
    assert frame.screenshot() != picture, "the picture stayed as it was"


def open_lesson(page, address: str, name: str, widgets: list[Shown]) -> None:
    """Open the lesson and unfold its outputs; open it again where JupyterLab gave up restoring its widgets.

    A widget whose saved state is not read within two seconds of its drawing says "model not found" for good
    (jupyterlab-manager 5.0, `renderModel`); on a busy computer that happens, and a reader would reload the page.
    """
    gave_up = page.get_by_text(GAVE_UP)
    for _ in range(8):
        of_its_own = f"workspaces/of{widgets[0].lesson}"  # else a tab of another lesson would be found, too
        page.goto(f"{address}/{of_its_own}/tree/{name}")
        page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext?.isReady", timeout=60_000)
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:show-all-cell-outputs')")
        for widget in widgets:
            drawn = page.locator(f"[aria-label^='{widget.label}']").or_(gave_up).first
            drawn.wait_for(state="attached", timeout=60_000)
        if gave_up.count() == 0:
            return
    raise AssertionError(f"{name}: {GAVE_UP}")


def build_every_cell(settings: Path) -> None:
    """Let JupyterLab build the whole notebook, not only what is near the view: a test need not hunt for its widget."""
    of_notebooks = settings / "user-settings" / "@jupyterlab" / "notebook-extension"
    of_notebooks.mkdir(parents=True)
    (of_notebooks / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')


@pytest.fixture
def course(tmp_path):
    """A folder with the lessons that have widgets, trusted (else saved widgets show as words), and its settings."""
    course, settings = tmp_path / "course", tmp_path / "settings"
    course.mkdir()
    settings.mkdir()
    build_every_cell(settings)
    notebooks = [next((ROOT / "notebooks").glob(f"{lesson}_*.ipynb")) for lesson in LESSONS]
    copies = [shutil.copy(notebook, course) for notebook in notebooks]
    trust_database = dict(os.environ, JUPYTER_CONFIG_DIR=str(settings), JUPYTER_DATA_DIR=str(settings))
    trust = [sys.executable, "-m", "nbformat.sign", *map(str, copies)]
    subprocess.run(trust, env=trust_database, check=True, capture_output=True)
    return course, settings


@pytest.mark.slow
def test_widgets_follow_the_keyboard_in_jupyterlab(course):
    chromium = require("chromium")
    with jupyter_lab(*course) as address, browser_page(chromium) as page:
        failures = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        for lesson in LESSONS:
            name = next(course[0].glob(f"{lesson}_*")).name
            widgets = [widget for widget in WIDGETS if widget.lesson == lesson]
            open_lesson(page, address, name, widgets)
            for widget in widgets:
                part = page.locator(f"[aria-label^='{widget.label}']").first
                part.scroll_into_view_if_needed()
                part.focus()
                selected = page.evaluate(SELECTED_CELL)
                drive(page, part, widget)
                assert page.evaluate(SELECTED_CELL) == selected, "JupyterLab moved its cursor"
        assert failures == []


STEPPER = """# %%
import numpy as np
from cnncourse.viz.widgets.window_stepper import WindowStepper

WindowStepper(np.eye(6, dtype=int))
"""


@pytest.mark.slow
def test_a_widget_that_is_not_trusted_shows_its_picture_until_it_runs(tmp_path):
    from playwright.sync_api import expect

    chromium = require("chromium")
    course, settings = tmp_path / "course", tmp_path / "settings"
    course.mkdir()
    settings.mkdir()
    (tmp_path / "01_trial.py").write_text(STEPPER)
    write(execute(read_source(tmp_path / "01_trial.py"), cwd=course), course / "01_trial.ipynb")
    with jupyter_lab(course, settings) as address, browser_page(chromium) as page:
        page.goto(f"{address}/tree/01_trial.ipynb")
        page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext?.isReady", timeout=60_000)
        expect(page.locator(".jp-OutputArea img")).to_be_visible(timeout=30_000)
        assert page.locator(".cnn-widget").count() == 0, "a widget of unknown origin must not run"
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        expect(page.locator(".cnn-widget")).to_be_visible(timeout=60_000)
        assert page.locator(".jp-OutputArea img").count() == 0


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    assert static_pages.main([str(folder), *LESSONS]) == 0
    return folder


@pytest.mark.slow
def test_widgets_follow_the_keyboard_on_a_page_without_kernel_or_network(pages):
    from playwright.sync_api import expect

    chromium = require("chromium")
    with browser_page(chromium) as page:
        failures = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.context.set_offline(True)
        for widget in WIDGETS:
            page.goto(next(pages.glob(f"{widget.lesson}_*.html")).as_uri())
            page.evaluate(static_pages.OPEN_ALL)
            drive(page, page.locator(f"[aria-label^='{widget.label}']").first, widget)
        page.goto(next(pages.glob("03_*.html")).as_uri())
        page.evaluate(static_pages.OPEN_ALL)
        stepper = page.locator(".cnn-widget").first
        stepper.get_by_label("stride S").first.focus()
        page.keyboard.press("ArrowLeft")
        expect(stepper).to_contain_text("output 6 × 6")
        assert failures == []


def test_a_page_asks_the_network_for_formulas_only(pages):
    for path in pages.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r'<script[^>]*\ssrc="([^"]*)', text) == [static_pages.HTMLExporter().mathjax_url]
        assert 'href="00_start_here.html"' in text
