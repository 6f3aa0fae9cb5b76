"""The comparison of outputs itself: a right notebook passes, a changed output or a hung cell fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools.notebook_builder import execute, stable_ids, write

ROOT = Path(__file__).resolve().parents[2]


def nbval(notebook: Path, timeout: int = 60) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    options = [f"--nbval-cell-timeout={timeout}", "--nbval-sanitize-with", str(ROOT / "tests/sanitize.cfg")]
    return subprocess.run([*command, *options, str(notebook)], cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    sources = ["import numpy as np\nprint(np.arange(3) / 4)", "{'answer': 42}", "object()"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in sources])
    return execute(stable_ids(notebook), cwd=tmp_path_factory.mktemp("built"))


def copy_of(notebook):
    return nbformat.reads(nbformat.writes(notebook), as_version=4)


def test_a_right_notebook_passes(built, tmp_path):
    write(built, tmp_path / "good.ipynb")
    result = nbval(tmp_path / "good.ipynb")
    assert result.returncode == 0, result.stdout
    assert "3 passed" in result.stdout


@pytest.mark.parametrize(("cell", "old", "new"), [(0, "0.25", "0.26"), (1, "42", "43")])
def test_a_changed_output_fails(built, tmp_path, cell, old, new):
    changed = copy_of(built)
    output = changed.cells[cell].outputs[0]
    if output.output_type == "stream":
        assert old in output.text
        output.text = output.text.replace(old, new)
    else:
        assert old in output.data["text/plain"]
        output.data["text/plain"] = output.data["text/plain"].replace(old, new)
    write(changed, tmp_path / "bad.ipynb")
    result = nbval(tmp_path / "bad.ipynb")
    assert result.returncode == 1, result.stdout
    assert "1 failed, 2 passed" in result.stdout


def test_a_missing_output_fails(built, tmp_path):
    changed = copy_of(built)
    changed.cells[1].outputs = []
    write(changed, tmp_path / "bad.ipynb")
    assert nbval(tmp_path / "bad.ipynb").returncode == 1


def test_a_cell_that_hangs_is_stopped(built, tmp_path):
    changed = copy_of(built)
    changed.cells[0].source = "while True:\n    pass"
    write(changed, tmp_path / "bad.ipynb")
    assert nbval(tmp_path / "bad.ipynb", timeout=3).returncode == 1
