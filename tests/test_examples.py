"""The examples in docstrings print what they say, and the functions that lessons use most have one."""

import subprocess
import sys

from tests import examples


def test_examples_print_what_they_say():
    """In a process of its own, because `cnncourse.setup` has an example too and changes the process."""
    command = [sys.executable, "-m", "tests.examples"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=examples.ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_example_that_is_wrong_is_found(tmp_path, monkeypatch):
    text = 'def one():\n    """Return 1.\n\n    >>> one()\n    2\n    """\n    return 1\n'
    (tmp_path / "wrong_example.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert examples.run("wrong_example").failed == 1


def test_the_twenty_functions_that_lessons_use_most_have_an_example():
    used = examples.most_used().most_common(20)
    without = [f"{function.__module__}.{function.__name__}" for function, _ in used if ">>> " not in function.__doc__]
    assert len(used) == 20
    assert not without
