"""The builder: same bytes twice, ids that survive an insertion, nothing half-written, nothing rebuilt for nothing."""

from __future__ import annotations

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from cnncourse.viz import alt
from cnncourse.viz.widgets import assets
from tools.folding import is_cover
from tools.notebook_builder import code_cells, execute, is_stale, read_source, reuse_outputs, stable_ids, write
from tools.saved_widgets import STATE, refresh

SOURCE = """# %% [markdown]
# # A title

# %%
import sys

import matplotlib.pyplot as plt
import numpy as np

from cnncourse.viz.show import show

for i in range(3):
    print(i, flush=True)
print("aside", file=sys.stderr)

# %%
figure, axes = plt.subplots()
axes.imshow(np.arange(6).reshape(2, 3))
show(figure, "A picture of two rows and three columns.")

# %%
import ipywidgets

ipywidgets.IntSlider(3)

# %% tags=["raises-exception"]
1 / 0
"""


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source" / "00_trial.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    return path


def build(source, notebook):
    write(execute(read_source(source), cwd=notebook.parent), notebook)


def test_two_builds_give_the_same_bytes(source, tmp_path):
    first, second = tmp_path / "first.ipynb", tmp_path / "second.ipynb"
    build(source, first)
    build(source, second)
    assert first.read_bytes() == second.read_bytes()
    assert b"model_id" in first.read_bytes(), "the widget must have been shown, or the test proves nothing"


