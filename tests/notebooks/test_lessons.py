"""Every committed lesson: current, executed to the end, every figure with its words."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from tests.notebooks import rules
from tools.build_notebooks import FOLDER, pairs
from tools.folding import cover
from tools.saved_widgets import refresh

LESSONS = pairs([])
IDS = [source.stem for source, _ in LESSONS]


def test_there_are_lessons_and_no_orphans():
    assert {notebook for _, notebook in LESSONS} == set(FOLDER.glob("*.ipynb"))
    assert len(LESSONS) >= 2


@pytest.mark.parametrize(("source", "notebook"), LESSONS, ids=IDS)
def test_lesson_keeps_the_rules(source, notebook):
    lesson = rules.read(notebook)
    assert rules.differs_from_source(lesson, source) == [], "run make notebooks"
    assert rules.unexecuted_cells(lesson) == []
    assert rules.pictures_without_words(lesson) == []
    assert rules.widgets_without_picture(lesson) == []
    assert rules.errors_and_warnings(lesson) == []
    assert rules.uncovered(lesson) == [], "a folded cell must begin with a comment"
    assert rules.wide_code(lesson) == []
    assert rules.heads_of_formulas(lesson) == []
    assert not refresh(lesson), "a widget was saved with an older script: run make notebooks"


@pytest.mark.parametrize(("source", "notebook"), LESSONS, ids=IDS)
def test_links_lead_somewhere(source, notebook):
    text = "\n".join(cell.source for cell in rules.read(notebook).cells if cell.cell_type == "markdown")
    targets = re.findall(r"\]\(([^)#\s]+\.(?:ipynb|md|py))", text)
    missing = [target for target in targets if "://" not in target and not (notebook.parent / target).exists()]
    assert missing == []


def picture(alt_in_text: str, alt_in_metadata: str):
    data = {"image/png": "iVBORw0KGgo=\n", "text/plain": alt_in_text}
    output = nbformat.v4.new_output("display_data", data, metadata={"image/png": {"alt": alt_in_metadata}})
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("draw()", outputs=[output], execution_count=1)])


def test_a_widget_without_a_still_picture_is_found():
    shown = picture("A window.", "A window.")
    shown.cells[0].outputs[0].data["application/vnd.jupyter.widget-view+json"] = {"model_id": "a"}
    assert rules.widgets_without_picture(shown) == []
    del shown.cells[0].outputs[0].data["image/png"]
    assert rules.widgets_without_picture(shown) == ["draw()"]


def test_the_rules_can_fail(tmp_path):
    alt = "A line that rises from left to right."
    assert rules.pictures_without_words(picture(alt, alt)) == []
    assert rules.pictures_without_words(picture("<Figure size 640x480 with 1 Axes>", "")) == ["draw()"]
    assert rules.pictures_without_words(picture("something else", alt)) == ["draw()"]
    source: Path = tmp_path / "00_trial.py"
    source.write_text("# %%\n1 + 1\n")
    notebook = rules.read_source(source)
    assert rules.unexecuted_cells(notebook) == ["1 + 1"]
    assert rules.differs_from_source(notebook, source) == []
    source.write_text("# %%\n1 + 2\n")
    assert rules.differs_from_source(notebook, source) == [
        "the code cells differ",
        "the cells' ids (so the text) differ",
        "it was built from another version of the source",
    ]
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", name="stderr", text="a warning")]
    assert rules.errors_and_warnings(notebook) == ["1 + 1"]
    assert rules.uncovered(notebook) == []
    notebook.cells[0].metadata["jupyter"] = {"outputs_hidden": True}
    assert rules.uncovered(notebook) == ["1 + 1"]
    assert rules.uncovered(cover(notebook)) == []
    notebook.cells[0].metadata["tags"] = ["check"]
    assert rules.uncovered(notebook) == ["1 + 1"]
    notebook.cells[0].source = "x = 1\n" + "y" * 101
    assert rules.wide_code(notebook) == ["y" * 101]
    assert rules.heads_of_formulas(notebook) == []
    notebook.cells.append(nbformat.v4.new_markdown_cell("| name | $P$ |\n| --- | ---: |\n| valid | $0$ |"))
    assert rules.heads_of_formulas(notebook) == ["| name | $P$ |"]
