"""A prediction in JupyterLab: its answer is out of sight until its cell runs, and its asserts stay folded."""

from __future__ import annotations

import pytest

from tests.browser.lab import browser_page, jupyter_lab
from tests.system import require
from tools.notebook_builder import execute, read_source, write

SOURCE = """# %% [markdown]
# # A trial
#
# > **Predict.** More or less?

# %%
print("it is", "more")

# %% tags=["check"]
# Check that the text is true.
assert 2 > 1

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# More.
# </details>

# %%
print("in the", "open")
"""


@pytest.mark.slow
def test_the_answer_is_folded_until_its_cell_runs(tmp_path):
    chromium = require("chromium")
    course, settings = tmp_path / "course", tmp_path / "settings"
    course.mkdir()
    settings.mkdir()
    (tmp_path / "01_trial.py").write_text(SOURCE)
    write(execute(read_source(tmp_path / "01_trial.py"), cwd=course), course / "01_trial.ipynb")
    assert '"it is more\\n"' in (course / "01_trial.ipynb").read_text(), "the notebook itself keeps the output"

    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)  # a busy computer
    with jupyter_lab(course, settings) as address, browser_page(chromium) as page:
        page.goto(f"{address}/tree/01_trial.ipynb")
        page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext?.isReady", timeout=60_000)
        expect(page.get_by_text("in the open", exact=True)).to_be_visible()
        answer = page.get_by_text("it is more", exact=True)
        expect(answer).not_to_be_visible()
        expect(page.get_by_text("# Check that the text is true.", exact=True)).to_be_visible()
        expect(page.get_by_text("assert 2 > 1")).not_to_be_visible()
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        expect(answer).to_be_visible(timeout=60_000)
        expect(page.get_by_text("assert 2 > 1")).not_to_be_visible()