def test_every_code_cell_runs_and_streams_are_merged(source, tmp_path):
    build(source, tmp_path / "trial.ipynb")
    notebook = nbformat.read(tmp_path / "trial.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == [1, 2, 3, 4]
    assert [(o.name, o.text) for o in cells[0].outputs] == [("stdout", "0\n1\n2\n"), ("stderr", "aside\n")]
    assert code_cells(notebook) == code_cells(read_source(source))


def test_inserting_a_cell_keeps_the_other_ids(source):
    before = {cell.source: cell.id for cell in read_source(source).cells}
    source.write_text(SOURCE.replace("# %%\nfigure", "# %%\nx = 1\n\n# %%\nfigure"))
    after = {cell.source: cell.id for cell in read_source(source).cells}
    assert len(after) == len(before) + 1
    assert all(after[text] == name for text, name in before.items())


def test_equal_cells_get_different_ids():
    cells = [nbformat.v4.new_code_cell("x"), nbformat.v4.new_code_cell("x"), nbformat.v4.new_markdown_cell("x")]
    notebook = stable_ids(nbformat.v4.new_notebook(cells=cells))
    assert len({cell.id for cell in notebook.cells}) == 3
    nbformat.validate(notebook)


def test_stale_only_when_the_source_changed(source, tmp_path):
    notebook = tmp_path / "trial.ipynb"
    assert is_stale(source, notebook)
    write(read_source(source), notebook)
    assert not is_stale(source, notebook)
    source.write_text(SOURCE + "\n# %%\n2 + 2\n")
    assert is_stale(source, notebook)


def saved(home, script="old", style="old"):
    state = {"_anywidget_id": home, "_esm": script, "_css": style, "position": 3}
    return NotebookNode(widgets={STATE: {"state": {"a": {"state": {}}, "b": {"state": state}}}})


def test_a_saved_widget_gets_the_script_of_today_and_keeps_its_values(source, tmp_path):
    path, home = tmp_path / "trial.ipynb", "cnncourse.viz.widgets.window_stepper.WindowStepper"
    lesson = read_source(source)
    lesson.metadata.update(saved(home, assets.script("window_stepper"), assets.style()))
    write(lesson, path)
    assert not is_stale(source, path)
    for one_is_old in ({"script": "old", "style": assets.style()}, {"script": assets.script("window_stepper")}):
        lesson.metadata.update(saved(home, **one_is_old))
        write(lesson, path)
        assert is_stale(source, path)
        fresh = read_source(source)
        assert reuse_outputs(fresh, path)
        write(fresh, path)
        assert not is_stale(source, path)
        wanted = saved(home, assets.script("window_stepper"), assets.style())
        assert nbformat.read(path, as_version=4).metadata.widgets == wanted.widgets


def test_other_saved_widgets_stay_as_they_are():
    for home in ("cnncoursework.viz.window_stepper.W", "ipympl.Canvas"):
        notebook = nbformat.v4.new_notebook(metadata=saved(home))
        assert not refresh(notebook)
        assert notebook.metadata == saved(home)


def test_a_failing_cell_leaves_the_old_notebook(source, tmp_path):
    notebook = tmp_path / "trial.ipynb"
    notebook.write_text("the old one")
    source.write_text("# %%\nraise ValueError('no')\n")
    with pytest.raises(CellExecutionError, match="no"):
        build(source, notebook)
    assert notebook.read_text() == "the old one"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["source", "trial.ipynb"]


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    notebook = tmp_path / "trial.ipynb"
    notebook.write_text("the old one")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        write(nbformat.v4.new_notebook(), notebook)
    assert [p.name for p in tmp_path.iterdir()] == ["trial.ipynb"]
    assert notebook.read_text() == "the old one"


QUESTION = """# %% [markdown]
# > **Predict.** Which?

# %%
print("this")

# %% tags=["open"]
print("a widget")

# %% tags=["check"]
# Check that the text is true.
assert 2 > 1

# %% [markdown]
# It is this.

# %% tags=["plumbing"]
# Draw.
print("after")

# %% tags=["answer"]
print("the same once more")
"""


def test_what_answers_a_prediction_is_folded_behind_a_cover(source, tmp_path):
    source.write_text(QUESTION)
    notebook = tmp_path / "trial.ipynb"
    build(source, notebook)
    cells = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    hidden = {"outputs_hidden": True}, {}, {"outputs_hidden": True, "source_hidden": True}, {"source_hidden": True}
    assert [cell.metadata.get("jupyter", {}) for cell in cells] == [*hidden, {"outputs_hidden": True}]
    covers = [[is_cover(output) for output in cell.outputs] for cell in cells]
    assert covers == [[True, False], [False], [], [False], [True, False]]


def test_outputs_are_kept_where_only_text_and_comments_changed(source, tmp_path):
    source.write_text(QUESTION)
    notebook = tmp_path / "trial.ipynb"
    build(source, notebook)
    source.write_text(QUESTION.replace("Which?", "Which one?").replace("# Draw.", "# Draw it.").replace("open", "o"))
    fresh = read_source(source)
    assert reuse_outputs(fresh, notebook)
    build(source, tmp_path / "run.ipynb")
    write(fresh, notebook)
    assert notebook.read_bytes() == (tmp_path / "run.ipynb").read_bytes()
    source.write_text(QUESTION.replace('"this"', '"that"'))
    assert not reuse_outputs(read_source(source), notebook)
    assert not reuse_outputs(read_source(source), tmp_path / "missing.ipynb")


FIGURES = """# %% [markdown]
# > **Predict.** Which?

# %%
from cnncourse.viz import value_row
from cnncourse.viz.show import show

show(value_row([[[1]]], ["one"]), "98/one")
show(
    value_row([[[2]]], ["two"]), "98/two", count=3
)

# %%
for k in range(2):
    show(value_row([[[k]]], ["three"]), "98/three")
"""


def test_alt_texts_are_those_of_the_file_though_nothing_runs(source, tmp_path, monkeypatch):
    def words(one="One.", two="Two of {count}.", three="Three."):
        monkeypatch.setattr(alt, "texts", {"98": {"one": one, "two": two, "three": three}}.get)

    def stored():
        outputs = [o for cell in nbformat.read(notebook, as_version=4).cells for o in cell.get("outputs", [])]
        pictures = [output for output in outputs if not is_cover(output)]
        assert [o.metadata["image/png"]["alt"] for o in pictures] == [o.data["text/plain"] for o in pictures]
        return [output.data["text/plain"] for output in pictures]

    source.write_text(FIGURES)
    notebook = tmp_path / "trial.ipynb"
    fresh = read_source(source)
    words()
    execute(fresh, cwd=tmp_path)
    for key, text in [("98/one", "One."), ("98/two", "Two of 3."), ("98/three", "Three.")]:
        _replace_alt(fresh, key, text)  # the kernel does not know this test's words
    write(fresh, notebook)
    assert stored() == ["One.", "Two of 3.", "Three.", "Three."]
    assert not is_stale(source, notebook)
    words(one="The first.")
    assert is_stale(source, notebook)
    fresh = read_source(source)
    assert reuse_outputs(fresh, notebook)
    write(fresh, notebook)
    assert stored() == ["The first.", "Two of 3.", "Three.", "Three."]
    words(one="The first.", two="The second of {count}.")
    assert is_stale(source, notebook)
    assert not reuse_outputs(read_source(source), notebook), "3 is known only by running the cell"
    words(one="The first.", three="The third.")
    assert not reuse_outputs(read_source(source), notebook), "which of the texts is whose is not known"


def _replace_alt(notebook, key, text):
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        if output.get("data", {}).get("text/plain") == key:
            output.data["text/plain"] = output.metadata["image/png"]["alt"] = text


def test_what_follows_a_fold_has_a_cell_of_its_own(tmp_path):
    source = tmp_path / "99_fold.py"
    source.write_text(
        "# %% [markdown]\n# Before.\n#\n# <details><summary>Why</summary>\n#\n# Inside.\n# </details>\n#\n# After.\n"
    )
    texts = [cell.source for cell in read_source(source).cells]
    assert texts == ["Before.\n\n<details><summary>Why</summary>\n\nInside.\n</details>", "After."]
