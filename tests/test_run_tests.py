"""``make test``: a failure hides nothing that comes after it, and the summary says how to run it again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools import run_tests
from tools.run_tests import Result, again, plan, summary

ROOT = Path(__file__).parents[1]


def notebook(path, code, output):
    cell = nbformat.v4.new_code_cell(code, execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=output)]
    path.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)


@pytest.mark.slow
def test_lint_tests_and_notebooks_all_run_and_all_failures_are_told(tmp_path):
    (tmp_path / "tests" / "deep").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "sanitize.cfg", tmp_path / "tests")
    (tmp_path / "bad.py").write_text("import os\n")
    (tmp_path / "tests" / "deep" / "test_a.py").write_text(
        "import os, pytest\n\n\n@pytest.mark.parametrize('k', [1, 2])\ndef test_k(k):\n"
        "    assert k == 2\n    assert os.environ['OMP_NUM_THREADS'] == '1'\n"
    )
    (tmp_path / "tests" / "test_broken.py").write_text("import no_such_module_anywhere\n")
    notebook(tmp_path / "notebooks" / "01.ipynb", "print(1 + 1)", "3\n")
    notebook(tmp_path / "solutions" / "02.ipynb", "print(1 + 1)", "2\n")
    done = subprocess.run(
        [sys.executable, "-m", "tools.run_tests"],
        cwd=tmp_path, env=dict(os.environ, PYTHONPATH=str(ROOT)), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    closing = done.stdout[done.stdout.index("what ran ") :]
    assert "lint, tests, notebooks failed" in closing
    assert 'make test ARGS="lint"' in closing
    assert "tests/deep/test_a.py::test_k[1]" in closing
    assert "tests/test_broken.py" in closing
    assert "1 failed" in closing
    assert 'make test ARGS="notebooks/01.ipynb"' in closing
    assert "solutions" in closing.split("the longest")[0], "the minutes of what passed are listed as well"


def test_arguments_choose_parts_tests_and_notebooks(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert list(plan([])) == ["lint", "tests", "notebooks"]
    assert plan(["--all"])["tests"] == ["tests", "--all"]
    assert plan(["--all"])["notebooks"] == ["notebooks", "solutions"]
    assert plan(["-k", "tests and lint"]) == {
        "tests": ["tests", "-k", "tests and lint"],
        "notebooks": ["notebooks", "solutions", "-k", "tests and lint"],
    }
    one = "tests/test_run_tests.py::test_arguments"
    assert plan([one, "-x"]) == {"tests": [one, "-x"]}
    lesson = "notebooks/02_convolution.ipynb"
    assert plan([lesson]) == {"notebooks": [lesson]}
    assert list(plan([lesson, one])) == ["tests", "notebooks"]
    assert plan(["notebooks"]) == {"notebooks": ["notebooks", "solutions"]}
    assert list(plan(["lint", "tests"])) == ["lint", "tests"]
    assert plan(["lint", one]) == {"lint": ["check", "."], "tests": [one]}
    assert plan(["notebooks", "--all", "-x"]) == {"notebooks": ["notebooks", "solutions", "-x"]}
    assert plan(["lint", "--fix"]) == {"lint": ["check", ".", "--fix"]}
    assert plan(["tests/no_such_test.py"])["tests"] == ["tests", "tests/no_such_test.py"], "pytest will say so"


def test_the_command_that_runs_it_again_leads_back_to_the_same_tests(monkeypatch):
    monkeypatch.chdir(ROOT)
    names = ["tests/test_make.py::test_a[10.x-y z]", "tests/test_make.py::test_b"]
    result = Result("tests", 1, 0.1, dict.fromkeys(names, ("failed", 1.0)))
    command = again(result)
    words = run_tests.shlex.split(command.partition("ARGS=")[2].strip('"'))
    assert words == names
    assert plan(words) == {"tests": names}
    awkward = Result("tests", 1, 0.1, {"tests/test_make.py::test_a['$HOME']": ("failed", 1.0)})
    assert again(awkward) == 'make test ARGS="tests/test_make.py"'
    many = Result("tests", 1, 0.1, {f"tests/test_make.py::test_{k}": ("error", 1.0) for k in range(30)})
    assert again(many) == 'make test ARGS="tests/test_make.py"'
    assert again(Result("tests", 1, 0.1, {"collection": ("error", 0.0)})) == 'make test ARGS="tests"'


def test_a_part_that_ends_without_naming_a_failure_is_red_all_the_same():
    text = summary([Result("lint", 0, 0.0), Result("tests", 3, 0.1, {"tests/test_make.py::test_a": ("passed", 2.0)})])
    assert "1 passed, pytest ended with status 3" in text
    assert text.endswith("tests failed")


def test_a_green_run_says_so():
    text = summary([Result("lint", 0, 0.5), Result("tests", 0, 1.0, {"tests/viz/test_x.py::test_a": ("passed", 60.0)})])
    assert text.endswith("all of it passed in 1.5 minutes")
    assert "1.0   tests/viz" in text
