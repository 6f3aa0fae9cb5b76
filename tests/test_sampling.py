"""Sampling of parametrised tests: the same share on every machine, all of them on request, said in the summary."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sampling import choose

ROOT = Path(__file__).parents[1]
NAMES = [f"case {k}" for k in range(1000)]
MODULE = """
import pytest

@pytest.mark.sampled(share=0.1, reason="slow for the example")
@pytest.mark.parametrize("k", range(200))
def test_many(k): pass

@pytest.mark.sampled(share=0.001, reason="at least one is taken")
@pytest.mark.parametrize("k", range(3))
def test_few(k): pass

def test_other(): pass
"""


def test_the_share_is_about_right_and_the_choice_is_stable():
    tenth = choose(NAMES, 0.1)
    assert 70 < len(tenth) < 130
    assert tenth == choose(reversed(NAMES), 0.1)
    assert tenth < choose(NAMES, 0.3)
    assert choose(NAMES, 1) == set(NAMES)


@pytest.mark.parametrize("share", [0, -1, 1.5])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="share must be above 0 and at most 1"):
        choose(NAMES, share)


@pytest.fixture
def pytest_in(tmp_path):
    """Run pytest in a folder of its own with the project's conftest, and return what it prints."""
    tests = tmp_path / "checks"
    tests.mkdir()
    (tests / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tests / "test_it.py").write_text(MODULE)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\naddopts = --import-mode=importlib\n")

    def run(*arguments):
        command = [sys.executable, "-m", "pytest", "-p", "xdist", "--strict-markers", *arguments]
        fast = dict(os.environ, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")  # seconds less at each start
        done = subprocess.run(command, cwd=tmp_path, env=fast, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


def test_a_run_takes_the_share_and_says_so_in_one_process_and_in_two(pytest_in):
    alone, shared = pytest_in("-n", "0", "checks"), pytest_in("-n", "2", "checks")
    taken = len(choose([f"checks/test_it.py::test_many[{k}]" for k in range(200)], 0.1))
    for output in (alone, shared):
        assert f"{taken:5} of   200 cases of checks/test_it.py: slow for the example" in output
        assert "    1 of     3 cases of checks/test_it.py: at least one is taken" in output
        assert f"{taken + 2} passed" in output


def test_everything_runs_on_request_and_what_is_named_runs_whole(pytest_in):
    for arguments in (["--all", "checks"], ["-k", "test", "checks"]):
        output = pytest_in("-n", "0", *arguments)
        assert "204 passed" in output
        assert "sampled" not in output
    assert "1 passed" in pytest_in("-n", "0", "checks/test_it.py::test_many[7]")
